"""Conversations: opened, advanced by compare-and-swap, and the words that are said in them."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, bindparam, insert, update
from sqlmodel import Session, col, select

from handoff.copies import copy_by_mail
from handoff.errors import AlreadyDone, ConversationNotFound, Stale
from handoff.models import (
    Action,
    Attachment,
    Author,
    Button,
    Conversation,
    Customer,
    Delivery,
    DeliveryState,
    Direction,
    Feedback,
    Message,
    Owner,
    Thread,
)
from handoff.rows import id_of
from handoff.transcript import Line, history
from handoff.wording import clean
from store import fulltext
from store.changes import note_change
from store.columns import storable, table_of
from store.prepared import Prepared, PreparedRows
from store.records import enter, held

__all__ = [
    "ACTIVITIES",
    "ButtonSpec",
    "Line",
    "add_activity",
    "add_incoming",
    "add_note",
    "advance",
    "history",
    "lock_conversation",
    "newest_conversation",
    "open_conversation",
    "rate",
    "say",
    "take_up",
]

ACTIVITIES = {
    "escalated": "Handed to a person",
    "taken_over": "Taken over",
    "claimed": "Claimed",
    "assigned": "Assigned",
    "unassigned": "Back in the queue",
    "team_changed": "Moved to another team",
    "handed_back": "Handed back to the bot",
    "resolved": "Resolved",
    "reopened": "Reopened",
    "confirmed_solved": "The customer says that it is solved",
    "closed_by_customer": "The customer closed the ticket",
    "waits_for_customer": "Waits for the customer",
    "snoozed": "Snoozed",
    "woken": "The time of the snooze is over",
    "resumed": "The customer wrote, so the ticket is open again",
    "reminded": "The customer was asked whether it is still open",
    "expired": "Closed, as nobody wrote any more",
    "opened_by_staff": "Opened",
    "priority_set": "Priority",
    "tier_moved": "Tier",
    "diagnosed": "Diagnosis",
    "worked_around": "Workaround",
    "external_set": "Linked with another system",
    "linked": "Linked",
    "unlinked": "Link taken off",
    "merged_into": "Goes on in another ticket",
    "merged_from": "Goes on here",
    "split_off": "Part of it goes on in another ticket",
    "split_from": "Was part of another ticket",
    "delivery_failed": "A message could not be delivered",
    "sent_again": "Sent again by hand",
    "arrived": "Found to have arrived",
    "unreachable": "Cannot be reached",
    "reachable": "Can be reached again",
    "stuck": "The bot could not deal with this message",
    "replayed": "The bot looks at a message again",
    "missed_first_response": "The first answer is late",
    "missed_diagnosis": "The diagnosis is late",
    "missed_workaround": "The workaround is late",
    "missed_resolution": "The solution is late",
    "staff_told": "The staff was told",
    "corrected": "A correction of something that they were told was sent to the customer",
    "drafted": "An article was drafted from it",
}


@dataclass(frozen=True)
class ButtonSpec:
    """A button to put under a message that is about to be said."""

    action: Action
    label: str
    argument: str | None = None


def newest_conversation(session: Session, thread_id: int) -> Conversation | None:
    """The conversation that was opened last in the thread, whether it is still open or not."""
    query = select(Conversation).where(Conversation.thread_id == thread_id)
    return session.exec(query.order_by(col(Conversation.id).desc()).limit(1)).first()


def open_conversation(
    session: Session, thread: Thread, customer: Customer, language: str, now: datetime
) -> Conversation:
    """A new conversation in ``thread``, with the bot."""
    session.flush()
    _hold_thread(session, id_of(thread))
    conversation = enter(
        session,
        Conversation,
        thread_id=id_of(thread),
        customer_id=id_of(customer),
        language=language[:16],
        opened_at=now,
        last_message_at=now,
    )
    session.info["touched"] = conversation.id, now
    note_change(session, "conversation", id_of(conversation), now)
    return conversation


def lock_conversation(session: Session, conversation_id: int) -> Conversation:
    """The conversation as it is now, kept from others until the transaction ends. Raises ConversationNotFound."""
    _hold_thread_of(session, conversation_id)
    query = select(Conversation).where(Conversation.id == conversation_id)
    # key_share: others may meanwhile insert rows that refer to it.
    locked = query.with_for_update(key_share=True).execution_options(populate_existing=True)
    conversation = session.exec(locked).one_or_none()
    if conversation is None:
        raise ConversationNotFound
    return conversation


def _hold_thread(session: Session, thread_id: int) -> None:
    """Let nobody else write in the thread until this transaction ends, so that its message ids are in commit order.

    Always the first lock that is taken. SQLite has one writer at a time anyway.
    """
    if session.get_bind().dialect.name == "postgresql":
        _HOLD.rows(session, thread_id=thread_id)


def _hold_thread_of(session: Session, conversation_id: int) -> None:
    """The same for the thread of a conversation."""
    if session.get_bind().dialect.name == "postgresql":
        _HOLD_OF.rows(session, conversation_id=conversation_id)


@cache
def _swap(names: tuple[str, ...]) -> Prepared:
    """Set the version and these columns where version and owner are as they were seen."""
    return _set(
        ("version", *names),
        _CONVERSATIONS.c.version == bindparam("seen_version"),
        _CONVERSATIONS.c.owner == bindparam("seen_owner"),
    )


def _set(names: tuple[str, ...], *conditions: ColumnElement[bool]) -> Prepared:
    """Set columns of a conversation."""
    values: dict[str, Any] = {name: bindparam(f"new_{name}") for name in names}
    statement = update(_CONVERSATIONS).where(_CONVERSATIONS.c.id == bindparam("which"), *conditions)
    return Prepared(statement.values(values).returning(*_CONVERSATIONS.c))


_CONVERSATIONS = table_of(Conversation)
_TOUCH = _set(("last_message_at",))
_CALLED = Prepared(
    select(Message.id).where(
        Message.thread_id == bindparam("thread_id"), Message.external_id == bindparam("external_id")
    )
)
_HOLD = Prepared(select(Thread.id).where(Thread.id == bindparam("thread_id")).with_for_update(key_share=True))
_HOLD_OF = Prepared(
    select(Thread.id)
    .where(col(Thread.id).in_(select(Conversation.thread_id).where(Conversation.id == bindparam("conversation_id"))))
    .with_for_update(key_share=True)
)


# Positional only, so that ``owner`` can be the owner that is expected and, by name, the new one:
# advance(session, 7, 3, Owner.BOT, now, owner=Owner.HUMAN)
def advance(
    session: Session, conversation_id: int, version: int, owner: Owner, now: datetime, /, **new_values: Any
) -> Conversation:
    """Compare and swap: set ``new_values`` and version + 1 while version and owner are still these, else raise Stale.

    Returns the session's own Conversation object, up to date.
    """
    _hold_thread_of(session, conversation_id)
    expected = {"which": conversation_id, "seen_version": version, "seen_owner": owner}
    given = {f"new_{name}": value for name, value in new_values.items()}
    session.flush()
    row = _swap(tuple(new_values)).first(session, **expected, new_version=version + 1, **given)
    if row is None:
        raise Stale
    conversation = held(session, Conversation, row)
    if "last_message_at" in new_values:
        session.info["touched"] = conversation_id, new_values["last_message_at"]
    note_change(session, "conversation", conversation_id, now, version + 1)
    return conversation


def add_incoming(
    session: Session,
    conversation: Conversation,
    text: str,
    external_id: str | None,
    now: datetime,
    detail: dict[str, Any] | None = None,
    file_ids: Sequence[int] = (),
) -> Message:
    """What the customer wrote. Raises AlreadyDone when the thread has a message with this ``external_id``."""
    if external_id is not None:
        external_id = storable(external_id)
        if _CALLED.first(session, thread_id=conversation.thread_id, external_id=external_id) is not None:
            raise AlreadyDone("This message is in the conversation already.")
    more: dict[str, Any] = {"external_id": external_id, "detail": detail or {}}
    return _add(session, conversation, Direction.INCOMING, Author.CUSTOMER, text, now, file_ids, **more)


def take_up(
    session: Session, message: Message, detail: dict[str, Any], file_ids: Sequence[int], now: datetime
) -> Message:
    """What the customer wrote was in the transcript before it could be dealt with; now there is more to it."""
    message.detail = {key: value for key, value in message.detail.items() if key != "lost_files"} | detail
    known = session.exec(select(Attachment.file_id).where(Attachment.message_id == message.id)).all()
    more = [file_id for file_id in file_ids if file_id not in known]
    session.add_all(Attachment(message_id=id_of(message), file_id=file_id) for file_id in more)
    session.flush()
    note_change(session, "message", id_of(message), now)
    return message


def say(
    session: Session,
    conversation: Conversation,
    text: str,
    author: Author,
    now: datetime,
    *,
    staff_id: int | None = None,
    decision: str | None = None,
    detail: dict[str, Any] | None = None,
    buttons: Sequence[ButtonSpec] = (),
    file_ids: Sequence[int] = (),
) -> Message:
    """Words for the customer, with the delivery that will bring them and the buttons below them."""
    more: dict[str, Any] = {"staff_id": staff_id, "decision": decision, "detail": detail or {}}
    message = _add(session, conversation, Direction.OUTGOING, author, text, now, file_ids, **more)
    _BUTTONS.insert(session, [_button(message, spec, position) for position, spec in enumerate(buttons)])
    what = {"message_id": id_of(message), "thread_id": message.thread_id, "not_before": now, "created_at": now}
    note_change(session, "delivery", _DELIVERY.scalar(session, **what), now)
    if author in (Author.AGENT, Author.SYSTEM):
        # Somebody who left may wait for it; what the bot says, it says to somebody who is there.
        copy_by_mail(session, conversation, message, now)
    return message


def add_note(session: Session, conversation: Conversation, text: str, staff_id: int | None, now: datetime) -> Message:
    """Words for the desk only: they have no delivery, so the customer never gets them."""
    more: dict[str, Any] = {"staff_id": staff_id, "private": True}
    return _add(session, conversation, Direction.OUTGOING, Author.AGENT, text, now, **more)


def add_activity(
    session: Session,
    conversation: Conversation,
    activity: str,
    now: datetime,
    staff_id: int | None = None,
    **arguments: Any,
) -> Message:
    """A line about what happened, for the desk only. ``arguments`` are shown after it: names, never message text."""
    told = ", ".join(str(value) for value in arguments.values() if value is not None)
    text = f"{ACTIVITIES[activity]}: {told}" if told else ACTIVITIES[activity]
    more: dict[str, Any] = {"staff_id": staff_id, "private": True, "detail": {"activity": activity, **arguments}}
    return _add(session, conversation, Direction.ACTIVITY, Author.SYSTEM, text, now, **more)


def rate(session: Session, message_id: int, is_helpful: bool, now: datetime) -> Feedback:
    """The customer's thumb on one of the bot's messages; the last one counts."""
    feedback = session.merge(Feedback(message_id=message_id, is_helpful=is_helpful, at=now))
    session.flush()
    note_change(session, "message", message_id, now)
    return feedback


def _add(
    session: Session,
    conversation: Conversation,
    direction: Direction,
    author: Author,
    text: str,
    now: datetime,
    file_ids: Sequence[int] = (),
    **more: Any,
) -> Message:
    """A message with ``more`` of its columns."""
    if direction is not Direction.ACTIVITY:
        _touch(session, conversation, now)
    session.flush()
    here = {"conversation_id": id_of(conversation), "thread_id": conversation.thread_id}
    message = enter(session, Message, **here, direction=direction, author=author, text=clean(text), at=now, **more)
    session.add_all(Attachment(message_id=id_of(message), file_id=file_id) for file_id in file_ids)
    # What the bot says is quoted from articles, which have their own search.
    if author in (Author.CUSTOMER, Author.AGENT):
        fulltext.index(session, "message", id_of(message), message.text, is_new=True)
    note_change(session, "message", id_of(message), now)
    return message


def _touch(session: Session, conversation: Conversation, now: datetime) -> None:
    """Move ``last_message_at``. The row stays locked, so ids of messages and deliveries are in commit order."""
    moved = conversation.id, now
    if session.info.get("touched") != moved:
        session.flush()
        row = _TOUCH.first(session, which=conversation.id, new_last_message_at=now)
        assert row is not None
        held(session, Conversation, row)
        session.info["touched"] = moved
    note_change(session, "conversation", id_of(conversation), now, conversation.version)


def _button(message: Message, spec: ButtonSpec, position: int) -> dict[str, Any]:
    return {
        "token": secrets.token_urlsafe(16),
        "message_id": id_of(message),
        "action": spec.action,
        "label": spec.label[:200],
        "argument": spec.argument,
        "position": position,
    }


# Written without objects, which nobody needs: they would take longer than all else that is said.
_BUTTONS = PreparedRows(table_of(Button), ("token", "message_id", "action", "label", "argument", "position"))
_DELIVERIES = table_of(Delivery)
_DELIVERY = Prepared(
    insert(_DELIVERIES).values(state=DeliveryState.READY, attempts=0, doubts=0).returning(_DELIVERIES.c.id)
)
