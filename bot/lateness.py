"""What comes later than it was said: it takes the place in its thread that it had when it was said.

A platform that could not reach us brings each message again by itself, so an earlier one may come after a later one.
What nobody began with yet changes places with it; and what comes may be held back, until somebody has looked for what
was said before it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, delete, update
from sqlmodel import Session, col, select

from bot.backlog import is_new
from bot.models import InboxRow
from store.changes import note_change
from store.inserts import insert

Moment = float
"""When something was said, as the platform's own clock has it."""
_KEPT = ("channel", "event_key", "thread_key", "payload", "received_at", "not_before", "state", "waits_since", "error")


def take_place(session: Session, channel: str, event_key: str, said_at: Callable[[InboxRow], Moment]) -> int:
    """Put this row, which was just accepted, before those of its thread that were said later and that nobody began with
    yet. Returns how many there were.

    The order of a thread is that of its rows' ids, so those are kept anew.
    """
    mine = session.exec(select(InboxRow).where(InboxRow.channel == channel, InboxRow.event_key == event_key)).one()
    session.expunge(mine)
    waiting = select(InboxRow).where(
        InboxRow.channel == channel,
        InboxRow.thread_key == mine.thread_key,
        col(InboxRow.id) < mine.id,
        *_not_begun(),
    )
    # Who is claimed at this moment comes first; nobody waits for the other.
    found = session.exec(waiting.order_by(col(InboxRow.id)).with_for_update(skip_locked=True)).all()
    later = sorted((row for row in found if said_at(row) > said_at(mine)), key=said_at)
    again = [{name: getattr(row, name) for name in _KEPT} for row in later]
    ids = [row.id for row in later]
    for row in found:
        session.expunge(row)
    if ids:
        session.execute(delete(InboxRow).where(col(InboxRow.id).in_(ids)))
    for values in again:
        row_id = session.scalar(insert(session, InboxRow).values(**values, attempts=0).returning(col(InboxRow.id)))
        note_change(session, "inbox", row_id or 0, values["not_before"])
    return len(again)


def hold_back(session: Session, channel: str, event_key: str, until: datetime) -> None:
    """Let a row that was just accepted wait until somebody calls ``let_go``, and no longer than ``until``."""
    row = update(InboxRow).where(col(InboxRow.channel) == channel, col(InboxRow.event_key) == event_key)
    session.execute(row.values(not_before=until))


def held_back(session: Session, channel: str) -> Sequence[InboxRow]:
    """What was held back and nobody began with: whoever was to let it go may be dead. Reads only."""
    held = select(InboxRow).where(
        InboxRow.channel == channel, col(InboxRow.not_before) > InboxRow.received_at, *_not_begun()
    )
    return session.exec(held.order_by(col(InboxRow.id))).all()


def let_go(session: Session, channel: str, thread_key: str, now: datetime) -> None:
    """What was held back in this thread may be begun with."""
    held = update(InboxRow).where(
        col(InboxRow.channel) == channel,
        col(InboxRow.thread_key) == thread_key,
        col(InboxRow.not_before) > now,
        *_not_begun(),
    )
    for (row_id,) in session.execute(held.values(not_before=now).returning(col(InboxRow.id))).all():
        note_change(session, "inbox", row_id, now)


def _not_begun() -> tuple[ColumnElement[bool], ...]:
    return (is_new(), col(InboxRow.attempts) == 0, col(InboxRow.heard_to).is_(None), col(InboxRow.message_id).is_(None))
