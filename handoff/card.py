"""The handoff card: what an agent must know before the first word, so that the customer says nothing twice.

``make`` is pure: from the lines of the transcript and a few rows. ``card_of`` reads them; ``as_text`` is the card for
notices. Quotes are the customer's own words; what stands around them is in the reader's language.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from handoff.card_text import as_text, summary_lines
from handoff.given.asks import asks_for, repeated
from handoff.given.details import Detail, Given, Words, details_in
from handoff.given.summary import Quote, matter_of, newest_of
from handoff.models import (
    Account,
    Author,
    Conversation,
    Customer,
    Direction,
    Message,
    Suggestion,
    Ticket,
)
from handoff.people import account_of, person_ids
from handoff.rows import id_of
from handoff.sla.views import ClockRow, clocks_of
from handoff.suggestions import pending
from handoff.transcript import Line, history

__all__ = [
    "Card",
    "Detail",
    "Given",
    "Quote",
    "Told",
    "as_text",
    "asks_for",
    "card_of",
    "given_in",
    "make",
    "repeated",
    "summary_lines",
    "words_of",
]

EARLIER = 3
_FROM_BOT = ("answer", "clarify", "decline")


@dataclass(frozen=True)
class Told:
    """What the bot said to one question. ``decision``: answer, clarify or decline.

    ``sources``: the articles that it cited or offered, as kept with the message: {title, article, version, url, quote}.
    """

    message_id: int
    decision: str
    question: str
    sources: tuple[dict[str, Any], ...]
    confidence: float | None
    is_helpful: bool | None
    at: datetime

    @property
    def titles(self) -> list[str]:
        return list(dict.fromkeys(str(source.get("title", "")) for source in self.sources))


@dataclass(frozen=True)
class Card:
    """Everything on the card. ``written``: the summary of a language model, checked; None where the extract counts."""

    ticket: Ticket
    language: str
    customer: Customer
    account: Account | None
    matter: Quote | None
    newest: Quote | None
    told: tuple[Told, ...]
    given: tuple[Given, ...]
    earlier: tuple[Ticket, ...]
    suggestion: Suggestion | None
    clocks: tuple[ClockRow, ...]
    """What is promised: what is still owed first."""
    is_answered: bool
    """A person has said something to the customer already."""
    written: str | None = None

    @property
    def promise(self) -> ClockRow | None:
        """What is owed next; None where nothing is."""
        return next((clock for clock in self.clocks if clock.is_owed), None)

    @property
    def tried(self) -> list[Given]:
        return [one for one in self.given if one.detail is Detail.TRIED]

    @property
    def details(self) -> list[tuple[Detail, list[Given]]]:
        """What was given, by kind; what they tried stands elsewhere."""
        kinds = dict.fromkeys(one.detail for one in self.given if one.detail is not Detail.TRIED)
        return [(kind, [one for one in self.given if one.detail is kind]) for kind in kinds]


def card_of(session: Session, ticket: Ticket, lines: Sequence[Line] | None = None, now: datetime | None = None) -> Card:
    """The card of a ticket. ``lines``: its transcript where somebody has read it already. Reads only.

    With ``now``, a promise that was missed a moment ago is shown as such.
    """
    conversation = session.get_one(Conversation, ticket.conversation_id)
    customer = session.get_one(Customer, ticket.customer_id)
    return make(
        ticket,
        conversation.language,
        customer,
        account_of(session, customer),
        history(session, ticket.conversation_id) if lines is None else lines,
        earlier_tickets(session, ticket),
        pending(session, ticket.conversation_id),
        clocks_of(session, id_of(ticket), now),
    )


def make(
    ticket: Ticket,
    language: str,
    customer: Customer,
    account: Account | None,
    lines: Sequence[Line],
    earlier: Sequence[Ticket] = (),
    suggestion: Suggestion | None = None,
    clocks: Sequence[ClockRow] = (),
) -> Card:
    """The card of ``ticket`` from the lines of its transcript, oldest first. Pure."""
    said = words_of(lines)
    own = [words for words in said if words.at <= ticket.created_at] or said
    matter = matter_of(own, _after_answers(lines)) or matter_of(said)
    return Card(
        ticket,
        language,
        customer,
        account,
        matter,
        newest_of(said, matter),
        told_in(lines),
        _with_address(details_in(said), customer, said),
        tuple(earlier),
        suggestion,
        tuple(clocks),
        any(is_from_agent(line.message) for line in lines),
        _written(lines),
    )


def words_of(lines: Iterable[Line]) -> list[Words]:
    """What the customer wrote; not what they took back, nor labels of buttons that they pressed."""
    pressed: set[str] = set()
    found = []
    for line in lines:
        pressed.update(button.label for button in line.buttons if button.pressed_at is not None)
        message = line.message
        if message.direction is not Direction.INCOMING or message.deleted_at or message.text in pressed:
            continue
        attached = tuple((file.name, file.media_type) for file in line.attachments)
        text = "" if message.text.startswith("/") else message.text
        found.append(Words(id_of(message), text, message.at, attached))
    return found


def given_in(session: Session, ticket: Ticket) -> tuple[Given, ...]:
    """What the customer of this ticket has given so far. Reads only."""
    said = words_of(history(session, ticket.conversation_id))
    return _with_address(details_in(said), session.get_one(Customer, ticket.customer_id), said)


def told_in(lines: Sequence[Line]) -> tuple[Told, ...]:
    """What the bot said about the matter, oldest first."""
    return tuple(_told(line) for line in lines if is_from_bot(line.message))


def is_from_bot(message: Message) -> bool:
    is_said = message.direction is Direction.OUTGOING and message.author is Author.BOT
    return is_said and not message.private and message.decision in _FROM_BOT


def is_from_agent(message: Message) -> bool:
    is_said = message.direction is Direction.OUTGOING and message.author is Author.AGENT
    return is_said and not message.private


def earlier_tickets(session: Session, ticket: Ticket, limit: int = EARLIER) -> Sequence[Ticket]:
    """The newest other tickets of the same person, in whatever channel."""
    ids = person_ids(session, ticket.customer_id)
    query = select(Ticket).where(col(Ticket.customer_id).in_(ids), Ticket.id != ticket.id)
    return session.exec(query.order_by(col(Ticket.number).desc()).limit(limit)).all()


def _told(line: Line) -> Told:
    message, detail = line.message, line.message.detail
    cited = detail.get("citations") or [
        {"title": option.get("title", ""), "article": option.get("article_id", "")}
        for option in detail.get("options") or ()
    ]
    confidence = detail.get("confidence")
    return Told(
        id_of(message),
        message.decision or "",
        str(detail.get("question") or ""),
        tuple(one for one in cited if isinstance(one, dict)),
        float(confidence) if isinstance(confidence, int | float) else None,
        line.feedback.is_helpful if line.feedback else None,
        message.at,
    )


def _after_answers(lines: Sequence[Line]) -> set[int]:
    """The customer's first message after each answer."""
    found, is_due = set(), False
    for line in lines:
        message = line.message
        if is_from_bot(message) and message.decision == "answer":
            is_due = True
        elif message.direction is Direction.INCOMING and is_due:
            found.add(id_of(message))
            is_due = False
    return found


def _with_address(given: tuple[Given, ...], customer: Customer, said: Sequence[Words]) -> tuple[Given, ...]:
    """What they left as their e-mail address counts as given, wherever they left it."""
    if not customer.email or any(one.detail is Detail.EMAIL for one in given):
        return given
    first = said[0] if said else Words(0, "", customer.created_at)
    return (*given, Given(Detail.EMAIL, customer.email, first.message_id, first.at))


def _written(lines: Sequence[Line]) -> str | None:
    """The newest summary of a language model, where nobody has said anything since."""
    for line in reversed(lines):
        if line.message.direction is Direction.INCOMING or is_from_agent(line.message):
            kept = line.message.detail.get("summary")
            return str(kept) if kept else None
    return None
