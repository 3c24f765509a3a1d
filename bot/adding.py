"""Which of the customer's own tickets a message is to be added to, wherever it was written."""

from __future__ import annotations

import re

from sqlmodel import Session, select

from bot.channels.base import CommandName, Inbound
from bot.commands import number_and_more
from handoff.models import Conversation, Thread, Ticket
from handoff.own_tickets import own_ticket

ABOUT = re.compile(r"^\s*(?:about|关于|關於)\s*#(\d{1,12})\b", re.IGNORECASE)


def own_number(
    session: Session, inbound: Inbound, customer_id: int | None, thread: Thread | None, awaited: int | None
) -> int | None:
    """The ticket that the message is to be added to, if it is the customer's own. Nothing of it is said among people.

    ``awaited``: the ticket that the bot has just asked for more about. "About #12" names a conversation of this thread;
    from elsewhere it adds to the ticket.
    """
    if customer_id is None or inbound.is_shared or inbound.press:
        return None
    number = inbound.about or _commanded(inbound) or (None if inbound.command else awaited)
    about = ABOUT.match(inbound.text) if number is None and not inbound.command else None
    if about:
        number = int(about[1])
    ticket = own_ticket(session, customer_id, number) if number is not None else None
    if ticket is None or (about and thread and conversation_of(session, ticket.number, thread)):
        return None
    return ticket.number


def conversation_of(session: Session, number: int, thread: Thread) -> Conversation | None:
    """The conversation of ticket ``number``, if it is in this thread."""
    query = select(Conversation).join(Ticket).where(Ticket.number == number, Conversation.thread_id == thread.id)
    return session.exec(query).first()


def _commanded(inbound: Inbound) -> int | None:
    """The ticket of ``/add 12 and what is to be added``."""
    if inbound.command is None or inbound.command.name is not CommandName.ADD:
        return None
    number, more = number_and_more(inbound.command.argument)
    return number if more or inbound.files or inbound.remote_files else None
