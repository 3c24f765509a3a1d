"""Transaction 1: keep what came, exactly as it came. Only after its commit is a platform told that we have it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, or_, update
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from bot.models import InboxRow, InboxState
from handoff.rows import rows_touched
from store.changes import note_change
from store.inserts import insert

ATTEMPTS = 5
NOWHERE = "nowhere:"
"""How the thread key of an event begins that names no place to answer in."""
LEASE = timedelta(seconds=60)


def accept(
    session: Session, channel: str, event_key: str, thread_key: str, payload: dict[str, Any], now: datetime
) -> bool:
    """Keep one event; False if it was here before. Acknowledge only after the transaction is committed."""
    values = {
        "channel": channel,
        "event_key": event_key,
        "thread_key": thread_key,
        # ASCII JSON: PostgreSQL takes neither a NUL nor half a surrogate pair in its texts.
        "payload": json.dumps(payload),
        "received_at": now,
        "not_before": now,
        "state": InboxState.NEW,
        "attempts": 0,
    }
    statement = insert(session, InboxRow).values(values).on_conflict_do_nothing().returning(col(InboxRow.id))
    row_id = session.execute(statement).scalar()
    if row_id is not None:
        note_change(session, "inbox", row_id, now)
    return row_id is not None


def claim(
    session: Session, worker: str, now: datetime, *, channels: tuple[str, ...], thread_key: str | None = None
) -> InboxRow | None:
    """The oldest row that ``claim_some`` takes; None without one."""
    return next(iter(claim_some(session, worker, now, 1, channels=channels, thread_key=thread_key)), None)


def claim_some(
    session: Session,
    worker: str,
    now: datetime,
    limit: int,
    *,
    channels: tuple[str, ...],
    thread_key: str | None = None,
) -> list[InboxRow]:
    """Take up to ``limit`` rows of ``channels`` that are due and have no unfinished one before them in their thread,
    the oldest first, for LEASE.

    A row whose lease ran out (its worker died) is taken again. Rows of one thread are thus dealt with one by one.
    """
    older = aliased(InboxRow)
    has_older = exists().where(
        col(older.channel) == col(InboxRow.channel),
        col(older.thread_key) == col(InboxRow.thread_key),
        col(older.id) < col(InboxRow.id),
        col(older.state).in_([InboxState.NEW, InboxState.WORKING]),
    )
    query = (
        select(InboxRow)
        .where(col(InboxRow.channel).in_(channels), _is_due(now), ~has_older)
        .order_by(col(InboxRow.id))
        .limit(limit)
    )
    if thread_key is not None:
        query = query.where(col(InboxRow.thread_key) == thread_key)
    rows = list(session.exec(query.with_for_update(skip_locked=True)).all())
    for row in rows:
        row.state, row.worker, row.lease_until = InboxState.WORKING, worker, now + LEASE
        row.attempts += 1
    session.flush()
    return rows


def finish(session: Session, row_id: int, worker: str, with_rows: Sequence[int] = ()) -> bool:
    """Mark the row as dealt with, in the transaction that deals with it. False: another worker has it by now.

    ``with_rows``: later rows of its thread that were dealt with together with it.
    """
    is_ours = _move(session, row_id, worker, state=InboxState.DONE, error=None)
    if is_ours and with_rows:
        # Nobody else can have them: the row before them was ours.
        together = update(InboxRow).where(col(InboxRow.id).in_(with_rows), col(InboxRow.state) == InboxState.NEW)
        session.execute(together.values(state=InboxState.DONE))
    return is_ours


def following(session: Session, row: InboxRow, after_id: int, limit: int) -> Sequence[InboxRow]:
    """The rows of the same thread after row ``after_id`` that wait behind ``row``, the oldest first."""
    query = select(InboxRow).where(
        InboxRow.channel == row.channel,
        InboxRow.thread_key == row.thread_key,
        col(InboxRow.id) > after_id,
        InboxRow.state == InboxState.NEW,
    )
    return session.exec(query.order_by(col(InboxRow.id)).limit(limit)).all()


def hold(session: Session, row: InboxRow, worker: str, until: datetime, heard_to: int) -> bool:
    """Let the row, and its thread with it, wait for more until ``until``; that is no attempt.

    A row of its thread after row ``heard_to`` makes it due at once.
    """
    waiting = {"not_before": until, "heard_to": heard_to, "attempts": row.attempts - 1}
    return _move(session, row.id, worker, state=InboxState.NEW, **waiting)


def forget(session: Session, row_id: int) -> None:
    """Keep nothing of what it said, only that it came: a redelivery is still known."""
    session.execute(update(InboxRow).where(col(InboxRow.id) == row_id).values(payload="{}"))


def has_due(session: Session, now: datetime, channels: tuple[str, ...]) -> bool:
    """Whether a row may be waiting to be claimed. Reads only: many loops may ask without waiting for each other."""
    query = select(InboxRow.id).where(col(InboxRow.channel).in_(channels), _is_due(now))
    return session.exec(query.limit(1)).first() is not None


def next_due(session: Session, now: datetime, channels: tuple[str, ...]) -> datetime | None:
    """When the next row that waits becomes due by itself; None while none waits."""
    query = select(InboxRow.not_before).where(
        col(InboxRow.channel).in_(channels), InboxRow.state == InboxState.NEW, InboxRow.not_before > now
    )
    return session.exec(query.order_by(col(InboxRow.not_before)).limit(1)).first()


def put_back(session: Session, row: InboxRow, worker: str, error: str, now: datetime) -> bool:
    """Try the row again later: after 1, 2, 4, 8 seconds."""
    wait = timedelta(seconds=2 ** (row.attempts - 1))
    later = {"not_before": now + wait, "heard_to": None}
    return _move(session, row.id, worker, state=InboxState.NEW, error=error[:300], **later)


def park(session: Session, row_id: int, worker: str, error: str) -> bool:
    """Set the row aside for a person; the rest of its thread goes on."""
    return _move(session, row_id, worker, state=InboxState.PARKED, error=error[:300])


def release(session: Session, worker: str) -> None:
    """Give back what a dead worker of this name held, so that it need not wait for the lease to run out."""
    statement = (
        update(InboxRow)
        .where(col(InboxRow.state) == InboxState.WORKING, col(InboxRow.worker) == worker)
        .values(state=InboxState.NEW, worker=None, lease_until=None)
    )
    session.execute(statement)


def has_unfinished(session: Session, channel: str, thread_key: str) -> bool:
    """Whether this thread has rows that are not dealt with yet."""
    query = select(InboxRow.id).where(
        InboxRow.channel == channel,
        InboxRow.thread_key == thread_key,
        col(InboxRow.state).in_([InboxState.NEW, InboxState.WORKING]),
    )
    return session.exec(query.limit(1)).first() is not None


def _is_due(now: datetime) -> ColumnElement[bool]:
    """New and not put off; or waiting for more, and more has come; or left by a worker that died."""
    later = aliased(InboxRow)
    has_more = exists().where(
        col(later.channel) == col(InboxRow.channel),
        col(later.thread_key) == col(InboxRow.thread_key),
        col(later.id) > col(InboxRow.heard_to),
    )
    return or_(
        and_(col(InboxRow.state) == InboxState.NEW, or_(col(InboxRow.not_before) <= now, has_more)),
        and_(col(InboxRow.state) == InboxState.WORKING, col(InboxRow.lease_until) < now),
    )


def _move(session: Session, row_id: int | None, worker: str, **values: Any) -> bool:
    statement = (
        update(InboxRow)
        .where(col(InboxRow.id) == row_id, col(InboxRow.worker) == worker, col(InboxRow.state) == InboxState.WORKING)
        .values(lease_until=None, worker=None, **values)
    )
    return rows_touched(session, statement) == 1
