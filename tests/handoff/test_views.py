"""What the console lists and the API returns."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from handoff import desk
from handoff.actors import Actor
from handoff.conversations import add_incoming, say
from handoff.errors import HandoffError, TicketNotFound
from handoff.models import Author, Conversation, Owner, Priority, Reason, TicketStatus
from handoff.tickets import ticket_by_number
from handoff.views import bot_is_talking, counts, ticket_detail, ticket_list
from store import Database, reading, transaction


def test_the_queue_is_urgent_first_then_oldest_first(
    database: Database, escalate: Callable[..., int], now: datetime
) -> None:
    first, second, third = escalate(), escalate(), escalate()
    with transaction(database) as session:
        ticket_by_number(session, third).priority = Priority.P0
    with reading(database) as session:
        assert [row.number for row in ticket_list(session, "open")] == [third, first, second]
        assert [row.number for row in ticket_list(session)] == [third, second, first]
        assert [row.number for row in ticket_list(session, limit=1)] == [third]


def test_each_view_holds_its_tickets(
    database: Database, escalate: Callable[..., int], bob: Actor, now: datetime, words: desk.ClosingWords
) -> None:
    new, mine, pending, resolved = (escalate() for _ in range(4))
    with transaction(database) as session:
        desk.claim(session, mine, bob, now)
        desk.hand_back(session, pending, bob, now)
        desk.resolve(session, resolved, bob, now, words)
    with reading(database) as session:
        views = {view: [row.number for row in ticket_list(session, view)] for view in ("new", "open", "pending")}
        assert views == {"new": [new], "open": [new, mine], "pending": [pending]}
        assert [row.number for row in ticket_list(session, TicketStatus.RESOLVED)] == [resolved]
        assert [row.number for row in ticket_list(session, "mine", staff_id=bob.staff_id)] == [mine]
        assert ticket_list(session, "mine") == []
        assert counts(session) == {"open": 2, "pending": 1, "resolved": 1, "closed": 0, "new": 1}


def test_an_unknown_view_is_refused_with_the_known_ones(sqlite_database: Database) -> None:
    with reading(sqlite_database) as session, pytest.raises(HandoffError, match="Choose new, mine"):
        ticket_list(session, "everything; DROP TABLE ticket")


def test_a_row_shows_who_waits_for_what(
    database: Database, escalate: Callable[..., int], bob: Actor, now: datetime
) -> None:
    number = escalate("Where is\n my invoice?")
    with reading(database) as session:
        (row,) = ticket_list(session)
    assert (row.customer, row.channel, row.assignee, row.owner) == ("ada", "web", None, Owner.HUMAN)
    assert (row.last_words, row.is_waiting, row.reason) == ("Where is my invoice?", True, Reason.NO_KNOWLEDGE)
    with transaction(database) as session:
        desk.reply(session, number, "Under Plan", bob, now)
        desk.note(session, number, "She is new", bob, now)
    with reading(database) as session:
        (row,) = ticket_list(session)
    assert (row.last_words, row.is_waiting, row.assignee) == ("Under Plan", False, "bob")


def test_the_bot_is_talking_where_it_owns_an_open_conversation_of_the_last_half_hour(
    database: Database, ask: Callable[..., int], escalate: Callable[..., int], now: datetime
) -> None:
    quiet = ask("Quiet", "quiet")
    talking = ask("Talking", "talking")
    escalate()
    with transaction(database) as session:
        conversation = session.get_one(Conversation, talking)
        later = now + timedelta(minutes=20)
        say(session, conversation, "Which report?", Author.BOT, later, decision="clarify")
        add_incoming(session, conversation, "The big one", None, later, {})
    with reading(database) as session:
        assert [row.id for row in bot_is_talking(session, now)] == [talking, quiet]
        (row,) = bot_is_talking(session, now + timedelta(minutes=31))
    assert (row.id, row.last_words, row.decision, row.ticket) == (talking, "The big one", "clarify", None)


def test_a_ticket_is_told_as_the_api_promises(
    database: Database, escalate: Callable[..., int], bob: Actor, now: datetime
) -> None:
    number = escalate("Help")
    with transaction(database) as session:
        desk.reply(session, number, "Hello ada", bob, now)
    with reading(database) as session:
        told = ticket_detail(session, number)
    messages = told.pop("messages")
    # What the interface promised from the first day on; it may grow, but these stay as they are.
    promised = {
        "number": number,
        "status": "open",
        "priority": "P2",
        "tier": 1,
        "reason": "no_knowledge",
        "owner": "human",
        "channel": "web",
        "customer": "ada",
    }
    assert told.items() >= promised.items()
    assert [(message["author"], message["private"], message["delivery"]) for message in messages] == [
        ("customer", False, None),
        ("system", True, None),
        ("agent", False, "ready"),
    ]
    assert messages[0] | {"id": 0} == {
        "id": 0,
        "direction": "incoming",
        "private": False,
        "author": "customer",
        "text": "Help",
        "at": "2026-11-23T09:00:00+00:00",
        "delivery": None,
    }


def test_an_unknown_ticket_is_not_found(sqlite_database: Database) -> None:
    with reading(sqlite_database) as session, pytest.raises(TicketNotFound):
        ticket_detail(session, 1)
