"""Teams: made, changed and removed by admins. Exactly one team, if there is any, is the default one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, update
from sqlmodel import Session, col, select

from handoff.actors import OPERATOR, Actor, require
from handoff.errors import KeepDefaultTeam, NameNeeded, NameTaken, NoTickets, StaffNotFound, TeamNotFound
from handoff.models import Staff, Ticket, TicketStatus
from handoff.permissions import Permission
from handoff.rows import id_of, rows_touched
from handoff.sla.models import Calendar
from handoff.staffing.directory import all_teams, colleagues, team_named
from handoff.staffing.models import Team, TeamMember
from handoff.staffing.queue import offer_soon, waiting
from handoff.ticketing.models import Happened, TicketEvent
from handoff.wording import clean
from store import audit
from store.changes import note_change

LONGEST_NAME, LONGEST_TOPIC, MOST_TOPICS = 64, 100, 100


@dataclass(frozen=True)
class TeamRow:
    """A team in a list."""

    team: Team
    people: tuple[str, ...]
    """The names of those who can have tickets."""
    waiting: int
    """Open tickets that nobody has."""
    open: int
    calendar: str | None
    """The name of its own calendar; None: the house's."""


def add_team(session: Session, name: str, now: datetime, actor: Actor = OPERATOR) -> Team:
    """Make a team; the first one is the default. Raises NameTaken, NameNeeded."""
    require(session, actor, Permission.MANAGE_STAFF)
    is_first = not all_teams(session)
    team = Team(name=_free_name(session, name), is_default=is_first, created_at=now)
    session.add(team)
    _leave_trace(session, team, actor, "team.added", now, name=team.name)
    return team


def change_team(
    session: Session,
    team_id: int,
    name: str,
    topics: Sequence[str],
    now: datetime,
    *,
    assigns: bool,
    calendar_id: int | None = None,
    is_default: bool = False,
    actor: Actor = OPERATOR,
) -> Team:
    """Change what a team is called, what comes to it and how. Its tickets follow a new name.

    ``is_default``: it gets what no other is named for; the one that did does no more. Raises TeamNotFound, NameTaken.
    """
    require(session, actor, Permission.MANAGE_STAFF)
    team = team_by_id(session, team_id)
    _rename(session, team, _free_name(session, name, team))
    team.topics, team.assigns = normal_topics(topics), assigns
    team.calendar_id = calendar_id if calendar_id and session.get(Calendar, calendar_id) else None
    if is_default:
        _make_default(session, team)
    told = {"name": team.name, "topics": team.topics, "assigns": assigns, "calendar": team.calendar_id}
    _leave_trace(session, team, actor, "team.changed", now, is_default=team.is_default, **told)
    _offer(session, team, now)
    return team


def remove_team(session: Session, team_id: int, now: datetime, actor: Actor = OPERATOR) -> Team:
    """Let there be no such team: the default one gets its tickets and macros. Returns that one.

    Raises TeamNotFound, KeepDefaultTeam.
    """
    from handoff.workplace.models import Macro

    require(session, actor, Permission.MANAGE_STAFF)
    team = team_by_id(session, team_id)
    if team.is_default:
        raise KeepDefaultTeam
    heir = next(one for one in all_teams(session) if one.is_default)
    _hand_down(session, team, heir, now, actor)
    session.execute(update(Macro).where(col(Macro.team_id) == team_id).values(team_id=heir.id))
    session.execute(delete(TeamMember).where(col(TeamMember.team_id) == team_id))
    _leave_trace(session, team, actor, "team.removed", now, name=team.name)
    session.delete(team)
    session.flush()
    _offer(session, heir, now)
    return heir


def add_member(
    session: Session, team_id: int, staff_id: int, now: datetime, actor: Actor = OPERATOR, *, is_lead: bool = False
) -> None:
    """Let somebody who can have tickets be of the team, as its lead or not. Raises TeamNotFound, NoTickets."""
    require(session, actor, Permission.MANAGE_STAFF)
    team = team_by_id(session, team_id)
    if session.get(Staff, staff_id) is None:
        raise StaffNotFound
    if not colleagues(session, ids=(staff_id,)):
        raise NoTickets
    session.merge(TeamMember(team_id=team_id, staff_id=staff_id, is_lead=is_lead))
    session.flush()
    _leave_trace(session, team, actor, "team.member_added", now, staff=staff_id, is_lead=is_lead)
    _offer(session, team, now)


