"""Tickets that rest: until the customer writes, until a time, and in the end for good."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlmodel import Session, select

from handoff import desk
from handoff.actors import Actor
from handoff.conversations import add_incoming, history
from handoff.errors import BadDays, BadMoment, NotAllowed, NotAnsweredYet, WrongStatus
from handoff.models import Conversation, Owner, Role, Ticket, TicketStatus, WaitsFor
from handoff.rows import id_of
from handoff.ticketing import pausing, waiting
from handoff.ticketing.events import events_of
from handoff.ticketing.models import Notice, NoticeKind
from handoff.ticketing.pausing import Words
from handoff.ticketing.waiting import Rules
from handoff.tickets import customer_wrote, ticket_by_number
from store import Database, reading, transaction
from store.models import Timer, TimerState

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
STALE = Words("Still open?")


@pytest.fixture
def answered(database: Database, escalate: Callable[..., int], bob: Actor, now: datetime) -> int:
    """A ticket of bob's whose customer has an answer from him."""
    number = escalate()
    with transaction(database) as session:
        desk.reply(session, number, "Which version is it?", bob, now)
    return number


def stands(session: Session, number: int) -> tuple[TicketStatus, WaitsFor | None, Owner]:
    ticket = ticket_by_number(session, number)
    return ticket.status, ticket.waits_for, session.get_one(Conversation, ticket.conversation_id).owner


def timers(session: Session, ticket: Ticket) -> dict[str, datetime]:
    """What the ticket will be looked at for, and when."""
    kinds = (waiting.SNOOZE, waiting.STALE, waiting.STALE_CLOSE)
    query = select(Timer).where(Timer.subject_id == ticket.id, Timer.state == TimerState.WAITING)
    return {timer.kind: timer.due_at for timer in session.exec(query) if timer.kind in kinds}


def names(session: Session, ticket: Ticket) -> list[str]:
    return [event.kind.value for event in events_of(session, id_of(ticket))]


def writes(session: Session, number: int, at: datetime) -> None:
    conversation = session.get_one(Conversation, ticket_by_number(session, number).conversation_id)
    customer_wrote(session, conversation, at)


def test_a_ticket_that_waits_for_the_customer_stays_with_its_agent_and_the_bot_is_silent(
    database: Database, answered: int, bob: Actor, now: datetime
) -> None:
    with transaction(database) as session:
        pausing.wait_for_customer(session, answered, bob, now)
        assert stands(session, answered) == (TicketStatus.PENDING, WaitsFor.CUSTOMER, Owner.HUMAN)
        ticket = ticket_by_number(session, answered)
        assert ticket.assignee_id == bob.staff_id
        assert timers(session, ticket) == {waiting.STALE: now + 3 * DAY}
        assert names(session, ticket)[-1] == "waits"


def test_the_customers_words_wake_what_waits_for_them_with_the_same_agent_who_is_told(
    database: Database, answered: int, bob: Actor, now: datetime
) -> None:
    with transaction(database) as session:
        pausing.wait_for_customer(session, answered, bob, now)
        writes(session, answered, now + HOUR)
        assert stands(session, answered) == (TicketStatus.OPEN, None, Owner.HUMAN)
        ticket = ticket_by_number(session, answered)
        assert (ticket.assignee_id, timers(session, ticket)) == (bob.staff_id, {})
        assert names(session, ticket)[-2:] == ["resumed", "customer_wrote"]
        told = session.exec(select(Notice).where(Notice.kind == NoticeKind.CUSTOMER_WROTE)).all()
        assert [notice.staff_id for notice in told] == [bob.staff_id]


def test_nobody_waits_for_a_customer_to_whom_no_person_spoke(
    database: Database, escalate: Callable[..., int], bob: Actor, now: datetime
) -> None:
    number = escalate()
    with pytest.raises(NotAnsweredYet, match="Reply first"), transaction(database) as session:
        pausing.wait_for_customer(session, number, bob, now)


