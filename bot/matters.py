"""Which of a customer's matters in one thread a message goes on with that names none."""

from __future__ import annotations

from collections.abc import Sequence

from sqlmodel import Session, col, select

from handoff.models import Conversation, Direction, Message, Owner, Ticket
from handoff.rows import id_of
from handoff.ticketing.merging import goes_on_in


def merged(session: Session, conversation: Conversation | None) -> Conversation | None:
    """The conversation itself, or the one in this thread that its ticket was merged into while that is open."""
    if conversation is None or conversation.closed_at is None:
        return conversation
    other = goes_on_in(session, id_of(conversation))
    found = session.get(Conversation, other) if other is not None else None
    return found if found is not None and found.closed_at is None else conversation


def spoken_in_last(session: Session, newest: Conversation, open_tickets: Sequence[Ticket]) -> Conversation:
    """``newest``, or another one of the thread that a person has and in which something was said after it.

    A customer with two tickets in one chat answers whoever spoke to them last. ``open_tickets``: the customer's.
    """
    others = [ticket.conversation_id for ticket in open_tickets if ticket.conversation_id != newest.id]
    if not others or newest.closed_at is not None:
        return newest
    query = (
        select(Conversation)
        .join(Message, col(Message.conversation_id) == Conversation.id)
        .where(
            Conversation.thread_id == newest.thread_id,
            (col(Conversation.id) == newest.id)
            | (col(Conversation.id).in_(others) & (Conversation.owner == Owner.HUMAN)),
            col(Message.private).is_(False),
            col(Message.direction) != Direction.ACTIVITY,
        )
        .order_by(col(Message.id).desc())
        .limit(1)
    )
    return session.exec(query).first() or newest
