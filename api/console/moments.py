"""Moments that agents choose: the usual ones by name, others by the clock on their wall."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlmodel import Session

from handoff.errors import BadMoment
from handoff.models import Impact, Priority, Staff, Urgency
from handoff.rows import id_of
from handoff.staffing.models import Profile
from handoff.staffing.views import zone_name

MORNING = time(9, 0)
USUAL = ("hour", "afternoon", "tomorrow", "monday", "week")
"""In an hour, in four, tomorrow morning, on Monday morning, in a week."""


@dataclass(frozen=True)
class SheetChoices:
    """What there is to choose from on a ticket's sheet."""

    zone: str
    """Where the agent is (IANA)."""
    usual: tuple[str, ...] = USUAL
    impacts: tuple[Impact, ...] = tuple(Impact)
    urgencies: tuple[Urgency, ...] = tuple(Urgency)
    priorities: tuple[Priority, ...] = tuple(Priority)


def zone_of_staff(session: Session, staff: Staff) -> str:
    """The name of the time zone in which somebody of the staff means a time that they type."""
    return zone_name(session, session.get(Profile, id_of(staff)) or Profile(staff_id=id_of(staff)))


def moment_of(usual: str, typed: str, now: datetime, zone: str) -> datetime:
    """The moment (UTC) that is meant: ``typed`` as a browser writes local times, else the ``usual`` one of that name.

    ``zone``: where the agent is (IANA). Raises BadMoment where neither says anything.
    """
    if typed.strip():
        try:
            local = datetime.fromisoformat(typed.strip())
        except ValueError:
            raise BadMoment from None
        return (local if local.tzinfo else local.replace(tzinfo=ZoneInfo(zone))).astimezone(UTC)
    match usual:
        case "hour":
            return now + timedelta(hours=1)
        case "afternoon":
            return now + timedelta(hours=4)
        case "tomorrow":
            return _morning(now, zone, 1)
        case "monday":
            return _morning(now, zone, 7 - now.astimezone(ZoneInfo(zone)).weekday())
        case "week":
            return now + timedelta(days=7)
    raise BadMoment


def _morning(now: datetime, zone: str, days: int) -> datetime:
    day = now.astimezone(ZoneInfo(zone)).date() + timedelta(days=days)
    return datetime.combine(day, MORNING, ZoneInfo(zone)).astimezone(UTC)
