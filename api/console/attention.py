"""Deliveries that did not arrive, or may not have, for whoever decides about them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement
from sqlalchemy import select as rows_of
from sqlmodel import Session, col

from bot.inbound_text import shorten
from handoff.models import Author, Conversation, Delivery, DeliveryState, Message, Staff, Thread, Ticket

SHOWN = 50
LONGEST = 160
FAILED_FOR = timedelta(days=7)
"""How long one that failed is listed: it needs nobody, but somebody may want to send it again."""


@dataclass(frozen=True)
class Unsettled:
    """A delivery with the beginning of its words. ``who``: whose words they are; None for the bot's."""

    delivery: Delivery
    channel: str
    words: str
    who: str | None
    address: str
    number: int | None

    @property
    def is_uncertain(self) -> bool:
        return self.delivery.state is DeliveryState.UNCERTAIN


def unsettled(session: Session, now: datetime) -> list[Unsettled]:
    """The uncertain ones first, then those that failed lately; of each the newest ``SHOWN``."""
    return [
        *_in_state(session, col(Delivery.state) == DeliveryState.UNCERTAIN),
        *_in_state(
            session, (col(Delivery.state) == DeliveryState.FAILED) & (col(Delivery.created_at) > now - FAILED_FOR)
        ),
    ]


def _in_state(session: Session, is_meant: ColumnElement[bool]) -> list[Unsettled]:
    query = (
        rows_of(Delivery, Message, col(Thread.channel), col(Ticket.number), col(Staff.name))
        .join(Message, col(Message.id) == Delivery.message_id)
        .join(Conversation, col(Conversation.id) == Message.conversation_id)
        .join(Thread, col(Thread.id) == Delivery.thread_id)
        .join(Ticket, col(Ticket.conversation_id) == Conversation.id, isouter=True)
        .join(Staff, col(Staff.id) == Message.staff_id, isouter=True)
        .where(is_meant)
        .order_by(col(Delivery.id).desc())
        .limit(SHOWN)
    )
    return [
        Unsettled(
            delivery,
            channel,
            shorten(message.text, LONGEST),
            name if message.author is Author.AGENT else None,
            _address(message.conversation_id, number),
            number,
        )
        for delivery, message, channel, number, name in session.execute(query)
    ]


def _address(conversation_id: int, number: int | None) -> str:
    return f"/console/tickets/{number}" if number else f"/console/conversations/{conversation_id}"
