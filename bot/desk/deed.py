"""What a timer of the desk sets off, and what is kept from others meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from bot.live import House
from handoff.conversations import lock_conversation
from handoff.errors import ConversationNotFound
from handoff.models import Ticket
from handoff.sla.models import Clock
from store.models import Timer

Handler = Callable[[Session, Timer, datetime, House], None]
"""Do what the timer is for, in the transaction that claims it: if it raises, nothing was done, and it is tried again
later. It may come much too late, and look at a matter that has moved on: it goes by how things are now. What it says
leaves by a Delivery row like everything else."""


@dataclass(frozen=True)
class Deed:
    handle: Handler
    hold: Callable[[Session, int], object]
    """Locks what the timer's subject is about. It comes before the timer's own lock, as in every other transaction:
    first the conversation, then its timers."""


def hold_ticket(session: Session, ticket_id: int) -> None:
    """The subject is a ticket: its conversation is kept from others."""
    ticket = session.get(Ticket, ticket_id)
    if ticket is not None:
        hold_conversation(session, ticket.conversation_id)
        session.refresh(ticket)


def hold_conversation(session: Session, conversation_id: int) -> None:
    """The subject is a conversation, which is kept from others. One that was erased is nobody's."""
    try:
        lock_conversation(session, conversation_id)
    except ConversationNotFound:
        return


def hold_clock(session: Session, clock_id: int) -> None:
    """The subject is a ticket's clock."""
    clock = session.get(Clock, clock_id)
    if clock is not None:
        hold_ticket(session, clock.ticket_id)
        session.refresh(clock)


def hold_nothing(session: Session, subject_id: int) -> None:
    """The deed locks by itself what it changes, or changes nothing that others do."""
