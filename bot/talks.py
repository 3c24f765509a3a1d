"""What was said in a conversation, as far as the next message's turn looks back."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import bindparam, func, or_
from sqlalchemy import select as rows_of
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from handoff.models import Conversation, Direction, Message, Ticket
from store.columns import table_of
from store.prepared import Prepared
from store.records import record_at

LOOKS_BACK = 30


@dataclass(frozen=True)
class Talk:
    """``said``: to the customer, the oldest first, LOOKS_BACK at most. ``asked``: what was written to us last."""

    said: tuple[Message, ...]
    asked: Message | None
    ticket: int | None
    """The number of the conversation's ticket."""


def talk_of(session: Session, conversation_id: int) -> Talk:
    """Reads only, and what it gives cannot be changed."""
    rows = _TALK.rows(session, conversation_id=conversation_id)
    messages = [record_at(Message, row, 1) for row in rows if row[1] is not None]
    said = tuple(message for message in messages if message.direction is Direction.OUTGOING)
    asked = next((message for message in messages if message.direction is Direction.INCOMING), None)
    return Talk(said, asked, rows[0][0])


# Built once: every message asks it.
_each = aliased(Message)
_HERE = _each.conversation_id == bindparam("conversation_id")
_SAID = (
    select(_each.id)
    .where(_HERE, col(_each.direction) == Direction.OUTGOING, col(_each.private).is_(False))
    .order_by(col(_each.id).desc())
    .limit(LOOKS_BACK)
)
_ASKED = select(func.max(_each.id)).where(_HERE, col(_each.direction) == Direction.INCOMING)
_TALK = Prepared(
    rows_of(col(Ticket.number), *table_of(Message).c)
    .select_from(Conversation)
    .outerjoin(Ticket, col(Ticket.conversation_id) == Conversation.id)
    .outerjoin(Message, or_(col(Message.id).in_(_SAID), col(Message.id) == _ASKED.scalar_subquery()))
    .where(col(Conversation.id) == bindparam("conversation_id"))
    .order_by(col(Message.id))
)
