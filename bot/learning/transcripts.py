"""What outcomes need of transcripts: which message an answer answered, and how its matter ended."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from handoff.models import Author, Conversation, Direction, Message
from handoff.rows import id_of

_AT_ONCE = 500
"""Conversations in one query: both databases take so many parameters."""


@dataclass(frozen=True)
class Trail:
    """What the customer wrote in one conversation, oldest first."""

    incoming: tuple[Message, ...] = ()

    def asked(self, before_id: int, question: str) -> Message | None:
        """The message that the answer ``before_id`` answers: the newest with these words, else the newest with any.

        None where there is none, or where its sender took it back, or another one whose words are in the question.
        """
        earlier = [message for message in self.incoming if id_of(message) < before_id and message.text.strip()]
        same = [message for message in earlier if message.text.strip() == question.strip()]
        if any(message.deleted_at and message.text.strip() in question for message in earlier):
            return None
        chosen = (same or earlier)[-1] if earlier else None
        return chosen if chosen and chosen.deleted_at is None else None

    def was_sure(self, before_id: int) -> bool:
        """Whether the bot gave the answer ``before_id`` because it was sure, not because the customer chose it."""
        kept = [reading_of(message) for message in self.incoming if id_of(message) < before_id]
        newest = next((reading for reading in reversed(kept) if reading), None)
        if newest is None or not isinstance(newest.get("threshold"), float | int):
            return newest is None
        return float(newest.get("confidence") or 0) >= float(newest["threshold"])


def trails(session: Session, conversation_ids: Collection[int]) -> dict[int, Trail]:
    """The trail of each of these conversations. Reads only."""
    written: dict[int, list[Message]] = {key: [] for key in conversation_ids}
    for message in messages_of(session, conversation_ids, Direction.INCOMING):
        written[message.conversation_id].append(message)
    return {key: Trail(tuple(messages)) for key, messages in written.items()}


def closings(session: Session, conversation_ids: Collection[int]) -> dict[int, tuple[bool, datetime]]:
    """Answers that were the last word before the customer was asked whether it is solved: (is solved, since when), by
    the answer's message id. Where an agent said something of their own after it, it is not about the answer."""
    found: dict[int, tuple[bool, datetime]] = {}
    last: dict[int, int | None] = defaultdict(lambda: None)
    for message in messages_of(session, conversation_ids, Direction.OUTGOING, Direction.ACTIVITY):
        place = message.conversation_id
        if message.direction is Direction.OUTGOING:
            if not message.private and (message.decision == "answer" or message.author is Author.AGENT):
                last[place] = id_of(message) if message.detail.get("article") else None
        elif (is_solved := _says_solved(message)) is not None and (answer := last[place]) is not None:
            found[answer] = (is_solved, message.at)
    return found


def reading_of(message: Message) -> dict[str, Any]:
    """What the bot kept of its reading of a customer's message; empty where it read nothing."""
    kept = message.detail.get("reading")
    return kept if isinstance(kept, dict) else {}


def language_of(message: Message, conversation: Conversation) -> str:
    """The language that a customer's message was read in."""
    return str(reading_of(message).get("language") or conversation.language)


def _says_solved(message: Message) -> bool | None:
    """What an activity line says of the end: solved, not yet, or None where it is about something else."""
    match message.detail.get("activity"), message.detail.get("by"):
        case "confirmed_solved", _:
            return True
        case "reopened", "the customer":
            return False
    return None


def messages_of(session: Session, conversation_ids: Collection[int], *directions: Direction) -> Iterator[Message]:
    """All messages of these conversations, one after the other, each from its beginning; all directions for none."""
    ordered = sorted(conversation_ids)
    for first in range(0, len(ordered), _AT_ONCE):
        query = select(Message).where(col(Message.conversation_id).in_(ordered[first : first + _AT_ONCE]))
        if directions:
            query = query.where(col(Message.direction).in_(directions))
        yield from session.exec(query.order_by(col(Message.conversation_id), col(Message.id)))
