"""Search at the console: a ticket by its number, and conversations by what was said in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlmodel import Session, col, select

from handoff.models import Conversation, Customer, Message, Ticket
from handoff.rows import id_of
from handoff.views import called
from store import fulltext

EXCERPT = 180


@dataclass(frozen=True)
class Found:
    """A conversation in which something was found, with the words around the best place."""

    conversation_id: int
    number: int | None
    status: str | None
    title: str
    customer: str
    channel: str
    excerpt: str
    at: datetime

    @property
    def address(self) -> str:
        return f"/console/tickets/{self.number}" if self.number else f"/console/conversations/{self.conversation_id}"


def search(session: Session, asked: str, limit: int) -> list[Found]:
    """What ``asked`` finds: the ticket of that number first, then conversations by their messages, best first."""
    numbered = _by_number(session, asked)
    # Several messages of one conversation may match: the best of them stands for it.
    ids = fulltext.search(session, "message", asked, limit * 4, is_typing=True)
    best: dict[int, Message] = {}
    for message in _messages(session, ids):
        best.setdefault(message.conversation_id, message)
    known = conversations(
        session, [one for one in best if one not in {row.conversation_id for row in numbered}][:limit]
    )
    said = ((row, best[row.conversation_id]) for row in known)
    return [*numbered, *(_with_words(row, excerpt(message.text, asked), message.at) for row, message in said)]


def excerpt(text: str, asked: str) -> str:
    """At most ``EXCERPT`` characters of ``text`` from a little before the first word of ``asked``."""
    flat = " ".join(text.split())
    places = (flat.casefold().find(word) for word in fulltext.tokens(asked))
    first = min((place for place in places if place >= 0), default=0)
    begin = max(0, first - 30)
    if begin:
        # Not in the middle of a word, where the script has spaces.
        begin = flat.find(" ", begin, first) + 1 or begin
    end = begin + EXCERPT
    return f"{'…' if begin else ''}{flat[begin:end]}{'…' if len(flat) > end else ''}"


def _by_number(session: Session, asked: str) -> list[Found]:
    digits = asked.removeprefix("#").strip()
    if not digits.isascii() or not digits.isdecimal() or len(digits) > 15:
        return []
    found = session.exec(select(Ticket.conversation_id).where(Ticket.number == int(digits))).first()
    return conversations(session, [found]) if found is not None else []


def _messages(session: Session, ids: Sequence[int]) -> list[Message]:
    """The messages with these ids in this order."""
    by_id = {message.id: message for message in session.exec(select(Message).where(col(Message.id).in_(ids)))}
    return [by_id[id] for id in ids if id in by_id]


def conversations(session: Session, ids: Sequence[int]) -> list[Found]:
    """The conversations with these ids in this order, without words of their messages."""
    query = (
        select(Conversation, Customer, Ticket)
        .join(Customer, col(Customer.id) == Conversation.customer_id)
        .join(Ticket, col(Ticket.conversation_id) == Conversation.id, isouter=True)
        .where(col(Conversation.id).in_(ids))
    )
    by_id = {row[0].id: _row(*row) for row in session.exec(query)}
    return [by_id[id] for id in ids if id in by_id]


def _row(conversation: Conversation, customer: Customer, ticket: Ticket | None) -> Found:
    return Found(
        id_of(conversation),
        ticket.number if ticket else None,
        ticket.status.value if ticket else None,
        ticket.subject if ticket else "",
        called(customer),
        customer.channel,
        "",
        conversation.last_message_at,
    )


def _with_words(row: Found, words: str, at: datetime) -> Found:
    """A conversation without a ticket has no subject: what was found in it is its title."""
    return replace(row, excerpt=words if row.number else "", title=row.title or words, at=at)
