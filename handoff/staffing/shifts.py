"""When people are at work: in the hours of their own calendar, else of their team's, else of the house's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from sqlmodel import Session

from handoff.sla.calendars import zone_of
from handoff.sla.hours import ALWAYS, Hours
from handoff.sla.rules import rules_of
from handoff.staffing.directory import Colleague, away
from handoff.staffing.models import Profile, Team


def hours_of(session: Session, people: Sequence[Colleague], team: Team | None) -> dict[int, Hours]:
    """The working hours of each of ``people``, by their id. A house without a calendar works around the clock."""
    calendars = rules_of(session).calendars
    return {one.id: own_hours(one.profile, team.calendar_id if team else None, calendars) for one in people}


def own_hours(profile: Profile, team_calendar_id: int | None, calendars: Mapping[int | None, Hours]) -> Hours:
    """``calendars`` by id, the house's own under None. With a time zone of their own, 09:00 is nine o'clock there."""
    house = calendars.get(None, ALWAYS)
    hours = calendars.get(profile.calendar_id or team_calendar_id, house)
    return replace(hours, zone=zone_of(profile.timezone)) if profile.timezone else hours


def next_arrival(session: Session, people: Sequence[Colleague], team: Team | None, now: datetime) -> datetime | None:
    """The first moment after ``now`` at which somebody comes to work who is not at work now; None: nobody in sight."""
    hours, gone = hours_of(session, people, team), away(session, [one.id for one in people], now)
    found = []
    for one in people:
        is_here = one.id not in gone and hours[one.id].is_open(now)
        opens = None if is_here else hours[one.id].opens(gone.get(one.id, now))
        if opens is not None and opens > now:
            found.append(opens)
    return min(found, default=None)
