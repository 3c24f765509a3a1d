"""What of a conversation a customer's next words are read with: their own matter, and nobody else's."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot.channels.base import Inbound
from bot.models import InboxRow
from bot.placing import Place, look
from handoff import conversations
from handoff.conversations import ButtonSpec, add_incoming, open_conversation
from handoff.customers import find_customer, find_thread
from handoff.models import Action, Author, Conversation
from retrieval.followups import Before
from store import Database, reading, transaction

pytestmark = pytest.mark.any_database

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
ADA = Inbound("telegram", "group", "ada", "and as pdf?")
BEA = replace(ADA, customer="bea")
OPTIONS = [{"article_id": "export", "title": "Export"}, {"article_id": "import", "title": "Import"}]


@pytest.fixture
def talk(database: Database) -> int:
    """Ada's conversation in a place where bea writes too."""
    with transaction(database) as session:
        thread = find_thread(session, "telegram", "group", NOW)
        find_customer(session, "telegram", "bea", NOW)
        conversation = open_conversation(session, thread, find_customer(session, "telegram", "ada", NOW), "en", NOW)
        add_incoming(session, conversation, "how do I export", "1", NOW)
        return conversation.id or 0


def says(database: Database, talk: int, decision: str, **detail: object) -> None:
    buttons = [ButtonSpec(Action.OPTION, str(each["title"]), str(each["article_id"])) for each in OPTIONS]
    with transaction(database) as session:
        conversation = session.get_one(Conversation, talk)
        conversations.say(
            session,
            conversation,
            f"the bot's {decision}",
            Author.BOT,
            NOW,
            decision=decision,
            detail=detail,
            buttons=buttons if decision == "clarify" else (),
        )


def seen_by(database: Database, inbound: Inbound) -> Place:
    row = InboxRow(
        id=1, channel="telegram", event_key="e", thread_key="group", payload="{}", received_at=NOW, not_before=NOW
    )
    with reading(database) as session:
        return look(session, inbound, row, NOW, is_thanks=False)


def test_an_answer_is_what_was_talked_about(database: Database, talk: int) -> None:
    says(database, talk, "answer", question="how do I export", article="export", confidence=0.9)
    place = seen_by(database, ADA)
    assert place.before == Before("how do I export", ("export",), 0.9)
    assert place.told == {"the bot's answer"}


def test_a_question_of_the_bot_is_what_is_talked_about_with_its_choices(database: Database, talk: int) -> None:
    says(database, talk, "clarify", question="how do I export", options=OPTIONS, confidence=0.5)
    place = seen_by(database, ADA)
    assert place.before == Before("how do I export", ("export", "import"), 0.5)
    assert [button.label for button in place.choices] == ["Export", "Import"]


def test_after_a_chain_of_follow_ups_the_first_question_still_says_what_it_is_about(
    database: Database, talk: int
) -> None:
    says(database, talk, "answer", question="and as pdf?", article="export", before="how do I export", confidence=0.9)
    before = seen_by(database, ADA).before
    assert before is not None
    assert before.question == "how do I export"


def test_both_articles_of_one_answer_are_known_as_told(database: Database, talk: int) -> None:
    also = [["how do I import", "import"]]
    says(database, talk, "answer", question="how do I export", article="export", also=also)
    place = seen_by(database, ADA)
    assert place.standing.answered == (("how do I export", "export"), ("how do I import", "import"))
    assert place.before is not None
    assert place.before.articles == ("export", "import")


@pytest.mark.parametrize("decision", ["answer", "clarify"])
def test_what_another_customer_asked_in_the_same_place_is_no_context(
    database: Database, talk: int, decision: str
) -> None:
    says(database, talk, decision, question="how do I export", article="export", options=OPTIONS)
    for inbound in (BEA, replace(BEA, is_shared=True)):
        place = seen_by(database, inbound)
        assert place.before is None
        assert place.choices == ()


def test_choices_end_with_the_next_words_of_the_bot(database: Database, talk: int) -> None:
    says(database, talk, "clarify", question="how do I export", options=OPTIONS)
    says(database, talk, "smalltalk")
    assert seen_by(database, ADA).choices == ()
