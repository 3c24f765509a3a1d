"""The web chat's visitors, and what each of them may see."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session, col, select

from bot.models import WebVisitor
from handoff.models import (
    Attachment,
    Author,
    Delivery,
    DeliveryState,
    Direction,
    Message,
    Staff,
    Thread,
)
from handoff.transcript import buttons_of, files_of
from store.models import StoredFile

REMEMBERED = timedelta(days=30)
_SEEN_EVERY = timedelta(hours=1)
WEB = "web"


def new_visitor(session: Session, language: str, now: datetime) -> str:
    """A new visitor's token, to be kept by the browser. Only its hash is stored."""
    token = secrets.token_urlsafe(32)
    visitor = secrets.token_hex(16)
    session.add(
        WebVisitor(token_sha256=_hash(token), visitor=visitor, language=language, created_at=now, last_seen_at=now)
    )
    session.flush()
    return token


def visitor_of(session: Session, token: str, now: datetime) -> WebVisitor | None:
    """Whose token this is; None for an unknown one or one not seen for REMEMBERED."""
    visitor = session.get(WebVisitor, _hash(token))
    if visitor is None or now - visitor.last_seen_at > REMEMBERED:
        return None
    return visitor


def is_due_to_be_seen(visitor: WebVisitor, now: datetime) -> bool:
    """Whether ``see`` is worth a write: reading a page must not cost one every time."""
    return now - visitor.last_seen_at > _SEEN_EVERY


def see(session: Session, visitor: WebVisitor, now: datetime) -> None:
    """Remember that the visitor was here, so that the 30 days start again."""
    session.get_one(WebVisitor, visitor.token_sha256).last_seen_at = now


def visible_messages(
    session: Session, visitor: str, after: int = 0, limit: int = 200, channel: str = WEB
) -> list[dict[str, Any]]:
    """The visitor's messages after id ``after``, oldest first, as the chat shows them. Reads only.

    The list ends before the first message that is still on its way, so that ids seen never skip one that comes later.
    """
    thread = session.exec(select(Thread).where(Thread.channel == channel, Thread.external_id == visitor)).first()
    if thread is None:
        return []
    rows = session.exec(
        select(Message, Delivery, Staff.name)
        .join(
            Delivery,
            (col(Delivery.message_id) == Message.id) & (col(Delivery.thread_id) == Message.thread_id),
            isouter=True,
        )
        .join(Staff, col(Staff.id) == Message.staff_id, isouter=True)
        .where(
            Message.thread_id == thread.id,
            col(Message.id) > after,
            col(Message.private).is_(False),
            col(Message.direction) != Direction.ACTIVITY,
        )
        .order_by(col(Message.id))
        .limit(limit)
    ).all()
    shown: list[tuple[Message, str | None]] = []
    for message, delivery, name in rows:
        if delivery is not None and delivery.state in (DeliveryState.READY, DeliveryState.SENDING):
            break
        if delivery is None or delivery.state is DeliveryState.SENT:
            shown.append((message, name))
    return _shown(session, shown)


def _shown(session: Session, rows: list[tuple[Message, str | None]]) -> list[dict[str, Any]]:
    ids = [message.id for message, _ in rows if message.id is not None]
    buttons, files = buttons_of(session, ids), files_of(session, ids)
    return [
        {
            "id": message.id,
            "direction": message.direction.value,
            "author": message.author.value,
            "name": (name or message.detail.get("by")) if message.author is Author.AGENT else None,
            "text": message.text,
            "at": message.at.isoformat(),
            "client_id": _client_id(message),
            "citations": message.detail.get("citations", []),
            "buttons": [
                {
                    "token": button.token,
                    "label": button.label,
                    "action": button.action.value,
                    "pressed": button.pressed_at is not None,
                }
                for button in buttons.get(message.id or 0, ())
            ],
            "files": [
                {"id": file.id, "name": file.name, "size": file.size, "media_type": file.media_type}
                for file in files.get(message.id or 0, ())
            ],
            "decision": message.decision,
            "ticket": message.detail.get("ticket"),
        }
        for message, name in rows
    ]


def _client_id(message: Message) -> str | None:
    """The id that the page gave its own message, so that it knows it again."""
    if message.direction is Direction.INCOMING and message.external_id:
        return message.external_id.removeprefix("in-")
    return None


def may_download(session: Session, visitor: str, file_id: int) -> StoredFile | None:
    """The file, if it came with a message that this visitor can see; else None."""
    query = (
        select(StoredFile)
        .join(Attachment, col(Attachment.file_id) == StoredFile.id)
        .join(Message, col(Message.id) == Attachment.message_id)
        .join(Thread, col(Thread.id) == Message.thread_id)
        .where(
            StoredFile.id == file_id,
            Thread.channel == WEB,
            Thread.external_id == visitor,
            col(Message.private).is_(False),
        )
    )
    return session.exec(query).first()


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
