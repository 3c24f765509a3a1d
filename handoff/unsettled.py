"""Deliveries that did not arrive, or may not have: how many there are, and what a person makes of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func
from sqlalchemy import select as rows_of
from sqlmodel import Session, col, select

from handoff.actors import Actor, require
from handoff.conversations import add_activity, lock_conversation
from handoff.errors import DeliveryNotFound, Stale
from handoff.models import Conversation, Delivery, DeliveryState, Message
from handoff.permissions import Permission
from handoff.rows import id_of
from store import audit
from store.changes import note_change

_UNFINISHED = (DeliveryState.READY, DeliveryState.SENDING)
_COUNTED = (*_UNFINISHED, DeliveryState.UNCERTAIN, DeliveryState.FAILED)
_SETTLED = "This is settled by now: the message is on its way, arrived, or somebody else decided about it."


@dataclass(frozen=True)
class Figures:
    """How deliveries stand."""

    depths: Mapping[DeliveryState, int]
    """How many there are in each state but SENT, which nobody counts."""
    oldest_seconds: float
    """How old the oldest one is that has yet to leave; 0.0 without one."""

    @property
    def uncertain(self) -> int:
        return self.depths[DeliveryState.UNCERTAIN]

    @property
    def failed(self) -> int:
        return self.depths[DeliveryState.FAILED]


def figures(session: Session, now: datetime) -> Figures:
    """How many deliveries wait, for how long, and how many need a person. Reads only."""
    states = col(Delivery.state).in_(_COUNTED)
    found = session.execute(rows_of(col(Delivery.state), func.count()).where(states).group_by(col(Delivery.state)))
    oldest = session.exec(select(func.min(Delivery.created_at)).where(col(Delivery.state).in_(_UNFINISHED))).one()
    age = 0.0 if oldest is None else max((now - oldest).total_seconds(), 0.0)
    return Figures({**dict.fromkeys(_COUNTED, 0), **{state: count for state, count in found}}, age)


def resend(session: Session, delivery_id: int, actor: Actor, now: datetime) -> None:
    """Send what failed, or may not have arrived, once more; what its thread has to say after it waits for it.

    Raises NotAllowed, DeliveryNotFound, and Stale where it is neither failed nor uncertain any more.
    """
    delivery, conversation = _unsettled(session, delivery_id, actor, (DeliveryState.FAILED, DeliveryState.UNCERTAIN))
    was, delivery.state = delivery.state, DeliveryState.READY
    # Counted anew, so that the first attempt is known to be a person's own wish. Doubts are not forgotten.
    delivery.not_before, delivery.attempts, delivery.worker = now, 0, None
    _leave_trace(session, delivery, conversation, actor, "sent_again", now, was=was.value)


def dismiss(session: Session, delivery_id: int, actor: Actor, now: datetime) -> None:
    """A person knows that an uncertain one did arrive. Raises NotAllowed, DeliveryNotFound and Stale."""
    delivery, conversation = _unsettled(session, delivery_id, actor, (DeliveryState.UNCERTAIN,))
    delivery.state, delivery.sent_at, delivery.error = DeliveryState.SENT, now, None
    _leave_trace(session, delivery, conversation, actor, "arrived", now)


def _unsettled(
    session: Session, delivery_id: int, actor: Actor, states: tuple[DeliveryState, ...]
) -> tuple[Delivery, Conversation]:
    """The delivery and its conversation, kept from others, while it is in one of ``states``."""
    require(session, actor, Permission.WORK_TICKETS)
    delivery = session.get(Delivery, delivery_id)
    if delivery is None:
        raise DeliveryNotFound
    # The thread's lock comes before those of its deliveries, everywhere.
    conversation = lock_conversation(session, session.get_one(Message, delivery.message_id).conversation_id)
    session.refresh(delivery, with_for_update=True)
    if delivery.state not in states:
        raise Stale(_SETTLED)
    return delivery, conversation


def _leave_trace(
    session: Session,
    delivery: Delivery,
    conversation: Conversation,
    actor: Actor,
    deed: str,
    now: datetime,
    **detail: Any,
) -> None:
    add_activity(session, conversation, deed, now, staff_id=actor.staff_id, by=actor.name)
    about = {"message": delivery.message_id, "conversation": id_of(conversation), **detail}
    audit.record(session, actor.name, f"delivery.{deed}", "delivery", id_of(delivery), now, **about)
    note_change(session, "delivery", id_of(delivery), now)
    note_change(session, "message", delivery.message_id, now)
