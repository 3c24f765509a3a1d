"""What becomes of a thread as a place: reachable or not, and called otherwise by its channel."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import bindparam
from sqlmodel import Session, col, or_, select

from handoff.conversations import add_activity, newest_conversation
from handoff.models import Conversation, Delivery, Message, Thread
from handoff.rows import id_of
from store.prepared import Prepared
from store.records import held


def thread_called(session: Session, channel: str, external_id: str) -> Thread | None:
    """The thread that ``channel`` calls ``external_id``, if it was ever written in."""
    session.flush()
    row = _CALLED.first(session, channel=channel, external_id=external_id)
    return None if row is None else held(session, Thread, row)


_CALLED = Prepared(
    select(Thread).where(Thread.channel == bindparam("channel"), Thread.external_id == bindparam("external_id"))
)


DESK = "desk"
"""Where the staff write down what customers tell them who are in no channel: nothing can be sent there."""


def can_be_written_in(session: Session, thread_id: int) -> bool:
    """Whether words for the customer have a way there at all. That they arrive is another matter."""
    return session.get_one(Thread, thread_id).channel != DESK


def places(session: Session, channel: str, external_id: str) -> Sequence[Thread]:
    """The thread that ``channel`` calls so, and those below it (the topics of a forum)."""
    is_below = col(Thread.external_id).startswith(f"{external_id}:", autoescape=True)
    is_it = or_(col(Thread.external_id) == external_id, is_below)
    return session.exec(select(Thread).where(Thread.channel == channel, is_it)).all()


def mark_unreachable(session: Session, thread: Thread, reason: str, now: datetime) -> None:
    """Nothing can be sent here any more: the desk is told once, in the newest conversation."""
    if thread.unreachable is None:
        _tell(session, thread, "unreachable", now, reason=reason)
    thread.unreachable = reason[:200]
    session.flush()


def mark_reachable(session: Session, thread: Thread, now: datetime) -> None:
    """Words arrive here again."""
    if thread.unreachable is None:
        return
    thread.unreachable = None
    session.flush()
    _tell(session, thread, "reachable", now)


def rename(session: Session, channel: str, old: str, new: str) -> None:
    """The channel calls ``old`` ``new`` now, and ``old:topic`` ``new:topic``.

    Where both are known (the channel told of the new one before of the move), what lies in the old one moves over.
    """
    for thread in places(session, channel, old):
        name = new + thread.external_id.removeprefix(old)
        known = thread_called(session, channel, name)
        if known is None:
            thread.external_id = name
        else:
            _merge(session, thread, known)
        session.flush()


def _merge(session: Session, old: Thread, new: Thread) -> None:
    """Move the conversations of ``old`` with their messages and deliveries. The messages' ids were the old place's:
    nothing is called by them any more."""
    for conversation in session.exec(select(Conversation).where(Conversation.thread_id == old.id)):
        conversation.thread_id = id_of(new)
    for message in session.exec(select(Message).where(Message.thread_id == old.id)):
        message.external_id, message.thread_id = None, id_of(new)
    for delivery in session.exec(select(Delivery).where(Delivery.thread_id == old.id)):
        delivery.thread_id = id_of(new)


def _tell(session: Session, thread: Thread, activity: str, now: datetime, reason: str | None = None) -> None:
    newest = newest_conversation(session, id_of(thread))
    if newest is not None:
        add_activity(session, newest, activity, now, reason=reason)
