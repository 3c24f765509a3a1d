"""Solved tickets that were about much the same, each with the words that solved it. Reads only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlmodel import Session, col, select

from handoff.models import Author, Conversation, Direction, Message, Ticket, TicketStatus
from store import likeness

SHOWN = 5
CANDIDATES, SAME_CATEGORY = 120, 40
LEAST = 0.3
"""Of what the question's telling words weigh: what an older one must share to be shown for its words."""
_FIRST_WORDS = 3
_SAME_CATEGORY_COUNTS, _CONFIRMED_COUNTS = 0.25, 0.1
_SOLVED = (TicketStatus.RESOLVED, TicketStatus.CLOSED)


@dataclass(frozen=True)
class Similar:
    """``share``: how much of what this ticket asks stands in that one, from 0 to 1."""

    ticket: Ticket
    share: float
    is_same_category: bool
    is_confirmed: bool
    """Its customer said that it was solved."""
    reply: Message | None
    """The last words of an agent to its customer: what solved it, as far as one can tell."""


def similar(session: Session, ticket: Ticket, limit: int = SHOWN) -> list[Similar]:
    """The solved tickets most like this one, best first; those that nothing speaks for are left out."""
    asked = _asked(session, ticket)
    weighed = likeness.weights(session, "message", asked)
    shares = _shares(session, weighed)
    same = _same_category(session, ticket)
    wanted = [one for one, share in shares.items() if share >= LEAST]
    found = session.exec(
        select(Ticket, Conversation.confirmed)
        .join(Conversation, col(Conversation.id) == Ticket.conversation_id)
        .where(col(Ticket.conversation_id).in_({*wanted, *same}), col(Ticket.status).in_(_SOLVED))
        .where(Ticket.id != ticket.id, col(Ticket.merged_into_id).is_(None))
    ).all()
    rated = sorted(
        ((_rated(ticket, other, shares, confirmed), other, confirmed) for other, confirmed in found),
        key=lambda one: (-one[0], -one[1].number),
    )[:limit]
    replies = _last_replies(session, [other.conversation_id for _, other, _ in rated])
    return [
        Similar(
            other,
            shares.get(other.conversation_id, 0.0),
            _is_same_category(ticket, other),
            confirmed is True,
            replies.get(other.conversation_id),
        )
        for _, other, confirmed in rated
    ]


def _rated(ticket: Ticket, other: Ticket, shares: Mapping[int, float], confirmed: bool | None) -> float:
    same = _SAME_CATEGORY_COUNTS if _is_same_category(ticket, other) else 0.0
    return shares.get(other.conversation_id, 0.0) + same + (_CONFIRMED_COUNTS if confirmed else 0.0)


def _is_same_category(ticket: Ticket, other: Ticket) -> bool:
    return ticket.category is not None and ticket.category == other.category


def _asked(session: Session, ticket: Ticket) -> str:
    """What the customer said it is about: the subject, and their first words."""
    said = select(Message.text).where(
        Message.conversation_id == ticket.conversation_id, Message.direction == Direction.INCOMING
    )
    first = session.exec(said.order_by(col(Message.id)).limit(_FIRST_WORDS)).all()
    return "\n".join((ticket.subject, *first))[:4_000]


def _shares(session: Session, weighed: Mapping[str, float]) -> dict[int, float]:
    """By conversation, how much of the words its best message holds. Of what customers wrote, not of what they read."""
    ids = likeness.alike(session, "message", list(weighed), CANDIDATES)
    found: dict[int, float] = {}
    query = select(Message.conversation_id, Message.text)
    customers = query.where(col(Message.id).in_(ids), Message.direction == Direction.INCOMING)
    for conversation_id, text in session.exec(customers):
        found[conversation_id] = max(found.get(conversation_id, 0.0), likeness.share(weighed, text))
    return found


def _same_category(session: Session, ticket: Ticket) -> Sequence[int]:
    """Conversations of the newest solved tickets on the same matter, whatever words or language they are in."""
    if ticket.category is None:
        return ()
    query = select(Ticket.conversation_id).where(Ticket.category == ticket.category, col(Ticket.status).in_(_SOLVED))
    return session.exec(query.order_by(col(Ticket.id).desc()).limit(SAME_CATEGORY)).all()


def _last_replies(session: Session, conversation_ids: Sequence[int]) -> dict[int, Message]:
    """By conversation, the last thing that a person said to the customer."""
    if not conversation_ids:
        return {}
    query = select(Message).where(
        col(Message.conversation_id).in_(conversation_ids),
        Message.author == Author.AGENT,
        Message.direction == Direction.OUTGOING,
        col(Message.private).is_(False),
        col(Message.deleted_at).is_(None),
        Message.text != "",
    )
    return {one.conversation_id: one for one in session.exec(query.order_by(col(Message.id)))}