def test_a_snoozed_ticket_comes_back_at_its_time_and_not_before(
    database: Database, escalate: Callable[..., int], bob: Actor, now: datetime
) -> None:
    number, until = escalate(), now + 3 * HOUR
    with transaction(database) as session:
        ticket = pausing.snooze(session, number, until, bob, now)
        assert stands(session, number) == (TicketStatus.PENDING, WaitsFor.TIME, Owner.HUMAN)
        assert (ticket.snoozed_until, timers(session, ticket)) == (until, {waiting.SNOOZE: until})
        assert pausing.wake(session, id_of(ticket), until - HOUR) is None
        assert stands(session, number)[0] is TicketStatus.PENDING
        assert pausing.wake(session, id_of(ticket), until) is not None
        assert stands(session, number) == (TicketStatus.OPEN, None, Owner.HUMAN)
        assert (ticket.snoozed_until, ticket.assignee_id) == (None, bob.staff_id)
        told = session.exec(select(Notice).where(Notice.staff_id == bob.staff_id)).all()
        assert [notice.kind for notice in told] == [NoticeKind.WOKEN]
        assert pausing.wake(session, id_of(ticket), until) is None


def test_a_snooze_that_was_ended_early_does_not_wake_a_ticket_that_waits_for_something_else(
    database: Database, answered: int, bob: Actor, now: datetime
) -> None:
    with transaction(database) as session:
        ticket = pausing.snooze(session, answered, now + HOUR, bob, now)
        pausing.wait_for_customer(session, answered, bob, now)
        assert pausing.wake(session, id_of(ticket), now + 2 * HOUR) is None
        assert stands(session, answered)[1] is WaitsFor.CUSTOMER
        assert timers(session, ticket) == {waiting.STALE: now + 3 * DAY}


@pytest.mark.parametrize("until", [timedelta(0), -HOUR, timedelta(days=400)])
def test_a_snooze_ends_in_the_time_to_come(
    database: Database, escalate: Callable[..., int], bob: Actor, now: datetime, until: timedelta
) -> None:
    number = escalate()
    with pytest.raises(BadMoment), transaction(database) as session:
        pausing.snooze(session, number, now + until, bob, now)


def test_a_ticket_that_nobody_writes_in_is_asked_about_and_then_closed(
    database: Database, answered: int, bob: Actor, now: datetime
) -> None:
    asked, closed = now + 3 * DAY, now + 7 * DAY
    with transaction(database) as session:
        ticket_id = id_of(pausing.wait_for_customer(session, answered, bob, now))
        ticket = pausing.is_stale(session, ticket_id, asked)
        assert ticket is not None
        pausing.remind(session, ticket, STALE, asked)
        assert timers(session, ticket)[waiting.STALE_CLOSE] == closed
        assert pausing.is_expired(session, ticket_id, closed) is not None
        pausing.expire(session, ticket, Words("Closed."), closed)
        assert stands(session, answered) == (TicketStatus.CLOSED, None, Owner.BOT)
        conversation = session.get_one(Conversation, ticket.conversation_id)
        assert (conversation.closed_at, conversation.confirmed) == (closed, None)
        assert timers(session, ticket) == {}
        said = [line.message.text for line in history(session, id_of(conversation)) if not line.message.private]
        assert said[-2:] == ["Still open?", "Closed."]
        assert events_of(session, ticket_id)[-1].detail == {"why": "expire"}


def test_words_after_the_question_keep_a_ticket_open(
    database: Database, answered: int, bob: Actor, now: datetime
) -> None:
    with transaction(database) as session:
        ticket = pausing.wait_for_customer(session, answered, bob, now)
        pausing.remind(session, ticket, STALE, now + 3 * DAY)
        writes(session, answered, now + 4 * DAY)
        assert timers(session, ticket) == {}
        assert pausing.is_expired(session, id_of(ticket), now + 7 * DAY) is None


