"""A customer's own tickets: which they are, and what their customer may do with each. Never anybody else's.

Own are those of the person: of the customer who asks, and of whoever is joined with them.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlmodel import Session, select

from handoff.conversations import add_incoming, lock_conversation
from handoff.desk import close_own, not_yet
from handoff.errors import TicketNotFound
from handoff.models import Action, Conversation, Message, Ticket, TicketStatus
from handoff.people import person_ids
from handoff.rows import id_of
from handoff.tickets import UNSOLVED, customer_wrote, ticket_of, tickets_of

_MOST_MERGES = 20


def choices(status: TicketStatus, *, is_rated: bool) -> tuple[Action, ...]:
    """What the customer may do with a ticket of this status; ``Action.CSAT`` stands for all ratings."""
    if status in UNSOLVED:
        return Action.ADD_TO_TICKET, Action.CLOSE_TICKET
    solved = (Action.REOPEN_TICKET, *(() if is_rated else (Action.CSAT,)))
    return (Action.CLOSE_TICKET, *solved) if status is TicketStatus.RESOLVED else solved


def own_tickets(session: Session, customer_id: int) -> list[Ticket]:
    """The tickets of the person, those that are not solved first, each kind newest first. Reads only.

    What was merged into another ticket is not listed by itself.
    """
    listed = [ticket for ticket in tickets_of(session, person_ids(session, customer_id)) if not ticket.merged_into_id]
    return sorted(listed, key=lambda ticket: ticket.status not in UNSOLVED)


def own_ticket(session: Session, customer_id: int, number: int) -> Ticket | None:
    """The ticket with this number if it is the person's own, or the one that it was merged into. Reads only."""
    people = person_ids(session, customer_id)
    # Beyond what the column holds PostgreSQL would raise instead of finding nothing.
    query = select(Ticket).where(Ticket.number == number)
    found = session.exec(query).one_or_none() if number < 2**63 else None
    for _ in range(_MOST_MERGES):
        if found is None or found.customer_id not in people:
            return None
        if found.merged_into_id is None:
            return found
        found = session.get(Ticket, found.merged_into_id)
    return None


def close(session: Session, customer_id: int, number: int, now: datetime) -> Ticket:
    """The customer needs no more of it. Raises TicketNotFound where it is not theirs."""
    ticket, conversation = _at_hand(session, customer_id, number)
    return ticket if ticket.status is TicketStatus.CLOSED else close_own(session, conversation, now)


def reopen(session: Session, customer_id: int, number: int, now: datetime) -> Ticket:
    """The customer wants a person to look again: the ticket is open, with the same agent. Raises TicketNotFound."""
    ticket, conversation = _at_hand(session, customer_id, number)
    _wake(session, ticket, conversation, now)
    return ticket


def add(
    session: Session,
    customer_id: int,
    number: int,
    text: str,
    now: datetime,
    *,
    detail: dict[str, Any],
    file_ids: Sequence[int] = (),
) -> tuple[Ticket, Message]:
    """What the customer wrote elsewhere, put into their ticket, which is open again if it was not.

    Raises TicketNotFound where it is not theirs.
    """
    ticket, conversation = _at_hand(session, customer_id, number)
    message = add_incoming(session, conversation, text, None, now, detail, file_ids)
    if not _wake(session, ticket, conversation, now):
        customer_wrote(session, conversation, now)
    return ticket, message


def wake(session: Session, customer_id: int, number: int, now: datetime) -> tuple[Ticket, bool]:
    """The customer wrote into the ticket's conversation on purpose: whoever had it before, a person has it now.

    Returns the ticket, and whether it was solved or with the bot until now. Raises TicketNotFound.
    """
    ticket, conversation = _at_hand(session, customer_id, number)
    return ticket, _wake(session, ticket, conversation, now)


def _wake(session: Session, ticket: Ticket, conversation: Conversation, now: datetime) -> bool:
    if ticket.status is TicketStatus.OPEN:
        return False
    not_yet(session, conversation, now)
    return True


def _at_hand(session: Session, customer_id: int, number: int) -> tuple[Ticket, Conversation]:
    """The person's ticket and its conversation as they are now, kept from others."""
    found = own_ticket(session, customer_id, number)
    if found is None:
        raise TicketNotFound
    conversation = lock_conversation(session, found.conversation_id)
    ticket = ticket_of(session, id_of(conversation))
    assert ticket is not None
    return ticket, conversation
