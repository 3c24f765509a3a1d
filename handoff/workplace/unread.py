"""What somebody of the staff has not read yet: unsolved tickets in which the customer wrote since they looked."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ColumnElement, and_, func
from sqlmodel import Session, col, select

from handoff.models import Direction, Message, Ticket
from handoff.rows import id_of
from handoff.ticketing.states import UNSOLVED
from handoff.workplace.models import TicketLook
from store.inserts import insert


def is_unread(staff_id: int) -> ColumnElement[bool]:
    """The condition on ``Ticket`` that holds where ``staff_id`` has something to read."""
    read_to = select(TicketLook.read_to).where(TicketLook.ticket_id == Ticket.id, TicketLook.staff_id == staff_id)
    newer = select(Message.id).where(
        Message.conversation_id == Ticket.conversation_id,
        Message.direction == Direction.INCOMING,
        col(Message.id) > func.coalesce(read_to.correlate(Ticket).scalar_subquery(), 0),
    )
    return and_(col(Ticket.status).in_(UNSOLVED), newer.correlate(Ticket).exists())


def unread_among(session: Session, ticket_ids: Collection[int], staff_id: int) -> set[int]:
    """The ids of those of the tickets in which ``staff_id`` has something to read."""
    query = select(Ticket.id).where(col(Ticket.id).in_(ticket_ids), is_unread(staff_id))
    return {one for one in session.exec(query) if one is not None} if ticket_ids else set()


def to_read(session: Session, ticket: Ticket, staff_id: int) -> int | None:
    """The customer's newest message in the ticket, where ``staff_id`` has not had it before them yet."""
    newest = session.exec(
        select(func.max(Message.id)).where(
            Message.conversation_id == ticket.conversation_id, Message.direction == Direction.INCOMING
        )
    ).one()
    look = session.get(TicketLook, (id_of(ticket), staff_id))
    return newest if newest is not None and (look is None or look.read_to < newest) else None


def mark_read(session: Session, ticket_id: int, staff_id: int, message_id: int, now: datetime) -> None:
    """``staff_id`` has read the ticket as far as message ``message_id``. What was read once stays read."""
    made = insert(session, TicketLook).values(
        ticket_id=ticket_id, staff_id=staff_id, read_to=message_id, seen_at=now, typed_at=None
    )
    session.execute(
        made.on_conflict_do_update(
            index_elements=["ticket_id", "staff_id"],
            set_={"read_to": made.excluded.read_to},
            where=col(TicketLook.read_to) < made.excluded.read_to,
        )
    )
