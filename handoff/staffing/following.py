"""What assignment does when a ticket moves: the one place where ``handoff.tickets`` tells it."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session

from handoff.models import Ticket, TicketStatus
from handoff.staffing.assigning import assign
from handoff.staffing.queue import freed


def opened(session: Session, ticket: Ticket, now: datetime, *, is_new: bool) -> None:
    """The bot handed the ticket over, for the first time or again: somebody should have it."""
    assign(session, ticket, now, is_new=is_new)


def woken(session: Session, ticket: Ticket, now: datetime) -> None:
    """The customer wrote, or a time came: who has the ticket goes on with it, unless they are gone."""
    assign(session, ticket, now)


def moved(session: Session, ticket: Ticket, was_open: bool, had: int | None, now: datetime) -> None:
    """The ticket came into another state or other hands: who ``had`` it may have room for another."""
    has = ticket.assignee_id if ticket.status is TicketStatus.OPEN else None
    if was_open and had is not None and had != has:
        freed(session, [had], now)
