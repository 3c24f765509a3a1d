"""A customer's own tickets as they read them, with what is promised next and the buttons to do something about it.

The same in every channel: as words with buttons, on a home tab, on the chat page. Never anybody else's.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlmodel import Session, col, select

from bot.inbound_text import shorten
from bot.promises import timezone_of, told
from bot.replies import say as sentence
from handoff.conversations import ButtonSpec
from handoff.customers import is_timezone
from handoff.models import Action, Ticket, TicketStatus, WaitsFor
from handoff.own_tickets import choices, own_ticket, own_tickets
from handoff.rows import id_of
from handoff.sla.models import Clock, ClockKind, ClockState
from handoff.surveys.asking import SCORES, rated
from handoff.surveys.models import SurveyKind

LISTED = 10
_SUBJECT = 40


@dataclass(frozen=True)
class Promised:
    """What a customer may expect of a ticket: by when they hear from us, and whether a promise was missed."""

    by: datetime | None = None
    is_late: bool = False


@dataclass(frozen=True)
class OwnTicket:
    """A ticket as its customer sees it; texts are in their language."""

    number: int
    status: TicketStatus
    words: str
    """The status in words."""
    subject: str
    since: str
    at: datetime
    promise: str
    """A sentence; "" where nothing is promised."""
    deeds: tuple[Action, ...]
    """What they may do with it; ``Action.CSAT`` stands for all ratings."""
    score: int | None = None


def listed(
    session: Session, customer_id: int, now: datetime, language: str | None, limit: int = LISTED
) -> list[OwnTicket]:
    """The person's tickets, those that are not solved first. Reads only."""
    return _shown(session, own_tickets(session, customer_id)[:limit], customer_id, now, language)


def one(session: Session, customer_id: int, number: int, now: datetime, language: str | None) -> OwnTicket | None:
    """The ticket with this number, if it is the person's own. Reads only."""
    ticket = own_ticket(session, customer_id, number)
    return None if ticket is None else _shown(session, [ticket], customer_id, now, language)[0]


def status_words(ticket: Ticket, language: str | None) -> str:
    """How the ticket stands, in words for its customer."""
    key = ticket.status.value
    if ticket.status is TicketStatus.PENDING and ticket.waits_for is not WaitsFor.CUSTOMER:
        key = "with_bot" if ticket.waits_for is WaitsFor.BOT else TicketStatus.OPEN.value
    return sentence(f"status_{key}", language)


def line_of(ticket: OwnTicket, language: str | None) -> str:
    """The ticket in a list, its promise on a line of its own."""
    line = sentence(
        "ticket_line",
        language,
        number=ticket.number,
        status=ticket.words,
        subject=ticket.subject,
        since=ticket.since,
    )
    return f"{line}\n{ticket.promise}" if ticket.promise else line


def to_choose(ticket: OwnTicket, language: str | None) -> ButtonSpec:
    """The button that shows one ticket of several."""
    subject = shorten(ticket.subject, _SUBJECT)
    label = sentence("ticket_button", language, number=ticket.number, subject=subject)
    return ButtonSpec(Action.TICKET, label, str(ticket.number))


def buttons_of(ticket: OwnTicket, language: str | None) -> list[ButtonSpec]:
    """The buttons below one ticket."""
    found: list[ButtonSpec] = []
    for action in ticket.deeds:
        if action is Action.CSAT:
            found += scores(SurveyKind.CSAT)
        else:
            found.append(deed_button(action, ticket.number, language))
    return found


def deed_button(action: Action, number: int, language: str | None) -> ButtonSpec:
    return ButtonSpec(action, sentence(action.value, language), str(number))


def scores(kind: SurveyKind) -> list[ButtonSpec]:
    """A button for each number that may be given."""
    action = Action.CSAT if kind is SurveyKind.CSAT else Action.NPS
    return [ButtonSpec(action, str(score), str(score)) for score in SCORES[kind]]


def promised(session: Session, ticket_ids: Collection[int], now: datetime) -> dict[int, Promised]:
    """What is promised of each of these tickets, as their clocks say. Reads only."""
    going = (ClockState.RUNNING, ClockState.BREACHED)
    query = select(Clock).where(
        col(Clock.ticket_id).in_(ticket_ids), col(Clock.state).in_(going), col(Clock.met_at).is_(None)
    )
    found: dict[int, list[Clock]] = {}
    for clock in session.exec(query):
        found.setdefault(clock.ticket_id, []).append(clock)
    return {ticket_id: next_of(clocks, now) for ticket_id, clocks in found.items()}


def next_of(clocks: Iterable[Clock], now: datetime) -> Promised:
    """What clocks that are not met promise: a person's first words before all others. Pure."""
    moments: list[tuple[bool, datetime]] = []
    is_late = False
    for clock in clocks:
        is_missed = clock.state is ClockState.BREACHED or (clock.due_at is not None and clock.due_at <= now)
        is_late = is_late or is_missed
        # After a miss counts what was promised anew.
        moment = clock.promised_at if is_missed else clock.due_at
        if moment is not None and moment > now:
            moments.append((clock.kind is not ClockKind.FIRST_RESPONSE, moment))
    return Promised(min(moments)[1] if moments else None, is_late)


def _shown(
    session: Session, tickets: list[Ticket], customer_id: int, now: datetime, language: str | None
) -> list[OwnTicket]:
    ids = [id_of(ticket) for ticket in tickets]
    given, promises, zone = rated(session, ids), promised(session, ids, now), timezone_of(session, customer_id)
    return [
        OwnTicket(
            ticket.number,
            ticket.status,
            status_words(ticket, language),
            ticket.subject,
            _day(ticket.created_at, zone),
            ticket.created_at,
            _promise(promises.get(id_of(ticket), Promised()), now, zone, language),
            choices(ticket.status, is_rated=id_of(ticket) in given),
            given.get(id_of(ticket)),
        )
        for ticket in tickets
    ]


def _promise(known: Promised, now: datetime, zone: str | None, language: str | None) -> str:
    if known.by is None:
        return sentence("own_late", language) if known.is_late else ""
    return sentence("own_promise", language, promise=told(known.by, now, zone, language))


def _day(moment: datetime, zone: str | None) -> str:
    known = zone if zone and is_timezone(zone) else "UTC"
    return moment.astimezone(ZoneInfo(known)).date().isoformat()
