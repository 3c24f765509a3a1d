"""Changing calendars: their week, their holidays, and the days that are not as every week."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, update
from sqlmodel import Session, col, select

from handoff.actors import OPERATOR, Actor, require
from handoff.errors import NameTaken
from handoff.permissions import Permission
from handoff.rows import id_of, rows_touched
from handoff.sla.again import look_at_all
from handoff.sla.errors import BadDay, BadHolidays, BadRules, BadTimezone, CalendarInUse, CalendarNotFound
from handoff.sla.holidays import countries, regions_of
from handoff.sla.models import Calendar, CalendarDay, Clock, SlaPolicy
from handoff.sla.rules import forget_rules
from handoff.sla.shifts import shifts_from
from handoff.staffing.models import Profile, Team
from handoff.wording import clean
from store import audit
from store.changes import note_change


@dataclass(frozen=True)
class CalendarForm:
    """A calendar as somebody wrote it down."""

    name: str
    timezone: str
    weekly: tuple[str, ...] = ("09:00-18:00",) * 5 + ("", "")
    """The shifts of the seven days, Monday first."""
    country: str = ""
    region: str = ""
    is_default: bool = False


def calendars(session: Session) -> Sequence[Calendar]:
    """Every calendar, the house's own first, then by name."""
    order = (col(Calendar.is_default).desc(), func.lower(Calendar.name), col(Calendar.id))
    return session.exec(select(Calendar).order_by(*order)).all()


def calendar_by_id(session: Session, calendar_id: int) -> Calendar:
    """The calendar. Raises CalendarNotFound."""
    calendar = session.get(Calendar, calendar_id)
    if calendar is None:
        raise CalendarNotFound
    return calendar


def days_of(session: Session, calendar_id: int) -> Sequence[CalendarDay]:
    """The days that are not as every week, in their order."""
    query = select(CalendarDay).where(CalendarDay.calendar_id == calendar_id)
    return session.exec(query.order_by(col(CalendarDay.day))).all()


def add_calendar(session: Session, form: CalendarForm, now: datetime, actor: Actor = OPERATOR) -> Calendar:
    """Make a calendar. Raises NameTaken, BadRules."""
    require(session, actor, Permission.MANAGE_SYSTEM)
    is_first = session.exec(select(Calendar.id)).first() is None
    calendar = Calendar(**_checked(session, form, None), is_default=is_first)
    session.add(calendar)
    session.flush()
    if form.is_default:
        _make_default(session, calendar)
    _leave_trace(session, calendar, actor, "added", now)
    return calendar


def change_calendar(
    session: Session, calendar_id: int, form: CalendarForm, now: datetime, actor: Actor = OPERATOR
) -> Calendar:
    """Change the week, the place or the name; what was the house's own stays so until another one is.

    Raises CalendarNotFound, NameTaken, BadRules.
    """
    require(session, actor, Permission.MANAGE_SYSTEM)
    calendar = calendar_by_id(session, calendar_id)
    for name, value in _checked(session, form, calendar).items():
        setattr(calendar, name, value)
    session.flush()
    if form.is_default:
        _make_default(session, calendar)
    _leave_trace(session, calendar, actor, "changed", now)
    return calendar


def remove_calendar(session: Session, calendar_id: int, now: datetime, actor: Actor = OPERATOR) -> None:
    """Remove a calendar that nothing counts by any more. Raises CalendarNotFound, CalendarInUse."""
    require(session, actor, Permission.MANAGE_SYSTEM)
    calendar = calendar_by_id(session, calendar_id)
    users = (SlaPolicy.calendar_id, Team.calendar_id, Profile.calendar_id)
    is_used = any(session.exec(select(user).where(user == calendar_id).limit(1)).first() for user in users)
    if calendar.is_default or is_used:
        raise CalendarInUse
    # Of old tickets: what they show has been counted.
    session.execute(update(Clock).where(col(Clock.calendar_id) == calendar_id).values(calendar_id=None))
    for day in days_of(session, calendar_id):
        session.delete(day)
    session.flush()
    session.delete(calendar)
    _leave_trace(session, calendar, actor, "removed", now)


def set_day(
    session: Session, calendar_id: int, day: str, hours: str, name: str, now: datetime, actor: Actor = OPERATOR
) -> CalendarDay:
    """Say what the hours of one day are: none on a free one. Raises CalendarNotFound, BadDay, BadHours."""
    require(session, actor, Permission.MANAGE_SYSTEM)
    calendar = calendar_by_id(session, calendar_id)
    row = session.get(CalendarDay, (calendar_id, _date(day)))
    if row is None:
        row = CalendarDay(calendar_id=calendar_id, day=_date(day))
        session.add(row)
    row.shifts, row.name = shifts_from(hours), _one_line(name)[:120]
    _leave_trace(session, calendar, actor, "day_set", now, day=row.day, shifts=row.shifts)
    return row


def remove_day(session: Session, calendar_id: int, day: str, now: datetime, actor: Actor = OPERATOR) -> None:
    """Let a day be as every week again. Raises CalendarNotFound, BadDay."""
    require(session, actor, Permission.MANAGE_SYSTEM)
    calendar = calendar_by_id(session, calendar_id)
    row = session.get(CalendarDay, (calendar_id, _date(day)))
    if row is not None:
        session.delete(row)
        _leave_trace(session, calendar, actor, "day_removed", now, day=row.day)


def _checked(session: Session, form: CalendarForm, calendar: Calendar | None) -> dict[str, Any]:
    country, region = form.country.strip().upper() or None, form.region.strip() or None
    if country is not None and country not in countries():
        raise BadHolidays
    if region is not None and (country is None or region not in regions_of(country)):
        known = ", ".join(regions_of(country)) if country else ""
        raise BadHolidays(f"There is no region {region} here. These are known: {known}." if known else None)
    return {
        "name": _free_name(session, form.name, calendar),
        "timezone": _timezone(form.timezone),
        "weekly": [shifts_from(day) for day in form.weekly],
        "country": country,
        "region": region,
    }


def _free_name(session: Session, written: str, calendar: Calendar | None) -> str:
    name = _one_line(written)[:120]
    if not name:
        raise BadRules("A calendar has a name.")
    taken = select(Calendar.id).where(func.lower(Calendar.name) == name.lower())
    if calendar is not None:
        taken = taken.where(Calendar.id != calendar.id)
    if session.exec(taken).first() is not None:
        raise NameTaken
    return name


def _timezone(written: str) -> str:
    name = written.strip()
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise BadTimezone from error
    return name


def _date(written: str) -> str:
    try:
        return date.fromisoformat(written.strip()).isoformat()
    except ValueError as error:
        raise BadDay from error


def _one_line(text: str) -> str:
    return " ".join(clean(text).split())


def _make_default(session: Session, calendar: Calendar) -> None:
    """This one is the house's own, and no other."""
    others = update(Calendar).where(col(Calendar.id) != calendar.id, col(Calendar.is_default))
    rows_touched(session, others.values(is_default=False))
    calendar.is_default = True


def _leave_trace(session: Session, calendar: Calendar, actor: Actor, deed: str, now: datetime, **detail: Any) -> None:
    session.flush()
    forget_rules(session)
    look_at_all(session, now)
    calendar_id = id_of(calendar)
    audit.record(session, actor.name, f"calendar.{deed}", "calendar", calendar_id, now, name=calendar.name, **detail)
    note_change(session, "calendar", calendar_id, now)
