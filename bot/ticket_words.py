"""What a customer reads when an agent opens a ticket for them, or makes one of two and two of one."""

from __future__ import annotations

from collections.abc import Callable

from sqlmodel import Session

from bot.replies import say
from handoff.models import Conversation, Customer
from handoff.people import customer_by_id
from handoff.tickets import ticket_by_number
from handoff.wording import subject_of


def merged(session: Session, number: int, into: int) -> str:
    """That ticket ``number`` goes on in ticket ``into``. Raises TicketNotFound."""
    return say("merged", _language(session, number), number=number, into=into)


def split_off(session: Session, number: int) -> Callable[[int, str], str]:
    """That a part of ticket ``number`` is a ticket of its own, by its number and subject. Raises TicketNotFound."""
    language = _language(session, number)
    return lambda other, subject: say("split", language, number=other, subject=subject)


def opened(customer: Customer | None, language: str, subject: str) -> Callable[[int], str]:
    """That a ticket was opened for them, by its number; in ``language`` where nothing is known of them."""
    known = (customer.prefers_language or customer.language) if customer else None
    title = subject_of(subject)
    return lambda number: say("opened_for_you", known or language, number=number, subject=title)


def opened_for(session: Session, customer_id: int, subject: str) -> Callable[[int], str]:
    """The same for a customer who is known. Raises CustomerNotFound."""
    return opened(customer_by_id(session, customer_id), "en", subject)


def _language(session: Session, number: int) -> str:
    return session.get_one(Conversation, ticket_by_number(session, number).conversation_id).language
