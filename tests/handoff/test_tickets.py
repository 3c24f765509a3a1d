"""Which status follows which, and what a ticket is when it is opened."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime, timedelta
from threading import Barrier

import pytest

from handoff.conversations import history
from handoff.errors import HandoffError, Stale, TicketClosed, TicketNotFound, WrongStatus
from handoff.models import Conversation, Owner, Priority, Reason, TicketStatus
from handoff.tickets import (
    TRANSITIONS,
    Event,
    next_status,
    open_ticket,
    open_tickets_of,
    owner_in,
    ticket_by_number,
    tickets,
)
from store import Database, reading, transaction

OPEN, PENDING, RESOLVED, CLOSED = TicketStatus


@pytest.mark.parametrize(
    ("event", "from_open", "from_pending", "from_resolved", "from_closed"),
    [
        (Event.ESCALATE, OPEN, OPEN, OPEN, OPEN),
        (Event.TAKE_OVER, OPEN, OPEN, OPEN, OPEN),
        (Event.CLAIM, OPEN, OPEN, None, None),
        (Event.REPLY, OPEN, OPEN, OPEN, None),
        (Event.HAND_BACK, PENDING, None, None, None),
        (Event.RESOLVE, RESOLVED, RESOLVED, None, None),
        (Event.REOPEN, None, OPEN, OPEN, OPEN),
        (Event.NOT_YET, OPEN, OPEN, OPEN, OPEN),
        (Event.CONFIRM, OPEN, PENDING, CLOSED, CLOSED),
    ],
)
def test_each_event_leads_where_the_table_says(
    event: Event,
    from_open: TicketStatus | None,
    from_pending: TicketStatus | None,
    from_resolved: TicketStatus | None,
    from_closed: TicketStatus | None,
) -> None:
    for status, expected in zip(TicketStatus, (from_open, from_pending, from_resolved, from_closed), strict=True):
        if expected is None:
            with pytest.raises(HandoffError):
                next_status(status, event)
        else:
            assert next_status(status, event) is expected


def test_every_status_is_in_the_table_and_can_be_left() -> None:
    assert set(TRANSITIONS) == set(TicketStatus)
    for status, events in TRANSITIONS.items():
        assert any(following is not status for following in events.values())


def test_a_human_talks_exactly_while_the_ticket_is_open() -> None:
    assert [owner_in(status) for status in TicketStatus] == [Owner.HUMAN, Owner.BOT, Owner.BOT, Owner.BOT]


def test_refusals_say_what_to_do() -> None:
    with pytest.raises(TicketClosed, match="Reopen it before replying"):
        next_status(CLOSED, Event.REPLY)
    with pytest.raises(WrongStatus, match="This ticket is resolved: claim is not possible now"):
        next_status(RESOLVED, Event.CLAIM)


def test_an_escalation_makes_a_numbered_ticket_and_silences_the_bot(
    database: Database, ask: Callable[..., int], now: datetime
) -> None:
    conversation_id = ask()
    with transaction(database) as session:
        conversation = session.get_one(Conversation, conversation_id)
        ticket = open_ticket(session, conversation, Reason.URGENT, "  Down\nsince  noon ", now, priority=Priority.P0)
        assert (conversation.owner, conversation.version) == (Owner.HUMAN, 1)
    with reading(database) as session:
        found = ticket_by_number(session, ticket.number)
        assert (found.number, found.status, found.reason) == (1, OPEN, Reason.URGENT)
        assert (found.priority, found.tier, found.subject) == (Priority.P0, 1, "Down since noon")
        assert [line.message.text for line in history(session, conversation_id)][1:] == ["Handed to a person: urgent"]


def test_a_second_escalation_opens_the_same_ticket_again_and_only_raises_its_priority(
    database: Database, ask: Callable[..., int], now: datetime
) -> None:
    conversation_id = ask()
    with transaction(database) as session:
        conversation = session.get_one(Conversation, conversation_id)
        first = open_ticket(session, conversation, Reason.LOW_CONFIDENCE, "One", now, priority=Priority.P1, tier=2)
        second = open_ticket(session, conversation, Reason.ASKED_FOR_HUMAN, "Two", now, priority=Priority.P3)
    assert first.id == second.id
    assert (second.subject, second.priority, second.tier) == ("One", Priority.P1, 2)
    assert second.reason is Reason.ASKED_FOR_HUMAN


def test_an_escalation_that_read_an_older_conversation_is_stale(
    database: Database, ask: Callable[..., int], now: datetime
) -> None:
    conversation_id = ask()
    with reading(database) as session:
        read = session.get_one(Conversation, conversation_id)
    with transaction(database) as session:
        open_ticket(session, session.get_one(Conversation, conversation_id), Reason.URGENT, "Down", now)
    with pytest.raises(Stale), transaction(database) as session:
        open_ticket(session, read, Reason.NO_KNOWLEDGE, "Down", now)
    with reading(database) as session:
        assert len(tickets(session)) == 1


def test_transactions_at_once_get_numbers_without_a_gap(
    database: Database, ask: Callable[..., int], now: datetime
) -> None:
    conversations = [ask(thread=f"visitor-{place}") for place in range(12)]
    together = Barrier(4)

    def escalate_three(mine: list[int]) -> None:
        together.wait(10)
        for conversation_id in mine:
            with transaction(database) as session:
                conversation = session.get_one(Conversation, conversation_id)
                open_ticket(session, conversation, Reason.NO_KNOWLEDGE, "Help", now)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(escalate_three, [conversations[start::4] for start in range(4)]))
    with reading(database) as session:
        assert sorted(ticket.number for ticket in tickets(session)) == list(range(1, 13))


def test_a_failed_transaction_leaves_no_gap(database: Database, ask: Callable[..., int], now: datetime) -> None:
    conversation_id = ask()
    with suppress(ZeroDivisionError), transaction(database) as session:
        open_ticket(session, session.get_one(Conversation, conversation_id), Reason.URGENT, "Down", now)
        raise ZeroDivisionError
    with transaction(database) as session:
        ticket = open_ticket(session, session.get_one(Conversation, conversation_id), Reason.URGENT, "Down", now)
    assert ticket.number == 1


def test_two_escalations_of_one_conversation_at_once_make_one_ticket(
    database: Database, ask: Callable[..., int], now: datetime
) -> None:
    conversation_id = ask()
    with reading(database) as session:
        read = session.get_one(Conversation, conversation_id)
    together = Barrier(2)

    def hand_over(_: int) -> str:
        together.wait(10)
        try:
            with transaction(database) as session:
                open_ticket(session, read, Reason.URGENT, "Down", now)
        except Stale:
            return "stale"
        return "opened"

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(hand_over, range(2))) == ["opened", "stale"]


@pytest.mark.parametrize("number", [0, -1, 7, 2**63, 10**30])
def test_a_number_that_is_no_ticket_is_not_found(sqlite_database: Database, number: int) -> None:
    with reading(sqlite_database) as session, pytest.raises(TicketNotFound, match=f"There is no ticket #{number}."):
        ticket_by_number(session, number)


def test_open_tickets_of_a_customer_are_those_not_yet_solved(
    database: Database, escalate: Callable[..., int], now: datetime
) -> None:
    first, second = escalate(), escalate()
    escalate(thread="somebody else")
    with transaction(database) as session:
        ticket = ticket_by_number(session, first)
        ticket.status, ticket.resolved_at = RESOLVED, now + timedelta(hours=1)
    with reading(database) as session:
        assert [ticket.number for ticket in open_tickets_of(session, ticket.customer_id)] == [second]
        assert [ticket.number for ticket in tickets(session, OPEN)] == [3, second]
