"""A conversation as it is read: every line with its files, its delivery, its buttons and who wrote it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import BindParameter, bindparam
from sqlmodel import Session, col, select

from handoff.models import Attachment, Button, Delivery, DeliveryState, Feedback, Message, MessageRevision, Staff
from handoff.rows import id_of
from store.models import StoredFile
from store.prepared import Prepared

_Found = TypeVar("_Found")


@dataclass(frozen=True)
class Line:
    """One message of a transcript with all that is shown beside it."""

    message: Message
    attachments: tuple[StoredFile, ...] = ()
    delivery: Delivery | None = None
    copies: tuple[Delivery, ...] = ()
    """Its deliveries to other places: by mail to the customer, or to where the staff reads."""
    buttons: tuple[Button, ...] = ()
    staff_name: str | None = None
    """Who of the staff, or which API token, wrote it or did it."""
    feedback: Feedback | None = None
    revisions: tuple[MessageRevision, ...] = ()
    """What it said before its sender edited it, oldest first."""

    @property
    def unsettled(self) -> Delivery | None:
        """The delivery that did not arrive, or may not have: its own before its copies."""
        return first_unsettled([self.delivery, *self.copies] if self.delivery else self.copies)


def history(session: Session, conversation_id: int, after_id: int = 0) -> list[Line]:
    """The transcript after message ``after_id``, oldest first, notes and activities included. Reads only."""
    here = (Message.conversation_id == conversation_id, col(Message.id) > after_id)
    messages = session.exec(select(Message).where(*here).order_by(col(Message.id))).all()
    if not messages:
        return []
    ids = [id_of(message) for message in messages]
    files = files_of(session, ids)
    buttons = buttons_of(session, ids)
    deliveries = session.exec(select(Delivery).where(col(Delivery.message_id).in_(ids))).all()
    thumbs = session.exec(select(Feedback).where(col(Feedback.message_id).in_(ids))).all()
    delivery_of = {(delivery.message_id, delivery.thread_id): delivery for delivery in deliveries}
    places = {message.id: message.thread_id for message in messages}
    copies = _grouped((each.message_id, each) for each in deliveries if each.thread_id != places[each.message_id])
    revisions = _revisions(session, ids)
    thumb_on = {thumb.message_id: thumb for thumb in thumbs}
    names = _staff_names(session, messages)
    return [
        Line(
            message,
            files.get(id_of(message), ()),
            delivery_of.get((id_of(message), message.thread_id)),
            copies.get(id_of(message), ()),
            buttons.get(id_of(message), ()),
            names.get(message.staff_id or 0) or message.detail.get("by"),
            thumb_on.get(id_of(message)),
            revisions.get(id_of(message), ()),
        )
        for message in messages
    ]


def first_unsettled(found: Iterable[Delivery]) -> Delivery | None:
    """Of the deliveries of a message, the first that a person may have to decide about."""
    open_ones = (DeliveryState.UNCERTAIN, DeliveryState.FAILED)
    return next((delivery for delivery in found if delivery.state in open_ones), None)


def files_of(session: Session, message_ids: Sequence[int]) -> dict[int, tuple[StoredFile, ...]]:
    """The stored files of these messages, by message, in the order they were added."""
    found = session.execute(_FILES, {"ids": message_ids}).all()
    return _grouped((message_id, file) for message_id, file in found)


def buttons_of(session: Session, message_ids: Sequence[int]) -> dict[int, tuple[Button, ...]]:
    """The buttons under these messages, by message, in the order they are shown."""
    found = _BUTTONS.records(Button, session, ids=tuple(message_ids))
    return _grouped((button.message_id, button) for button in found)


_IDS: BindParameter[Any] = bindparam("ids", expanding=True)
_FILES = (
    select(Attachment.message_id, StoredFile)
    .join(StoredFile, col(StoredFile.id) == Attachment.file_id)
    .where(col(Attachment.message_id).in_(_IDS))
    .order_by(col(Attachment.id))
)
_BUTTONS = Prepared(
    select(Button).where(col(Button.message_id).in_(_IDS)).order_by(col(Button.position), col(Button.token))
)


def _revisions(session: Session, message_ids: Any) -> dict[int, tuple[MessageRevision, ...]]:
    query = select(MessageRevision).where(col(MessageRevision.message_id).in_(message_ids))
    found = session.exec(query.order_by(col(MessageRevision.id)))
    return _grouped((revision.message_id, revision) for revision in found)


def _grouped(pairs: Iterable[tuple[int, _Found]]) -> dict[int, tuple[_Found, ...]]:
    groups: dict[int, list[_Found]] = {}
    for key, value in pairs:
        groups.setdefault(key, []).append(value)
    return {key: tuple(values) for key, values in groups.items()}


def _staff_names(session: Session, messages: Sequence[Message]) -> dict[int, str]:
    ids = {message.staff_id for message in messages if message.staff_id is not None}
    found = session.exec(select(Staff).where(col(Staff.id).in_(ids))).all() if ids else []
    return {id_of(staff): staff.name for staff in found}
