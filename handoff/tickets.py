"""Tickets: their states, their numbers, and how each follows from what happened."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, func
from sqlmodel import Session, col, select

from handoff.conversations import add_activity, advance, lock_conversation
from handoff.errors import Stale, TicketNotFound
from handoff.models import Conversation, Priority, Reason, Source, Ticket, TicketStatus
from handoff.people import account_of, customer_by_id
from handoff.rows import Lock, hold, id_of
from handoff.staffing import following
from handoff.suggestions import outdate
from handoff.surveys.outcomes import hand_off
from handoff.ticketing import waiting
from handoff.ticketing.events import note_event
from handoff.ticketing.models import Happened, NoticeKind
from handoff.ticketing.notices import tell
from handoff.ticketing.priorities import propose
from handoff.ticketing.signals import alike
from handoff.ticketing.states import (
    OPEN,
    UNSOLVED,
    Event,
    State,
    confirmed_after,
    happened,
    next_state,
    owner_in,
)
from handoff.wording import subject_of
from store.changes import note_change
from store.prepared import Prepared

__all__ = [
    "UNSOLVED",
    "Event",
    "Matter",
    "create",
    "customer_wrote",
    "move",
    "open_ticket",
    "open_tickets_of",
    "state_of",
    "ticket_by_number",
    "ticket_of",
    "tickets",
    "tickets_of",
]


@dataclass(frozen=True)
class Matter:
    """What a ticket is opened for."""

    subject: str
    reason: Reason | None = None
    priority: Priority = Priority.P2
    """What it has at least."""
    tier: int = 1
    team: str | None = None
    category: str | None = None
    source: Source = Source.CHANNEL


def state_of(ticket: Ticket) -> State:
    return State(ticket.status, ticket.waits_for)


def move(
    session: Session,
    ticket: Ticket,
    conversation: Conversation,
    event: Event,
    now: datetime,
    *,
    assignee_id: int | None = None,
    until: datetime | None = None,
    by: int | None = None,
) -> bool:
    """Let ``event`` happen to the ticket and its conversation; ``assignee_id`` None leaves the assignee as it is.

    ``until``: of a snooze. ``by``: who of the staff does it, where that is not the new assignee. Returns whether a
    solved ticket came to life again. Raises WrongStatus, TicketClosed or Stale.
    """
    before, had = state_of(ticket), ticket.assignee_id
    after = next_state(before, event)
    advance(
        session,
        id_of(conversation),
        conversation.version,
        conversation.owner,
        now,
        owner=owner_in(after),
        closed_at=(conversation.closed_at or now) if after.is_solved else None,
        confirmed=confirmed_after(event, conversation.confirmed),
    )
    is_new_assignee = assignee_id is not None and assignee_id != ticket.assignee_id
    _set_state(ticket, after, now, until if event is Event.SNOOZE else None)
    ticket.assignee_id = assignee_id or ticket.assignee_id
    session.flush()
    waiting.keep_timers(session, ticket, before, after, now)
    if after.status is not TicketStatus.OPEN:
        outdate(session, id_of(conversation), now)
    if is_new_assignee:
        note_event(session, ticket, Happened.ASSIGNED, now, staff_id=assignee_id)
    for kind in happened(before, after, event):
        note_event(session, ticket, kind, now, staff_id=by or assignee_id, **_told(ticket, kind, event))
    note_change(session, "ticket", id_of(ticket), now, conversation.version)
    following.moved(session, ticket, before.status is TicketStatus.OPEN, had, now)
    if event in (Event.CUSTOMER_WROTE, Event.WAKE, Event.NOT_YET):
        following.woken(session, ticket, now)
    return before.is_solved and not after.is_solved


def _set_state(ticket: Ticket, after: State, now: datetime, until: datetime | None) -> None:
    ticket.status, ticket.waits_for, ticket.updated_at = after.status, after.waits_for, now
    ticket.snoozed_until = until
    ticket.resolved_at = (ticket.resolved_at or now) if after.is_solved else None
    ticket.closed_at = (ticket.closed_at or now) if after.status is TicketStatus.CLOSED else None
    if not after.is_solved:
        ticket.merged_into_id = None


def _told(ticket: Ticket, kind: Happened, event: Event) -> dict[str, Any]:
    """What the history keeps with an event of this kind."""
    if kind is Happened.WAITS and ticket.waits_for is not None:
        until = {"until": ticket.snoozed_until.isoformat()} if ticket.snoozed_until else {}
        return {"waits_for": ticket.waits_for.value, **until}
    return {"why": event.value} if kind is Happened.CLOSED else {}


def customer_wrote(session: Session, conversation: Conversation, now: datetime) -> Ticket | None:
    """The customer said something in a conversation that a person has: a ticket that waited is open again.

    Returns the ticket that was woken by it, if one was.
    """
    ticket = ticket_of(session, id_of(conversation))
    if ticket is None or ticket.status not in UNSOLVED:
        return None
    if ticket.status is TicketStatus.OPEN:
        ticket.updated_at = now
        note_event(session, ticket, Happened.CUSTOMER_WROTE, now)
        following.woken(session, ticket, now)
        return None
    move(session, ticket, conversation, Event.CUSTOMER_WROTE, now)
    if state_of(ticket) != OPEN:
        return None
    add_activity(session, conversation, "resumed", now)
    tell(session, [ticket.assignee_id], NoticeKind.CUSTOMER_WROTE, ticket, now)
    return ticket


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
    category: str | None = None,
) -> Ticket:
    """Give the conversation to a human, with a new ticket or its old one opened again.

    ``conversation`` is one of this session; Stale is raised when it moved since it was read. With a ``reason`` the
    activity "escalated" is added. ``priority`` is what the matter has at least. An old ticket keeps its number, subject
    and assignee; priority and tier only rise, and the priority that a person confirmed stays.
    """
    read = conversation.version, conversation.owner
    # Locked before the number is: every transaction takes the two in this order.
    conversation = lock_conversation(session, id_of(conversation))
    if read != (conversation.version, conversation.owner):
        raise Stale
    known = ticket_of(session, id_of(conversation))
    matter = Matter(subject, reason, priority, tier, team, category)
    if known is None:
        ticket = create(session, conversation, matter, now)
    else:
        ticket = known
        _raise_to(session, ticket, matter, now)
    move(session, ticket, conversation, Event.ESCALATE if reason else Event.TAKE_OVER, now)
    ticket.reason = reason or ticket.reason
    session.flush()
    if reason is not None:
        add_activity(session, conversation, "escalated", now, reason=reason.value)
        following.opened(session, ticket, now, is_new=known is None)
    hand_off(session, ticket, now)
    return ticket


def create(
    session: Session, conversation: Conversation, matter: Matter, now: datetime, by: int | None = None
) -> Ticket:
    """The ticket of a conversation that is locked and has none. ``by``: who of the staff opens it, if one of them does.

    The caller moves it on: until then the bot has the conversation.
    """
    customer = customer_by_id(session, conversation.customer_id)
    proposal = propose(matter.priority, matter.reason, alike(session, matter.category, customer, now))
    ticket = Ticket(
        number=_next_number(session),
        conversation_id=id_of(conversation),
        customer_id=conversation.customer_id,
        priority=proposal.priority,
        impact=proposal.impact,
        urgency=proposal.urgency,
        tier=matter.tier,
        team=matter.team,
        category=matter.category,
        source=matter.source,
        subject=subject_of(matter.subject),
        created_at=now,
        updated_at=now,
    )
    session.add(ticket)
    session.flush()
    account = account_of(session, customer)
    told = {"priority": ticket.priority.value, "tier": ticket.tier, "plan": account.plan.value if account else None}
    note_event(session, ticket, Happened.OPENED, now, staff_id=by, source=ticket.source.value, **told)
    return ticket


def _raise_to(session: Session, ticket: Ticket, matter: Matter, now: datetime) -> None:
    """The matter comes up again: it is not less urgent than it was, and goes to nobody who knows less of it."""
    ticket.team, ticket.category = ticket.team or matter.team, ticket.category or matter.category
    proposal, before = propose(matter.priority, matter.reason, 0), ticket.priority
    if ticket.priority_by_id is None and proposal.priority.value < before.value:
        ticket.priority, ticket.impact, ticket.urgency = proposal.priority, proposal.impact, proposal.urgency
        note_event(session, ticket, Happened.PRIORITY, now, priority=ticket.priority.value, before=before.value)
    if matter.tier > ticket.tier:
        was, ticket.tier = ticket.tier, matter.tier
        note_event(session, ticket, Happened.TIER, now, tier=ticket.tier, before=was)


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
    return _UNSOLVED_OF.records(Ticket, session, customer_id=customer_id)


_UNSOLVED_OF = Prepared(
    select(Ticket)
    .where(Ticket.customer_id == bindparam("customer_id"), col(Ticket.status).in_(UNSOLVED))
    .order_by(col(Ticket.number))
)


def _next_number(session: Session) -> int:
    """One more than the highest, under a lock: a sequence would leave a gap for every transaction that fails."""
    hold(session, Lock.TICKET_NUMBER)
    return (session.exec(select(func.max(Ticket.number))).one() or 0) + 1
