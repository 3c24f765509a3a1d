"""The clocks of tickets in the database: worked out anew whenever something happened."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session

from handoff.models import Ticket


def refresh(session: Session, ticket: Ticket, now: datetime) -> None:
    """Bring the ticket's clocks, its ``due_at`` and the timer of what comes next up to date with its events."""
