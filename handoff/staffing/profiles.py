"""How people work: languages, topics and hours of each, when they are away, and when they are on call."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session, col, select

from handoff.actors import OPERATOR, Actor, require
from handoff.customers import is_timezone
from handoff.errors import BadPeriod, BadProfile, NotAllowed, StaffNotFound
from handoff.models import Staff, Ticket, TicketStatus
from handoff.permissions import Permission
from handoff.rows import id_of
from handoff.sla.models import Calendar
from handoff.staff import disable_staff
from handoff.staffing.assigning import unassign
from handoff.staffing.directory import all_teams
from handoff.staffing.models import Absence, Duty, Profile
from handoff.staffing.queue import freed, offer_soon, try_take
from handoff.staffing.teams import normal_topics
from handoff.wording import clean
from store import audit
from store.changes import note_change

MOST_LANGUAGES, MOST_TICKETS = 30, 500
FURTHEST = timedelta(days=731)


def profile_of(session: Session, staff_id: int) -> Profile:
    """Their profile, or the one that everybody has who never set any (not in the session then)."""
    return session.get(Profile, staff_id) or Profile(staff_id=staff_id)


def set_profile(
    session: Session,
    staff_id: int,
    now: datetime,
    *,
    languages: Sequence[str] = (),
    skills: Sequence[str] = (),
    load_cap: int = 20,
    timezone: str | None = None,
    calendar_id: int | None = None,
    actor: Actor = OPERATOR,
) -> Profile:
    """Say how somebody works; they may do so themselves. Raises StaffNotFound, BadProfile, NotAllowed."""
    staff = staff_of(session, staff_id, actor)
    spoken = list(dict.fromkeys(one.strip() for one in languages if one.strip()))
    if not 0 <= load_cap <= MOST_TICKETS or len(spoken) > MOST_LANGUAGES or any(len(one) > 16 for one in spoken):
        raise BadProfile
    profile = session.get(Profile, staff_id) or Profile(staff_id=staff_id)
    profile.languages, profile.skills, profile.load_cap = spoken, normal_topics(skills), load_cap
    profile.timezone = _known_zone(timezone)
    profile.calendar_id = calendar_id if calendar_id and session.get(Calendar, calendar_id) else None
    session.add(profile)
    told = {"languages": spoken, "skills": profile.skills, "load_cap": load_cap, "timezone": profile.timezone}
    leave_trace(session, staff, actor, "staff.profile_set", now, calendar=profile.calendar_id, **told)
    freed(session, [staff_id], now)
    return profile


def add_absence(
    session: Session,
    staff_id: int,
    since: datetime,
    until: datetime,
    now: datetime,
    note: str = "",
    actor: Actor = OPERATOR,
) -> Absence:
    """Let somebody be away from ``since`` until ``until``; they may say so themselves. Raises BadPeriod."""
    staff = staff_of(session, staff_id, actor)
    check_period(since, until, now)
    words = " ".join(clean(note).split())[:200]
    absence = Absence(staff_id=staff_id, since=since, until=until, note=words)
    session.add(absence)
    period = {"since": since.isoformat(), "until": until.isoformat()}
    leave_trace(session, staff, actor, "staff.absence_added", now, **period)
    return absence


def end_absence(session: Session, staff_id: int, absence_id: int, now: datetime, actor: Actor = OPERATOR) -> None:
    """They are there again, or do not go: an absence that has begun ends now, another one is taken back."""
    staff = staff_of(session, staff_id, actor)
    absence = session.get(Absence, absence_id)
    if absence is None or absence.staff_id != staff_id or absence.until <= now:
        return
    if absence.since < now:
        absence.until = now
    else:
        session.delete(absence)
    leave_trace(session, staff, actor, "staff.absence_ended", now, absence=absence_id)
    freed(session, [staff_id], now)


def end_duty(session: Session, staff_id: int, duty_id: int, now: datetime, actor: Actor = OPERATOR) -> None:
    """They are on call no more, or will not be."""
    require(session, actor, Permission.MANAGE_STAFF)
    staff, duty = staff_of(session, staff_id, actor), session.get(Duty, duty_id)
    if duty is None or duty.staff_id != staff_id or duty.until <= now:
        return
    if duty.since < now:
        duty.until = now
    else:
        session.delete(duty)
    leave_trace(session, staff, actor, "staff.duty_ended", now, duty=duty_id)


def switch_off(session: Session, staff_id: int, now: datetime, actor: Actor = OPERATOR) -> Staff:
    """Switch a person's access off; the open tickets that they have go back to their teams' queues.

    Raises StaffNotFound, and NotAllowed for the only admin.
    """
    require(session, actor, Permission.MANAGE_STAFF)
    staff = disable_staff(session, staff_id, now, actor)
    session.flush()
    release(session, staff_id, now, actor)
    return staff


def release(session: Session, staff_id: int, now: datetime, actor: Actor = OPERATOR) -> tuple[int, int]:
    """Put the open tickets that somebody has back into their teams' queues, which are offered soon.

    A ticket that somebody works on at this very moment stays: it is never waited for, as others are held meanwhile.
    Returns how many went back, and how many stayed.
    """
    require(session, actor, Permission.WORK_TICKETS)
    query = select(Ticket).where(Ticket.assignee_id == staff_id, Ticket.status == TicketStatus.OPEN)
    theirs = session.exec(query.order_by(col(Ticket.number))).all()
    taken = [ticket for ticket in theirs if try_take(session, ticket)]
    going = [ticket for ticket in taken if ticket.assignee_id == staff_id and ticket.status is TicketStatus.OPEN]
    for ticket in going:
        unassign(session, ticket, now, actor)
    named = {ticket.team for ticket in going}
    for team in sorted((team for team in all_teams(session) if team.name in named), key=id_of):
        offer_soon(session, id_of(team), now)
    audit.record(session, actor.name, "staff.released", "staff", staff_id, now, tickets=len(going))
    return len(going), len(theirs) - len(taken)


def staff_of(session: Session, staff_id: int, actor: Actor) -> Staff:
    """The person, for an actor who is an admin or themselves."""
    if actor.staff_id != staff_id:
        require(session, actor, Permission.MANAGE_STAFF)
    staff = session.get(Staff, staff_id)
    if staff is None:
        raise StaffNotFound
    if actor.staff_id == staff_id and staff.disabled_at is not None:
        raise NotAllowed
    return staff


def check_period(since: datetime, until: datetime, now: datetime) -> None:
    if not since < until or until <= now or until > now + FURTHEST:
        raise BadPeriod


def _known_zone(name: str | None) -> str | None:
    zone = (name or "").strip()
    if zone and not is_timezone(zone):
        raise BadProfile(f"There is no time zone {zone!r}. Write it like Europe/Madrid or Asia/Shanghai.")
    return zone or None


def leave_trace(session: Session, staff: Staff, actor: Actor, deed: str, now: datetime, **detail: Any) -> None:
    session.flush()
    note_change(session, "staff", id_of(staff), now)
    audit.record(session, actor.name, deed, "staff", id_of(staff), now, **detail)
