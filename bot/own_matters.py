"""What a customer asks about themselves: the welcome, their own tickets, their language. Never anybody else's."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from sqlmodel import Session

from bot.channels.base import Command, CommandName
from bot.replies import LANGUAGES
from bot.replies import say as sentence
from bot.speaking import Turn, person_button, say, speak
from handoff.accounts import use_link
from handoff.conversations import ButtonSpec
from handoff.customers import prefer_language
from handoff.errors import HandoffError
from handoff.models import Action, Conversation, Customer, Ticket
from handoff.people import person_ids
from handoff.tickets import tickets_of

LISTED = 10


def as_typed(command: Command, text: str) -> str:
    """The command as agents read it: the words that came with it, if any. The code of a link is a secret."""
    if command.name is CommandName.START:
        return f"/{command.name.value}"
    return text or f"/{command.name.value} {command.argument}".strip()


def welcome(
    session: Session, conversation: Conversation, customer: Customer, code: str, turn: Turn, now: datetime
) -> None:
    """Say who the bot is. A code that came by a link ties the customer to its account."""
    if code:
        try:
            account = use_link(session, code, customer, turn.house.secret, now)
        except HandoffError:
            say(session, conversation, turn, "link_refused", now)
        else:
            say(session, conversation, turn, "link_used", now, account=account.name)
    say(session, conversation, turn, "welcome", now, buttons=[person_button(turn)])


def show_tickets(
    session: Session, conversation: Conversation, customer: Customer, number: int | None, turn: Turn, now: datetime
) -> None:
    """The customer's own tickets, newest first; with a number, that one alone if it is theirs."""
    own = tickets_of(session, person_ids(session, customer.id or 0))
    if number is not None:
        own = [ticket for ticket in own if ticket.number == number]
    if not own:
        key = "no_tickets" if number is None else "no_such_ticket"
        say(session, conversation, turn, key, now, number=number, buttons=[person_button(turn)])
        return
    lines = [_line(ticket, customer, turn) for ticket in own[:LISTED]]
    head = sentence("your_tickets" if number is None else "your_ticket", turn.language)
    speak(session, conversation, turn, "\n".join([head, *lines]), now)


def choose_language(
    session: Session, conversation: Conversation, customer: Customer, language: str | None, turn: Turn, now: datetime
) -> None:
    """Remember the choice and confirm it in that language; without one, offer what the bot speaks."""
    if language is None:
        buttons = [ButtonSpec(Action.LANGUAGE, sentence("language_name", each), each) for each in LANGUAGES]
        say(session, conversation, turn, "which_language", now, buttons=buttons)
        return
    prefer_language(session, customer, language)
    conversation.language = language[:16]
    speak(session, conversation, turn, sentence("language_chosen", language), now)


def _line(ticket: Ticket, customer: Customer, turn: Turn) -> str:
    status = sentence(f"status_{ticket.status.value}", turn.language)
    since = ticket.created_at.astimezone(ZoneInfo(customer.timezone or "UTC")).date().isoformat()
    return sentence(
        "ticket_line", turn.language, number=ticket.number, status=status, subject=ticket.subject, since=since
    )
