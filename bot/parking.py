"""What cannot be dealt with is set aside and shown to a person: never dropped, never in the way of the rest."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import datetime

import structlog
from sqlmodel import Session

from bot import inbox, measured
from bot.acquaintance import acquaintance
from bot.arrivals import TRIES, Arrived, fetch_all
from bot.channels.base import Channel, Edited, Event, Inbound
from bot.inbound_text import shorten
from bot.live import House
from bot.models import InboxRow, InboxState
from bot.own_matters import as_typed
from bot.placing import button_of
from bot.promises import promise_to
from bot.replies import say
from bot.transcribing import write_down
from bot.whereabouts import find, newest_for
from handoff import conversations
from handoff.conversations import ButtonSpec, add_activity, add_note, lock_conversation, newest_conversation
from handoff.customers import find_customer, find_thread
from handoff.errors import AlreadyDone
from handoff.models import Action, Author, Conversation, Customer, Message, Owner, Reason, Thread
from handoff.rows import id_of
from handoff.tickets import customer_wrote, open_ticket
from retrieval.languages import language_of
from store import Database, measures, transaction
from store.crashpoints import reach
from store.errors import StoreError

log = structlog.get_logger()
LONGEST_NOTE = 10_000
_NOT_FETCHED = "It was not fetched, for nothing came of the message in time."


@dataclass(frozen=True)
class Case:
    """A row that no turn comes to an end with, and what is known of it."""

    row: InboxRow
    error: str
    now: datetime
    house: House
    event: Event | None
    """What it says; None where it cannot be read."""
    arrived: tuple[Arrived, ...] = ()

    @property
    def is_raw(self) -> bool:
        return self.event is None

    @property
    def says_something(self) -> bool:
        return self.event is None or isinstance(self.event, Inbound | Edited)


def park(
    database: Database,
    channel: Channel | None,
    row: InboxRow,
    error: str,
    now: datetime,
    house: House,
    *,
    is_in_time: bool = True,
) -> bool:
    """Set ``row`` aside, whoever has it, if it is still as it was read. A person gets it with the customer's own words
    (where they cannot be read, with the raw payload), and the customer is told, unless a person had the conversation
    anyway. False if somebody came to an end with it meanwhile.

    ``is_in_time`` False: it is not waited for its files. ``error`` is for agents.
    """
    event = _event(channel, row)
    case = Case(row, error, now, house, event, _files(channel, event, is_in_time=is_in_time))
    try:
        return _hand_over(database, case)
    except AlreadyDone:
        # It was reported before, under another event: what it says is in the transcript.
        with transaction(database) as session:
            return inbox.take_away(session, row, None, to=InboxState.DONE)
    except StoreError:
        raise
    except Exception as failure:
        if case.is_raw:
            raise
        log.exception("parked as it came", inbox_id=row.id, error=type(failure).__name__)
        return _hand_over(database, replace(case, event=None, arrived=()))


def _event(channel: Channel | None, row: InboxRow) -> Event | None:
    try:
        return channel.parse(json.loads(row.payload)) if channel is not None else None
    except Exception as error:
        # Whatever it is: it was tried often enough, and a person looks at it now.
        log.info("not readable", inbox_id=row.id, error=type(error).__name__)
        return None


def _files(channel: Channel | None, event: Event | None, *, is_in_time: bool) -> tuple[Arrived, ...]:
    if channel is None or not isinstance(event, Inbound):
        return ()
    if not is_in_time:
        return tuple(Arrived(file, problem=_NOT_FETCHED) for file in event.remote_files)
    try:
        return fetch_all(channel, event, TRIES)
    except Exception as error:
        problem = f"It could not be fetched ({type(error).__name__})."
        return tuple(Arrived(file, problem=problem) for file in event.remote_files)


def _hand_over(database: Database, case: Case) -> bool:
    row, now = case.row, case.now
    with transaction(database) as session:
        if _is_overheard(session, case):
            inbox.forget(session, id_of(row))
            return inbox.take_away(session, row, None, to=InboxState.DONE)
        if not inbox.take_away(session, row, case.error):
            return False
        measures.parked_total.labels(row.channel).inc()
        if case.says_something:
            conversation, customer = _place(session, case)
            is_with_person = conversation.owner is Owner.HUMAN
            message = _show(session, conversation, customer, case)
            inbox.show(session, id_of(row), id_of(message))
            if is_with_person:
                customer_wrote(session, conversation, now)
            reach("turn.in_park")
            if not is_with_person:
                _escalate(session, conversation, message, case, now)
    return True


def _is_overheard(session: Session, case: Case) -> bool:
    """Whether people talk among themselves: nothing of it is kept, and nobody is bothered with it."""
    event = case.event
    return isinstance(event, Inbound) and not acquaintance(event, find(session, event), case.now).concerns_us


def _place(session: Session, case: Case) -> tuple[Conversation, Customer]:
    """The thread's newest conversation while that is open, else a new one; and who wrote."""
    row, event, now = case.row, case.event, case.now
    inbound = event if isinstance(event, Inbound) else None
    thread = find_thread(session, row.channel, inbound.thread if inbound else row.thread_key, now)
    newest = newest_for(session, inbound, thread) if inbound else newest_conversation(session, id_of(thread))
    customer = _customer(session, case, newest)
    if newest is not None and newest.closed_at is None:
        return lock_conversation(session, id_of(newest)), customer
    return _opened(session, thread, customer, case, newest), customer


