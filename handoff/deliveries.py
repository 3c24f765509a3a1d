"""What must leave the process: claimed by a worker in the order of each thread, then marked with what became of it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from handoff.conversations import add_activity
from handoff.errors import Stale
from handoff.models import (
    Author,
    Button,
    Conversation,
    Delivery,
    DeliveryState,
    Direction,
    Message,
    SentPart,
    Staff,
    Thread,
)
from handoff.rows import id_of, rows_touched
from handoff.transcript import buttons_of, files_of
from store.changes import note_change
from store.inserts import insert
from store.models import StoredFile

UNFINISHED = (DeliveryState.READY, DeliveryState.SENDING)


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
    lease_seconds: int = 60,
    *,
    channels: Collection[str] | None = None,
    thread_id: int | None = None,
) -> list[Claimed]:
    """Up to ``limit`` deliveries that are due, at most one of each thread: its oldest unfinished one.

    ``channels`` and ``thread_id`` leave all others to other workers.
    """
    deliveries = _due(session, now, limit, channels, thread_id)
    for delivery in deliveries:
        delivery.state, delivery.worker = DeliveryState.SENDING, worker
        delivery.lease_until = now + timedelta(seconds=lease_seconds)
        delivery.attempts += 1
        note_change(session, "delivery", id_of(delivery), now)
    session.flush()
    message_ids = [delivery.message_id for delivery in deliveries]
    buttons, files = buttons_of(session, message_ids), files_of(session, message_ids)
    return [
        _claimed(session, delivery, buttons.get(delivery.message_id, ()), files.get(delivery.message_id, ()))
        for delivery in deliveries
    ]


def channels_due(session: Session, now: datetime) -> set[str]:
    """The channels that have a delivery which is due, whether or not another one is before it. Reads only."""
    query = select(Thread.channel).join(Delivery, col(Delivery.thread_id) == Thread.id).distinct()
    return set(session.exec(query.where(Delivery.state == DeliveryState.READY, Delivery.not_before <= now)).all())


def next_due(session: Session, now: datetime) -> datetime | None:
    """When the next delivery that is put off becomes due; None without one. Reads only."""
    query = select(Delivery.not_before).where(Delivery.state == DeliveryState.READY, Delivery.not_before > now)
    return session.exec(query.order_by(col(Delivery.not_before)).limit(1)).first()


def mark_sent(
    session: Session, delivery_id: int, worker: str, external_id: str | None, now: datetime, more: Sequence[str] = ()
) -> None:
    """It arrived, and the channel calls it ``external_id``, its further parts ``more``. Raises Stale when the lease is
    no longer the worker's."""
    delivery = _finish(session, delivery_id, worker, now, state=DeliveryState.SENT, sent_at=now, error=None)
    if external_id is not None:
        _keep_parts(session, delivery.message_id, (external_id, *more))


def mark_ready(
    session: Session,
    delivery_id: int,
    worker: str,
    not_before: datetime,
    error: str | None,
    now: datetime,
    *,
    sent: Sequence[str] = (),
    is_for_free: bool = False,
) -> None:
    """It surely was not sent (save the parts ``sent``): try again at ``not_before``. Its thread waits for it.

    ``is_for_free``: nothing went wrong, so it does not count as an attempt. Raises Stale.
    """
    ready = DeliveryState.READY
    delivery = _finish(
        session, delivery_id, worker, now, state=ready, not_before=not_before, worker=None, error=_short(error)
    )
    delivery.attempts -= int(is_for_free)
    _keep_parts(session, delivery.message_id, sent)


def mark_failed(session: Session, delivery_id: int, worker: str, error: str, now: datetime) -> None:
    """It will never arrive: the desk is told, the thread goes on. Raises Stale."""
    delivery = _finish(session, delivery_id, worker, now, state=DeliveryState.FAILED, error=_short(error))
    message = session.get_one(Message, delivery.message_id)
    conversation = session.get_one(Conversation, message.conversation_id)
    add_activity(session, conversation, "delivery_failed", now, error=_short(error), message=message.id)


def mark_uncertain(
    session: Session, delivery_id: int, worker: str, error: str, now: datetime, sent: Sequence[str] = ()
) -> None:
    """It may or may not have arrived, save its parts ``sent``: the desk sees that, the thread goes on. Raises Stale."""
    delivery = _finish(session, delivery_id, worker, now, state=DeliveryState.UNCERTAIN, error=_short(error))
    _keep_parts(session, delivery.message_id, sent)


