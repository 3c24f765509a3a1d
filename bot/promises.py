"""Promises in words: by when a customer hears from us, in their language and time zone."""

from __future__ import annotations

from datetime import datetime, timedelta, tzinfo
from functools import cache
from importlib.resources import files
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import yaml
from sqlmodel import Session, col, select

from bot.replies import promise, spoken
from handoff.models import Customer, Ticket
from handoff.rows import id_of
from handoff.sla.models import Calendar, Clock, ClockKind, ClockState

_SAME_YEAR_DAYS = 300


def told(moment: datetime, now: datetime, timezone: str | None, language: str | None) -> str:
    """``moment`` as a customer reads it: "by 14:30 today (Shanghai time)". What is told is never sooner than what is
    meant: seconds are rounded up.

    ``timezone``: an IANA name; UTC where it is None or unknown here.
    """
    words, (zone, name) = _words(language), _zone(timezone)
    due, today = _full_minute(moment).astimezone(zone), now.astimezone(zone).date()
    days = (due.date() - today).days
    key = {0: "today", 1: "tomorrow"}.get(days, "day")
    date = words["date" if abs(days) < _SAME_YEAR_DAYS else "date_of_year"].format(
        day=due.day, month=words["months"][due.month - 1], year=due.year
    )
    said: str = words[key].format(
        time=f"{due:%H:%M}", where=_where(due, name, words), weekday=words["weekdays"][due.weekday()], date=date
    )
    return said


def promise_to(session: Session, ticket: Ticket, now: datetime, language: str | None, days: int) -> str:
    """When the customer hears from us next, for the blank {promise}: of the ticket's clocks, the one that counts next;
    where none runs, what the house says of itself (``days``: the setting PROMISE_WORKING_DAYS)."""
    return next_promise(session, ticket, now, language) or promise(days, language)


def next_promise(session: Session, ticket: Ticket, now: datetime, language: str | None) -> str | None:
    """The same, or None where nothing is promised now. What it returns counts as told to the customer."""
    clock = next_clock(session, id_of(ticket), now)
    moment = _promised(clock, now) if clock else None
    if clock is None or moment is None:
        return None
    clock.promised_at = moment
    session.flush()
    return told(moment, now, timezone_of(session, ticket.customer_id), language)


def next_clock(session: Session, ticket_id: int, now: datetime) -> Clock | None:
    """The ticket's clock that falls due next: a person's first words before all others. One that ran out counts with
    the new promise that was made for it."""
    owed = (Clock.ticket_id == ticket_id, col(Clock.met_at).is_(None), col(Clock.state) != ClockState.PAUSED)
    clocks = session.exec(select(Clock).where(*owed).order_by(col(Clock.id))).all()
    dated = [(clock.kind is not ClockKind.FIRST_RESPONSE, _promised(clock, now), id_of(clock)) for clock in clocks]
    first = min(((other, at, clock_id) for other, at, clock_id in dated if at is not None), default=None)
    return next((clock for clock in clocks if first and clock.id == first[2]), None)


def _promised(clock: Clock, now: datetime) -> datetime | None:
    """When the clock falls due as far as the customer is concerned, if that is yet to come."""
    at = clock.due_at if clock.state is ClockState.RUNNING else clock.promised_at
    return at if at is not None and at > now else None


def timezone_of(session: Session, customer_id: int) -> str | None:
    """The customer's time zone, as far as a channel told, else the house's."""
    known = session.exec(select(Customer.timezone).where(Customer.id == customer_id)).first()
    return known or session.exec(select(Calendar.timezone).where(col(Calendar.is_default))).first()


def _full_minute(moment: datetime) -> datetime:
    full = moment.replace(second=0, microsecond=0)
    return full if full == moment else full + timedelta(minutes=1)


def _zone(timezone: str | None) -> tuple[tzinfo, str]:
    try:
        return ZoneInfo(timezone or "UTC"), timezone or "UTC"
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC"), "UTC"


def _where(due: datetime, name: str, words: dict[str, Any]) -> str:
    """What the time zone is called: by its city, or by how far it is from UTC where it has none."""
    area, _, city = name.rpartition("/")
    if not area or area == "Etc":
        return _offset(due)
    known = words["cities"].get(city)
    place: str = words["place" if known else "other_place"].format(city=known or city.replace("_", " "))
    return place


def _offset(due: datetime) -> str:
    minutes = round((due.utcoffset() or timedelta()).total_seconds() / 60)
    if not minutes:
        return "UTC"
    hours, rest = divmod(abs(minutes), 60)
    return f"UTC{'+' if minutes > 0 else '-'}{hours}" + (f":{rest:02}" if rest else "")


def _words(language: str | None) -> dict[str, Any]:
    return moments()[spoken(language)]


@cache
def moments() -> dict[str, dict[str, Any]]:
    """How moments are said, by language."""
    loaded: dict[str, dict[str, Any]] = yaml.safe_load(files("bot").joinpath("moments.yml").read_text("utf8"))
    return loaded