def _opened(
    session: Session, thread: Thread, customer: Customer, case: Case, before: Conversation | None
) -> Conversation:
    known = (before.language if before else None) or customer.language
    return conversations.open_conversation(session, thread, customer, _language(customer, known, case.event), case.now)


def _customer(session: Session, case: Case, newest: Conversation | None) -> Customer:
    row, event = case.row, case.event
    if isinstance(event, Inbound):
        return find_customer(session, row.channel, event.customer, case.now, event.name)
    if newest is not None:
        return session.get_one(Customer, newest.customer_id)
    return find_customer(session, row.channel, row.thread_key[:120], case.now)


def _language(customer: Customer, known: str | None, event: Event | None) -> str:
    """What to speak with the customer: what they chose, else what they write, else what they wrote before."""
    if customer.prefers_language:
        return customer.prefers_language
    told = event.language if isinstance(event, Inbound) else None
    text = event.text if isinstance(event, Inbound | Edited) else ""
    return language_of(text, known or told or "en")


def _show(session: Session, conversation: Conversation, customer: Customer, case: Case) -> Message:
    """What it says, in the transcript, and why no turn did that."""
    row, event, now = case.row, case.event, case.now
    if not isinstance(event, Inbound):
        text = event.text if isinstance(event, Edited) else readable(row.payload)
        return add_note(session, conversation, f"{case.error}\n\n{text[:LONGEST_NOTE]}", None, now)
    text = _words(session, conversation, event)
    message = write_down(
        session, conversation, customer, event, text, now, arrived=case.arrived, shown_id=row.message_id
    )
    add_activity(session, conversation, "stuck", now, reason=case.error)
    return message


def _words(session: Session, conversation: Conversation, inbound: Inbound) -> str:
    if inbound.press:
        button = button_of(session, inbound, session.get_one(Thread, conversation.thread_id))
        return button.label if button else ""
    return as_typed(inbound.command, inbound.text) if inbound.command else inbound.text


def readable(payload: str) -> str:
    """A stored payload as people read it: letters of all scripts instead of their numbers."""
    try:
        return json.dumps(json.loads(payload), ensure_ascii=False, indent=1)
    except (ValueError, RecursionError):
        return payload


def _escalate(session: Session, conversation: Conversation, message: Message, case: Case, now: datetime) -> None:
    row, is_words = case.row, isinstance(case.event, Inbound)
    subject = shorten(message.text, 120) if is_words else f"Message {row.id} could not be read"
    ticket = open_ticket(session, conversation, Reason.BOT_STUCK, subject or "A file without words", now)
    if row.thread_key.startswith(inbox.NOWHERE) and not is_words:
        return
    customer = session.get_one(Customer, conversation.customer_id)
    language = _language(customer, conversation.language, case.event)
    who, when = say("who", language), promise_to(session, ticket, now, language, case.house.promise_days)
    words = say("stuck", language, who=who, promise=when, number=ticket.number)
    detail = {"reason": Reason.BOT_STUCK.value, "ticket": ticket.number, **measured.received(row.received_at)}
    buttons = [ButtonSpec(Action.SOMETHING_ELSE, say("something_else", language))]
    conversations.say(
        session, conversation, words, Author.BOT, now, decision="escalate", detail=detail, buttons=buttons
    )
