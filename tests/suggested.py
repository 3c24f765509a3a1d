"""A suggestion of the bot's on a ticket of the console's office."""

from __future__ import annotations

from typing import Any

from console_fixtures import Office
from sqlmodel import col, select

from handoff.models import Message, Suggestion, SuggestionState
from handoff.rows import id_of
from handoff.tickets import ticket_by_number
from store import reading, transaction

TEXT = "From “Reset a forgotten password”:\n\n1. Press Forgot?\n2. Follow the link in the e-mail."
CITATION = {
    "article": "reset-password",
    "version": 1,
    "passage": "abc",
    "title": "Reset a forgotten password",
    "url": "http://firstline.test/kb/en/reset-password/v1#steps-abc",
    "quote": "Press Forgot?",
}


def suggest(office: Office, number: int, text: str = TEXT, **more: Any) -> int:
    """Put a suggestion on ticket ``number``; returns its id."""
    citations = more.pop("citations", [CITATION])
    detail = {"question": "q", "article": "reset-password", "language": "en", "would_answer": True}
    with transaction(office.database) as session:
        ticket = ticket_by_number(session, number)
        asked = select(Message).where(Message.conversation_id == ticket.conversation_id).order_by(col(Message.id))
        row = Suggestion(
            conversation_id=ticket.conversation_id,
            message_id=id_of(session.exec(asked).first()),  # type: ignore[arg-type]
            text=text,
            detail={**detail, "citations": citations},
            topic=more.pop("topic", "account-access"),
            article="reset-password",
            confidence=more.pop("confidence", 0.83),
            offered_at=office.now,
        )
        session.add(row)
        session.flush()
        return id_of(row)


def state_of(office: Office, suggestion_id: int) -> SuggestionState:
    with reading(office.database) as session:
        return session.get_one(Suggestion, suggestion_id).state
