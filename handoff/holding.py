"""What workers hold of the deliveries: for how long, and what becomes of it when nobody sends it any more."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import select as rows_of
from sqlalchemy import update
from sqlmodel import Session, col, select

from handoff.marking import doubt, note
from handoff.models import Delivery, DeliveryState, Message, Thread
from handoff.outcomes import Resend
from handoff.rows import id_of, rows_touched
from store.changes import note_change

LEASE = timedelta(seconds=60)


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


def held(session: Session, worker: str) -> Sequence[Delivery]:
    """What ``worker`` has claimed, kept from others."""
    mine = (Delivery.state == DeliveryState.SENDING, Delivery.worker == worker)
    query = select(Delivery).where(*mine).order_by(col(Delivery.id)).with_for_update()
    return session.exec(query.execution_options(populate_existing=True)).all()


def give_back(session: Session, unsent: Sequence[Delivery], now: datetime) -> None:
    """Nobody began to send these, which are ``held``: as if they had not been claimed."""
    for delivery in unsent:
        delivery.state, delivery.worker, delivery.lease_until = DeliveryState.READY, None, None
        delivery.attempts -= 1
        note_change(session, "delivery", id_of(delivery), now)
    session.flush()


def renew(session: Session, delivery_ids: Collection[int], worker: str, now: datetime) -> None:
    """The worker lives and is still sending these: nobody takes them from it for another LEASE."""
    theirs = (col(Delivery.id).in_(delivery_ids), col(Delivery.worker) == worker)
    is_sending = col(Delivery.state) == DeliveryState.SENDING
    rows_touched(session, update(Delivery).where(*theirs, is_sending).values(lease_until=now + LEASE))


def has_outlived(session: Session, now: datetime) -> bool:
    """Whether some delivery has outlived its lease, for ``release_worker(session, None, now)``. Reads only."""
    query = select(Delivery.id).where(Delivery.state == DeliveryState.SENDING, col(Delivery.lease_until) < now)
    return session.exec(query.limit(1)).first() is not None
