"""What an article did in the last days, as its page shows it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from answered import Archive
from sqlmodel import col, select

from bot.learning.article_figures import Figures, article_figures, first_message_since, nearest
from bot.learning.recall.models import Told
from handoff.buttons import press
from handoff.conversations import ButtonSpec, say
from handoff.models import Action, Author, Button, Conversation, Message
from handoff.rows import id_of
from store import Database, reading, transaction

PASSWORD = ("reset-password", "en")


@pytest.fixture
def archive(database: Database) -> Archive:
    archive = Archive(database)
    archive.publish()
    return archive


def told(archive: Archive, article: str = "reset-password", language: str = "en") -> int:
    """A customer is told ``article`` first and another one after it; returns the message's id."""
    said = archive.answered(article)
    with transaction(archive.database) as session:
        for position, each in enumerate((article, "other")):
            row = Told(
                message_id=said,
                position=position,
                article_id=each,
                language=language,
                version=1,
                passage="abc",
                at=archive.now,
            )
            session.add(row)
    return said


def offered(archive: Archive, *articles: str) -> list[str]:
    """A customer is given a choice; returns the buttons' tokens."""
    conversation_id = archive.asked("which one do I mean?")
    buttons = [ButtonSpec(Action.OPTION, article, article) for article in articles]
    with transaction(archive.database) as session:
        conversation = session.get_one(Conversation, conversation_id)
        said = say(session, conversation, "Which?", Author.BOT, archive.now, decision="clarify", buttons=buttons)
        tokens = select(Button.token).where(Button.message_id == id_of(said)).order_by(col(Button.position))
        return list(session.exec(tokens))


def figures(archive: Archive, article: str | None = None) -> dict[tuple[str, str], Figures]:
    with reading(archive.database) as session:
        return article_figures(session, archive.now, article)


def test_an_answer_counts_for_its_first_article_and_language(archive: Archive) -> None:
    told(archive)
    told(archive)
    told(archive, language="zh")
    told(archive, "invoices")
    assert figures(archive) == {
        PASSWORD: Figures(asked=2, answered=2),
        ("reset-password", "zh"): Figures(asked=1, answered=1),
        ("invoices", "en"): Figures(asked=1, answered=1),
    }
    assert set(figures(archive, "invoices")) == {("invoices", "en")}


def test_thumbs_and_what_the_customer_called_solved_are_counted_once(archive: Archive) -> None:
    archive.thumb(told(archive), is_helpful=True)
    archive.thumb(told(archive), is_helpful=False)
    archive.ends(told(archive), is_solved=True)
    archive.ends(told(archive), is_solved=False)
    both = told(archive)
    archive.thumb(both, is_helpful=True)
    archive.ends(both, is_solved=True)
    assert figures(archive)[PASSWORD] == Figures(asked=5, answered=5, solved=3, disliked=1)


def test_a_suggestion_that_was_put_away_was_asked_and_not_answered(archive: Archive) -> None:
    archive.decides(archive.suggested(), "skip")
    archive.suggested()
    archive.suggested(article="gone")
    assert figures(archive) == {PASSWORD: Figures(asked=2)}


def test_a_choice_counts_for_its_first_article_unless_one_was_taken(archive: Archive) -> None:
    offered(archive, "reset-password", "invoices")
    taken = offered(archive, "reset-password", "invoices")
    with transaction(archive.database) as session:
        assert press(session, taken[1], archive.now)
    assert figures(archive) == {PASSWORD: Figures(asked=1)}


def test_what_was_longer_ago_is_left_out(archive: Archive) -> None:
    told(archive)
    archive.suggested()
    offered(archive, "reset-password")
    archive.later(days=31)
    assert figures(archive) == {}
    told(archive)
    assert figures(archive) == {PASSWORD: Figures(asked=1, answered=1)}


def test_the_border_between_old_and_new_messages_is_found_by_their_ids(archive: Archive) -> None:
    moments = []
    for _ in range(7):
        archive.asked("one")
        moments.append(archive.now)
        archive.later(days=1)
    with reading(archive.database) as session:
        for place, moment in enumerate(moments, start=1):
            assert first_message_since(session, moment) == place
            assert first_message_since(session, moment + timedelta(seconds=1)) == place + 1
        assert session.get(Message, 8) is None


@pytest.mark.parametrize(
    ("asked", "there", "found"),
    [("zh", ["en", "zh-CN"], "zh-CN"), ("zh", ["zh", "zh-CN"], "zh"), ("fr", ["zh", "en"], "en")],
)
def test_a_question_belongs_to_the_language_that_its_customer_would_be_given(
    asked: str, there: list[str], found: str
) -> None:
    assert nearest(asked, there) == found
