"""The handoff card: three lines, the customer's own words, what is known already, and the same in a notice."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import Session, select

from handoff import accounts, card, card_text
from handoff.actors import OPERATOR
from handoff.card import Card, Detail, as_text, card_of
from handoff.conversations import ButtonSpec, add_incoming, open_conversation, rate, say
from handoff.customers import find_customer, find_thread
from handoff.models import Action, Author, Button, Conversation, Message, Plan, Reason, Suggestion, Ticket
from handoff.people import tie
from handoff.rows import id_of
from handoff.suggestions import Rates, rates
from handoff.tickets import open_ticket
from store import Database, reading, transaction

pytestmark = pytest.mark.any_database

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
QUESTION = "The export fails with error E1042 since yesterday. We're on version 3.2.1. I already restarted the server."
CITED = {"article": "export-data", "version": 2, "title": "Export your data", "url": "/kb/x", "quote": "Choose Export."}


def conversation(session: Session, language: str = "en", customer: str = "ada") -> Conversation:
    thread = find_thread(session, "web", f"thread-{customer}", NOW)
    person = find_customer(session, "web", customer, NOW, name=customer.title())
    return open_conversation(session, thread, person, language, NOW)


def answered(session: Session, talk: Conversation, question: str) -> Message:
    detail = {"question": question, "confidence": 0.83, "article": "export-data", "citations": [CITED]}
    buttons = (ButtonSpec(Action.HELPFUL, "Helpful"), ButtonSpec(Action.PERSON, "Talk to a person"))
    return say(session, talk, "Choose Export.", Author.BOT, NOW, decision="answer", detail=detail, buttons=buttons)


def escalated(session: Session, talk: Conversation, reason: Reason | None = Reason.ASKED_FOR_HUMAN) -> Ticket:
    return open_ticket(session, talk, reason, "The export fails", NOW + timedelta(minutes=1))


@pytest.fixture
def ticket(database: Database) -> Ticket:
    """Ada asked, was answered, pressed "not helpful" and then "Talk to a person"."""
    with transaction(database) as session:
        talk = conversation(session)
        add_incoming(session, talk, QUESTION, None, NOW, {})
        message = answered(session, talk, QUESTION)
        rate(session, id_of(message), False, NOW)
        for button in session.exec(select(Button).where(Button.label == "Talk to a person")):
            button.pressed_at = NOW
        add_incoming(session, talk, "Talk to a person", None, NOW + timedelta(minutes=1), {})
        account = accounts.add_account(session, "Acme", NOW, Plan.ENTERPRISE)
        tie(session, find_customer(session, "web", "ada", NOW), id_of(account), OPERATOR.name, NOW)
        return escalated(session, talk)


def seen(database: Database, ticket: Ticket) -> Card:
    with reading(database) as session:
        return card_of(session, session.get_one(Ticket, ticket.id))


def test_the_card_says_what_they_want_what_happened_and_where_it_stands(database: Database, ticket: Ticket) -> None:
    wants, so_far, now = card.summary_lines(seen(database, ticket))
    assert wants == "Wants: “The export fails with error E1042 since yesterday.”"
    assert so_far == (
        "So far: bot answered from “Export your data” (sure: 83 %), not helpful; "
        "they tried: I already restarted the server."
    )
    assert now == "Now: asked for a person"


def test_the_card_speaks_the_agents_language_around_the_customers_words(database: Database, ticket: Ticket) -> None:
    wants, so_far, now = card.summary_lines(seen(database, ticket), "zh-CN")
    assert wants == "诉求：“The export fails with error E1042 since yesterday.”"
    assert "没帮助" in so_far
    assert now == "现状：要求人工"


def test_details_stand_by_kind_with_the_message_that_gave_them(database: Database, ticket: Ticket) -> None:
    found = seen(database, ticket)
    values = {kind: [one.value for one in several] for kind, several in found.details}
    assert values == {Detail.VERSION: ["3.2.1"], Detail.CODE: ["E1042"], Detail.SINCE: ["yesterday"]}
    assert {one.message_id for one in found.given} == {1}


def test_a_pressed_button_is_not_the_customers_own_words(database: Database, ticket: Ticket) -> None:
    assert seen(database, ticket).newest is None


def test_what_the_customer_took_back_is_not_on_the_card(database: Database, ticket: Ticket) -> None:
    with transaction(database) as session:
        session.get_one(Message, 1).deleted_at = NOW
    found = seen(database, ticket)
    assert (found.matter, found.given) == (None, ())


def test_the_address_that_they_left_counts_as_given(database: Database, ticket: Ticket) -> None:
    with transaction(database) as session:
        find_customer(session, "web", "ada", NOW).email = "ada@acme.example"
    with reading(database) as session:
        given = card.given_in(session, session.get_one(Ticket, ticket.id))
    assert [one.value for one in card.repeated("What is your e-mail address?", given)] == ["ada@acme.example"]


def test_of_several_matters_the_card_tells_the_one_that_was_handed_over(database: Database) -> None:
    with transaction(database) as session:
        talk = conversation(session)
        add_incoming(session, talk, "How do I reset my password?", None, NOW, {})
        answered(session, talk, "How do I reset my password?")
        add_incoming(session, talk, "Thanks! And the Gantt chart is empty for all projects", None, NOW, {})
        row = escalated(session, talk, Reason.NO_KNOWLEDGE)
    found = seen(database, row)
    assert found.matter is not None
    assert "Gantt chart is empty" in found.matter.text


def test_what_they_write_to_the_person_is_the_newest_and_not_the_matter(database: Database, ticket: Ticket) -> None:
    with transaction(database) as session:
        talk = session.get_one(Conversation, ticket.conversation_id)
        add_incoming(session, talk, "It is the PDF export, by the way.", None, NOW + timedelta(hours=1), {})
    found = seen(database, ticket)
    assert found.matter is not None
    assert found.matter.message_id == 1
    assert found.newest is not None
    assert found.newest.text == "It is the PDF export, by the way."


def test_the_last_three_tickets_of_the_person_are_on_it(database: Database) -> None:
    with transaction(database) as session:
        rows = []
        for number in range(5):
            talk = conversation(session)
            add_incoming(session, talk, f"matter {number} fails", None, NOW, {})
            rows.append(escalated(session, talk))
        somebody = conversation(session, customer="grace")
        add_incoming(session, somebody, "another person's matter", None, NOW, {})
        escalated(session, somebody)
    assert [one.number for one in seen(database, rows[-1]).earlier] == [4, 3, 2]


def test_a_notice_holds_the_whole_card(database: Database, ticket: Ticket) -> None:
    with transaction(database) as session:
        session.add(suggestion(ticket))
    text = as_text(seen(database, ticket))
    for part in ("#1 · P2 · asked for a person", "Acme (enterprise)", "English", "version: 3.2.1", "error code: E1042"):
        assert part in text
    assert "Suggested reply: Press Export twice." in text


def test_a_notice_for_others_eyes_holds_none_of_the_customers_words(database: Database, ticket: Ticket) -> None:
    text = as_text(seen(database, ticket), secret=True)
    assert text.startswith("#1 · P2 · asked for a person")
    assert "export" not in text
    assert "3.2.1" not in text


def test_it_is_told_whether_a_person_has_answered(database: Database, ticket: Ticket) -> None:
    assert not seen(database, ticket).is_answered
    with transaction(database) as session:
        say(session, session.get_one(Conversation, ticket.conversation_id), "Hello", Author.AGENT, NOW)
    assert seen(database, ticket).is_answered


def suggestion(ticket: Ticket, state: str = "OFFERED", topic: str = "export") -> Suggestion:
    from handoff.models import SuggestionState

    return Suggestion(
        conversation_id=ticket.conversation_id,
        message_id=1,
        text="Press Export twice.",
        topic=topic,
        article="export-data",
        confidence=0.7,
        state=SuggestionState[state],
        offered_at=NOW,
    )


def test_what_agents_made_of_suggestions_is_counted_by_topic(database: Database, ticket: Ticket) -> None:
    with transaction(database) as session:
        states = ["SENT", "SENT", "EDITED", "SKIPPED", "OUTDATED", "OFFERED"]
        session.add_all(suggestion(ticket, state) for state in states)
        session.add(suggestion(ticket, "SENT", "billing"))
    with reading(database) as session:
        assert rates(session, NOW - timedelta(days=90), "export") == Rates(sent=2, edited=1, skipped=1)
        assert rates(session, NOW - timedelta(days=90)).decided == 5
        assert rates(session, NOW + timedelta(days=1)) == Rates()


def test_every_word_of_the_card_exists_in_both_languages() -> None:
    words = card_text.words()
    assert words["en"].keys() == words["zh"].keys()
    for kind in Detail:
        assert f"detail_{kind.value}" in words["en"]
    for reason in Reason:
        assert f"reason_{reason.value}" in words["en"]
