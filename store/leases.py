"""Who alone may do something for a while, among several processes (one poller per Telegram token, say).

Every new holder gets a higher epoch. A holder that slept through its time finds out by ``renew`` or ``holds``: run one
of them in the transaction of each effect, and the effect of a former holder never happens.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, or_, update
from sqlmodel import Session, col, select

from store.inserts import insert
from store.models import Lease


@dataclass(frozen=True)
class Held:
    """A lease as its holder has it."""

    name: str
    owner: str
    epoch: int
    expires_at: datetime


def acquire(session: Session, name: str, owner: str, now: datetime, lasts: timedelta) -> Held | None:
    """Take the lease ``name`` until ``now + lasts``; None while somebody else has it.

    ``owner`` names a process and its start. Whoever has it and asks again gets it with a new epoch.
    """
    until = now + lasts
    is_free = or_(col(Lease.expires_at) <= now, col(Lease.owner) == owner)
    statement = (
        insert(session, Lease)
        .values(name=name, owner=owner, epoch=1, expires_at=until)
        .on_conflict_do_update(
            index_elements=["name"],
            set_={"owner": owner, "epoch": col(Lease.epoch) + 1, "expires_at": until},
            where=is_free,
        )
        .returning(col(Lease.epoch))
    )
    epoch = session.execute(statement).scalar()
    return None if epoch is None else Held(name, owner, epoch, until)


def renew(session: Session, held: Held, now: datetime, lasts: timedelta) -> Held | None:
    """The lease, held until ``now + lasts``; None if it is lost: then stop at once."""
    until = now + lasts
    return replace(held, expires_at=until) if _move(session, held, now, until) else None


def release(session: Session, held: Held, now: datetime) -> None:
    """Let others have it. Nothing happens if it is lost already."""
    _move(session, held, now, now)


def alive(session: Session, prefix: str, now: datetime) -> list[Held]:
    """The leases that somebody holds now whose names begin with ``prefix``, by name."""
    query = select(Lease).where(col(Lease.name).startswith(prefix, autoescape=True), col(Lease.expires_at) > now)
    found = session.exec(query.order_by(col(Lease.name)))
    return [Held(lease.name, lease.owner, lease.epoch, lease.expires_at) for lease in found]


def forget(session: Session, prefix: str, before: datetime) -> int:
    """Drop the leases that begin with ``prefix`` and ran out before ``before``. Returns how many there were.

    Only for names that nobody takes again: the next holder of a dropped one would begin at the first epoch.
    """
    stale = delete(Lease).where(col(Lease.name).startswith(prefix, autoescape=True), col(Lease.expires_at) < before)
    return len(session.execute(stale.returning(col(Lease.name))).all())


def holds(session: Session, held: Held, now: datetime) -> bool:
    """Whether the lease is still this holder's; nobody can take it before this transaction ends."""
    query = select(Lease.epoch).where(_is(held, now)).with_for_update()
    return session.exec(query).first() is not None


def _move(session: Session, held: Held, now: datetime, until: datetime) -> bool:
    statement = update(Lease).where(_is(held, now)).values(expires_at=until).returning(col(Lease.epoch))
    return session.execute(statement.execution_options(synchronize_session=False)).first() is not None


def _is(held: Held, now: datetime) -> ColumnElement[bool]:
    return (
        (col(Lease.name) == held.name)
        & (col(Lease.owner) == held.owner)
        & (col(Lease.epoch) == held.epoch)
        & (col(Lease.expires_at) > now)
    )
