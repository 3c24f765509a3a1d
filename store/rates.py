"""How often something may be done, shared by all processes on one database: a row per limit, refilled evenly (GCRA).

A row says when all of its limit is free again; each slot moves that moment by one interval, in one statement, so that
of two who ask at once each gets a slot of its own. Times are good to the millisecond. Ask in a short transaction that
does nothing else: the row of a busy limit is locked until it ends.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Executable,
    Interval,
    SQLColumnExpression,
    String,
    bindparam,
    delete,
    func,
    literal,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, SQLModel, col, select

from store.columns import Utc
from store.inserts import insert
from store.models import Rate
from store.prepared import Prepared

LONGEST = timedelta(minutes=2)
"""No limit takes longer to be free again. A row that says so was written by a clock that was wrong."""
_TABLE = SQLModel.metadata.tables[str(Rate.__tablename__)]
_CLOCK = Prepared(select(func.clock_timestamp(type_=Utc)))
_KEYS: BindParameter[Any] = bindparam("keys", expanding=True)
_CLOCK_AND_CLOSED = Prepared(
    select(
        func.clock_timestamp(type_=Utc),
        select(func.max(_TABLE.c.closed_until, type_=Utc))
        .where(_TABLE.c.key.in_(_KEYS), _TABLE.c.closed_until > func.clock_timestamp(type_=Utc))
        .scalar_subquery(),
    )
)
_CLOSED = Prepared(
    select(func.max(_TABLE.c.closed_until, type_=Utc)).where(
        _TABLE.c.key.in_(_KEYS), _TABLE.c.closed_until > bindparam("now", type_=Utc)
    )
)
_MILLISECOND = timedelta(milliseconds=1)
_IDLE = timedelta(hours=1)
_AT_ONCE = 500


@dataclass(frozen=True)
class Slot:
    """When it may be done, and whether that moment is the asker's. If not, nothing was counted."""

    at: datetime
    is_booked: bool


def take(session: Session, key: str, now: datetime, every: timedelta, burst: int) -> datetime | None:
    """``burst`` at once, and then one in ``every``. None: go on, it is counted. Else when to ask again."""
    slot = book(session, key, now, every, burst)
    return None if slot.is_booked else slot.at


