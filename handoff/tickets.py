"""Tickets: their states, their numbers, and how each follows from what happened."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import Enum

from sqlalchemy import bindparam, func
from sqlmodel import Session, col, select

from handoff.conversations import add_activity, advance, lock_conversation
from handoff.errors import Stale, TicketClosed, TicketNotFound, WrongStatus
from handoff.models import Conversation, Owner, Priority, Reason, Ticket, TicketStatus, WaitsFor
from handoff.rows import Lock, hold, id_of
from handoff.suggestions import outdate
from handoff.ticketing.events import note_event
from handoff.ticketing.models import Happened
from handoff.wording import subject_of
from store.changes import note_change


class Event(Enum):
    """What can happen to a ticket."""

    ESCALATE = "escalate"
    TAKE_OVER = "take over"
    CLAIM = "claim"
    REPLY = "reply"
    HAND_BACK = "hand back"
    RESOLVE = "resolve"
    REOPEN = "reopen"
    NOT_YET = "not yet"
    CONFIRM = "confirm"


# What is not listed is refused.
TRANSITIONS: dict[TicketStatus, dict[Event, TicketStatus]] = {
    TicketStatus.OPEN: {
        Event.ESCALATE: TicketStatus.OPEN,
        Event.TAKE_OVER: TicketStatus.OPEN,
        Event.CLAIM: TicketStatus.OPEN,
        Event.REPLY: TicketStatus.OPEN,
        Event.HAND_BACK: TicketStatus.PENDING,
        Event.RESOLVE: TicketStatus.RESOLVED,
        Event.NOT_YET: TicketStatus.OPEN,
        # An old button, pressed after the ticket was reopened: the agent reads it and resolves again.
        Event.CONFIRM: TicketStatus.OPEN,
    },
    TicketStatus.PENDING: {
        Event.ESCALATE: TicketStatus.OPEN,
        Event.TAKE_OVER: TicketStatus.OPEN,
        Event.CLAIM: TicketStatus.OPEN,
        Event.REPLY: TicketStatus.OPEN,
        Event.RESOLVE: TicketStatus.RESOLVED,
        Event.REOPEN: TicketStatus.OPEN,
        Event.NOT_YET: TicketStatus.OPEN,
        Event.CONFIRM: TicketStatus.PENDING,
    },
    TicketStatus.RESOLVED: {
        Event.ESCALATE: TicketStatus.OPEN,
        Event.TAKE_OVER: TicketStatus.OPEN,
        Event.REPLY: TicketStatus.OPEN,
        Event.REOPEN: TicketStatus.OPEN,
        Event.NOT_YET: TicketStatus.OPEN,
        Event.CONFIRM: TicketStatus.CLOSED,
    },
    TicketStatus.CLOSED: {
        Event.ESCALATE: TicketStatus.OPEN,
        Event.TAKE_OVER: TicketStatus.OPEN,
        Event.REOPEN: TicketStatus.OPEN,
        Event.NOT_YET: TicketStatus.OPEN,
        Event.CONFIRM: TicketStatus.CLOSED,
    },
}
UNSOLVED = (TicketStatus.OPEN, TicketStatus.PENDING)


def next_status(status: TicketStatus, event: Event) -> TicketStatus:
    """The status after ``event``. Raises WrongStatus, or TicketClosed for a reply to a closed ticket."""
    following = TRANSITIONS[status].get(event)
    if following is not None:
        return following
    if status is TicketStatus.CLOSED and event is Event.REPLY:
        raise TicketClosed
    raise WrongStatus(f"This ticket is {status.value}: {event.value} is not possible now.")


def owner_in(status: TicketStatus) -> Owner:
    """Who talks with the customer: a human exactly while the ticket is open."""
    return Owner.HUMAN if status is TicketStatus.OPEN else Owner.BOT


def _confirmed_after(event: Event, before: bool | None) -> bool | None:
    match event:
        case Event.CONFIRM:
            return True
        case Event.NOT_YET:
            return False
        case Event.RESOLVE | Event.REOPEN:
            return None
    return before


def move(
    session: Session,
    ticket: Ticket,
    conversation: Conversation,
    event: Event,
    now: datetime,
    *,
    assignee_id: int | None = None,
) -> bool:
    """Let ``event`` happen to the ticket and its conversation; ``assignee_id`` None leaves the assignee as it is.

    Returns whether a solved ticket came to life again. Raises WrongStatus, TicketClosed or Stale.
    """
    before, status = ticket.status, next_status(ticket.status, event)
    is_solved, was_solved = status not in UNSOLVED, before not in UNSOLVED
    advance(
        session,
        id_of(conversation),
        conversation.version,
        conversation.owner,
        now,
        owner=owner_in(status),
        closed_at=(conversation.closed_at or now) if is_solved else None,
        confirmed=_confirmed_after(event, conversation.confirmed),
    )
    is_new_assignee = assignee_id is not None and assignee_id != ticket.assignee_id
    ticket.status, ticket.updated_at = status, now
    ticket.resolved_at = (ticket.resolved_at or now) if is_solved else None
    ticket.closed_at = (ticket.closed_at or now) if status is TicketStatus.CLOSED else None
    ticket.waits_for = WaitsFor.BOT if status is TicketStatus.PENDING else None
    ticket.assignee_id = assignee_id or ticket.assignee_id
    session.flush()
    if status is not TicketStatus.OPEN:
        outdate(session, id_of(conversation), now)
    if is_new_assignee:
        note_event(session, ticket, Happened.ASSIGNED, now, staff_id=assignee_id)
    for kind in _happened(before, status, event):
        waits = {"waits_for": ticket.waits_for.value} if kind is Happened.WAITS and ticket.waits_for else {}
        note_event(session, ticket, kind, now, staff_id=assignee_id, **waits)
    note_change(session, "ticket", id_of(ticket), now, conversation.version)
    return was_solved and not is_solved


def _happened(before: TicketStatus, status: TicketStatus, event: Event) -> list[Happened]:
    """What a step from one status to the next is called in the ticket's history."""
    found = []
    if before is not status:
        found.append(_BECAME[status] if status is not TicketStatus.OPEN else _back_from(before))
    if event is Event.REPLY:
        found.append(Happened.ANSWERED)
    return found


