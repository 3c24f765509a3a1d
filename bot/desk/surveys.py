"""Asking customers how they like us when the moment is there: after a ticket, and from time to time."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlmodel import Session

from bot.channels.slack.names import Direct, parse_place
from bot.live import House
from bot.promises import timezone_of
from bot.ratings import ask_for_csat, ask_for_nps
from handoff.conversations import open_conversation
from handoff.customers import is_timezone
from handoff.models import Conversation, Customer, Thread, Ticket
from handoff.surveys.asking import NPS, due_for_nps, may_be_asked, threads_of
from handoff.surveys.settings import survey_settings
from handoff.threads import can_be_written_in
from store.models import Timer
from store.timers import set_timer

EVERYBODY = 0
"""The subject of the timer that looks for customers to ask."""
LOOK_EVERY = timedelta(hours=24)
FROM, TO = 10, 16
"""Hours of the customer's day between which they are asked."""
_WEEKEND = 5


def handle_csat(session: Session, timer: Timer, now: datetime, house: House) -> None:
    """A while ago a ticket (``timer.subject_id``) was resolved."""
    ticket = session.get(Ticket, timer.subject_id)
    if ticket is None:
        return
    conversation = session.get_one(Conversation, ticket.conversation_id)
    if not can_be_written_in(session, conversation.thread_id):
        # Told on the phone, say: there is no place where they would read it.
        return
    customer = session.get_one(Customer, ticket.customer_id)
    ask_for_csat(session, ticket, conversation, customer.prefers_language or conversation.language, now)


def handle_nps(session: Session, timer: Timer, now: datetime, house: House) -> None:
    """Look for customers to ask, each at a good moment; or ask one of them (``timer.subject_id``)."""
    if timer.subject_id == EVERYBODY:
        _plan(session, now)
    elif may_be_asked(session, timer.subject_id, now):
        _ask(session, timer.subject_id, now)


def begin(session: Session, now: datetime) -> None:
    """Look for customers to ask from now on, if the house wants that."""
    if survey_settings(session).nps:
        set_timer(session, NPS, EVERYBODY, now)


def good_moment(now: datetime, timezone: str | None, spread: int) -> datetime:
    """The next moment of a working day between FROM and TO where the customer is; ``spread`` keeps people apart."""
    zone = ZoneInfo(timezone) if timezone and is_timezone(timezone) else ZoneInfo("UTC")
    local = now.astimezone(zone)
    minutes = (TO - FROM) * 60
    wanted = local.replace(hour=FROM, minute=0, second=0, microsecond=0) + timedelta(minutes=spread * 37 % minutes)
    while wanted <= local or wanted.weekday() >= _WEEKEND:
        wanted += timedelta(days=1)
    return wanted.astimezone(now.tzinfo)


def is_private(thread: Thread) -> bool:
    """Whether nobody but the customer reads what is said there."""
    match thread.channel:
        case "telegram":
            # Groups have negative ids.
            return not thread.external_id.startswith("-")
        case "slack":
            return isinstance(parse_place(thread.external_id), Direct)
    return thread.channel in ("web", "terminal")


def _plan(session: Session, now: datetime) -> None:
    if not survey_settings(session).nps:
        return
    for customer_id in due_for_nps(session, now):
        moment = good_moment(now, timezone_of(session, customer_id), customer_id)
        set_timer(session, NPS, customer_id, moment)
    set_timer(session, NPS, EVERYBODY, now + LOOK_EVERY)


def _ask(session: Session, customer_id: int, now: datetime) -> None:
    """In a conversation of its own, over as it begins: what the customer asks next is a new matter."""
    customer = session.get_one(Customer, customer_id)
    thread = next((one for one in threads_of(session, customer_id) if is_private(one)), None)
    if thread is None:
        return
    language = customer.prefers_language or customer.language or "en"
    conversation = open_conversation(session, thread, customer, language, now)
    conversation.closed_at = now
    ask_for_nps(session, customer_id, conversation, now)
