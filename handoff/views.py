"""What the console and the API read: lists of tickets and conversations, one ticket as plain values, counts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, func
from sqlalchemy import select as rows_of
from sqlmodel import Session, col, select

from handoff.errors import HandoffError
from handoff.models import (
    Conversation,
    Customer,
    Direction,
    Message,
    Owner,
    Priority,
    Reason,
    Staff,
    Ticket,
    TicketStatus,
    WaitsFor,
)
from handoff.staffing.queue import WORK_ORDER
from handoff.ticketing.views import facts
from handoff.tickets import ticket_by_number
from handoff.transcript import Line, history

TALKING = timedelta(minutes=30)
"""A conversation with the bot is "being talked in" this long after its last message."""
PREVIEW = 160


@dataclass(frozen=True)
class TicketRow:
    """A ticket in a list."""

    number: int
    status: TicketStatus
    priority: Priority
    tier: int
    reason: Reason | None
    subject: str
    team: str | None
    owner: Owner
    conversation_id: int
    channel: str
    customer: str
    """The customer's name, or what the channel calls them."""
    language: str
    assignee: str | None
    created_at: datetime
    last_message_at: datetime
    last_words: str
    is_waiting: bool
    """The customer had the last word."""
    due_at: datetime | None = None
    """The next promise; None where nothing is promised, or its clocks are paused."""
    waits_for: WaitsFor | None = None
    snoozed_until: datetime | None = None
    id: int = 0
    is_unread: bool = False
    """Whose list it is has not read the customer's last words. False where the list is nobody's."""


@dataclass(frozen=True)
class ConversationRow:
    """A conversation that the bot is in."""

    id: int
    channel: str
    customer: str
    language: str
    last_message_at: datetime
    last_words: str
    decision: str | None
    """What the bot decided last: answer, clarify, decline or smalltalk; None before its first words."""
    ticket: int | None
    """The number of the ticket that was handed back to the bot."""


def ticket_list(
    session: Session, view: TicketStatus | str | None = None, limit: int = 50, *, staff_id: int | None = None
) -> list[TicketRow]:
    """Tickets of a view: a status, "new" (open, with nobody), "mine" (unsolved, of ``staff_id``), or None for all.

    Open ones come in the order of work (the next promise, then urgent, then the oldest), others newest first. Raises
    HandoffError for an unknown view.
    """
    is_work = view in (TicketStatus.OPEN, "open", "new", "mine")
    order = WORK_ORDER if is_work else (col(Ticket.number).desc(),)
    return listed(session, _conditions(view, staff_id), order, limit)


def listed(
    session: Session, conditions: Iterable[ColumnElement[bool]], order: Sequence[Any], limit: int
) -> list[TicketRow]:
    """The first ``limit`` tickets that meet the conditions, in this order."""
    # Chosen before anything is joined: else the last words of every ticket of the view would be looked up.
    chosen = select(Ticket.id).where(*conditions).order_by(*order).limit(limit).subquery()
    query = (
        rows_of(Ticket, Conversation, Customer, col(Staff.name), Message)
        .join(chosen, chosen.c.id == Ticket.id)
        .join(Conversation, col(Conversation.id) == Ticket.conversation_id)
        .join(Customer, col(Customer.id) == Ticket.customer_id)
        .join(Staff, col(Staff.id) == Ticket.assignee_id, isouter=True)
        .join(Message, col(Message.id) == _last_said(), isouter=True)
    )
    return [_ticket_row(*row) for row in session.execute(query.order_by(*order))]


def bot_is_talking(session: Session, now: datetime, limit: int = 50) -> list[ConversationRow]:
    """Open conversations with the bot in which something was said within TALKING, newest first."""
    decided = (
        select(Message.decision)
        .where(Message.conversation_id == Conversation.id, col(Message.decision).is_not(None))
        .order_by(col(Message.id).desc())
        .limit(1)
        .correlate(Conversation)
        .scalar_subquery()
    )
    query = (
        rows_of(Conversation, Customer, Message, decided, col(Ticket.number))
        .join(Customer, col(Customer.id) == Conversation.customer_id)
        .join(Message, col(Message.id) == _last_said(), isouter=True)
        .join(Ticket, col(Ticket.conversation_id) == Conversation.id, isouter=True)
        .where(
            col(Conversation.owner) == Owner.BOT,
            col(Conversation.closed_at).is_(None),
            col(Conversation.last_message_at) > now - TALKING,
        )
        .order_by(col(Conversation.last_message_at).desc(), col(Conversation.id).desc())
        .limit(limit)
    )
    return [_conversation_row(*row) for row in session.execute(query)]