def _back_from(before: TicketStatus) -> Happened:
    return Happened.RESUMED if before is TicketStatus.PENDING else Happened.REOPENED


_BECAME = {
    TicketStatus.PENDING: Happened.WAITS,
    TicketStatus.RESOLVED: Happened.RESOLVED,
    TicketStatus.CLOSED: Happened.CLOSED,
}


def open_ticket(
    session: Session,
    conversation: Conversation,
    reason: Reason | None,
    subject: str,
    now: datetime,
    *,
    priority: Priority = Priority.P2,
    tier: int = 1,
    team: str | None = None,
) -> Ticket:
    """Give the conversation to a human, with a new ticket or its old one opened again.

    ``conversation`` is one of this session; Stale is raised when it moved since it was read. With a ``reason`` the
    activity "escalated" is added. An old ticket keeps its number, subject and assignee; priority and tier only rise.
    """
    read = conversation.version, conversation.owner
    # Locked before the number is: every transaction takes the two in this order.
    conversation = lock_conversation(session, id_of(conversation))
    if read != (conversation.version, conversation.owner):
        raise Stale
    ticket = ticket_of(session, id_of(conversation))
    if ticket is None:
        ticket = _create(session, conversation, subject, now, priority, tier, team)
    move(session, ticket, conversation, Event.ESCALATE if reason else Event.TAKE_OVER, now)
    ticket.reason = reason or ticket.reason
    ticket.priority = min(ticket.priority, priority, key=lambda level: level.value)
    ticket.tier = max(ticket.tier, tier)
    ticket.team = ticket.team or team
    session.flush()
    if reason is not None:
        add_activity(session, conversation, "escalated", now, reason=reason.value)
    return ticket


def ticket_by_number(session: Session, number: int) -> Ticket:
    """The ticket that people call #``number``. Raises TicketNotFound."""
    # Beyond what the column holds PostgreSQL would raise instead of finding nothing.
    ticket = session.exec(select(Ticket).where(Ticket.number == number)).one_or_none() if number < 2**63 else None
    if ticket is None:
        raise TicketNotFound(f"There is no ticket #{number}.")
    return ticket


def tickets_of(session: Session, customer_ids: Sequence[int]) -> list[Ticket]:
    """The tickets of these customers, newest first. Reads only."""
    query = select(Ticket).where(col(Ticket.customer_id).in_(customer_ids))
    return list(session.exec(query.order_by(col(Ticket.number).desc())).all())


def ticket_of(session: Session, conversation_id: int) -> Ticket | None:
    """The conversation's ticket, as it is in the database now."""
    query = select(Ticket).where(Ticket.conversation_id == conversation_id)
    return session.exec(query.execution_options(populate_existing=True)).one_or_none()


def tickets(session: Session, status: TicketStatus | None = None, limit: int = 100) -> Sequence[Ticket]:
    """Tickets, newest first."""
    query = select(Ticket) if status is None else select(Ticket).where(Ticket.status == status)
    return session.exec(query.order_by(col(Ticket.number).desc()).limit(limit)).all()


def open_tickets_of(session: Session, customer_id: int) -> Sequence[Ticket]:
    """The customer's tickets that are open or pending, oldest first."""
    return session.scalars(_UNSOLVED_OF, {"customer_id": customer_id}).all()


_UNSOLVED_OF = (
    select(Ticket)
    .where(Ticket.customer_id == bindparam("customer_id"), col(Ticket.status).in_(UNSOLVED))
    .order_by(col(Ticket.number))
)


def _create(
    session: Session,
    conversation: Conversation,
    subject: str,
    now: datetime,
    priority: Priority,
    tier: int,
    team: str | None,
) -> Ticket:
    ticket = Ticket(
        number=_next_number(session),
        conversation_id=id_of(conversation),
        customer_id=conversation.customer_id,
        priority=priority,
        tier=tier,
        team=team,
        subject=subject_of(subject),
        created_at=now,
        updated_at=now,
    )
    session.add(ticket)
    session.flush()
    note_event(session, ticket, Happened.OPENED, now, priority=priority.value, tier=tier)
    return ticket


def _next_number(session: Session) -> int:
    """One more than the highest, under a lock: a sequence would leave a gap for every transaction that fails."""
    hold(session, Lock.TICKET_NUMBER)
    return (session.exec(select(func.max(Ticket.number))).one() or 0) + 1
