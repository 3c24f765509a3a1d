"""What became of answers, as labels that a release is fitted with.

Of several signs about one answer the strongest counts: what a person found on looking at it, then what an agent did
with a suggestion, then the customer's thumb, then whether they called the matter solved. Nothing of a question that its
sender took back is used. ``WEIGHTS`` says how much each tells beside a gold question (1.0).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any

from sqlalchemy import CompoundSelect, union
from sqlalchemy import select as rows_of
from sqlmodel import Session, col, or_

from bot.learning.transcripts import Trail, closings, language_of, trails
from bot.suggestions import MOSTLY_KEPT
from handoff.models import (
    AnswerAudit,
    Conversation,
    Direction,
    Feedback,
    Message,
    Suggestion,
    SuggestionState,
)
from handoff.rows import id_of
from retrieval.labels import Label
from retrieval.texts import says_something

MOST = 2_000
"""Labels that a fit gets, the newest ones: each is a text to encode."""


class Sign(Enum):
    """How it became known whether an answer was right."""

    AUDITED = "audited"
    SENT = "sent"
    EDITED = "edited"
    SKIPPED = "skipped"
    THUMB_UP = "thumb_up"
    THUMB_DOWN = "thumb_down"
    SOLVED = "solved"
    NOT_YET = "not_yet"


WEIGHTS = {
    # Somebody looked at question and answer in order to say this.
    Sign.AUDITED: 1.0,
    # An agent put their name to it; changing it says that something was missing.
    Sign.SENT: 0.8,
    Sign.EDITED: 0.5,
    # Not sent: mostly wrong, sometimes only not needed any more.
    Sign.SKIPPED: 0.5,
    # Customers press "not helpful" for many reasons, "helpful" for one.
    Sign.THUMB_UP: 0.5,
    Sign.THUMB_DOWN: 0.3,
    # About the whole matter, of which the answer was the last word.
    Sign.SOLVED: 0.5,
    Sign.NOT_YET: 0.3,
}


@dataclass(frozen=True)
class Verdict:
    """What is known of one answer, given or suggested."""

    conversation_id: int
    message_id: int
    """The customer's message that was answered."""
    question: str
    language: str
    article: str
    is_right: bool
    sign: Sign
    answered_at: datetime
    known_at: datetime
    right_article: str | None = None
    """Of a wrong answer that somebody looked at: the right article, "" where the KB has none, None where unknown."""
    is_own: bool = True
    """The bot gave it by itself, or only its topic's mode kept it from that."""
    is_alone: bool = True
    """The question says by itself what it is about: no follow-up, and not one of several in one message."""
    answer_id: int | None = None
    """The message that answered; None where it was never sent."""


def labels(session: Session) -> list[Label]:
    """The newest verdicts as labels, oldest first. Reads only."""
    telling = (one for one in verdicts(session) if one.is_alone and says_something(one.question))
    return [label(verdict) for verdict in telling][-MOST:]


def label(verdict: Verdict) -> Label:
    """What one verdict tells a fit."""
    right, wrong = ((verdict.article,), ()) if verdict.is_right else ((), (verdict.article,))
    if not verdict.is_right and verdict.right_article:
        right = (verdict.right_article,)
    return Label(
        verdict.question,
        verdict.language,
        right,
        wrong,
        unanswerable=not verdict.is_right and verdict.right_article == "",
        weight=WEIGHTS[verdict.sign],
    )


def verdicts(session: Session, since: datetime | None = None) -> list[Verdict]:
    """One verdict an answer, by the answered messages' ids; ``since``: only answers from then on. Reads only."""
    found = [*_of_given(session, since), *_of_skipped(session, since)]
    return sorted(found, key=lambda one: (one.message_id, one.answered_at, one.article))


def verdicts_on(session: Session, answer_ids: Collection[int]) -> list[Verdict]:
    """What is known of these answers that customers got; nothing of those that nobody said anything about. Few at a
    time: both databases take only so many parameters. Reads only."""
    return _of_given(session, None, answer_ids) if answer_ids else []


