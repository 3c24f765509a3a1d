"""Tickets that rest: they come back when their time is there, are asked about when nobody writes, and close at last."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session

from bot import promises
from bot.live import House
from bot.replies import say
from handoff.conversations import ButtonSpec
from handoff.models import Action, Conversation, Ticket, TicketStatus
from handoff.ticketing import pausing
from handoff.ticketing.pausing import Words
from store.models import Timer


def wake(session: Session, timer: Timer, now: datetime, house: House) -> None:
    """The time that a ticket was snoozed until is there: it is open again, and who has it is told."""
    pausing.wake(session, timer.subject_id, now)


def remind(session: Session, timer: Timer, now: datetime, house: House) -> None:
    """A ticket has been waiting for long: its customer is asked whether it is solved, and told when it is closed."""
    ticket = pausing.is_stale(session, timer.subject_id, now)
    if ticket is None:
        return
    language = _language(session, ticket)
    zone = promises.timezone_of(session, ticket.customer_id)
    when = promises.told(pausing.closes_at(session, now), now, zone, language)
    pausing.remind(session, ticket, _words(ticket, "stale_question", language, when=when), now)


def close(session: Session, timer: Timer, now: datetime, house: House) -> None:
    """Nobody wrote since, so the ticket is closed; who was asked whether it is solved needs no more words."""
    ticket = pausing.is_expired(session, timer.subject_id, now)
    if ticket is None:
        return
    was_resolved = ticket.status is TicketStatus.RESOLVED
    words = None if was_resolved else _words(ticket, "stale_closed", _language(session, ticket))
    pausing.expire(session, ticket, words, now)


def _words(ticket: Ticket, key: str, language: str, **values: object) -> Words:
    solved = ButtonSpec(Action.SOLVED, say("solved_button", language))
    not_yet = ButtonSpec(Action.NOT_YET, say("still_open_button", language))
    buttons = (not_yet,) if key == "stale_closed" else (solved, not_yet)
    return Words(say(key, language, number=ticket.number, **values), buttons)


def _language(session: Session, ticket: Ticket) -> str:
    return session.get_one(Conversation, ticket.conversation_id).language