def remove_member(session: Session, team_id: int, staff_id: int, now: datetime, actor: Actor = OPERATOR) -> None:
    """Let somebody be no more of the team; the tickets that they have stay theirs. Raises TeamNotFound."""
    require(session, actor, Permission.MANAGE_STAFF)
    team = team_by_id(session, team_id)
    session.execute(delete(TeamMember).where(col(TeamMember.team_id) == team_id, col(TeamMember.staff_id) == staff_id))
    _leave_trace(session, team, actor, "team.member_removed", now, staff=staff_id)


def team_by_id(session: Session, team_id: int) -> Team:
    """The team. Raises TeamNotFound."""
    team = session.get(Team, team_id)
    if team is None:
        raise TeamNotFound
    return team


def teams_overview(session: Session) -> list[TeamRow]:
    """Every team with its people and its queue, the default one first."""
    waits, opened = _open_tickets(session, is_waiting=True), _open_tickets(session)
    calendars = {calendar.id: calendar.name for calendar in session.exec(select(Calendar))}
    return [
        TeamRow(
            team,
            tuple(one.staff.name for one in colleagues(session, id_of(team))),
            waits.get(team.name, 0),
            opened.get(team.name, 0),
            calendars.get(team.calendar_id),
        )
        for team in all_teams(session)
    ]


def leads(session: Session, team_id: int) -> set[int]:
    """The ids of the team's leads."""
    query = select(TeamMember.staff_id).where(TeamMember.team_id == team_id, col(TeamMember.is_lead).is_(True))
    return set(session.exec(query))


def teams_of(session: Session, staff_id: int) -> Sequence[Team]:
    """The teams of somebody, by name."""
    query = select(Team).join(TeamMember, col(TeamMember.team_id) == Team.id).where(TeamMember.staff_id == staff_id)
    return session.exec(query.order_by(func.lower(Team.name))).all()


def normal_topics(topics: Sequence[str]) -> list[str]:
    """Topics as they are kept: each once, whatever the case of the letters, in the order given."""
    found = {one.casefold(): one for one in reversed([" ".join(clean(topic).split()) for topic in topics])}
    return [one[:LONGEST_TOPIC] for one in reversed(found.values()) if one][:MOST_TOPICS]


def _open_tickets(session: Session, *, is_waiting: bool = False) -> Mapping[str | None, int]:
    query = select(Ticket.team, func.count()).where(Ticket.status == TicketStatus.OPEN)
    if is_waiting:
        query = query.where(col(Ticket.assignee_id).is_(None))
    return dict(session.execute(query.group_by(col(Ticket.team))).all())


def _rename(session: Session, team: Team, name: str) -> None:
    if name != team.name:
        # Tickets know their team by its name.
        rows_touched(session, update(Ticket).where(col(Ticket.team) == team.name).values(team=name))
        team.name = name
        session.flush()


def _make_default(session: Session, team: Team) -> None:
    session.flush()
    rows_touched(session, update(Team).where(col(Team.is_default).is_(True)).values(is_default=False))
    for other in session.exec(select(Team).execution_options(populate_existing=True)):
        other.is_default = other.id == team.id
    session.flush()


def _hand_down(session: Session, team: Team, heir: Team, now: datetime, actor: Actor) -> None:
    """Its tickets go to the heir; those that are not solved yet have it in their history."""
    unsolved = col(Ticket.status).in_([TicketStatus.OPEN, TicketStatus.PENDING])
    ids = session.exec(select(Ticket.id).where(Ticket.team == team.name, unsolved).order_by(col(Ticket.id))).all()
    told: dict[str, Any] = {"team": heir.name, "before": team.name}
    session.add_all(
        TicketEvent(ticket_id=one, kind=Happened.TEAM, at=now, staff_id=actor.staff_id, detail=told)
        for one in ids
        if one is not None
    )
    rows_touched(session, update(Ticket).where(col(Ticket.team) == team.name).values(team=heir.name))


def _offer(session: Session, team: Team, now: datetime) -> None:
    session.flush()
    if team.assigns and waiting(session, team, 1):
        offer_soon(session, id_of(team), now)


def _free_name(session: Session, name: str, own: Team | None = None) -> str:
    name = " ".join(clean(name).split())
    if not name or len(name) > LONGEST_NAME:
        raise NameNeeded
    other = team_named(session, name)
    if other is not None and other is not own:
        raise NameTaken(f"There is a team {other.name!r} already. Choose another name.")
    return name


def _leave_trace(session: Session, team: Team, actor: Actor, deed: str, now: datetime, **detail: Any) -> None:
    session.flush()
    note_change(session, "team", id_of(team), now)
    audit.record(session, actor.name, deed, "team", id_of(team), now, **detail)
