"""What must leave the process: claimed by a worker in the order of each thread, then marked with what became of it.

What a person does about those that did not arrive, or may not have, is in ``handoff.unsettled``.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, func, or_, update
from sqlalchemy import select as rows_of
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from handoff.marking import (
    doubt,
    keep_part,
    mark_failed,
    mark_in_doubt,
    mark_ready,
    mark_sent,
    mark_uncertain,
    note,
)
from handoff.models import (
    Author,
    Button,
    Delivery,
    DeliveryState,
    Direction,
    Message,
    SentPart,
    Staff,
    Thread,
)
from handoff.outcomes import Resend
from handoff.rows import rows_touched
from handoff.transcript import buttons_of, files_of
from handoff.unsettled import Figures, dismiss, figures, resend
from store.columns import Utc
from store.models import StoredFile

__all__ = [
    "LEASE",
    "UNFINISHED",
    "Claimed",
    "Figures",
    "channels_due",
    "claim",
    "count_ready",
    "dismiss",
    "figures",
    "has_outlived",
    "has_unsent",
    "keep_part",
    "mark_failed",
    "mark_in_doubt",
    "mark_ready",
    "mark_sent",
    "mark_uncertain",
    "next_due",
    "release_worker",
    "renew",
    "resend",
]

UNFINISHED = (DeliveryState.READY, DeliveryState.SENDING)
LEASE = timedelta(seconds=60)


@dataclass(frozen=True)
class Claimed:
    """A delivery that this worker alone may carry out until its lease ends, with all that is sent."""

    delivery: Delivery
    message: Message
    thread: Thread
    buttons: tuple[Button, ...] = ()
    files: tuple[StoredFile, ...] = ()
    author: str | None = None
    """Who of the staff says it; None for the bot."""
    spot: str | None = None
    """Where in the thread the customer's last words before it were said, as the channel put it."""
    sent: tuple[str, ...] = ()
    """The channel's ids of its parts that an earlier attempt brought there."""


def claim(
    session: Session,
    now: datetime,
    worker: str,
    limit: int,
    lease_seconds: float | None = None,
    *,
    channels: Collection[str] | None = None,
    thread_id: int | None = None,
) -> list[Claimed]:
    """Up to ``limit`` deliveries that are due, at most one of each thread: its oldest unfinished one, for
    ``lease_seconds``, else LEASE.

    ``channels`` and ``thread_id`` leave all others to other workers.
    """
    deliveries = _due(session, now, limit, channels, thread_id)
    lease = LEASE if lease_seconds is None else timedelta(seconds=lease_seconds)
    if deliveries:
        # They are brought up to date by it.
        taken = {"ids": [delivery.id for delivery in deliveries], "by": worker, "until": now + lease}
        session.scalars(_TAKE, taken).all()
    # No change is noted: nobody waits for a delivery to be begun, and the loop that waits for one to begin began it.
    return _claimed(session, deliveries)


def channels_due(session: Session, now: datetime) -> set[str]:
    """The channels that have a delivery which ``claim`` would take. Reads only."""
    return set(session.connection().execute(_CHANNELS_DUE, {"now": now}).scalars())


def count_ready(session: Session, most: int) -> int:
    """How many deliveries wait to be sent, whether or not they may be by now; not counted beyond ``most``."""
    return session.connection().execute(_COUNT_READY, {"most": most}).scalar_one()


def next_due(session: Session, now: datetime) -> datetime | None:
    """When the next delivery that is put off becomes due; None without one. Reads only."""
    return session.connection().execute(_NEXT_DUE, {"now": now}).scalar()


def release_worker(session: Session, worker: str | None, now: datetime, resends: Mapping[str, Resend]) -> int:
    """Give up what a dead worker was sending: all of ``worker``'s, or with None whatever has outlived its lease.

    Nobody knows how far it came, so each is in doubt; ``resends`` says by channel what that means, and a channel that
    is not there is Resend.ONCE. Returns how many there were.
    """
    query = (
        rows_of(Delivery, col(Thread.channel), col(Message.author))
        .join(Thread, col(Thread.id) == Delivery.thread_id)
        .join(Message, col(Message.id) == Delivery.message_id)
    )
    whose = col(Delivery.worker) == worker if worker is not None else col(Delivery.lease_until) < now
    query = query.where(col(Delivery.state) == DeliveryState.SENDING, whose)
    lost = session.execute(query.with_for_update(of=Delivery, skip_locked=True)).all()
    for delivery, channel, author in lost:
        # It stays the worker's until another one claims it: should it live after all, it may still say what happened.
        doubt(delivery, author, resends.get(channel, Resend.ONCE), "the process that was sending it stopped")
        note(session, delivery, now)
    session.flush()
    return len(lost)


def renew(session: Session, delivery_ids: Collection[int], worker: str, now: datetime) -> None:
    """The worker lives and is still sending these: nobody takes them from it for another LEASE."""
    theirs = (col(Delivery.id).in_(delivery_ids), col(Delivery.worker) == worker)
    is_sending = col(Delivery.state) == DeliveryState.SENDING
    rows_touched(session, update(Delivery).where(*theirs, is_sending).values(lease_until=now + LEASE))


