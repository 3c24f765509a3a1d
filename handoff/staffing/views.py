"""What the console shows of the people who work here, and of why somebody has a ticket. Reads only."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func
from sqlmodel import Session, col, select

from handoff.errors import StaffNotFound
from handoff.models import Staff, Ticket
from handoff.rows import id_of
from handoff.sla.calendars import zone_of
from handoff.sla.hours import ALWAYS, Hours
from handoff.sla.rules import rules_of
from handoff.staffing.directory import Colleague, away, colleagues, loads
from handoff.staffing.models import Absence, Duty, Profile, Team, TeamMember
from handoff.staffing.shifts import own_hours
from handoff.ticketing.models import Happened, TicketEvent


@dataclass(frozen=True)
class StaffRow:
    """Somebody who works here, as they are now."""

    staff: Staff
    profile: Profile
    teams: tuple[str, ...]
    load: int
    """Their open tickets."""
    away_until: datetime | None
    is_on_call: bool
    is_at_work: bool
    """They have working hours now and are not away."""
    can_have_tickets: bool


@dataclass(frozen=True)
class PersonPage:
    """Everything on the page of one of the staff."""

    row: StaffRow
    absences: Sequence[Absence]
    """Those that are not over, the next first."""
    duties: Sequence[Duty]
    zone: str
    """The name of the time zone that they work in."""


@dataclass(frozen=True)
class Compared:
    """Somebody else who could have got a ticket."""

    name: str
    total: int
    bar: str | None


@dataclass(frozen=True)
class Assignment:
    """Who has a ticket, why, and who else could."""

    assignee_id: int | None
    assignee: str | None
    team: str | None
    teams: tuple[str, ...]
    people: tuple[Colleague, ...]
    """Whom it can be given to."""
    terms: Mapping[str, int]
    """What spoke for the one whom the desk chose; empty where a person decided."""
    compared: tuple[Compared, ...] = ()
    at: datetime | None = None

    @property
    def total(self) -> int:
        return sum(self.terms.values())


def staff_overview(session: Session, now: datetime) -> list[StaffRow]:
    """Everybody who works here or did, by name; who was switched off comes last."""
    query = select(Staff).order_by(col(Staff.disabled_at).is_not(None), func.lower(Staff.name), col(Staff.id))
    return _rows(session, session.exec(query).all(), now)


def person_page(session: Session, staff_id: int, now: datetime) -> PersonPage:
    """One of the staff. Raises StaffNotFound."""
    staff = session.get(Staff, staff_id)
    if staff is None:
        raise StaffNotFound
    absences = select(Absence).where(Absence.staff_id == staff_id, col(Absence.until) > now)
    duties = select(Duty).where(Duty.staff_id == staff_id, col(Duty.until) > now)
    (row,) = _rows(session, [staff], now)
    return PersonPage(
        row,
        session.exec(absences.order_by(col(Absence.since), col(Absence.id))).all(),
        session.exec(duties.order_by(col(Duty.since), col(Duty.id))).all(),
        zone_name(session, row.profile),
    )


def zone_name(session: Session, profile: Profile) -> str:
    """The time zone that somebody works in: their own, else that of their calendar, else the house's."""
    if profile.timezone:
        return zone_of(profile.timezone).key
    calendars = rules_of(session).calendars
    return calendars.get(profile.calendar_id, calendars.get(None, ALWAYS)).zone.key


def assignment_of(session: Session, ticket: Ticket) -> Assignment:
    """Who has the ticket and why, with everybody whom it could be given to."""
    people = colleagues(session)
    assignee = session.get(Staff, ticket.assignee_id) if ticket.assignee_id else None
    event = _last_choice(session, ticket) if assignee else None
    detail: Mapping[str, Any] = event.detail if event else {}
    return Assignment(
        ticket.assignee_id,
        assignee.name if assignee else None,
        ticket.team,
        tuple(session.exec(select(Team.name).order_by(func.lower(Team.name)))),
        tuple(people),
        dict(detail.get("terms") or {}),
        _compared(session, detail.get("compared") or ()),
        event.at if event else None,
    )


def _last_choice(session: Session, ticket: Ticket) -> TicketEvent | None:
    """How the ticket came to whoever has it now."""
    query = select(TicketEvent).where(TicketEvent.ticket_id == ticket.id, TicketEvent.kind == Happened.ASSIGNED)
    event = session.exec(query.order_by(col(TicketEvent.id).desc()).limit(1)).first()
    return event if event is not None and event.staff_id == ticket.assignee_id else None


def _compared(session: Session, kept: Sequence[Mapping[str, Any]]) -> tuple[Compared, ...]:
    ids = [one.get("staff_id") for one in kept]
    names = dict(session.execute(select(Staff.id, Staff.name).where(col(Staff.id).in_(ids))).all())
    known = [one for one in kept if one.get("staff_id") in names]
    return tuple(Compared(names[one["staff_id"]], int(one.get("total", 0)), one.get("bar")) for one in known)


def _rows(session: Session, people: Sequence[Staff], now: datetime) -> list[StaffRow]:
    ids = [id_of(one) for one in people]
    profiles = {one.staff_id: one for one in session.exec(select(Profile).where(col(Profile.staff_id).in_(ids)))}
    teams, able = _teams(session, ids), {one.id for one in colleagues(session, ids=ids)}
    gone, load, calendars = away(session, ids, now), loads(session, ids), rules_of(session).calendars
    on_duty = select(Duty.staff_id).where(col(Duty.since) <= now, col(Duty.until) > now)
    on_call = set(session.exec(on_duty))
    rows = []
    for staff in people:
        profile = profiles.get(id_of(staff)) or Profile(staff_id=id_of(staff))
        mine = teams.get(profile.staff_id, [])
        rows.append(
            StaffRow(
                staff,
                profile,
                tuple(team.name for team in mine),
                load.get(profile.staff_id, 0),
                gone.get(profile.staff_id),
                profile.staff_id in on_call,
                profile.staff_id not in gone and _works(profile, mine, calendars, now),
                profile.staff_id in able,
            )
        )
    return rows


def _teams(session: Session, ids: Collection[int]) -> dict[int, list[Team]]:
    query = select(TeamMember.staff_id, Team).join(Team, col(Team.id) == TeamMember.team_id)
    found: dict[int, list[Team]] = {}
    for staff_id, team in session.exec(query.where(col(TeamMember.staff_id).in_(ids)).order_by(func.lower(Team.name))):
        found.setdefault(staff_id, []).append(team)
    return found


def _works(profile: Profile, teams: Sequence[Team], calendars: Mapping[int | None, Hours], now: datetime) -> bool:
    """In the hours that they have for any of their teams, or in the house's if they are of none."""
    own = {team.calendar_id for team in teams} or {None}
    return any(own_hours(profile, calendar_id, calendars).is_open(now) for calendar_id in own)
