"""The share of questions without an answer, once enough is known."""

from __future__ import annotations

import pytest
from answered import Archive

from bot.learning.unanswerable import ASSUMED_COUNTS, unanswerable_share
from handoff import desk
from handoff.conversations import say
from handoff.models import Author, Conversation, Reason
from store import Database, reading, transaction

FEW = 5


@pytest.fixture
def archive(sqlite_database: Database, monkeypatch: pytest.MonkeyPatch) -> Archive:
    monkeypatch.setattr("bot.learning.unanswerable.FEWEST", FEW)
    return Archive(sqlite_database)


def share(archive: Archive, assumed: float = 0.3) -> float:
    with reading(archive.database) as session:
        return unanswerable_share(session, assumed)


def measured(unanswerable: int, judged: int, assumed: float = 0.3) -> float:
    return pytest.approx((unanswerable + ASSUMED_COUNTS * assumed) / (judged + ASSUMED_COUNTS))  # type: ignore[no-any-return]


def test_an_empty_house_assumes(archive: Archive) -> None:
    assert share(archive) == 0.3


def test_too_few_judged_questions_change_nothing(archive: Archive) -> None:
    for _ in range(FEW - 1):
        archive.found(archive.answered(), True)
    assert share(archive, 0.2) == 0.2


def test_enough_of_them_draw_the_share_to_what_was_seen(archive: Archive) -> None:
    for number in range(20):
        archive.found(archive.answered(), number < 10, None if number < 10 else "")
    assert share(archive) == measured(10, 20)


def test_an_article_that_was_named_makes_a_question_answerable_and_an_unexplained_mistake_is_left_out(
    archive: Archive,
) -> None:
    for _ in range(FEW):
        archive.found(archive.answered(), False, "invoices")
        archive.found(archive.answered(), False)
    assert share(archive) == measured(0, FEW)


def test_an_answer_that_ended_it_for_a_day_was_an_answer(archive: Archive) -> None:
    for _ in range(FEW):
        archive.answered()
    archive.asked("still there?")
    assert share(archive) == 0.3, "it may not be over"
    archive.later(hours=25)
    archive.asked("a new day")
    assert share(archive) == measured(0, FEW)


def test_an_answer_after_which_a_person_was_needed_tells_nothing(archive: Archive) -> None:
    for _ in range(FEW):
        archive.answered()
        archive.escalated(archive._asked, Reason.ASKED_FOR_HUMAN)
    archive.later(hours=25)
    archive.asked("a new day")
    assert share(archive, 0.25) == 0.25


def test_what_the_bot_knew_nothing_about_and_an_agent_answered_was_unanswerable(archive: Archive) -> None:
    for _ in range(FEW):
        number = archive.escalated(archive.asked("what is the airspeed of a swallow"), Reason.NO_KNOWLEDGE)
        with transaction(archive.database) as session:
            desk.reply(session, number, "African or European?", archive.bob, archive.now)
    archive.escalated(archive.asked("nobody answered this one yet"), Reason.NO_KNOWLEDGE)
    assert share(archive) == measured(FEW, FEW)


def test_what_was_foreign_was_unanswerable(archive: Archive) -> None:
    for _ in range(FEW):
        conversation_id = archive.asked("will it rain")
        with transaction(archive.database) as session:
            conversation = session.get_one(Conversation, conversation_id)
            say(session, conversation, "?", Author.BOT, archive.now, decision="decline", detail={"why": "foreign"})
    assert share(archive) == measured(FEW, FEW)
