"""Where somebody talks with us in Slack, as the desk knows it."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import ColumnElement, false, or_
from sqlmodel import Session, col, select

from bot.channels.base import Unreadable
from bot.channels.slack.history import Spoken
from bot.channels.slack.names import SLACK, Direct, InChannel, Place, parse_place, parse_spot
from handoff.models import Conversation, Direction, Message, Thread

_CANDIDATES_EACH = 4
"""So many conversations are looked through for each place: of one person there may be several."""


def spoken_in(session: Session, most: int, teams: Collection[str]) -> list[Spoken]:
    """Where somebody is to be listened to in the workspaces ``teams``: direct messages, and threads with an open
    conversation. Newest first."""
    query = (
        select(Conversation.closed_at, Thread.id, Thread.external_id)
        .join(Thread, col(Thread.id) == Conversation.thread_id)
        .where(Thread.channel == SLACK, or_(*(_is_of(team) for team in teams), false()))
        .order_by(col(Conversation.last_message_at).desc())
        .limit(_CANDIDATES_EACH * most)
    )
    found: dict[int, Spoken] = {}
    for closed_at, thread_id, name in session.exec(query):
        place = _place(name)
        if place is None or thread_id is None or thread_id in found or len(found) >= most:
            continue
        if isinstance(place, InChannel) and closed_at is None:
            found[thread_id] = Spoken(place, place.channel, place.root)
        elif isinstance(place, Direct):
            found[thread_id] = Spoken(place, *_spot(session, thread_id))
    return list(found.values())


def _is_of(team: str) -> ColumnElement[bool]:
    return col(Thread.external_id).startswith(f"{team}:", autoescape=True)


def _place(name: str) -> Place | None:
    try:
        return parse_place(name)
    except Unreadable:
        return None


def _spot(session: Session, thread_id: int) -> tuple[str | None, str | None]:
    """Where within the direct messages the customer wrote last."""
    said = select(Message.detail).where(Message.thread_id == thread_id, Message.direction == Direction.INCOMING)
    detail = session.exec(said.order_by(col(Message.id).desc()).limit(1)).first()
    try:
        spot = parse_spot((detail or {}).get("spot") or "")
    except Unreadable:
        return None, None
    return spot.channel, spot.root
