"""Transaction 1: keep what came, exactly as it came. Only after its commit is a platform told that we have it."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import BindParameter, ColumnElement, Executable, and_, bindparam, exists, func, or_, text, update
from sqlalchemy import select as rows_of
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from bot.backlog import Figures, comes_after, figures, is_new, is_of, is_unfinished
from bot.models import InboxRow, InboxState
from handoff.rows import rows_touched
from store import measures
from store.changes import note_change
from store.columns import Utc, table_of
from store.crashpoints import reach
from store.inserts import inserting
from store.prepared import Prepared, is_one_of

__all__ = ["Figures", "figures"]

ATTEMPTS = 5
STARTS = 10
"""Turns that may begin and never end, because their process died, before the message itself is taken for the cause."""
NOWHERE = "nowhere:"
"""How the thread key of an event begins that names no place to answer in."""
LEASE = timedelta(seconds=60)


_LINE = 7_301_948
_ACCEPTED = ("channel", "event_key", "thread_key", "payload", "received_at", "not_before", "state", "attempts")


class Outlook(NamedTuple):
    """What a loop wants to know before it claims."""

    has_due: bool
    """Whether ``claim_some`` would find a row."""
    next_due: datetime | None
    """When the next row that waits becomes due by itself; None while none waits."""
    waiting: int
    """How many rows wait for a turn, whether or not it may begin by now; not counted beyond what was asked for."""


def accept(
    session: Session, channel: str, event_key: str, thread_key: str, payload: dict[str, Any], now: datetime
) -> bool:
    """Keep one event; False if it was here before. Acknowledge only after the transaction is committed."""
    row_id = _ACCEPT.scalar(
        session,
        channel=channel,
        event_key=event_key,
        thread_key=thread_key,
        # ASCII JSON: PostgreSQL takes neither a NUL nor half a surrogate pair in its texts.
        payload=json.dumps(payload),
        received_at=now,
        not_before=now,
        state=InboxState.NEW,
        attempts=0,
    )
    if row_id is not None:
        note_change(session, "inbox", row_id, now)
        reach("inbox.before_commit")
    measures.accepted_total.labels(channel, "no" if row_id is None else "yes").inc()
    return row_id is not None


def kept_under(session: Session, channel: str, event_key: str) -> dict[str, Any] | None:
    """What was kept under this key; None where nothing was, or nothing of it is kept any more (``forget``)."""
    query = select(InboxRow.payload).where(InboxRow.channel == channel, InboxRow.event_key == event_key)
    kept = session.exec(query).one_or_none()
    return (json.loads(kept) or None) if kept else None


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
    until = now + LEASE
    wanted = {"now": now, "channels": channels, "most": limit, "by": worker, "until": until}
    if thread_key is None:
        rows = CLAIM.records(InboxRow, session, **wanted)
    else:
        rows = _CLAIM_OF_THREAD.records(InboxRow, session, **wanted, in_thread=thread_key)
    return sorted(rows, key=lambda row: row.id or 0)


def claim_new(
    session: Session, worker: str, now: datetime, row_ids: Collection[int], limit: int, *, channels: tuple[str, ...]
) -> list[InboxRow]:
    """As ``claim_some``, of these that nobody began with yet: for whoever has just accepted them."""
    wanted = {"now": now, "channels": channels, "most": limit, "by": worker, "until": now + LEASE}
    rows = _CLAIM_OF_NEW.records(InboxRow, session, **wanted, these=tuple(row_ids))
    return sorted(rows, key=lambda row: row.id or 0)


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
        is_new(),
    )
    return session.exec(query.order_by(col(InboxRow.id)).limit(limit)).all()


def hold(session: Session, row: InboxRow, worker: str, until: datetime, heard_to: int) -> bool:
    """Let the row, and its thread with it, wait for more until ``until``; that is no attempt.

    A row of its thread after row ``heard_to`` makes it due at once.
    """
    waiting = {"not_before": until, "waits_since": until, "heard_to": heard_to, "attempts": row.attempts - 1}
    return _put_off(session, row, worker, waiting)


def forget(session: Session, row_id: int) -> None:
    """Keep nothing of what it said, only that it came: a redelivery is still known."""
    session.execute(update(InboxRow).where(col(InboxRow.id) == row_id).values(payload="{}"))


def outlook(session: Session, now: datetime, channels: tuple[str, ...], most: int) -> Outlook:
    """Reads only: many loops may ask without waiting for each other."""
    found = _OUTLOOK.first(session, now=now, channels=channels, most=most)
    assert found is not None
    return Outlook(*found)


def next_due(session: Session, now: datetime, channels: tuple[str, ...]) -> datetime | None:
    """When the next row that waits becomes due by itself; None while none waits."""
    due: datetime | None = _NEXT.scalar(session, now=now, channels=channels)
    return due


def put_back(
    session: Session, row: InboxRow, worker: str, error: str, now: datetime, *, is_its_own: bool = True
) -> bool:
    """Try the row again later: after 1, 2, 4, 8 seconds. Not ``is_its_own``: any other message would have met the same
    error, so that was none of its attempts."""
    wait = timedelta(seconds=2 ** (row.attempts - 1))
    later = {"not_before": now + wait, "heard_to": None, "error": error[:300]}
    return _put_off(session, row, worker, later if is_its_own else {**later, "attempts": row.attempts - 1})


def _put_off(session: Session, row: InboxRow, worker: str, values: dict[str, Any]) -> bool:
    """Whoever claims rows must hear of it, to look again in time."""
    is_ours = _move(session, row.id, worker, state=InboxState.NEW, **values)
    if is_ours:
        note_change(session, "inbox", row.id or 0, values["not_before"])
    return is_ours


def take_away(session: Session, row: InboxRow, error: str | None, *, to: InboxState = InboxState.PARKED) -> bool:
    """Set ``row`` aside, whoever has it, if it is as it was when ``row`` was read; the rest of its thread goes on.

    A worker that had it can record nothing any more: its ``finish`` returns False.
    """
    seen = (
        col(InboxRow.id) == row.id,
        col(InboxRow.state) == row.state,
        col(InboxRow.attempts) == row.attempts,
        col(InboxRow.worker).is_not_distinct_from(row.worker),
    )
    ended = {"state": to, "worker": None, "lease_until": None, "error": error[:300] if error else None}
    return rows_touched(session, update(InboxRow).where(*seen).values(**ended)) == 1


def show(session: Session, row_id: int, message_id: int) -> None:
    """Remember where the desk reads a parked row."""
    session.execute(update(InboxRow).where(col(InboxRow.id) == row_id).values(message_id=message_id))


def give_again(session: Session, row_id: int, now: datetime) -> bool:
    """Let a parked row be dealt with as if it had just come. False if it is not parked (any more)."""
    parked = update(InboxRow).where(col(InboxRow.id) == row_id, col(InboxRow.state) == InboxState.PARKED)
    when = {"not_before": now, "waits_since": now, "heard_to": None}
    anew = {"state": InboxState.NEW, "attempts": 0, "error": None, **when}
    is_given = rows_touched(session, parked.values(**anew)) == 1
    if is_given:
        note_change(session, "inbox", row_id, now)
    return is_given


def renew(session: Session, worker: str, row_ids: Sequence[int], now: datetime) -> None:
    """Prolong what this worker has of these rows: their turns take long, but they live."""
    mine = (col(InboxRow.id).in_(row_ids), col(InboxRow.worker) == worker, col(InboxRow.state) == InboxState.WORKING)
    rows_touched(session, update(InboxRow).where(*mine).values(lease_until=now + LEASE))


def release(session: Session, worker: str, *, save: Collection[int] = (), not_before: datetime | None = None) -> int:
    """Give back what a worker of this name holds, ``save`` some rows, so that it need not wait for the lease to run
    out: to be begun with at ``not_before``, at once without one. How many there were."""
    later = {} if not_before is None else {"not_before": not_before}
    statement = (
        update(InboxRow)
        .where(col(InboxRow.state) == InboxState.WORKING, col(InboxRow.worker) == worker, col(InboxRow.id).not_in(save))
        .values(state=InboxState.NEW, worker=None, lease_until=None, **later)
    )
    return rows_touched(session, statement)


def has_unfinished(session: Session, channel: str, thread_key: str) -> bool:
    """Whether this thread has rows that are not dealt with yet."""
    query = select(InboxRow.id).where(
        InboxRow.channel == channel,
        InboxRow.thread_key == thread_key,
        is_unfinished(),
    )
    return session.exec(query.limit(1)).first() is not None


def _is_due(now: Any) -> ColumnElement[bool]:
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


def _is_first_in_line(now: Any) -> ColumnElement[bool]:
    """Whether nothing that comes before a row in its thread is still to be dealt with."""
    older, other = aliased(InboxRow), aliased(InboxRow)
    has_older = exists().where(comes_after(older))
    # A later row of the thread is worked on only where this one was set aside then, and is replayed now.
    is_busy = exists().where(
        col(other.channel) == col(InboxRow.channel),
        col(other.thread_key) == col(InboxRow.thread_key),
        col(other.id) > col(InboxRow.id),
        is_unfinished(other),
        col(other.state) == InboxState.WORKING,
        col(other.lease_until) >= now,
    )
    return ~has_older & ~is_busy


def _move(session: Session, row_id: int | None, worker: str, **values: Any) -> bool:
    given = {f"new_{name}": value for name, value in values.items()}
    return _moving(tuple(values)).touched(session, row_id=row_id, worker_name=worker, **given) == 1


@cache
def _moving(names: tuple[str, ...]) -> Prepared:
    """Set these columns of a row that a worker has, and let it go."""
    return Prepared(
        update(_ROWS)
        .where(
            _ROWS.c.id == bindparam("row_id"),
            _ROWS.c.worker == bindparam("worker_name"),
            _ROWS.c.state == InboxState.WORKING,
        )
        .values({"lease_until": None, "worker": None, **{name: bindparam(f"new_{name}") for name in names}})
    )


def _accepting(is_postgres: bool) -> Executable:
    return (
        _ACCEPT_IN_TURN if is_postgres else inserting(_ROWS, is_postgres).on_conflict_do_nothing().returning(_ROWS.c.id)
    )


def _taking(*which: ColumnElement[bool]) -> Callable[[bool], Executable]:
    """Take what is due, the oldest first."""
    due = (
        select(InboxRow.id)
        .where(*_DUE, *which)
        .order_by(col(InboxRow.id))
        .limit(bindparam("most"))
        .with_for_update(skip_locked=True)
        .correlate(None)
    )

    def statement(is_postgres: bool) -> Executable:
        return (
            update(_ROWS)
            .where(is_one_of(_ROWS.c.id, due, is_postgres))
            .values(
                state=InboxState.WORKING,
                worker=bindparam("by"),
                lease_until=bindparam("until"),
                attempts=_ROWS.c.attempts + 1,
            )
            .returning(*_ROWS.c)
        )

    return statement


# Built once: the loops ask them again and again.
_ROWS = table_of(InboxRow)
_NOW = bindparam("now", type_=Utc)
_CHANNELS: BindParameter[Any] = bindparam("channels", expanding=True)
# On PostgreSQL it waits until what is being kept of its thread is committed (or given up), and draws its id only then:
# whoever claims it sees all that comes before it.
_ACCEPT_IN_TURN = text("""
    WITH turn AS MATERIALIZED (SELECT pg_advisory_xact_lock(:line, hashtext(:channel || ':' || :thread_key)))
    INSERT INTO inbox (channel, event_key, thread_key, payload, received_at, not_before, state, attempts)
    SELECT :channel, :event_key, :thread_key, :payload, :received_at, :not_before, :state, :attempts FROM turn
    ON CONFLICT DO NOTHING
    RETURNING id
    """).bindparams(
    bindparam("line", _LINE),
    *(bindparam(name, type_=_ROWS.c[name].type) for name in _ACCEPTED),
)
_ACCEPT = Prepared(_accepting)
_DUE = (is_unfinished(), is_of(_CHANNELS), _is_due(_NOW), _is_first_in_line(_NOW))
CLAIM = Prepared(_taking())
_CLAIM_OF_NEW = Prepared(
    _taking(
        col(InboxRow.id).in_(bindparam("these", expanding=True)),
        col(InboxRow.attempts) == 0,
        col(InboxRow.heard_to).is_(None),
    )
)
_CLAIM_OF_THREAD = Prepared(_taking(col(InboxRow.thread_key) == bindparam("in_thread")))
_NEXT_DUE = (
    select(InboxRow.not_before)
    .where(is_of(_CHANNELS), is_new(), col(InboxRow.not_before) > _NOW)
    .order_by(col(InboxRow.not_before))
    .limit(1)
)
_NEXT = Prepared(_NEXT_DUE)
_SOME_NEW = select(InboxRow.id).where(is_new()).limit(bindparam("most")).subquery()
_OUTLOOK = Prepared(
    rows_of(
        select(InboxRow.id).where(*_DUE).exists(),
        _NEXT_DUE.scalar_subquery(),
        select(func.count()).select_from(_SOME_NEW).scalar_subquery(),
    )
)
