"""What happened to a ticket, one row each: promises, lists and reports follow from these."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from handoff.models import Ticket
from handoff.rows import id_of
from handoff.sla.engine import UNCOUNTED
from handoff.sla.keeping import refresh
from handoff.sla.retelling import retell_soon
from handoff.surveys.following import follow
from handoff.ticketing.models import Happened, TicketEvent


def note_event(
    session: Session, ticket: Ticket, kind: Happened, now: datetime, *, staff_id: int | None = None, **detail: Any
) -> TicketEvent:
    """Write down what happened, and let the ticket's clocks follow. The keys of ``detail`` are ``TicketEvent``'s."""
    event = TicketEvent(ticket_id=id_of(ticket), kind=kind, at=now, staff_id=staff_id, detail=detail)
    session.add(event)
    session.flush()
    if kind not in UNCOUNTED:
        refresh(session, ticket, now)
    if kind is Happened.PRIORITY:
        retell_soon(session, ticket, now)
    follow(session, ticket, kind, now)
    return event


def events_of(session: Session, ticket_id: int) -> Sequence[TicketEvent]:
    """The events of a ticket in the order in which they happened."""
    query = select(TicketEvent).where(TicketEvent.ticket_id == ticket_id)
    return session.exec(query.order_by(col(TicketEvent.id))).all()
