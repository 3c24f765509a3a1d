"""Words that say what is wrong, or how to get around it: two of a ticket's promises are kept by them."""

from __future__ import annotations

from datetime import datetime
from enum import Enum

from sqlmodel import Session

from handoff.actors import Actor
from handoff.errors import NotMarkable
from handoff.models import Author, Conversation, Direction, Message, Ticket
from handoff.rows import id_of
from handoff.ticketing.deeds import at_desk, changed, leave_trace
from handoff.ticketing.events import note_event
from handoff.ticketing.models import Happened
from store.changes import note_change


class Mark(Enum):
    """What an agent's words are besides words. The value stands in the message's ``detail`` as ``mark``."""

    DIAGNOSIS = "diagnosis"
    WORKAROUND = "workaround"


_HAPPENED = {Mark.DIAGNOSIS: Happened.DIAGNOSED, Mark.WORKAROUND: Happened.WORKED_AROUND}
_DEED = {Mark.DIAGNOSIS: "diagnosed", Mark.WORKAROUND: "worked_around"}


def mark(session: Session, number: int, message_id: int, kind: Mark, actor: Actor, now: datetime) -> Message:
    """Say that a note or reply is the diagnosis, or that a reply is the workaround. Doing it twice is as once.

    Raises NotMarkable.
    """
    ticket, conversation = at_desk(session, number, actor)
    message = session.get(Message, message_id, populate_existing=True)
    if message is None or message.conversation_id != conversation.id:
        raise NotMarkable
    if message.detail.get("mark") != kind.value:
        mark_words(session, ticket, conversation, message, kind, actor, now)
    return message


def mark_words(
    session: Session,
    ticket: Ticket,
    conversation: Conversation,
    message: Message,
    kind: Mark,
    actor: Actor,
    now: datetime,
) -> None:
    """As ``mark``, for a ticket that is kept from others already."""
    if not is_markable(message, kind):
        raise NotMarkable
    message.detail = {**message.detail, "mark": kind.value}
    changed(session, ticket, conversation, now)
    note_change(session, "message", id_of(message), now)
    note_event(session, ticket, _HAPPENED[kind], now, staff_id=actor.staff_id, message=id_of(message))
    leave_trace(session, ticket, conversation, actor, _DEED[kind], now)


def is_markable(message: Message, kind: Mark) -> bool:
    """A workaround that nobody told the customer is none."""
    is_agents = message.direction is Direction.OUTGOING and message.author is Author.AGENT
    return is_agents and not (kind is Mark.WORKAROUND and message.private)
