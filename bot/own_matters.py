"""What a customer asks about themselves: the welcome, their own tickets, their language. Never anybody else's."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session

from bot.awaiting import more_for
from bot.channels.base import Command, CommandName
from bot.own_tickets import buttons_of, line_of, listed, one, to_choose
from bot.promises import promise_to
from bot.ratings import closed
from bot.replies import LANGUAGES
from bot.replies import say as sentence
from bot.speaking import Turn, person_button, say, speak
from handoff.accounts import use_link
from handoff.conversations import ButtonSpec
from handoff.customers import prefer_language
from handoff.errors import HandoffError, TicketNotFound
from handoff.models import Action, Conversation, Customer, Message, Thread, Ticket
from handoff.own_tickets import add, close, own_ticket, reopen, wake
from handoff.rows import id_of
from handoff.transcript import files_of


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
    """The customer's own tickets, those that are not solved first; with a number, that one alone if it is theirs."""
    found = one(session, id_of(customer), number, now, turn.language) if number is not None else None
    own = [found] if found else listed(session, id_of(customer), now, turn.language) if number is None else []
    if not own:
        key = "no_tickets" if number is None else "no_such_ticket"
        say(session, conversation, turn, key, now, number=number, buttons=[person_button(turn)])
        return
    head = sentence("your_tickets" if number is None else "your_ticket", turn.language)
    lines = [line_of(ticket, turn.language) for ticket in own]
    is_one = len(own) == 1
    buttons = buttons_of(own[0], turn.language) if is_one else [to_choose(ticket, turn.language) for ticket in own]
    speak(
        session,
        conversation,
        turn,
        "\n".join([head, *lines]),
        now,
        detail={"rates": own[0].number} if is_one else None,
        # Where others read along, nothing of a ticket is offered.
        buttons=[] if turn.inbound.is_shared else buttons,
    )


def begin_adding(
    session: Session, conversation: Conversation, customer: Customer, number: int, turn: Turn, now: datetime
) -> None:
    """Ask for what is to be added to the ticket: the next words in this thread go there."""
    ticket = own_ticket(session, id_of(customer), number)
    if ticket is None:
        _no_such(session, conversation, number, turn, now)
        return
    say(session, conversation, turn, "add_prompt", now, detail=more_for(ticket.number), number=ticket.number)


def add_to_ticket(
    session: Session,
    conversation: Conversation,
    customer: Customer,
    message: Message | None,
    number: int,
    turn: Turn,
    now: datetime,
) -> None:
    """Have the customer's words read by whoever has the ticket; a solved one is open again.

    What was written in another thread is put into the ticket's own conversation, for that is where it is answered.
    """
    ticket = own_ticket(session, id_of(customer), number)
    if ticket is None:
        _no_such(session, conversation, number, turn, now)
        return
    key = "added"
    if ticket.conversation_id == conversation.id:
        ticket, is_woken = wake(session, id_of(customer), number, now)
        key = "reopened" if is_woken else key
    else:
        ticket = _carry_over(session, customer, message, number, turn, now)
    speak(session, conversation, turn, _promising(session, key, ticket, conversation, turn, now), now)


def close_ticket(
    session: Session, conversation: Conversation, customer: Customer, number: int, turn: Turn, now: datetime
) -> None:
    """Close the customer's own ticket, and ask how it was."""
    try:
        ticket = close(session, id_of(customer), number, now)
    except TicketNotFound:
        _no_such(session, conversation, number, turn, now)
    else:
        closed(session, conversation, ticket, "closed_own", turn, now)


def reopen_ticket(
    session: Session, conversation: Conversation, customer: Customer, number: int, turn: Turn, now: datetime
) -> None:
    """Open the customer's own ticket again; what they write next is added to it."""
    try:
        ticket = reopen(session, id_of(customer), number, now)
    except TicketNotFound:
        _no_such(session, conversation, number, turn, now)
        return
    text = _promising(session, "reopened_own", ticket, conversation, turn, now)
    speak(session, conversation, turn, text, now, detail=more_for(ticket.number))


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


def _carry_over(
    session: Session, customer: Customer, message: Message | None, number: int, turn: Turn, now: datetime
) -> Ticket:
    files = files_of(session, [id_of(message)]) if message is not None else {}
    ids = [file.id for each in files.values() for file in each if file.id is not None]
    detail = {"via": turn.inbound.channel}
    return add(session, id_of(customer), number, turn.question, now, detail=detail, file_ids=ids)[0]


def _promising(
    session: Session, key: str, ticket: Ticket, conversation: Conversation, turn: Turn, now: datetime
) -> str:
    """The sentence with the promise, and where the answer will come if that is not here."""
    when = promise_to(session, ticket, now, turn.language, turn.policy.promise_days)
    text = sentence(key, turn.language, number=ticket.number, who=sentence("who", turn.language), promise=when)
    there = session.get_one(Thread, session.get_one(Conversation, ticket.conversation_id).thread_id)
    if there.id == conversation.thread_id:
        return text
    channel = sentence(f"channel_{there.channel}", turn.language)
    return f"{text} {sentence('answered_there', turn.language, channel=channel)}"


def _no_such(session: Session, conversation: Conversation, number: int, turn: Turn, now: datetime) -> None:
    say(session, conversation, turn, "no_such_ticket", now, number=number, buttons=[person_button(turn)])
