"""What every deed at the desk begins and ends with: the ticket kept from others, and a trace of what was done."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlmodel import Session

from handoff.actors import Actor, require
from handoff.conversations import add_activity, lock_conversation
from handoff.models import Conversation, Ticket
from handoff.permissions import Permission
from handoff.rows import id_of
from handoff.tickets import ticket_by_number
from store import audit
from store.changes import note_change


def at_desk(session: Session, number: int, actor: Actor) -> tuple[Ticket, Conversation]:
    """The ticket and its conversation as they are now, kept from others, for an actor who may work on them."""
    require(session, actor, Permission.WORK_TICKETS)
    ticket = ticket_by_number(session, number)
    # First the lock, then a fresh look: another agent may have been at it until now.
    conversation = lock_conversation(session, ticket.conversation_id)
    session.refresh(ticket)
    return ticket, conversation


def leave_trace(
    session: Session,
    ticket: Ticket,
    conversation: Conversation,
    actor: Actor,
    deed: str,
    now: datetime,
    **told: Any,
) -> None:
    """A line in the transcript and one in the audit; ``told`` stands in both. Values, never words of the customer's."""
    add_activity(session, conversation, deed, now, staff_id=actor.staff_id, by=actor.name, **told)
    audit.record(session, actor.name, f"ticket.{deed}", "ticket", id_of(ticket), now, staff=actor.staff_id, **told)


def changed(session: Session, ticket: Ticket, conversation: Conversation, now: datetime) -> None:
    """What the desk shows of the ticket is another than before."""
    ticket.updated_at = now
    session.flush()
    note_change(session, "ticket", id_of(ticket), now, conversation.version)