def book(
    session: Session, key: str, now: datetime, every: timedelta, burst: int, ahead: timedelta = timedelta(0)
) -> Slot:
    """The next slot, booked if it is at most ``ahead`` from ``now``. ``burst`` intervals may last LONGEST at most."""
    every = -(-every // _MILLISECOND) * _MILLISECOND
    if burst < 1 or burst * every > LONGEST:
        raise ValueError(f"{burst} at once, one in {every}: this is no limit that can be kept here")
    full_at = _try(session, key, now, every, burst, ahead)
    if full_at is None and _mend(session, key, now):
        full_at = _try(session, key, now, every, burst, ahead)
    if full_at is not None:
        return Slot(max(now, full_at - burst * every), is_booked=True)
    row = _row(session, key)
    free_at = max(now, row.full_at - (burst - 1) * every) if row else now
    return Slot(max(free_at, row.closed_until or now) if row else now, is_booked=False)


def close(session: Session, key: str, until: datetime, now: datetime) -> None:
    """Nobody gets a slot before ``until``: somebody told us to wait. A shorter pause does not end a longer one."""
    _mend(session, key, now)
    longer = _later(session, func.coalesce(col(Rate.closed_until), _moment(until)), until)
    # That it is full now at the earliest tells later whose clock the pause was measured with.
    moved = {"full_at": _later(session, col(Rate.full_at), now), "closed_until": longer}
    statement = insert(session, Rate).values(key=key, full_at=now, closed_until=until)
    session.execute(statement.on_conflict_do_update(index_elements=["key"], set_=moved))


def closed_until(session: Session, keys: Sequence[str], now: datetime) -> datetime | None:
    """When the last of ``keys`` is open again; None while all are."""
    return None if _last(session, keys, now) is None else _still_closed(session, keys, now)


def closed(session: Session, now: datetime) -> dict[str, datetime]:
    """When each of those that are closed now is open again."""
    keys = session.exec(select(Rate.key).where(col(Rate.closed_until) > now)).all()
    until = {key: closed_until(session, [key], now) for key in keys}
    return {key: moment for key, moment in until.items() if moment is not None}


def clock_and_closed(session: Session, keys: Sequence[str]) -> tuple[datetime, datetime | None]:
    """``clock``, and ``closed_until`` at that time. PostgreSQL is asked once for both."""
    if not keys or not _is_postgres(session):
        now = clock(session)
        return now, closed_until(session, keys, now)
    found = _CLOCK_AND_CLOSED.first(session, keys=tuple(keys))
    assert found is not None
    now, until = found
    return now, until and _still_closed(session, keys, now)


def clock(session: Session) -> datetime:
    """The time that all processes agree on: PostgreSQL's own. SQLite runs on this machine, and so has this clock."""
    if not _is_postgres(session):
        return datetime.now(UTC)
    now: datetime = _CLOCK.scalar(session)
    return now


def forget(session: Session, now: datetime) -> int:
    """Drop limits that nobody used for an hour, some hundreds at once: they weigh nothing. Returns how many."""
    is_open = col(Rate.closed_until).is_(None) | (col(Rate.closed_until) < now)
    idle = select(Rate.key).where(col(Rate.full_at) < now - _IDLE, is_open).limit(_AT_ONCE)
    keys = session.exec(idle.with_for_update(skip_locked=True)).all()
    session.execute(delete(Rate).where(col(Rate.key).in_(keys)))
    return len(keys)


def _try(session: Session, key: str, now: datetime, every: timedelta, burst: int, ahead: timedelta) -> datetime | None:
    """Book the next slot if it is near enough: when all is free again after it. None: it is not, or it is closed."""
    is_postgres = _is_postgres(session)
    values = {
        "key": key,
        "full_at": now + every,
        "now": now,
        "latest": now + ahead + (burst - 1) * every,
        "every": every if is_postgres else f"+{every.total_seconds():.3f} seconds",
    }
    found: datetime | None = _BOOKING.scalar(session, **values)
    return found


def _booking(is_postgres: bool) -> Executable:
    """Made once: this is asked for each message, and making it takes five times as long as the database does."""
    full_at, closed_until = _TABLE.c.full_at, _TABLE.c.closed_until
    now, later = bindparam("now", type_=Utc), bindparam("latest", type_=Utc)
    moved: ColumnElement[Any]
    if is_postgres:
        statement = postgresql.insert(_TABLE)
        moved = func.greatest(full_at, now) + bindparam("every", type_=Interval)
    else:
        # The same methods under another name; and strftime gives milliseconds where the column has microseconds.
        statement = cast(postgresql.Insert, sqlite.insert(_TABLE))
        moved = func.strftime("%Y-%m-%d %H:%M:%f", func.max(full_at, now), bindparam("every"), type_=String) + "000"
    return statement.on_conflict_do_update(
        index_elements=["key"],
        set_={"full_at": moved},
        where=(full_at <= later) & (closed_until.is_(None) | (closed_until <= now)),
    ).returning(full_at)


_BOOKING = Prepared(_booking)


def _mend(session: Session, key: str, now: datetime) -> bool:
    """Whether the row was written by a clock that was ahead of ours, which is put right: the pause that is left of what
    we were told is kept from now on, the hour that the clock was wrong by is not."""
    row = _row(session, key)
    if row is None or row.full_at <= now + LONGEST:
        return False
    closed = row.closed_until and row.closed_until - (row.full_at - now)
    mine = (col(Rate.key) == key, col(Rate.full_at) == row.full_at)
    statement = update(Rate).where(*mine).values(full_at=now, closed_until=closed)
    session.execute(statement.execution_options(synchronize_session=False))
    return True


def _still_closed(session: Session, keys: Sequence[str], now: datetime) -> datetime | None:
    """Once more, with what a wrong clock wrote put right."""
    for key in keys:
        _mend(session, key, now)
    return _last(session, keys, now)


def _last(session: Session, keys: Sequence[str], now: datetime) -> datetime | None:
    until: datetime | None = _CLOSED.scalar(session, keys=tuple(keys), now=now)
    return until


@dataclass(frozen=True)
class _Row:
    full_at: datetime
    closed_until: datetime | None


def _row(session: Session, key: str) -> _Row | None:
    found = session.exec(select(Rate.full_at, Rate.closed_until).where(Rate.key == key)).first()
    return _Row(*found) if found else None


def _moment(at: datetime) -> ColumnElement[datetime]:
    return literal(at, Utc)


def _later(session: Session, one: SQLColumnExpression[Any], other: datetime) -> ColumnElement[datetime]:
    """The later of two moments. SQLite calls it max, and there both are text of the same form."""
    return (func.greatest if _is_postgres(session) else func.max)(one, _moment(other), type_=Utc)


def _is_postgres(session: Session) -> bool:
    return session.get_bind().dialect.name == "postgresql"
