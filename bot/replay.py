"""Parked messages: listed for whoever runs the house, and dealt with again when what stopped them is mended."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from bot import inbox
from bot.backlog import is_in
from bot.inbound_text import clean, shorten
from bot.models import InboxRow, InboxState
from handoff.actors import Actor, require
from handoff.conversations import add_activity
from handoff.errors import Stale
from handoff.models import Conversation, Direction, Message, Ticket
from handoff.permissions import Permission
from store import audit, measures

PREVIEW = 120


@dataclass(frozen=True)
class ParkedRow:
    """A message that no turn came to an end with. ``error`` holds no words of the customer."""

    id: int
    channel: str
    received_at: datetime
    error: str
    ticket: int | None
    """The number of the ticket in which the desk reads it; None where nobody had said anything."""
    preview: str | None = None
    """The first words of it, for those who may read tickets."""


def parked(session: Session, limit: int, *, with_preview: bool = False) -> list[ParkedRow]:
    """The parked messages, newest first. ``with_preview`` only for who may read tickets. Reads only."""
    query = (
        select(InboxRow, Message, Ticket.number)
        .join(Message, col(Message.id) == InboxRow.message_id, isouter=True)
        .join(Ticket, col(Ticket.conversation_id) == Message.conversation_id, isouter=True)
        .where(is_in(InboxState.PARKED))
        .order_by(col(InboxRow.id).desc())
        .limit(limit)
    )
    return [
        ParkedRow(
            id=row.id or 0,
            channel=row.channel,
            received_at=row.received_at,
            error=row.error or "",
            ticket=number,
            preview=_preview(row, message) if with_preview else None,
        )
        for row, message, number in session.exec(query)
    ]


def replay(session: Session, row_id: int, staff: Actor, now: datetime) -> None:
    """Let a parked message be dealt with as if it had just come. If a person has the conversation by now, it is only
    there for them to read.

    Raises NotAllowed, or Stale where it is not parked (any more).
    """
    require(session, staff, Permission.MANAGE_SYSTEM)
    row = session.get(InboxRow, row_id)
    if row is None or not inbox.give_again(session, row_id, now):
        raise Stale("This message is not set aside any more: somebody has had it dealt with again already.")
    message = session.get(Message, row.message_id) if row.message_id is not None else None
    if message is not None:
        conversation = session.get_one(Conversation, message.conversation_id)
        add_activity(session, conversation, "replayed", now, staff.staff_id, by=staff.name)
    audit.record(session, staff.name, "inbox.replayed", "inbox", row_id, now, channel=row.channel)
    measures.replayed_total.labels(row.channel).inc()


def _preview(row: InboxRow, message: Message | None) -> str:
    if message is not None and message.direction is Direction.INCOMING:
        return shorten(message.text, PREVIEW)
    try:
        payload = json.dumps(json.loads(row.payload), ensure_ascii=False)
    except (ValueError, RecursionError):
        payload = row.payload
    return shorten(clean(payload), PREVIEW)
