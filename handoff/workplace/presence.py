"""Who has a ticket before them just now, and who writes: told by their browsers, forgotten when these fall silent."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from handoff.models import Staff, Ticket
from handoff.workplace.models import TicketLook
from store.changes import note_change
from store.inserts import insert

VIEWING = timedelta(seconds=30)
"""Somebody counts as looking at a ticket this long after their browser last said so,"""
TYPING = timedelta(seconds=15)
"""and as writing."""
LOOK = "look"
"""The kind of the change when somebody comes, goes, begins to write or stops; its subject is the ticket."""


@dataclass(frozen=True)
class Present:
    """Somebody of the staff who looks at a ticket."""

    staff_id: int
    name: str
    is_typing: bool


def look(
    session: Session, ticket_id: int, staff_id: int, now: datetime, *, types: bool = False, arrives: bool = False
) -> None:
    """``staff_id`` has the ticket before them, and ``types`` or not.

    Others hear of it where that is news: always when they have just opened it (``arrives``).
    """
    is_news = arrives or _state(session.get(TicketLook, (ticket_id, staff_id)), now) != (True, types)
    made = insert(session, TicketLook).values(
        ticket_id=ticket_id, staff_id=staff_id, read_to=0, seen_at=now, typed_at=now if types else None
    )
    session.execute(
        made.on_conflict_do_update(
            index_elements=["ticket_id", "staff_id"],
            set_={"seen_at": made.excluded.seen_at, "typed_at": made.excluded.typed_at},
        )
    )
    if is_news:
        note_change(session, LOOK, ticket_id, now)


def leave(session: Session, ticket_id: int, staff_id: int, now: datetime) -> None:
    """``staff_id`` has the ticket before them no more."""
    known = session.get(TicketLook, (ticket_id, staff_id))
    if known is None or _state(known, now) == (False, False):
        return
    known.seen_at, known.typed_at = now - VIEWING, None
    session.flush()
    note_change(session, LOOK, ticket_id, now)


def present(
    session: Session, numbers: Collection[int], now: datetime, but: int | None = None
) -> dict[int, list[Present]]:
    """Who is at these tickets, by the ticket's number, without ``but``; who writes comes first. Reads only."""
    query = (
        select(Ticket.number, Staff.id, Staff.name, TicketLook.typed_at)
        .join(TicketLook, col(TicketLook.ticket_id) == Ticket.id)
        .join(Staff, col(Staff.id) == TicketLook.staff_id)
        .where(
            col(Ticket.number).in_(numbers),
            col(TicketLook.seen_at) > now - VIEWING,
            col(Staff.disabled_at).is_(None),
            Staff.id != but,
        )
        .order_by(col(Ticket.number), col(Staff.name))
    )
    found: dict[int, list[Present]] = {}
    for number, staff_id, name, typed_at in session.exec(query) if numbers else ():
        found.setdefault(number, []).append(Present(staff_id or 0, name, _is_fresh(typed_at, now, TYPING)))
    return {number: sorted(some, key=lambda one: not one.is_typing) for number, some in found.items()}


def _state(look: TicketLook | None, now: datetime) -> tuple[bool, bool]:
    """Whether they look, and whether they write."""
    if look is None or not _is_fresh(look.seen_at, now, VIEWING):
        return False, False
    return True, _is_fresh(look.typed_at, now, TYPING)


def _is_fresh(at: datetime | None, now: datetime, lasts: timedelta) -> bool:
    return at is not None and at > now - lasts
