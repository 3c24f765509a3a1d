"""What a ticket is when it is opened, its number, and how it is found."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime, timedelta
from threading import Barrier

import pytest

from handoff.conversations import history
from handoff.errors import Stale, TicketNotFound
from handoff.models import Conversation, Owner, Priority, Reason, TicketStatus
from handoff.tickets import open_ticket, open_tickets_of, ticket_by_number, tickets
from store import Database, reading, transaction


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
        assert (found.number, found.status, found.reason) == (1, TicketStatus.OPEN, Reason.URGENT)
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
        together.wait(60)
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
        together.wait(60)
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
        ticket.status, ticket.resolved_at = TicketStatus.RESOLVED, now + timedelta(hours=1)
    with reading(database) as session:
        assert [ticket.number for ticket in open_tickets_of(session, ticket.customer_id)] == [second]
        assert [ticket.number for ticket in tickets(session, TicketStatus.OPEN)] == [3, second]
