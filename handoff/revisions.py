"""What a sender does to a message after sending it: edits are kept beside it, deletions are marked."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session, select

from handoff.models import Conversation, Direction, Message, MessageRevision, Thread
from handoff.rows import id_of
from handoff.wording import clean
from store import fulltext
from store.changes import note_change


def revise(session: Session, thread: Thread, external_id: str, text: str, now: datetime) -> Message | None:
    """The customer's message says ``text`` now; what it said before is kept. None when there is nothing to change."""
    message = _said(session, thread, external_id)
    words = clean(text)
    if message is None or message.text == words:
        return None
    session.add(MessageRevision(message_id=id_of(message), text=message.text, replaced_at=now))
    message.text, message.edited_at = words, now
    session.flush()
    fulltext.index(session, "message", id_of(message), words)
    _note(session, message, now)
    return message


def take_back(session: Session, thread: Thread, external_id: str, now: datetime) -> Message | None:
    """The customer deleted the message: agents still read it, marked. None when there is none or it was deleted."""
    message = _said(session, thread, external_id)
    if message is None or message.deleted_at is not None:
        return None
    message.deleted_at = now
    session.flush()
    _note(session, message, now)
    return message


def _said(session: Session, thread: Thread, external_id: str) -> Message | None:
    query = select(Message).where(
        Message.thread_id == thread.id, Message.external_id == external_id, Message.direction == Direction.INCOMING
    )
    return session.exec(query).first()


def _note(session: Session, message: Message, now: datetime) -> None:
    note_change(session, "message", id_of(message), now)
    conversation = session.get_one(Conversation, message.conversation_id)
    note_change(session, "conversation", id_of(conversation), now, conversation.version)