def ticket_detail(session: Session, number: int) -> dict[str, Any]:
    """The ticket as the API gives it, with its whole transcript, as plain values. Raises TicketNotFound."""
    ticket = ticket_by_number(session, number)
    conversation = session.get_one(Conversation, ticket.conversation_id)
    customer = session.get_one(Customer, ticket.customer_id)
    return {
        "number": ticket.number,
        "status": ticket.status.value,
        "priority": ticket.priority.value,
        "tier": ticket.tier,
        "reason": ticket.reason.value if ticket.reason else None,
        "owner": conversation.owner.value,
        "channel": customer.channel,
        "customer": called(customer),
        **facts(session, ticket),
        "messages": [_message(line) for line in history(session, ticket.conversation_id)],
    }


def counts(session: Session) -> dict[str, int]:
    """How many tickets there are in each status, and how many are "new": open with nobody's name on them."""
    found = session.execute(rows_of(col(Ticket.status), func.count()).group_by(col(Ticket.status)))
    of_status = {status: number for status, number in found}
    new = select(func.count()).select_from(Ticket).where(*_conditions("new", None))
    return {**{status.value: of_status.get(status, 0) for status in TicketStatus}, "new": session.exec(new).one()}


def called(customer: Customer) -> str:
    """The customer's name, or what the channel calls them."""
    return customer.name or customer.external_id


def _conditions(view: TicketStatus | str | None, staff_id: int | None) -> tuple[ColumnElement[bool], ...]:
    match view:
        case None:
            return ()
        case "new":
            return (col(Ticket.status) == TicketStatus.OPEN, col(Ticket.assignee_id).is_(None))
        case "mine":
            unsolved = [TicketStatus.OPEN, TicketStatus.PENDING]
            return (col(Ticket.status).in_(unsolved), col(Ticket.assignee_id) == (staff_id or 0))
        case TicketStatus() as status:
            return (col(Ticket.status) == status,)
    if view not in [status.value for status in TicketStatus]:
        raise HandoffError(f"There is no view {view!r}. Choose new, mine, open, pending, resolved or closed.")
    return (col(Ticket.status) == TicketStatus(view),)


def _last_said() -> Any:
    """The id of the newest message of a conversation that both sides know."""
    newest: Select[Any] = (
        select(func.max(Message.id))
        .where(
            Message.conversation_id == Conversation.id,
            col(Message.private).is_(False),
            col(Message.direction) != Direction.ACTIVITY,
        )
        .correlate(Conversation)
    )
    return newest.scalar_subquery()


def _ticket_row(
    ticket: Ticket, conversation: Conversation, customer: Customer, assignee: str | None, last: Message | None
) -> TicketRow:
    return TicketRow(
        number=ticket.number,
        status=ticket.status,
        priority=ticket.priority,
        tier=ticket.tier,
        reason=ticket.reason,
        subject=ticket.subject,
        team=ticket.team,
        owner=conversation.owner,
        conversation_id=ticket.conversation_id,
        channel=customer.channel,
        customer=called(customer),
        language=conversation.language,
        assignee=assignee,
        created_at=ticket.created_at,
        last_message_at=conversation.last_message_at,
        last_words=_preview(last),
        is_waiting=last is not None and last.direction is Direction.INCOMING,
        due_at=ticket.due_at,
        waits_for=ticket.waits_for,
        snoozed_until=ticket.snoozed_until,
        id=ticket.id or 0,
    )


def _conversation_row(
    conversation: Conversation, customer: Customer, last: Message | None, decision: str | None, number: int | None
) -> ConversationRow:
    return ConversationRow(
        id=conversation.id or 0,
        channel=customer.channel,
        customer=called(customer),
        language=conversation.language,
        last_message_at=conversation.last_message_at,
        last_words=_preview(last),
        decision=decision,
        ticket=number,
    )


def _preview(message: Message | None) -> str:
    return " ".join(message.text[: PREVIEW * 2].split())[:PREVIEW] if message else ""


def _message(line: Line) -> dict[str, Any]:
    message = line.message
    return {
        "id": message.id,
        "direction": message.direction.value,
        "private": message.private,
        "author": message.author.value,
        "text": message.text,
        "at": message.at.isoformat(),
        "delivery": line.delivery.state.value if line.delivery else None,
    }
