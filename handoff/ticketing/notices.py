"""Notices: what one of the staff should know, in the console until they have seen it, and by mail where that is set."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func
from sqlmodel import Session, col, select

from handoff.models import Staff, Ticket
from handoff.rows import id_of
from handoff.ticketing.models import Notice, NoticeKind
from store.changes import note_change
from store.timers import set_timer

TIMER = "notice"
"""The kind of the timer by which notices leave the house; its subject is the first notice."""
LEAVES = frozenset(NoticeKind) - {NoticeKind.CUSTOMER_WROTE, NoticeKind.CORRECTED}
"""What is worth a mail. That a customer wrote or was corrected is seen in the console, where they are answered."""


def tell(
    session: Session,
    staff_ids: Collection[int | None],
    kind: NoticeKind,
    ticket: Ticket | None,
    now: datetime,
    **detail: Any,
) -> list[Notice]:
    """Let these people know. None among them, somebody named twice and whoever was switched off are left out.

    ``detail``: plain values that the notice is worded from, never a message's text. By kind: assigned {by?, terms?},
    warning and breach {clock, tier, due_at, percent}, on_call {clock, due_at}, mention {by, message}, woken {},
    customer_wrote {message}, corrected {}.
    """
    wanted = {staff_id for staff_id in staff_ids if staff_id is not None}
    if not wanted:
        return []
    here = select(Staff.id).where(col(Staff.id).in_(wanted), col(Staff.disabled_at).is_(None))
    told = [
        Notice(staff_id=staff_id, kind=kind, ticket_id=id_of(ticket) if ticket else None, detail=detail, at=now)
        for staff_id in sorted(one for one in session.exec(here) if one is not None)
    ]
    session.add_all(told)
    session.flush()
    for notice in told:
        note_change(session, "notice", id_of(notice), now)
    if told and kind in LEAVES:
        set_timer(session, TIMER, id_of(told[0]), now)
    return told


def told_together(session: Session, notice_id: int) -> Sequence[Notice]:
    """The notices of one ``tell``, by the id of their first."""
    first = session.get(Notice, notice_id)
    if first is None:
        return []
    same = (Notice.kind == first.kind, Notice.ticket_id == first.ticket_id, Notice.at == first.at)
    query = select(Notice).where(*same, col(Notice.id) >= notice_id).order_by(col(Notice.id))
    return [one for one in session.exec(query) if one.detail == first.detail]


def notices_of(session: Session, staff_id: int, limit: int = 50) -> Sequence[tuple[Notice, Ticket | None]]:
    """Somebody's notices, the newest first, each with its ticket."""
    query = (
        select(Notice, Ticket)
        .join(Ticket, col(Ticket.id) == Notice.ticket_id, isouter=True)
        .where(Notice.staff_id == staff_id)
        .order_by(col(Notice.at).desc(), col(Notice.id).desc())
        .limit(limit)
    )
    return [(notice, ticket) for notice, ticket in session.exec(query)]


def notice_of(session: Session, staff_id: int, notice_id: int) -> Ticket | None:
    """The ticket of one of somebody's own notices; None for anybody else's."""
    query = select(Ticket).join(Notice, col(Notice.ticket_id) == Ticket.id)
    return session.exec(query.where(Notice.id == notice_id, Notice.staff_id == staff_id)).first()


def unseen(session: Session, staff_id: int) -> int:
    """How many of somebody's notices they have not seen."""
    mine = select(func.count()).select_from(Notice).where(Notice.staff_id == staff_id, col(Notice.seen_at).is_(None))
    return session.exec(mine).one()


def mark_seen(session: Session, staff_id: int, now: datetime, *, ticket_id: int | None = None) -> int:
    """Somebody has seen their notices: all, or those of one ticket. Returns how many were new to them."""
    query = select(Notice).where(Notice.staff_id == staff_id, col(Notice.seen_at).is_(None))
    if ticket_id is not None:
        query = query.where(Notice.ticket_id == ticket_id)
    found = session.exec(query).all()
    for notice in found:
        notice.seen_at = now
        note_change(session, "notice", id_of(notice), now)
    session.flush()
    return len(found)
