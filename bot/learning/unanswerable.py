"""The share of questions that the KB has no answer to, from what became of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby

from sqlmodel import Session, col, select

from bot.decisions import Why
from bot.learning.outcomes import Verdict, verdicts
from bot.learning.transcripts import messages_of, reading_of
from handoff.models import Author, Conversation, Direction, Message, Reason
from handoff.rows import id_of

FEWEST = 200
"""Judged first questions before the assumed share is given up."""
ASSUMED_COUNTS = 50
"""How many questions the assumption still counts for beside them."""
_MOST = 5_000
_SETTLED = timedelta(hours=24)


def unanswerable_share(session: Session, assumed: float) -> float:
    """``assumed`` until enough first questions of conversations were judged; then theirs, drawn a little towards it.

    A first question was answerable when its answer was judged right, when another article was named as right, or when
    the bot's answer was the end of it for a day. It was not when somebody found that the KB has no answer, when it was
    declined as foreign, or when the bot knew nothing and an agent answered in their own words. All others are left
    out: nobody knows. Reads only; looks at the newest 5,000 conversations.
    """
    judged = list(_judged(session))
    if len(judged) < FEWEST:
        return assumed
    return (sum(judged) + ASSUMED_COUNTS * assumed) / (len(judged) + ASSUMED_COUNTS)


def _judged(session: Session) -> Iterator[bool]:
    """For each first question of which it is known: whether it was unanswerable."""
    newest = session.exec(select(Conversation).order_by(col(Conversation.id).desc()).limit(_MOST)).all()
    if not newest:
        return
    of_message: dict[int, list[Verdict]] = {}
    for verdict in verdicts(session):
        of_message.setdefault(verdict.message_id, []).append(verdict)
    settled_before = max(one.last_message_at for one in newest) - _SETTLED
    settled = {id_of(one) for one in newest if one.last_message_at < settled_before}
    said = messages_of(session, {id_of(one) for one in newest})
    for conversation_id, messages in groupby(said, key=lambda message: message.conversation_id):
        beginning = _beginning(messages)
        if beginning is not None:
            known = of_message.get(id_of(beginning.asked), [])
            unanswerable = _by_verdicts(known) if known else _by_course(beginning, conversation_id in settled)
            if unanswerable is not None:
                yield unanswerable


@dataclass(frozen=True)
class _Beginning:
    """A conversation's first question, and everything that was said after it."""

    asked: Message
    then: Sequence[Message]


def _beginning(messages: Iterable[Message]) -> _Beginning | None:
    said = list(messages)
    for at, message in enumerate(said):
        if message.direction is Direction.INCOMING and message.text.strip() and reading_of(message):
            return None if message.deleted_at else _Beginning(message, said[at + 1 :])
    return None


def _by_verdicts(known: Sequence[Verdict]) -> bool | None:
    if any(verdict.is_right or verdict.right_article for verdict in known):
        return False
    return True if any(verdict.right_article == "" for verdict in known) else None


def _by_course(beginning: _Beginning, is_settled: bool) -> bool | None:
    """What the course of the conversation tells where nobody judged an answer."""
    decisions = [(message.decision, message.detail) for message in beginning.then if message.author is Author.BOT]
    if not decisions:
        return None
    decision, detail = decisions[0]
    went_on = any(later == "escalate" for later, _ in decisions)
    match decision:
        case "decline" if detail.get("why") == Why.FOREIGN.value:
            return True
        case "escalate" if detail.get("reason") == Reason.NO_KNOWLEDGE.value:
            return True if _has_own_words(beginning.then) else None
        case "answer" | "clarify" if is_settled and not went_on and any(later == "answer" for later, _ in decisions):
            return False
    return None


def _has_own_words(messages: Iterable[Message]) -> bool:
    return any(
        message.author is Author.AGENT and not message.private and not message.detail.get("article")
        for message in messages
    )
