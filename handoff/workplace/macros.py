"""Macros: words with gaps in them, and deeds, that an agent does with one press. Kept here: who sees and changes which.

A macro is everybody's, a team's or somebody's own. Admins make those that everybody has; leads those of their team.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import func, or_, update
from sqlmodel import Session, col, select

from handoff.actors import Actor, require
from handoff.errors import (
    BadGap,
    BadMacroLanguage,
    BadMacroName,
    EmptyMacro,
    MacroNotFound,
    NameTaken,
    NotAllowed,
    TextTooLong,
)
from handoff.models import Staff
from handoff.permissions import Permission, allowed
from handoff.rows import id_of, rows_touched
from handoff.staffing.models import Team
from handoff.staffing.teams import leads, team_by_id, teams_of
from handoff.wording import LONGEST_TEXT, clean, visible
from handoff.workplace.gaps import unknown_gaps
from handoff.workplace.macro_deeds import Deeds
from handoff.workplace.models import Macro
from store import audit
from store.changes import note_change

LONGEST_TITLE = 120
SHARES = Permission.MANAGE_SYSTEM
"""Who makes and changes what everybody has."""
_NAME = re.compile(r"[^\W_][\w-]{0,63}")
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[a-z0-9]{2,8})*", re.IGNORECASE)


@dataclass(frozen=True)
class Written:
    """A macro as somebody wrote it. ``team_id``: who has it is this team; ``is_own``: only its writer."""

    name: str
    title: str = ""
    texts: Mapping[str, str] = field(default_factory=dict)
    deeds: Deeds = field(default_factory=Deeds)
    team_id: int | None = None
    is_own: bool = False


@dataclass(frozen=True)
class MacroRow:
    """A macro in a list. ``team``: the name of the team that has it; ``may_change``: whoever asks may."""

    macro: Macro
    deeds: Deeds
    team: str | None
    may_change: bool

    @property
    def share_edited(self) -> float | None:
        return self.macro.edited_uses / self.macro.uses if self.macro.uses else None


def macros_for(session: Session, staff_id: int) -> list[MacroRow]:
    """The macros that somebody can use, the most used first: everybody's, those of their teams, their own."""
    mine = {id_of(team): team.name for team in teams_of(session, staff_id)}
    for_all = col(Macro.team_id).is_(None) & col(Macro.staff_id).is_(None)
    seen = or_(for_all, col(Macro.team_id).in_(mine), col(Macro.staff_id) == staff_id)
    return _rows(session, staff_id, seen)


def macros_to_keep(session: Session, staff_id: int) -> list[MacroRow]:
    """As ``macros_for``; who makes what everybody has sees those of every team as well."""
    if not _shares(session, staff_id):
        return macros_for(session, staff_id)
    return _rows(session, staff_id, or_(col(Macro.staff_id).is_(None), col(Macro.staff_id) == staff_id))


def macro_of(session: Session, macro_id: int, staff_id: int | None) -> MacroRow:
    """One that they see. An API token (None) sees everybody's. Raises MacroNotFound."""
    macro = session.get(Macro, macro_id)
    if macro is None or not _is_seen(session, macro, staff_id):
        raise MacroNotFound
    team = session.get(Team, macro.team_id) if macro.team_id else None
    return MacroRow(macro, Deeds.of(macro.deeds), team.name if team else None, _may_change(session, macro, staff_id))


def make(session: Session, written: Written, actor: Actor, now: datetime) -> Macro:
    """Make one. Raises BadMacroName, BadMacroLanguage, NameTaken, BadGap, EmptyMacro, TextTooLong, NotAllowed,
    TeamNotFound, and what ``Deeds.checked`` does."""
    macro = Macro(name="", updated_at=now)
    _write(session, macro, written, actor, now)
    session.add(macro)
    _leave_trace(session, macro, "added", actor, now)
    return macro


def change(session: Session, macro_id: int, written: Written, actor: Actor, now: datetime) -> Macro:
    """Write it anew; its uses go on counting. Raises what ``make`` does, and MacroNotFound."""
    macro = _own(session, macro_id, actor)
    before = _shown(macro)
    _write(session, macro, written, actor, now)
    _leave_trace(session, macro, "changed", actor, now, before=before)
    return macro


def remove(session: Session, macro_id: int, actor: Actor, now: datetime) -> None:
    """Raises MacroNotFound, NotAllowed."""
    macro = _own(session, macro_id, actor)
    _leave_trace(session, macro, "removed", actor, now)
    session.delete(macro)
    session.flush()