def _of_given(session: Session, since: datetime | None, among: Collection[int] | None = None) -> list[Verdict]:
    """What is known of answers that a customer got: the bot's own, and suggestions that an agent sent."""
    signed: CompoundSelect[Any] = union(
        rows_of(col(Feedback.message_id)),
        rows_of(col(AnswerAudit.message_id)),
        rows_of(col(Suggestion.sent_message_id)).where(col(Suggestion.sent_message_id).is_not(None)),
        rows_of(col(Message.id))
        .join(Conversation, col(Conversation.id) == Message.conversation_id)
        .where(col(Conversation.confirmed).is_not(None), col(Message.direction) == Direction.OUTGOING),
    )
    query = (
        rows_of(Message, Conversation, Suggestion, AnswerAudit, Feedback)
        .join(Conversation, col(Conversation.id) == Message.conversation_id)
        .join(Suggestion, col(Suggestion.sent_message_id) == Message.id, isouter=True)
        .join(AnswerAudit, col(AnswerAudit.message_id) == Message.id, isouter=True)
        .join(Feedback, col(Feedback.message_id) == Message.id, isouter=True)
        .where(
            col(Message.id).in_(signed if among is None else among),
            or_(Message.decision == "answer", col(Suggestion.id).is_not(None)),
        )
        .where(col(Message.direction) == Direction.OUTGOING, col(Message.private).is_(False))
        .order_by(col(Message.id))
    )
    if since is not None:
        query = query.where(col(Message.at) >= since)
    rows = [row for row in session.execute(query) if row[0].detail.get("article")]
    walked = trails(session, {row[0].conversation_id for row in rows})
    solved = closings(session, {row[0].conversation_id for row in rows if row[1].confirmed is not None})
    found = []
    for message, conversation, suggestion, audit, thumb in rows:
        told = _told(message, suggestion, audit, thumb, solved.get(id_of(message)))
        if told is not None:
            found.append(_verdict(message, conversation, suggestion, told, walked[id_of(conversation)]))
    return [one for one in found if one is not None]


_Told = tuple[Sign, bool, datetime, str | None]


def _told(
    message: Message,
    suggestion: Suggestion | None,
    audit: AnswerAudit | None,
    thumb: Feedback | None,
    solved: tuple[bool, datetime] | None,
) -> _Told | None:
    """The strongest sign about an answer, with what it says: right?, since when, and the right article."""
    if audit is not None:
        return Sign.AUDITED, audit.is_right, audit.at, audit.right_article
    if suggestion is not None:
        return _of_agent(message, suggestion)
    if thumb is not None:
        return (Sign.THUMB_UP if thumb.is_helpful else Sign.THUMB_DOWN), thumb.is_helpful, thumb.at, None
    if solved is not None:
        return (Sign.SOLVED if solved[0] else Sign.NOT_YET), *solved, None
    return None


def _of_agent(message: Message, suggestion: Suggestion) -> _Told | None:
    """An agent stands by what they sent; None where they wrote something else instead."""
    decided_at = suggestion.decided_at or message.at
    if suggestion.state is SuggestionState.SENT:
        return Sign.SENT, True, decided_at, None
    return (Sign.EDITED, True, decided_at, None) if message.detail.get("kept", 1.0) >= MOSTLY_KEPT else None


def _verdict(
    message: Message, conversation: Conversation, suggestion: Suggestion | None, told: _Told, trail: Trail
) -> Verdict | None:
    """None where the question was taken back, or cannot be found any more."""
    question = str(message.detail.get("question") or "")
    asked = trail.asked(id_of(message), question)
    if asked is None:
        return None
    sign, is_right, known_at, right_article = told
    return Verdict(
        id_of(conversation),
        id_of(asked),
        question or asked.text,
        language_of(asked, conversation),
        str(message.detail["article"]),
        is_right,
        sign,
        suggestion.offered_at if suggestion else message.at,
        known_at,
        right_article,
        is_own=bool(suggestion.detail.get("would_answer")) if suggestion else trail.was_sure(id_of(message)),
        is_alone=_is_alone(message.detail),
        answer_id=id_of(message),
    )


def _is_alone(detail: dict[str, Any]) -> bool:
    return not detail.get("before") and not detail.get("also")


def _of_skipped(session: Session, since: datetime | None) -> list[Verdict]:
    """Suggestions that an agent put away."""
    query = (
        rows_of(Suggestion, Conversation)
        .join(Conversation, col(Conversation.id) == Suggestion.conversation_id)
        .where(col(Suggestion.state) == SuggestionState.SKIPPED)
        .order_by(col(Suggestion.id))
    )
    if since is not None:
        query = query.where(col(Suggestion.offered_at) >= since)
    rows = session.execute(query).all()
    walked = trails(session, {suggestion.conversation_id for suggestion, _ in rows})
    found = [
        _skipped(suggestion, conversation, walked[id_of(conversation)])
        for suggestion, conversation in rows
        # Who wants a person wants more than an article, so putting one away says nothing about it.
        if not suggestion.detail.get("by_request")
    ]
    return [one for one in found if one is not None]


def _skipped(suggestion: Suggestion, conversation: Conversation, trail: Trail) -> Verdict | None:
    question = str(suggestion.detail.get("question") or "")
    asked = trail.asked(suggestion.message_id + 1, question)
    if asked is None:
        return None
    return Verdict(
        id_of(conversation),
        id_of(asked),
        question or asked.text,
        language_of(asked, conversation),
        suggestion.article,
        False,
        Sign.SKIPPED,
        suggestion.offered_at,
        suggestion.decided_at or suggestion.offered_at,
        is_own=bool(suggestion.detail.get("would_answer")),
        is_alone=_is_alone(suggestion.detail),
    )
