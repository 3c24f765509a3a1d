"""Answers that wait for an agent: which one is open in a conversation, and when it is too late for it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import update
from sqlmodel import Session, col, select

from handoff.models import Suggestion, SuggestionState
from handoff.rows import rows_touched


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
