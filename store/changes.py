"""What changed, for whoever watches: the console's live stream, the loops, other replicas.

A change is noted during a transaction and written at its very end, so that ids appear in commit order:
on PostgreSQL a lock held only for that last step sees to it (a bare sequence would let a reader skip one).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, text
from sqlmodel import Session, select

from store.models import Change

_LOCK = 7_301_946


def note_change(session: Session, kind: str, subject_id: int, now: datetime, version: int = 0) -> None:
    """Note that thing ``subject_id`` of ``kind`` changed; watchers hear of it once the transaction is committed."""
    session.info.setdefault("changes", {})[kind, subject_id] = Change(
        kind=kind, subject_id=subject_id, version=version, at=now
    )


def flush_changes(session: Session) -> int:
    """Write the noted changes. Called by ``store.transaction`` alone; the newest one's id, 0 if there were none."""
    noted = session.info.pop("changes", {})
    if not noted:
        return 0
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    session.add_all(noted.values())
    session.flush()
    return max(change.id or 0 for change in noted.values())


def changes_after(session: Session, last_id: int, limit: int = 500) -> Sequence[Change]:
    """Changes with a higher id than ``last_id``, oldest first."""
    return session.exec(select(Change).where(Change.id > last_id).order_by(Change.id).limit(limit)).all()  # type: ignore[operator,arg-type]


def latest_change(session: Session) -> int:
    """The id of the newest change, 0 before the first: the one number that others poll."""
    return session.exec(select(func.max(Change.id))).one() or 0
