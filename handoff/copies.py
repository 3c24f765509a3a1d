"""Words that go to a place beside their own thread: by mail to a customer, or to where the staff reads.

A copy is a Delivery like any other, of the same message in another thread.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import or_
from sqlmodel import Session, col, select

from handoff.errors import NotAllowed
from handoff.models import (
    Author,
    Conversation,
    Customer,
    Delivery,
    DeliveryState,
    Direction,
    Message,
    Thread,
)
from handoff.people import person_ids
from handoff.rows import id_of
from handoff.wording import clean
from store import settings
from store.changes import note_change
from store.inserts import insert
from store.models import Setting

EMAIL = "email"
"""The channel whose threads are addresses."""
STAFF = "staff:"
"""Before the address of somebody who works here: whatever a customer says theirs is, it is never this thread."""
_SETTING = "mail"
_WEB, _SIGNED = "web", "user:"
"""Where visitors leave addresses by themselves; users of the site around it do not, theirs come by an import."""


def use_mail(session: Session, is_on: bool) -> None:
    """Whether mail can be sent, as the settings say: while not, nothing is written that would wait for it."""
    settings.keep(session, _SETTING, {"is_on": is_on})


def can_mail(session: Session) -> bool:
    setting = session.get(Setting, _SETTING)
    return setting is not None and bool(setting.value.get("is_on"))


def send_copy(session: Session, message: Message, thread: Thread, now: datetime) -> None:
    """Have ``message`` go to ``thread`` as well; once, however often it is said.

    Raises NotAllowed for internal words and a place that not only the staff reads.
    """
    if message.private and not thread.is_staff:
        raise NotAllowed("Internal words go to places of the staff only.")
    values = {
        "message_id": id_of(message),
        "thread_id": id_of(thread),
        "state": DeliveryState.READY,
        "attempts": 0,
        "doubts": 0,
        "not_before": now,
        "created_at": now,
    }
    made = insert(session, Delivery).values(**values).on_conflict_do_nothing().returning(col(Delivery.id))
    delivery_id = session.execute(made).scalar()
    if delivery_id is not None:
        note_change(session, "delivery", delivery_id, now)


def copy_by_mail(session: Session, conversation: Conversation, message: Message, now: datetime) -> bool:
    """Have the customer's words by mail too, where they left an address. True if there is one."""
    address = mail_address(session, conversation.customer_id) if can_mail(session) else None
    if address is None:
        return False
    thread = _place(session, EMAIL, address, now)
    if thread.id != message.thread_id:
        send_copy(session, message, thread, now)
    return True


def mail_address(session: Session, customer_id: int) -> str | None:
    """Where mail for this person goes: their own address, else that of a customer whom an agent called the same.

    What a web visitor left counts for what they wrote there and nowhere else: nobody has checked whose it is, and what
    is said to the same person in another channel is not for whoever may read that mailbox.
    """
    own = session.exec(select(Customer.email).where(Customer.id == customer_id)).first()
    if own:
        return own
    query = select(Customer.email).where(
        col(Customer.id).in_(person_ids(session, customer_id)),
        col(Customer.email).is_not(None),
        or_(col(Customer.channel) != _WEB, col(Customer.external_id).startswith(_SIGNED)),
    )
    return session.exec(query.order_by(col(Customer.id)).limit(1)).first()


def staff_mailbox(session: Session, address: str, now: datetime) -> Thread:
    """The thread of mail to somebody who works here."""
    return staff_place(session, EMAIL, f"{STAFF}{address}", now)


def staff_place(session: Session, channel: str, external_id: str, now: datetime) -> Thread:
    """A place that only the staff reads, as the settings say."""
    thread = _place(session, channel, external_id, now)
    thread.is_staff = True
    session.flush()
    return thread


def say_to_staff(
    session: Session,
    conversation: Conversation,
    text: str,
    threads: Sequence[Thread],
    now: datetime,
    *,
    activity: str,
    **detail: Any,
) -> Message:
    """Internal words about a conversation that leave for ``threads``; beside it they show as the line ``activity``."""
    message = Message(
        conversation_id=id_of(conversation),
        thread_id=conversation.thread_id,
        direction=Direction.ACTIVITY,
        author=Author.SYSTEM,
        private=True,
        text=clean(text),
        at=now,
        detail={"activity": activity, **detail},
    )
    session.add(message)
    session.flush()
    note_change(session, "message", id_of(message), now)
    for thread in threads:
        send_copy(session, message, thread, now)
    return message


def _place(session: Session, channel: str, external_id: str, now: datetime) -> Thread:
    called = (Thread.channel == channel, Thread.external_id == external_id)
    values = {"channel": channel, "external_id": external_id, "is_staff": False, "created_at": now}
    session.execute(insert(session, Thread).values(**values).on_conflict_do_nothing())
    return session.exec(select(Thread).where(*called)).one()
