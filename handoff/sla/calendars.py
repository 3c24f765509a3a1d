"""The calendars as they are in the database, made into working hours."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from functools import partial
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlmodel import Session, col, select

from handoff.rows import id_of
from handoff.sla.engine import HOUSE
from handoff.sla.holidays import is_free, is_worked
from handoff.sla.hours import ALWAYS, Hours, Shift, never
from handoff.sla.models import Calendar, CalendarDay


def calendars_of(session: Session) -> dict[int | None, Hours]:
    """The hours of every calendar by its id, and the house's own under HOUSE as well."""
    days: dict[int, list[CalendarDay]] = {}
    for day in session.exec(select(CalendarDay)):
        days.setdefault(day.calendar_id, []).append(day)
    found: dict[int | None, Hours] = {}
    for calendar in session.exec(select(Calendar)):
        found[calendar.id] = hours_of(calendar, days.get(id_of(calendar), ()))
        if calendar.is_default:
            found[HOUSE] = found[calendar.id]
    return found


def hours_for(session: Session, calendar_id: int | None) -> Hours:
    """The working hours of a calendar; None: the house's. Around the clock where there is none."""
    query = select(Calendar).where(col(Calendar.is_default) if calendar_id is None else col(Calendar.id) == calendar_id)
    calendar = session.exec(query).first()
    if calendar is None:
        return ALWAYS if calendar_id is None else hours_for(session, None)
    days = session.exec(select(CalendarDay).where(CalendarDay.calendar_id == calendar.id)).all()
    return hours_of(calendar, days)


def hours_of(calendar: Calendar, days: Iterable[CalendarDay] = ()) -> Hours:
    """A calendar, and its days that are not as every week, as values to count with."""
    weekly = tuple(shifts_of(shifts) for shifts in calendar.weekly)
    country, region = calendar.country, calendar.region
    return Hours(
        zone=zone_of(calendar.timezone),
        weekly=weekly + ((),) * (7 - len(weekly)),
        days={date.fromisoformat(day.day): shifts_of(day.shifts) for day in days},
        is_free=partial(is_free, country, region) if country else never,
        is_worked=partial(is_worked, country, region) if country else never,
    )


def shifts_of(written: Sequence[Sequence[str]]) -> tuple[Shift, ...]:
    """Shifts as the tables hold them, [["09:00", "12:30"]], as minutes of the day."""
    return tuple((minutes_of(start), minutes_of(end)) for start, end in written)


def minutes_of(time: str) -> int:
    """ "09:30" as a number; "24:00" is the end of the day."""
    hours, minutes = time.split(":")
    return int(hours) * 60 + int(minutes)


def zone_of(name: str) -> ZoneInfo:
    """The time zone; UTC if this machine does not know it (a calendar is checked before it is saved)."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")
