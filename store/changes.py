"""What changed, for whoever watches: the console's live stream, the loops, other replicas.

A change is noted during a transaction and written at its very end, so that ids appear in commit order:
on PostgreSQL a lock held only for that last step sees to it (a bare sequence would let a reader skip one).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import bindparam, delete, func, select, text
from sqlmodel import Session

from store.columns import table_of
from store.models import Change
from store.prepared import Prepared, PreparedRows

_LOCK = 7_301_946
CHANNEL = "firstline_change"
"""Where PostgreSQL tells (LISTEN) of the newest change's id and, behind it, the kinds of all that came with it."""

# Built once: every commit writes changes, and every watcher reads them.
_CHANGES = table_of(Change)
# PostgreSQL waits for its turn, writes and tells in one statement. Ids are drawn when the rows are in their order, for
# which they must be there, for which ``turn`` must have come. Told when the transaction is committed, if it is.
_WRITE_AND_TELL = Prepared(
    text("""
    WITH turn AS MATERIALIZED (SELECT pg_advisory_xact_lock(:key)),
    written AS (
        INSERT INTO change (kind, subject_id, version, at)
        SELECT noted.kind, noted.subject_id, noted.version, noted.at
        FROM turn, unnest(
            CAST(:kind AS varchar[]), CAST(:subject_id AS bigint[]), CAST(:version AS integer[]),
            CAST(:at AS timestamptz[])
        ) WITH ORDINALITY AS noted (kind, subject_id, version, at, place)
        ORDER BY noted.place
        RETURNING id
    )
    SELECT max(id), pg_notify(:channel, max(id) || :kinds) FROM written
    """)
)
_WRITE = PreparedRows(_CHANGES, ("kind", "subject_id", "version", "at"), returning="id")
_LATEST = Prepared(select(func.max(_CHANGES.c.id)))
_AFTER = select(Change).where(_CHANGES.c.id > bindparam("last_id")).order_by(_CHANGES.c.id).limit(bindparam("most"))


def note_change(session: Session, kind: str, subject_id: int, now: datetime, version: int = 0) -> None:
    """Note that thing ``subject_id`` of ``kind`` changed; watchers hear of it once the transaction is committed."""
    noted = session.info.setdefault("changes", {})
    noted[kind, subject_id] = {"kind": kind, "subject_id": subject_id, "version": version, "at": now}


def noted(session: Session, kind: str) -> list[int]:
    """What of ``kind`` was noted so far in this transaction."""
    return [subject_id for each, subject_id in session.info.get("changes", ()) if each == kind]


def keep_to_ourselves(session: Session, kind: str, subject_ids: Iterable[int]) -> None:
    """Nobody need hear of these: whoever would be woken by them has nothing to do."""
    for subject_id in subject_ids:
        session.info["changes"].pop((kind, subject_id), None)


def flush_changes(session: Session) -> tuple[int, frozenset[str]]:
    """Write the noted changes. Called by ``store.transaction`` alone; the newest one's id, 0 if there were none, and
    the kinds of all."""
    noted = session.info.pop("changes", {})
    if not noted:
        return 0, frozenset()
    kinds, rows = frozenset(kind for kind, _ in noted), list(noted.values())
    if session.get_bind().dialect.name == "postgresql":
        columns = {name: [row[name] for row in rows] for name in ("kind", "subject_id", "version", "at")}
        told = {"key": _LOCK, "channel": CHANNEL, "kinds": "".join(f" {kind}" for kind in sorted(kinds))}
        newest: int = _WRITE_AND_TELL.scalar(session, **columns, **told)
    else:
        newest = max(_WRITE.insert(session, rows))
    return newest, kinds


def changes_after(session: Session, last_id: int, limit: int = 500) -> Sequence[Change]:
    """Changes with a higher id than ``last_id``, oldest first."""
    return session.scalars(_AFTER, {"last_id": last_id, "most": limit}).all()


def trim_changes(session: Session, before: datetime, most: int = 5_000) -> int:
    """Forget the oldest changes from before that moment, at most so many. Returns how many; the newest one stays.

    Whoever watches reads what is new, or begins with the newest.
    """
    old = _CHANGES.c.at < before
    oldest = select(_CHANGES.c.id).order_by(_CHANGES.c.id).limit(most).subquery()
    newest = select(func.max(_CHANGES.c.id)).scalar_subquery()
    statement = delete(_CHANGES).where(_CHANGES.c.id.in_(select(oldest.c.id)), old, _CHANGES.c.id < newest)
    return len(session.connection().execute(statement.returning(_CHANGES.c.id)).all())


def latest_change(session: Session) -> int:
    """The id of the newest change, 0 before the first: the one number that others poll."""
    return _LATEST.scalar(session) or 0
