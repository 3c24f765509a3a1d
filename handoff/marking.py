"""What a worker says became of a delivery that it had claimed; the database says who may still say it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import bindparam, update
from sqlmodel import Session, col, select

from handoff.conversations import add_activity
from handoff.errors import Stale
from handoff.models import Author, Conversation, Delivery, DeliveryState, Message, SentPart
from handoff.outcomes import Resend, after_doubt
from handoff.rows import id_of
from store.changes import note_change
from store.columns import table_of
from store.inserts import insert
from store.prepared import Prepared

_OPEN = (DeliveryState.READY, DeliveryState.SENDING, DeliveryState.UNCERTAIN)
_DELIVERIES, _MESSAGES = table_of(Delivery), table_of(Message)
_SENT = Prepared(
    update(_DELIVERIES)
    .where(_DELIVERIES.c.id == bindparam("delivery_id"), _DELIVERIES.c.state != DeliveryState.SENT)
    .values(
        state=DeliveryState.SENT,
        sent_at=bindparam("moment"),
        worker=bindparam("by"),
        lease_until=None,
        error=None,
    )
    .returning(*_DELIVERIES.c)
)
# What a copy in another place is called there, the message is not.
_CALL = Prepared(
    update(_MESSAGES)
    .where(_MESSAGES.c.id == bindparam("which"), _MESSAGES.c.thread_id == bindparam("place"))
    .values(external_id=bindparam("called"))
)
_LATE = "This delivery is no longer this worker's: its lease ran out."


def keep_part(session: Session, delivery_id: int, worker: str, number: int, external_id: str) -> None:
    """Part ``number`` (from 0) arrived and others follow: it is never sent again, whatever becomes of this worker.

    Raises Stale when the delivery is no longer the worker's, who must not send the rest.
    """
    delivery = _held(session, delivery_id, worker)
    if delivery.state is not DeliveryState.SENDING:
        raise Stale(_LATE)
    _keep_parts(session, delivery, (external_id,), number)


def keep(session: Session, delivery_id: int, worker: str, attempts: int, until: datetime) -> bool:
    """Whether it is still the worker's to send by this one of its attempts: nobody takes it before ``until`` then.

    False where its lease ran out and nobody took it. Raises Stale when others have it, or had it.
    """
    delivery = _held(session, delivery_id, worker)
    if delivery.attempts != attempts:
        raise Stale(_LATE)
    if delivery.state is not DeliveryState.SENDING:
        return False
    delivery.lease_until = until
    return True


def mark_sent(
    session: Session, delivery_id: int, worker: str, external_id: str | None, now: datetime, more: Sequence[str] = ()
) -> None:
    """It arrived, and the channel calls it ``external_id``, its further parts ``more``.

    That is so whoever has the delivery by now: said late, it still ends another attempt or an agent's doubt.
    """
    external_ids = () if external_id is None else (external_id, *more)
    found = _SENT.records(Delivery, session, delivery_id=delivery_id, moment=now, by=worker)
    if not found:
        _keep_copy(session, session.get_one(Delivery, delivery_id), external_ids)
        return
    (delivery,) = found
    _keep_parts(session, delivery, external_ids)
    # Only of the message, which whoever shows it looks at: a change of a delivery wakes those who send.
    note_change(session, "message", delivery.message_id, now)


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
    delivery = _finish(session, delivery_id, worker, DeliveryState.READY, error, now)
    delivery.not_before = not_before
    delivery.attempts -= int(is_for_free)
    _keep_parts(session, delivery, sent)


def mark_failed(
    session: Session, delivery_id: int, worker: str, error: str, now: datetime, sent: Sequence[str] = ()
) -> None:
    """It will never arrive, save its parts ``sent``: the desk is told, the thread goes on. Raises Stale."""
    delivery = _finish(session, delivery_id, worker, DeliveryState.FAILED, error, now)
    _keep_parts(session, delivery, sent)
    message = session.get_one(Message, delivery.message_id)
    conversation = session.get_one(Conversation, message.conversation_id)
    add_activity(session, conversation, "delivery_failed", now, error=_short(error), message=message.id)


def mark_uncertain(
    session: Session, delivery_id: int, worker: str, error: str, now: datetime, sent: Sequence[str] = ()
) -> None:
    """This attempt failed, but an earlier one may have brought it: the desk sees that, the thread goes on.

    Raises Stale.
    """
    delivery = _finish(session, delivery_id, worker, DeliveryState.UNCERTAIN, error, now)
    _keep_parts(session, delivery, sent)


def mark_in_doubt(
    session: Session,
    delivery_id: int,
    worker: str,
    resend: Resend,
    not_before: datetime,
    error: str,
    now: datetime,
    *,
    sent: Sequence[str] = (),
    is_last: bool = False,
) -> DeliveryState:
    """It may or may not have arrived, save its parts ``sent``, which did: what becomes of it by ``after_doubt``.

    READY again at ``not_before`` unless ``is_last``, or UNCERTAIN: then the thread goes on. Raises Stale.
    """
    delivery = _held(session, delivery_id, worker)
    _keep_parts(session, delivery, sent)
    if delivery.state is DeliveryState.SENDING:
        message = session.get_one(Message, delivery.message_id)
        doubt(delivery, message.author, resend, error, is_last=is_last)
        delivery.not_before = not_before
    # Else it was counted when its lease ran out.
    delivery.worker = None
    note(session, delivery, now)
    return delivery.state


def doubt(delivery: Delivery, author: Author, resend: Resend, error: str, *, is_last: bool = False) -> None:
    """Another attempt ended without anybody knowing whether it arrived."""
    delivery.doubts += 1
    state = after_doubt(resend, author, delivery.doubts)
    delivery.state = DeliveryState.UNCERTAIN if is_last else state
    delivery.error, delivery.lease_until = _short(error), None


def note(session: Session, delivery: Delivery, now: datetime) -> None:
    """Let whoever watches the delivery or its message look again."""
    note_change(session, "delivery", id_of(delivery), now)
    note_change(session, "message", delivery.message_id, now)


def _keep_parts(session: Session, delivery: Delivery, external_ids: Sequence[str], first: int = 0) -> None:
    """Part ``first`` and those after it are called so by the channel."""
    message_id, place = delivery.message_id, delivery.thread_id
    for number, external_id in enumerate(external_ids, start=first):
        if number == 0:
            _CALL.touched(session, which=message_id, place=place, called=external_id)
        elif session.get_one(Message, message_id).thread_id == place:
            values = {"message_id": message_id, "thread_id": place, "number": number}
            part = insert(session, SentPart).values(**values, external_id=external_id)
            session.execute(part.on_conflict_do_nothing())


def _keep_copy(session: Session, delivery: Delivery, external_ids: Sequence[str]) -> None:
    """It arrived twice: an answer to the second copy is an answer to this message, too."""
    first = session.get_one(Message, delivery.message_id).external_id
    parts = session.exec(select(SentPart.external_id).where(SentPart.message_id == delivery.message_id)).all()
    known = [] if first is None else [first, *parts]
    # Where its outcome is told twice they are the same.
    _keep_parts(session, delivery, [each for each in external_ids if each not in known], len(known))


def _held(session: Session, delivery_id: int, worker: str) -> Delivery:
    """The delivery, kept from others, if what becomes of it is still the worker's to say. Raises Stale."""
    mine = (Delivery.id == delivery_id, Delivery.worker == worker, col(Delivery.state).in_(_OPEN))
    query = select(Delivery).where(*mine).with_for_update().execution_options(populate_existing=True)
    delivery = session.exec(query).first()
    if delivery is None:
        raise Stale(_LATE)
    return delivery


def _finish(
    session: Session, delivery_id: int, worker: str, state: DeliveryState, error: str | None, now: datetime
) -> Delivery:
    """The worker knows what became of its attempt: the delivery is nobody's now."""
    delivery = _held(session, delivery_id, worker)
    if delivery.state is not DeliveryState.SENDING:
        # Its lease had run out, and that was counted as a doubt: there is none.
        delivery.doubts -= 1
    delivery.state, delivery.error = state, _short(error)
    delivery.worker, delivery.lease_until = None, None
    note(session, delivery, now)
    return delivery


def _short(error: str | None) -> str | None:
    return error[:300] if error else None
