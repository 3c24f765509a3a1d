"""Things to do at a moment. Set, cancelled and claimed in the caller's transaction, so never half.

A loop claims in the transaction that also does the deed: if that fails, the timer is due again::

    with transaction(database) as session:
        for timer in claim_due(session, now, kinds=("sla",), limit=1):
            handle(session, timer)

One at a time, so that a deed that fails takes no other with it; and whoever catches the failure puts that timer off
with ``set_timer`` in a new transaction, else it stays first in line.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import update
from sqlmodel import Session, col, select

from store.inserts import insert
from store.models import Timer, TimerState


def set_timer(session: Session, kind: str, subject_id: int, due_at: datetime, *, dedup_key: str | None = None) -> None:
    """Have ``kind`` come due for ``subject_id`` at ``due_at``; a timer with the same key is moved.

    Doing this twice is the same as once, also when the timer went off in between. The key is "kind:subject_id" if none
    is given.
    """
    values = {"kind": kind, "subject_id": subject_id, "due_at": due_at, "state": TimerState.WAITING}
    statement = insert(session, Timer).values(**values, dedup_key=dedup_key or _key(kind, subject_id))
    went_off = (col(Timer.state) == TimerState.DONE) & (col(Timer.due_at) == statement.excluded.due_at)
    session.execute(statement.on_conflict_do_update(index_elements=["dedup_key"], set_=values, where=~went_off))


def cancel(session: Session, kind: str, subject_id: int, *, dedup_key: str | None = None) -> bool:
    """Let it not come due. False if there was no such timer waiting."""
    key = dedup_key or _key(kind, subject_id)
    statement = (
        update(Timer)
        .where(col(Timer.dedup_key) == key, col(Timer.state) == TimerState.WAITING)
        .values(state=TimerState.CANCELLED)
        .returning(col(Timer.id))
    )
    return session.execute(statement).first() is not None


def claim_due(session: Session, now: datetime, *, kinds: Collection[str] | None = None, limit: int = 20) -> list[Timer]:
    """Take up to ``limit`` timers that are due, the most overdue first. No other claim can have them any more.

    They are done when this transaction is committed, and due again when it is rolled back.
    """
    query = (
        select(Timer)
        .where(Timer.state == TimerState.WAITING, col(Timer.due_at) <= now)
        .order_by(col(Timer.due_at), col(Timer.id))
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    if kinds is not None:
        query = query.where(col(Timer.kind).in_(kinds))
    timers = list(session.exec(query))
    for timer in timers:
        timer.state = TimerState.DONE
    session.flush()
    return timers


def _key(kind: str, subject_id: int) -> str:
    return f"{kind}:{subject_id}"
