"""Answers that wait for an agent: which one is open in a conversation, and when it is too late for it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, update
from sqlalchemy import select as rows_of
from sqlmodel import Session, col, select

from handoff.models import Suggestion, SuggestionState
from handoff.rows import rows_touched


@dataclass(frozen=True)
class Rates:
    """What became of suggestions that agents decided about."""

    sent: int = 0
    edited: int = 0
    skipped: int = 0

    @property
    def decided(self) -> int:
        return self.sent + self.edited + self.skipped


def rates(session: Session, since: datetime, topic: str | None = None) -> Rates:
    """How often agents sent, edited or put away what was suggested from ``since`` on, in one topic or in all."""
    query = rows_of(col(Suggestion.state), func.count()).where(col(Suggestion.offered_at) >= since)
    if topic is not None:
        query = query.where(col(Suggestion.topic) == topic)
    counted = {state: count for state, count in session.execute(query.group_by(col(Suggestion.state)))}
    decided = (SuggestionState.SENT, SuggestionState.EDITED, SuggestionState.SKIPPED)
    return Rates(*(counted.get(state, 0) for state in decided))


def pending(session: Session, conversation_id: int) -> Suggestion | None:
    """The suggestion of this conversation that nobody has decided about yet. Reads only."""
    query = select(Suggestion).where(
        Suggestion.conversation_id == conversation_id, Suggestion.state == SuggestionState.OFFERED
    )
    return session.exec(query.order_by(col(Suggestion.id).desc()).limit(1)).first()


def outdate(session: Session, conversation_id: int, now: datetime) -> None:
    """The conversation has moved on: what nobody decided about is not to be sent any more."""
    late = (
        update(Suggestion)
        .where(col(Suggestion.conversation_id) == conversation_id, col(Suggestion.state) == SuggestionState.OFFERED)
        .values(state=SuggestionState.OUTDATED, decided_at=now)
    )
    rows_touched(session, late)
