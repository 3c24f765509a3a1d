"""What a customer said, written into the transcript: by the turn that deals with it, or for the desk if none could."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlmodel import Session

from bot.arrivals import Arrived
from bot.channels.base import Inbound
from handoff.conversations import add_incoming, take_up
from handoff.models import Conversation, Customer, Direction, Message
from store import files


def write_down(
    session: Session,
    conversation: Conversation,
    customer: Customer,
    inbound: Inbound,
    text: str,
    now: datetime,
    *,
    arrived: Sequence[Arrived] = (),
    detail: dict[str, Any] | None = None,
    shown_id: int | None = None,
) -> Message:
    """``text``, which ``inbound`` says, with its files. Raises AlreadyDone when the thread has the message already.

    ``shown_id``: of a message that was set aside before, where the desk reads it.
    """
    told = {"spot": inbound.spot, "album": inbound.album, "lost_files": lost(arrived)}
    kept = (detail or {}) | {key: value for key, value in told.items() if value}
    if conversation.customer_id != customer.id:
        kept["by"] = customer.name or customer.external_id
    file_ids = (*inbound.files, *_stored(session, arrived, now))
    shown = session.get(Message, shown_id) if shown_id is not None else None
    if shown is None or shown.direction is not Direction.INCOMING:
        return add_incoming(session, conversation, text, inbound.external_id, now, kept, file_ids)
    if shown.conversation_id == conversation.id:
        return take_up(session, shown, kept, file_ids, now)
    # It goes on elsewhere, and the channel's id of it belongs to the message that is there.
    return add_incoming(session, conversation, text, None, now, kept, file_ids)


def lost(arrived: Sequence[Arrived]) -> list[dict[str, str]]:
    """The files that could not be kept, as the transcript shows them."""
    return [{"name": each.file.name, "why": each.problem} for each in arrived if each.problem]


def _stored(session: Session, arrived: Sequence[Arrived], now: datetime) -> list[int]:
    kept = [(each.file, each.kept) for each in arrived if each.kept is not None]
    return [files.enter(session, file.name, file.media_type, one, now).id or 0 for file, one in kept]
