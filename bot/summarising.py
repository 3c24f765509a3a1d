"""A ticket's three lines worded by the language model, believed only as far as the conversation says them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime

import structlog
from sqlmodel import Session

from bot.claims import Claim, claim_of, has, plain_text
from bot.inbound_text import shorten
from bot.learning.masking import masked
from bot.units import sentences
from bot.writer import Writer
from handoff.actors import Actor, require
from handoff.card import is_from_agent
from handoff.models import Author, Direction, Message, Ticket
from handoff.permissions import Permission
from handoff.rows import id_of
from handoff.transcript import Line
from retrieval.languages import language_of
from store import audit
from store.changes import note_change

log = structlog.get_logger()
LINES = 3
NEWEST = 40
_LONGEST_LINE = 240
_LONGEST_MESSAGE = 1_500
_SAID = 0.6
"""Of the content words of a line, the share that the conversation must have."""
_SAME = 0.5
"""From this share of common words on, a sentence of the conversation and one of the summary speak of the same."""
_FRAME = (
    "the customer, bot, agent or person says, said, asks, asked, answers, answered, wants; 客户机器人客服说问答要求"
)
"""What a summary says around what was said."""
_COMMA = re.compile(r"[,;，；、]\s*|\s+(?:but|which|and it)\s+")
_WHO = {Author.CUSTOMER: "customer", Author.BOT: "bot", Author.AGENT: "agent"}


def summary_of(writer: Writer, lines: Sequence[Line], language: str) -> str | None:
    """Three checked lines about what was said, in the customer's language; None where the model's cannot be believed.

    The model is asked, so never inside a transaction.
    """
    said = [line.message for line in lines if _is_said(line.message)][-NEWEST:]
    if not said:
        return None
    told = [{"who": _WHO[one.author], "text": masked(one.text[:_LONGEST_MESSAGE])} for one in said]
    written = writer.summarise(told)
    kept = [line.strip() for line in (written or "").splitlines() if line.strip()]
    whole = _Conversation([each["text"] for each in told])
    is_believed = len(kept) == LINES and language_of(" ".join(kept), language) == language.split("-")[0]
    if not is_believed or not all(whole.says(shorten(line, _LONGEST_LINE)) for line in kept):
        log.info("summary refused")
        return None
    return "\n".join(shorten(line, _LONGEST_LINE) for line in kept)


def keep(session: Session, ticket: Ticket, lines: Sequence[Line], written: str, actor: Actor, now: datetime) -> None:
    """Put the summary beside the newest words that it is about; what is said after them outdates it."""
    require(session, actor, Permission.WORK_TICKETS)
    newest = next((line.message for line in reversed(lines) if _ends(line.message)), None)
    message = session.get(Message, id_of(newest)) if newest else None
    if message is None:
        return
    message.detail = {**message.detail, "summary": written}
    session.flush()
    audit.record(session, actor.name, "ticket.summarised", "ticket", id_of(ticket), now, message=message.id)
    note_change(session, "ticket", id_of(ticket), now)


class _Conversation:
    """What was said, ready to be asked whether it says something."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._claims = [claim_of(each) for text in texts for each in _clauses(text)]
        self._text = plain_text("\n".join(texts))
        self._words = {word for claim in self._claims for word in claim.words}.union(claim_of(_FRAME).words)
        self._numbers = {number.split()[0] for claim in self._claims for number in claim.numbers if number.split()}

    def says(self, line: str) -> bool:
        claim = claim_of(line)
        known = sum(word in self._words for word in claim.words)
        return (
            known >= _SAID * len(claim.words)
            and all(number.split()[0] in self._numbers for number in claim.numbers if number.split())
            and all(has(self._text, exact) for exact in claim.exact)
            and all(self._denies_the_same(claim_of(clause)) for clause in _clauses(line))
        )

    def _denies_the_same(self, claim: Claim) -> bool:
        """What speaks of the same most closely has a "not" exactly where the line has one."""
        near = max(self._claims, key=lambda other: _overlap(claim, other), default=None)
        if near is None or _overlap(claim, near) < _SAME:
            return True
        return bool(claim.limits["not"]) == bool(near.limits["not"])


def _clauses(text: str) -> list[str]:
    return [part for each in sentences(text) for part in _COMMA.split(each) if part.strip()]


def _overlap(one: Claim, other: Claim) -> float:
    words, others = set(one.words), set(other.words)
    return len(words & others) / max(len(words), len(others)) if words and others else 0.0


def _is_said(message: Message) -> bool:
    is_words = message.direction is not Direction.ACTIVITY and bool(message.text.strip())
    return is_words and message.author in _WHO and not message.private and message.deleted_at is None


def _ends(message: Message) -> bool:
    return message.direction is Direction.INCOMING or is_from_agent(message)
