"""A file of the staff: who may sign in and as what, in which teams, with which languages and topics."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, select

from handoff.actors import Actor
from handoff.errors import NotAllowed, TeamNotFound, UnknownLanguage, UnknownRole
from handoff.importing.customers import LANGUAGE
from handoff.importing.lines import Kind, Look
from handoff.importing.reading import Column, Line
from handoff.models import Role, Staff
from handoff.rows import id_of
from handoff.staff import change_staff, invite
from handoff.staffing.directory import team_named
from handoff.staffing.models import Team
from handoff.staffing.profiles import profile_of, set_profile
from handoff.staffing.teams import add_member, teams_of
from handoff.wording import normal_email

COLUMNS = (
    Column("email", True, ("e-mail", "mail", "邮箱")),
    Column("name", False, ("姓名", "名字")),
    Column("role", False, ("角色",)),
    Column("teams", False, ("team", "团队", "小组")),
    Column("languages", False, ("language", "语言")),
    Column("skills", False, ("topics", "技能", "主题")),
)


@dataclass(frozen=True)
class Said:
    """What a line says, as it is kept."""

    email: str
    name: str | None
    role: Role | None
    teams: tuple[Team, ...]
    languages: tuple[str, ...]
    skills: tuple[str, ...]


def _look(session: Session, line: Line) -> Look:
    said = _said(session, line)
    staff, claims = _found(session, said.email), frozenset({said.email})
    if staff is None:
        told = ((said.role or Role.AGENT).value, *(team.name for team in said.teams), *said.languages, *said.skills)
        return Look(said.name or said.email, True, told, claims)
    if staff.disabled_at is not None:
        raise NotAllowed("This person's access was switched off.")
    return Look(staff.name, False, _changes(session, staff, said), claims)


def _changes(session: Session, staff: Staff, said: Said) -> tuple[str, ...]:
    profile, teams = profile_of(session, id_of(staff)), {team.id for team in teams_of(session, id_of(staff))}
    changes = [said.name] if said.name and said.name != staff.name else []
    changes += [said.role.value] if said.role and said.role is not staff.role else []
    changes += [team.name for team in said.teams if team.id not in teams]
    changes += [one for one in said.languages if one not in profile.languages]
    changes += [one for one in said.skills if one not in profile.skills]
    return tuple(changes)


def _write(session: Session, line: Line, now: datetime, actor: Actor) -> str | None:
    said, secret = _said(session, line), None
    staff = _found(session, said.email)
    if staff is None:
        staff, secret = invite(session, said.email, said.name or said.email, said.role or Role.AGENT, now, actor)
        staff.language = said.languages[0] if said.languages else staff.language
        session.flush()
    elif (said.name or staff.name, said.role or staff.role) != (staff.name, staff.role):
        change_staff(session, id_of(staff), said.name or staff.name, said.role or staff.role, now, actor)
    _set_up(session, staff, said, now, actor)
    return secret


def _set_up(session: Session, staff: Staff, said: Said, now: datetime, actor: Actor) -> None:
    """Teams, languages and skills are added to those that they have."""
    known = {team.id for team in teams_of(session, id_of(staff))}
    for team in said.teams:
        if team.id not in known:
            add_member(session, id_of(team), id_of(staff), now, actor)
    profile = profile_of(session, id_of(staff))
    languages = list(dict.fromkeys((*profile.languages, *said.languages)))
    skills = list(dict.fromkeys((*profile.skills, *said.skills)))
    if (languages, skills) != (profile.languages, profile.skills):
        set_profile(
            session,
            id_of(staff),
            now,
            languages=languages,
            skills=skills,
            load_cap=profile.load_cap,
            timezone=profile.timezone,
            calendar_id=profile.calendar_id,
            actor=actor,
        )


def _said(session: Session, line: Line) -> Said:
    languages = tuple(line.several("languages"))
    if not all(LANGUAGE.fullmatch(one) for one in languages):
        raise UnknownLanguage
    return Said(
        normal_email(line.values["email"]),
        line.get("name"),
        _role(line.get("role")),
        tuple(_team(session, name) for name in line.several("teams")),
        languages,
        tuple(line.several("skills")),
    )


def _role(said: str | None) -> Role | None:
    if said is None:
        return None
    try:
        return Role(said.casefold())
    except ValueError:
        raise UnknownRole from None


def _team(session: Session, name: str) -> Team:
    team = team_named(session, name)
    if team is None:
        raise TeamNotFound(f"There is no team {name!r}. Make it first, or leave the cell empty.")
    return team


def _found(session: Session, email: str) -> Staff | None:
    return session.exec(select(Staff).where(Staff.email == email)).one_or_none()


AGENTS = Kind("agents", COLUMNS, _look, _write)