def count_use(session: Session, macro_id: int, *, is_edited: bool) -> None:
    """It was used once more. Two agents at once are both counted."""
    edited = Macro.edited_uses + int(is_edited)
    counted = update(Macro).where(col(Macro.id) == macro_id).values(uses=Macro.uses + 1, edited_uses=edited)
    rows_touched(session, counted)


def _write(session: Session, macro: Macro, written: Written, actor: Actor, now: datetime) -> None:
    name, texts, deeds = _name(written.name), _texts(written.texts), written.deeds.checked(session)
    if not texts and not deeds.kept():
        raise EmptyMacro
    _require_sharing(session, written, actor)
    others = select(Macro.id).where(func.lower(Macro.name) == name, Macro.id != macro.id)
    if session.exec(others).first() is not None:
        raise NameTaken
    macro.name, macro.title = name, " ".join(clean(written.title).split())[:LONGEST_TITLE]
    macro.texts, macro.deeds, macro.updated_at = texts, deeds.kept(), now
    macro.team_id = written.team_id if not written.is_own else None
    macro.staff_id = actor.staff_id if written.is_own else None


def _require_sharing(session: Session, written: Written, actor: Actor) -> None:
    require(session, actor, Permission.WORK_TICKETS)
    if written.is_own:
        if actor.staff_id is None:
            raise NotAllowed
        return
    if written.team_id is not None:
        team_by_id(session, written.team_id)
        if actor.staff_id in leads(session, written.team_id):
            return
    require(session, actor, SHARES)


def _name(name: str) -> str:
    called = clean(name).strip().lstrip("/?").casefold()
    if not _NAME.fullmatch(called):
        raise BadMacroName
    return called


def _texts(texts: Mapping[str, str]) -> dict[str, str]:
    """The words by language; languages without words are left out."""
    kept: dict[str, str] = {}
    for language, text in texts.items():
        words, code = visible(text), language.strip()
        if not words:
            continue
        if not _LANGUAGE.fullmatch(code):
            raise BadMacroLanguage
        if len(words) > LONGEST_TEXT:
            raise TextTooLong
        unknown = unknown_gaps(words)
        if unknown:
            raise BadGap(f"Nothing is known for {{{unknown[0]}}}. {(BadGap.__doc__ or '').strip()}")
        kept[code] = words
    return kept


def _own(session: Session, macro_id: int, actor: Actor) -> Macro:
    """The macro, for somebody who may change it."""
    macro = session.get(Macro, macro_id)
    if macro is None or not (_is_seen(session, macro, actor.staff_id) or _shares(session, actor.staff_id)):
        raise MacroNotFound
    if not _may_change(session, macro, actor.staff_id):
        raise NotAllowed
    return macro


def _is_seen(session: Session, macro: Macro, staff_id: int | None) -> bool:
    if macro.staff_id is not None:
        return macro.staff_id == staff_id
    if macro.team_id is None or _shares(session, staff_id):
        return True
    return staff_id is not None and macro.team_id in {team.id for team in teams_of(session, staff_id)}


def _may_change(session: Session, macro: Macro, staff_id: int | None) -> bool:
    if macro.staff_id is not None:
        return macro.staff_id == staff_id
    is_lead = macro.team_id is not None and staff_id in leads(session, macro.team_id)
    return is_lead or _shares(session, staff_id)


def _shares(session: Session, staff_id: int | None) -> bool:
    if staff_id is None:
        return False
    staff = session.get(Staff, staff_id)
    return staff is not None and allowed(staff.role, SHARES)


def _rows(session: Session, staff_id: int, condition: Any) -> list[MacroRow]:
    found: Sequence[Macro] = session.exec(
        select(Macro).where(condition).order_by(col(Macro.uses).desc(), col(Macro.name))
    ).all()
    shares = _shares(session, staff_id)
    teams = {team.id: team.name for team in session.exec(select(Team))}
    led = {team_id for team_id in {one.team_id for one in found} - {None} if staff_id in leads(session, team_id or 0)}
    return [
        MacroRow(
            macro,
            Deeds.of(macro.deeds),
            teams.get(macro.team_id),
            macro.staff_id == staff_id or (macro.staff_id is None and (shares or macro.team_id in led)),
        )
        for macro in found
    ]


def _shown(macro: Macro) -> dict[str, Any]:
    """What the audit keeps of a macro."""
    whose = {"team": macro.team_id, "own": macro.staff_id is not None}
    return {"name": macro.name, "texts": dict(macro.texts), "deeds": dict(macro.deeds), **whose}


def _leave_trace(session: Session, macro: Macro, deed: str, actor: Actor, now: datetime, **told: Any) -> None:
    session.flush()
    audit.record(session, actor.name, f"macro.{deed}", "macro", id_of(macro), now, **_shown(macro), **told)
    note_change(session, "macro", id_of(macro), now)