def has_outlived(session: Session, now: datetime) -> bool:
    """Whether some delivery has outlived its lease, for ``release_worker(session, None, now)``. Reads only."""
    query = select(Delivery.id).where(Delivery.state == DeliveryState.SENDING, col(Delivery.lease_until) < now)
    return session.exec(query.limit(1)).first() is not None


def has_unsent(session: Session, thread_id: int) -> bool:
    """Whether words for this thread are still on their way. Reads only."""
    here = (Delivery.thread_id == thread_id, col(Delivery.state).in_(UNFINISHED))
    return session.exec(select(Delivery.id).where(*here).limit(1)).first() is not None


def _due(
    session: Session, now: datetime, limit: int, channels: Collection[str] | None, thread_id: int | None
) -> Sequence[Delivery]:
    query = _DUE if channels is None else _DUE_ON_CHANNELS
    if thread_id is not None:
        query = query.where(Delivery.thread_id == thread_id)
    return session.scalars(query, {"now": now, "most": limit, "channels": tuple(channels or ())}).all()


def _is_due(now: Any) -> ColumnElement[bool]:
    """Whether a delivery may be sent now: it is ready, and nothing before it in its thread is unfinished."""
    other = aliased(Delivery)
    # A later one may be under way when somebody sends an old one again.
    is_before = and_(col(other.id) < col(Delivery.id), col(other.state).in_(UNFINISHED))
    is_under_way = col(other.state) == DeliveryState.SENDING
    is_behind = select(other.id).where(other.thread_id == Delivery.thread_id, or_(is_before, is_under_way))
    return and_(col(Delivery.state) == DeliveryState.READY, col(Delivery.not_before) <= now, ~is_behind.exists())


# Built once: the delivery loop asks them again and again.
_NOW = bindparam("now", type_=Utc)
# PostgreSQL looks at a row again once it has the lock, so nobody gets one that another worker just took.
_DUE = (
    select(Delivery)
    .where(_is_due(_NOW))
    .order_by(col(Delivery.id))
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
)
_TAKE = (
    update(Delivery)
    .where(col(Delivery.id).in_(bindparam("ids", expanding=True)))
    .values(
        state=DeliveryState.SENDING,
        worker=bindparam("by"),
        lease_until=bindparam("until"),
        attempts=col(Delivery.attempts) + 1,
    )
    .returning(Delivery)
    .execution_options(synchronize_session=False, populate_existing=True)
)
_THEIRS = select(Thread.id).where(
    Thread.id == Delivery.thread_id, col(Thread.channel).in_(bindparam("channels", expanding=True))
)
_DUE_ON_CHANNELS = _DUE.where(_THEIRS.exists())
_CHANNELS_DUE = (
    select(Thread.channel).join(Delivery, col(Delivery.thread_id) == Thread.id).where(_is_due(_NOW)).distinct()
)
_READY = select(Delivery.id).where(Delivery.state == DeliveryState.READY).limit(bindparam("most")).subquery()
_COUNT_READY = select(func.count()).select_from(_READY)
_NEXT_DUE = (
    select(Delivery.not_before)
    .where(Delivery.state == DeliveryState.READY, col(Delivery.not_before) > _NOW)
    .order_by(col(Delivery.not_before))
    .limit(1)
)


def _claimed(session: Session, deliveries: Sequence[Delivery]) -> list[Claimed]:
    """These deliveries with all that is sent, asked of the database for all at once."""
    message_ids = [delivery.message_id for delivery in deliveries]
    if not message_ids:
        return []
    buttons, files = buttons_of(session, message_ids), files_of(session, message_ids)
    found = {message.id: (message, *beside) for message, *beside in session.execute(_SENT_WITH, {"ids": message_ids})}
    claimed = []
    for delivery in deliveries:
        message, thread, staff_name, detail = found[delivery.message_id]
        claimed.append(
            Claimed(
                delivery,
                message,
                thread,
                buttons.get(message.id, ()),
                files.get(message.id, ()),
                author=staff_name if message.author is Author.AGENT else None,
                spot=(detail or {}).get("spot"),
                sent=_sent(session, message),
            )
        )
    return claimed


def _sent(session: Session, message: Message) -> tuple[str, ...]:
    # Its own id is there before it is sent only when an attempt ended between two parts.
    if message.external_id is None:
        return ()
    parts = select(SentPart.external_id).where(SentPart.message_id == message.id).order_by(col(SentPart.number))
    return message.external_id, *session.exec(parts).all()


_earlier = aliased(Message)
_SAID_BEFORE = (
    select(_earlier.detail)
    .where(
        _earlier.conversation_id == Message.conversation_id,
        _earlier.direction == Direction.INCOMING,
        col(_earlier.id) < col(Message.id),
    )
    .order_by(col(_earlier.id).desc())
    .limit(1)
    .scalar_subquery()
)
_SENT_WITH = (
    rows_of(Message, Thread, col(Staff.name), _SAID_BEFORE)
    .join(Thread, col(Thread.id) == Message.thread_id)
    .outerjoin(Staff, col(Staff.id) == Message.staff_id)
    .where(col(Message.id).in_(bindparam("ids", expanding=True)))
)
