"""The language model's three lines about a ticket: kept where the conversation bears them out, else not at all."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest
from standins.llm import serving
from standins.llm.server import KEY, MODEL

from bot.summarising import keep, summary_of
from bot.writer import LlmSettings, OpenAIWriter
from handoff.actors import OPERATOR
from handoff.card import card_of
from handoff.conversations import add_incoming, add_note, open_conversation, say
from handoff.customers import find_customer, find_thread
from handoff.models import Author, Reason, Ticket
from handoff.tickets import open_ticket
from handoff.transcript import Line, history
from kb_content.articles import Article
from store import Database, reading, transaction

pytestmark = pytest.mark.any_database

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
GOOD = (
    "The board export fails with error E1042 on version 3.2.1.\n"
    "The bot said to choose Export, which did not help.\n"
    "They ask for a human about the export."
)
GOOD_ZH = "3.2.1版本导出看板失败，错误码E1042。\n机器人说点击导出，没有帮助。\n客户要求转人工处理导出失败。"


@dataclass
class Says:
    """A model that always writes the same."""

    text: str | None
    asked: list[dict[str, str]] = field(default_factory=list)

    def summarise(self, said: object) -> str | None:
        self.asked = list(said)  # type: ignore[call-overload]
        return self.text

    def rephrase(self, question: str, passages: object) -> str | None:
        raise AssertionError("nobody asked for an answer")

    def draft_questions(self, article: Article) -> list[str]:
        raise AssertionError("nobody asked for questions")


def told(database: Database, language: str = "en") -> tuple[Ticket, list[Line]]:
    """Ada asked, the bot answered, Ada wants a person; an agent's note beside it."""
    texts = {
        "en": ("The board export fails with error E1042. We are on version 3.2.1. Mail me: ada@acme.example",
               "Choose Export.", "That did not help, I want to talk to a human"),
        "zh": ("导出看板失败，错误码E1042，用的是3.2.1版本。", "点击导出。", "没有帮助，我要求转人工处理"),
    }[language]  # fmt: skip
    with transaction(database) as session:
        thread = find_thread(session, "web", "ada", NOW)
        talk = open_conversation(session, thread, find_customer(session, "web", "ada", NOW), language, NOW)
        add_incoming(session, talk, texts[0], None, NOW, {})
        say(session, talk, texts[1], Author.BOT, NOW, decision="answer", detail={"question": texts[0]})
        add_incoming(session, talk, texts[2], None, NOW, {})
        ticket = open_ticket(session, talk, Reason.ASKED_FOR_HUMAN, texts[0], NOW)
        add_note(session, talk, "a difficult one", None, NOW)
    with reading(database) as session:
        return ticket, history(session, ticket.conversation_id)


def test_three_lines_that_the_conversation_bears_out_are_on_the_card(database: Database) -> None:
    ticket, lines = told(database)
    written = summary_of(Says(GOOD), lines, "en")
    assert written == GOOD
    with transaction(database) as session:
        keep(session, session.get_one(Ticket, ticket.id), lines, written, OPERATOR, NOW)
    with reading(database) as session:
        assert card_of(session, session.get_one(Ticket, ticket.id)).written == GOOD


def test_chinese_is_summed_up_in_chinese(database: Database) -> None:
    _, lines = told(database, "zh")
    assert summary_of(Says(GOOD_ZH), lines, "zh") == GOOD_ZH
    assert summary_of(Says(GOOD), lines, "zh") is None


@pytest.mark.parametrize(
    "bad",
    [
        None,
        "",
        GOOD.replace("3.2.1", "3.3.0"),
        GOOD.replace("E1042", "E2042"),
        GOOD.replace("did not help", "did help"),
        GOOD.replace("They ask for a human about the export.", "The server ran out of memory because of a leak."),
        GOOD + "\nA fourth line about the export.",
        "\n".join(GOOD.split("\n")[:2]),
        GOOD.replace("They ask", "See https://evil.example: they ask"),
    ],
)
def test_what_the_conversation_does_not_say_is_refused_whole(database: Database, bad: str | None) -> None:
    _, lines = told(database)
    assert summary_of(Says(bad), lines, "en") is None


def test_what_is_said_afterwards_outdates_it(database: Database) -> None:
    ticket, lines = told(database)
    with transaction(database) as session:
        row = session.get_one(Ticket, ticket.id)
        keep(session, row, lines, GOOD, OPERATOR, NOW)
    with transaction(database) as session:
        talk = session.get_one(type(lines[0].message), lines[0].message.id).conversation_id
        from handoff.models import Conversation

        add_incoming(session, session.get_one(Conversation, talk), "It works now", None, NOW, {})
    with reading(database) as session:
        assert card_of(session, session.get_one(Ticket, ticket.id)).written is None


def test_no_note_and_no_address_is_sent(sqlite_database: Database) -> None:
    _, lines = told(sqlite_database)
    with serving() as llm:
        llm.says(GOOD)
        writer = OpenAIWriter(LlmSettings(llm.base_url, MODEL, KEY))
        try:
            assert summary_of(writer, lines, "en") == GOOD
        finally:
            writer.close()
        (call,) = llm.calls
    said = call.user["conversation"]
    assert [one["who"] for one in said] == ["customer", "bot", "customer"]
    assert "difficult" not in str(said)
    assert "ada@acme.example" not in str(said)