def release_worker(session: Session, worker: str | None, now: datetime, *, safe_channels: Collection[str] = ()) -> int:
    """Give up what a dead worker was sending: all of ``worker``'s, or with None whatever has outlived its lease.

    Nobody knows how far it came, so it becomes uncertain; in ``safe_channels``, where the same message twice shows
    once, it becomes ready again. Returns how many there were.
    """
    query = select(Delivery, Thread.channel).join(Thread, col(Thread.id) == Delivery.thread_id)
    whose = Delivery.worker == worker if worker is not None else col(Delivery.lease_until) < now
    query = query.where(Delivery.state == DeliveryState.SENDING, whose)
    lost = session.exec(query.with_for_update(of=Delivery, skip_locked=True)).all()
    for delivery, channel in lost:
        is_safe = channel in safe_channels
        delivery.state = DeliveryState.READY if is_safe else DeliveryState.UNCERTAIN
        # An uncertain one stays the worker's: should it live after all, it may still say that it was sent.
        delivery.worker = None if is_safe else delivery.worker
        delivery.lease_until, delivery.error = None, "the process that was sending it stopped"
        _note(session, delivery, now)
    session.flush()
    return len(lost)


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
    older = aliased(Delivery)
    is_behind = select(older.id).where(
        older.thread_id == Delivery.thread_id, col(older.id) < col(Delivery.id), col(older.state).in_(UNFINISHED)
    )
    query = (
        select(Delivery)
        .where(Delivery.state == DeliveryState.READY, Delivery.not_before <= now, ~is_behind.exists())
        .order_by(col(Delivery.id))
        .limit(limit)
    )
    if channels is not None:
        theirs = select(Thread.id).where(Thread.id == Delivery.thread_id, col(Thread.channel).in_(channels))
        query = query.where(theirs.exists())
    if thread_id is not None:
        query = query.where(Delivery.thread_id == thread_id)
    # PostgreSQL looks at a row again once it has the lock, so nobody gets one that another worker just took.
    return session.exec(query.with_for_update(skip_locked=True)).all()


def _claimed(
    session: Session, delivery: Delivery, buttons: tuple[Button, ...], files: tuple[StoredFile, ...]
) -> Claimed:
    message = session.get_one(Message, delivery.message_id)
    staff = session.get(Staff, message.staff_id) if message.staff_id and message.author is Author.AGENT else None
    parts = select(SentPart.external_id).where(SentPart.message_id == message.id).order_by(col(SentPart.number))
    # Its own id is there before it is sent only when an attempt ended between two parts.
    sent = () if message.external_id is None else (message.external_id, *session.exec(parts).all())
    thread = session.get_one(Thread, delivery.thread_id)
    return Claimed(
        delivery, message, thread, buttons, files, staff.name if staff else None, _spot(session, message), sent
    )


def _spot(session: Session, message: Message) -> str | None:
    said = select(Message.detail).where(
        Message.conversation_id == message.conversation_id,
        Message.direction == Direction.INCOMING,
        col(Message.id) < id_of(message),
    )
    detail = session.exec(said.order_by(col(Message.id).desc()).limit(1)).first()
    return (detail or {}).get("spot")


def _keep_parts(session: Session, message_id: int, external_ids: Sequence[str]) -> None:
    if not external_ids:
        return
    message = session.get_one(Message, message_id)
    message.external_id = external_ids[0]
    session.flush()
    for number, external_id in enumerate(external_ids[1:], start=1):
        values = {"message_id": message_id, "thread_id": message.thread_id, "number": number}
        part = insert(session, SentPart).values(**values, external_id=external_id)
        session.execute(part.on_conflict_do_nothing())


# Positional only, so that ``worker`` can be the one who must hold the delivery and, by name, a new value.
def _finish(session: Session, delivery_id: int, worker: str, now: datetime, /, **values: Any) -> Delivery:
    mine = (
        col(Delivery.id) == delivery_id,
        col(Delivery.worker) == worker,
        col(Delivery.state).in_([DeliveryState.SENDING, DeliveryState.UNCERTAIN]),
    )
    if rows_touched(session, update(Delivery).where(*mine).values(lease_until=None, **values)) != 1:
        raise Stale("This delivery is no longer this worker's: its lease ran out.")
    delivery = session.get_one(Delivery, delivery_id, populate_existing=True)
    _note(session, delivery, now)
    return delivery


def _note(session: Session, delivery: Delivery, now: datetime) -> None:
    note_change(session, "delivery", id_of(delivery), now)
    note_change(session, "message", delivery.message_id, now)


def _short(error: str | None) -> str | None:
    return error[:300] if error else None
