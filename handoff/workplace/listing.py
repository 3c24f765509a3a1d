"""Lists of tickets as somebody's filters choose them. Reads only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from sqlalchemy import func
from sqlmodel import Session, col, select

from handoff.models import Ticket, TicketStatus
from handoff.views import TicketRow, listed
from handoff.workplace.filters import ME, NONE, Filters, Viewer, conditions, order
from handoff.workplace.unread import unread_among

_OPEN, _PENDING, _RESOLVED, _CLOSED = (status.value for status in TicketStatus)
PRESETS: Mapping[str, Filters] = {
    "new": {"status": (_OPEN,), "assignee": (NONE,)},
    "mine": {"assignee": (ME,)},
    "open": {"status": (_OPEN,)},
    "pending": {"status": (_PENDING,)},
    "resolved": {"status": (_RESOLVED,)},
    "closed": {"status": (_CLOSED,)},
}
"""The views that every desk has."""
MOST_COUNTED = 1_000


def rows(session: Session, filters: Filters, viewer: Viewer, limit: int) -> list[TicketRow]:
    """The first ``limit`` tickets, each with whether the viewer has read it."""
    found = listed(session, conditions(session, filters, viewer), order(filters), limit)
    unread = unread_among(session, [row.id for row in found], viewer.staff_id)
    return [replace(row, is_unread=row.id in unread) for row in found]


def numbers(session: Session, filters: Filters, viewer: Viewer, limit: int) -> Sequence[int]:
    """The numbers of the first ``limit`` tickets."""
    query = select(Ticket.number).where(*conditions(session, filters, viewer)).order_by(*order(filters))
    return session.exec(query.limit(limit)).all()


def count(session: Session, filters: Filters, viewer: Viewer) -> int:
    """How many tickets there are; ``MOST_COUNTED`` stands for that many or more."""
    some = select(col(Ticket.id)).where(*conditions(session, filters, viewer)).limit(MOST_COUNTED).subquery()
    return session.exec(select(func.count()).select_from(some)).one()
