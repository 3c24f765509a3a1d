"""What agents said about a matter: the reply that would make the best article."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from rapidfuzz import fuzz
from sqlmodel import Session, col, select

from bot.learning.instructions import as_markdown
from bot.learning.transcripts import messages_of
from handoff.models import Author, Conversation, Customer, Direction, Staff, Ticket, TicketStatus
from handoff.rows import id_of

_SHORTEST, _LONGEST = 30, 4_000
_SOLVED, _CONFIRMED = 0.5, 0.5
_AT_ONCE = 500
_COMPARED = 40


@dataclass(frozen=True)
class Reply:
    """What an agent told a customer. ``ended``: what became of it, 1.0 when the customer called it solved."""

    message_id: int
    conversation_id: int
    text: str
    ended: float
    ticket: int | None = None

    def values(self) -> dict[str, Any]:
        return {"message": self.message_id, "ticket": self.ticket, "text": self.text}


def replies_in(session: Session, conversation_ids: Collection[int]) -> dict[int, list[Reply]]:
    """The telling replies of agents in each of these conversations, as Markdown, with what is somebody's own masked.

    Reads only.
    """
    ended = _ends(session, conversation_ids)
    staff = {one.id: one.name for one in session.exec(select(Staff))}
    found: dict[int, list[Reply]] = defaultdict(list)
    for message in messages_of(session, ended.keys(), Direction.OUTGOING):
        # What came out of the KB is no news to it.
        if message.author is Author.AGENT and not message.private and not message.detail.get("article"):
            value, ticket, customer = ended[message.conversation_id]
            text, _ = as_markdown([message.text], _parts(customer, staff.get(message.staff_id)))
            if is_telling(text):
                reply = Reply(id_of(message), message.conversation_id, text, value, ticket)
                found[message.conversation_id].append(reply)
    return found


def best(replies: Sequence[Reply]) -> Reply | None:
    """The reply that solved the matter and says what the others say, too; None without any."""
    compared = sorted(replies, key=lambda reply: reply.message_id)[-_COMPARED:]
    return max(compared, key=lambda one: (_agreement(one, compared) + one.ended, one.message_id), default=None)


def is_telling(text: str) -> bool:
    """Whether a reply says something: no question back, no few words."""
    weight = len(text) + sum(not character.isascii() for character in text)
    return weight >= _SHORTEST and len(text) <= _LONGEST and not text.rstrip().endswith(("?", "？"))


def _agreement(one: Reply, others: Sequence[Reply]) -> float:
    """How much of it the other replies say, 0 to 1."""
    shared = [fuzz.token_set_ratio(one.text, other.text) / 100 for other in others if other is not one]
    return sum(shared) / len(shared) if shared else 0.0


def _parts(*names: str | None) -> set[str]:
    """The names as they may stand in a text: whole, and each part of them."""
    people = [name for name in names if name]
    return {*people, *(part for name in people for part in name.split() if len(part) > 1)}


def _ends(session: Session, conversation_ids: Collection[int]) -> dict[int, tuple[float, int, str | None]]:
    """Of those that have a ticket: how it ended, its number, and the customer's name."""
    ordered, found = sorted(conversation_ids), dict[int, tuple[float, int, str | None]]()
    for start in range(0, len(ordered), _AT_ONCE):
        query = (
            select(Conversation.confirmed, Customer.name, Ticket)
            .where(Ticket.conversation_id == Conversation.id, Customer.id == Conversation.customer_id)
            .where(col(Conversation.id).in_(ordered[start : start + _AT_ONCE]))
        )
        for confirmed, customer, ticket in session.exec(query):
            is_over = ticket.status in (TicketStatus.RESOLVED, TicketStatus.CLOSED)
            value = _SOLVED * is_over + _CONFIRMED * (confirmed is True) - _SOLVED * (confirmed is False)
            found[ticket.conversation_id] = (value, ticket.number, customer)
    return found
