"""Who is there: the people of a team, who is away, who is on call, and how much everybody has. Reads only."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from sqlalchemy import func
from sqlmodel import Session, col, select

from handoff.models import Role, Staff, Ticket, TicketStatus
from handoff.permissions import Permission, allowed
from handoff.rows import id_of
from handoff.staffing.models import Absence, Duty, Profile, Team, TeamMember

WORKERS = tuple(role for role in Role if allowed(role, Permission.WORK_TICKETS))
"""The roles that can have tickets."""


@dataclass(frozen=True)
class Colleague:
    """Somebody who can have tickets, and how they work."""

    staff: Staff
    profile: Profile
    """Their own, or the one that everybody has who never set any."""

    @property
    def id(self) -> int:
        return id_of(self.staff)

    @property
    def languages(self) -> tuple[str, ...]:
        return tuple(self.profile.languages) or (self.staff.language,)


def all_teams(session: Session) -> Sequence[Team]:
    """Every team, the default one first, then by name."""
    return session.exec(select(Team).order_by(col(Team.is_default).desc(), func.lower(Team.name), col(Team.id))).all()


def team_named(session: Session, name: str | None) -> Team | None:
    """The team that tickets and intents call so, whatever the case of the letters."""
    if name is None:
        return None
    wanted = name.strip().casefold()
    return next((team for team in all_teams(session) if team.name.casefold() == wanted), None)


def colleagues(session: Session, team_id: int | None = None, ids: Collection[int] | None = None) -> list[Colleague]:
    """Who works here and can have tickets, by id: of a team, or those among ``ids``."""
    query = (
        select(Staff, Profile)
        .join(Profile, col(Profile.staff_id) == Staff.id, isouter=True)
        .where(col(Staff.disabled_at).is_(None), col(Staff.role).in_(WORKERS))
    )
    if team_id is not None:
        query = query.where(col(Staff.id).in_(select(TeamMember.staff_id).where(TeamMember.team_id == team_id)))
    if ids is not None:
        query = query.where(col(Staff.id).in_(ids))
    found = session.exec(query.order_by(col(Staff.id))).all()
    # The lists are given although they are the defaults: to make each by itself takes pydantic half a millisecond.
    blank = partial(Profile, languages=[], skills=[])
    return [Colleague(staff, profile or blank(staff_id=id_of(staff))) for staff, profile in found]


def team_members(session: Session, name: str | None) -> list[int]:
    """The ids of the people of the team of this name who can have tickets; none where there is no such team."""
    team = team_named(session, name)
    return [one.id for one in colleagues(session, id_of(team))] if team else []


def admins(session: Session) -> list[int]:
    """The ids of all admins who are not switched off."""
    query = select(Staff.id).where(Staff.role == Role.ADMIN, col(Staff.disabled_at).is_(None))
    return [one for one in session.exec(query.order_by(col(Staff.id))) if one is not None]


def on_call(session: Session, now: datetime) -> list[int]:
    """The ids of those who are on call at ``now`` and can have tickets, by id."""
    query = select(Duty.staff_id).where(col(Duty.since) <= now, col(Duty.until) > now)
    return [one.id for one in colleagues(session, ids=set(session.exec(query)))]


def away(session: Session, staff_ids: Collection[int], now: datetime) -> dict[int, datetime]:
    """Those of ``staff_ids`` who are away at ``now``, with the moment until which."""
    query = select(Absence.staff_id, func.max(Absence.until)).where(
        col(Absence.staff_id).in_(staff_ids), col(Absence.since) <= now, col(Absence.until) > now
    )
    return dict(session.execute(query.group_by(col(Absence.staff_id))).all())


def is_gone(session: Session, staff_id: int, now: datetime) -> bool:
    """Whether nobody should wait for this person now: away, switched off, or in a role that has no tickets."""
    return not colleagues(session, ids=(staff_id,)) or staff_id in away(session, (staff_id,), now)


def loads(session: Session, staff_ids: Collection[int]) -> Mapping[int, int]:
    """How many open tickets each of ``staff_ids`` has; who has none is not in it."""
    query = select(Ticket.assignee_id, func.count()).where(
        col(Ticket.assignee_id).in_(staff_ids), col(Ticket.status) == TicketStatus.OPEN
    )
    found = session.execute(query.group_by(col(Ticket.assignee_id)))
    return {staff_id: number for staff_id, number in found if staff_id is not None}