def test_who_still_talks_with_the_bot_is_not_asked_yet(
    database: Database, answered: int, bob: Actor, now: datetime
) -> None:
    with transaction(database) as session:
        ticket = desk.hand_back(session, answered, bob, now)
        assert timers(session, ticket) == {waiting.STALE: now + 3 * DAY}
        conversation = session.get_one(Conversation, ticket.conversation_id)
        add_incoming(session, conversation, "And how do I export?", None, now + 2 * DAY, {})
        assert pausing.is_stale(session, id_of(ticket), now + 3 * DAY) is None
        assert timers(session, ticket) == {waiting.STALE: now + 5 * DAY}
        assert pausing.is_stale(session, id_of(ticket), now + 5 * DAY) is not None


def test_a_resolved_ticket_whose_customer_is_silent_closes_without_a_word(
    database: Database, answered: int, bob: Actor, now: datetime, words: desk.ClosingWords
) -> None:
    with transaction(database) as session:
        ticket = desk.resolve(session, answered, bob, now, words)
        assert timers(session, ticket) == {waiting.STALE_CLOSE: now + 7 * DAY}
        before = len(history(session, ticket.conversation_id))
        assert pausing.is_expired(session, id_of(ticket), now + 7 * DAY) is not None
        pausing.expire(session, ticket, None, now + 7 * DAY)
        assert ticket.status is TicketStatus.CLOSED
        told = history(session, ticket.conversation_id)[before:]
        assert [line.message.private for line in told] == [True]
        # Somebody who comes back is not sent away.
        desk.not_yet(session, session.get_one(Conversation, ticket.conversation_id), now + 8 * DAY)
        assert (ticket.status, ticket.assignee_id, ticket.closed_at) == (TicketStatus.OPEN, bob.staff_id, None)


def test_the_customers_solved_closes_what_waited_for_them_and_calls_it_solved(
    database: Database, answered: int, bob: Actor, now: datetime
) -> None:
    with transaction(database) as session:
        ticket = pausing.wait_for_customer(session, answered, bob, now)
        desk.confirm_solved(session, session.get_one(Conversation, ticket.conversation_id), now + HOUR)
        assert (ticket.status, ticket.resolved_at) == (TicketStatus.CLOSED, now + HOUR)
        assert names(session, ticket)[-2:] == ["resolved", "closed"]


def test_a_customer_can_close_what_they_need_no_more(database: Database, answered: int, now: datetime) -> None:
    with transaction(database) as session:
        ticket = ticket_by_number(session, answered)
        conversation = session.get_one(Conversation, ticket.conversation_id)
        desk.close_own(session, conversation, now)
        assert ticket.status is TicketStatus.CLOSED
        assert not conversation.confirmed, "who needs it no more has not said that it was solved"


def test_the_rules_of_the_house_count_for_what_begins_to_wait_afterwards(
    database: Database, answered: int, bob: Actor, hire: Callable[..., Actor], now: datetime
) -> None:
    chief = hire("chief", Role.ADMIN)
    with transaction(database) as session:
        waiting.set_rules(session, Rules(None, 4, None), chief, now)
        ticket = pausing.wait_for_customer(session, answered, bob, now)
        assert timers(session, ticket) == {}
        assert pausing.is_stale(session, id_of(ticket), now + 30 * DAY) is None
    with pytest.raises(BadDays), transaction(database) as session:
        waiting.set_rules(session, Rules(0, 4, 7), chief, now)
    with pytest.raises(NotAllowed), transaction(database) as session:
        waiting.set_rules(session, Rules(), bob, now)
    with reading(database) as session:
        assert waiting.rules(session) == Rules(None, 4, None)


def test_what_is_solved_is_neither_snoozed_nor_waited_for(
    database: Database, answered: int, bob: Actor, now: datetime, words: desk.ClosingWords
) -> None:
    with transaction(database) as session:
        desk.resolve(session, answered, bob, now, words)
    with pytest.raises(WrongStatus, match="resolved: snooze is not possible"), transaction(database) as session:
        pausing.snooze(session, answered, now + HOUR, bob, now)
    with pytest.raises(WrongStatus), transaction(database) as session:
        pausing.wait_for_customer(session, answered, bob, now)
