"""Since when something may have been missed that nobody has looked for yet: in all workspaces, or in some.

Whoever comes after us must look as far back, though more was heard by then, so it is written down.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy import ColumnElement, delete
from sqlmodel import Session, col, select

from bot.channels.slack.names import LOOKS_FROM, SLACK, UNSEEN
from bot.models import InboxRow
from store import settings
from store.models import Setting


@dataclass(frozen=True)
class Gaps:
    """``everywhere``: in all workspaces; ``teams``: in these alone, as where Slack refuses the token."""

    everywhere: datetime | None = None
    teams: Mapping[str, datetime] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return self.oldest is not None

    @property
    def oldest(self) -> datetime | None:
        return _oldest(self.everywhere, *self.teams.values())

    def since(self, *names: str) -> datetime | None:
        """How far back there is to look in the workspace of these names; None where nothing was missed."""
        return _oldest(self.everywhere, *(self.teams.get(name) for name in names))

    def reaching(self, to: datetime, team: str | None = None) -> Gaps:
        """With one that reaches back ``to`` there."""
        if team is None:
            return replace(self, everywhere=_oldest(self.everywhere, to))
        return replace(self, teams={**self.teams, team: min(to, self.teams.get(team, to))})

    def beside(self, other: Gaps) -> Gaps:
        """All that either has."""
        both = replace(self, everywhere=_oldest(self.everywhere, other.everywhere))
        for team, since in other.teams.items():
            both = both.reaching(since, team)
        return both

    def left(self, teams: Iterable[str]) -> Gaps:
        """What is still to be looked for after a look everywhere but at ``teams``."""
        found = {team: self.since(team) for team in teams}
        return Gaps(None, {team: since for team, since in found.items() if since is not None})


def _oldest(*moments: datetime | None) -> datetime | None:
    return min((at for at in moments if at is not None), default=None)


def last_heard(session: Session) -> datetime | None:
    """When Slack told us something last; None if it never did."""
    query = select(InboxRow.received_at).where(InboxRow.channel == SLACK)
    return session.exec(query.order_by(col(InboxRow.id).desc()).limit(1)).first()


def unseen(session: Session) -> Gaps:
    """What somebody has yet to look for."""
    rows = session.exec(select(Setting).where(is_unseen())).all()
    teams = {row.name.removeprefix(f"{UNSEEN}:"): _moment(row) for row in rows if row.name != UNSEEN}
    return Gaps(next((_moment(row) for row in rows if row.name == UNSEEN), None), teams)


def is_unseen() -> ColumnElement[bool]:
    """Whether a setting says so."""
    return col(Setting.name).startswith(UNSEEN, autoescape=True)


def looks_from(session: Session) -> datetime | None:
    """What was said before is never looked up: it was dealt with in a life that was restored away."""
    row = session.get(Setting, LOOKS_FROM)
    return _moment(row) if row else None


def note_unseen(session: Session, gaps: Gaps) -> None:
    for name, since in _by_name(gaps).items():
        before = session.get(Setting, name)
        if before is None or since < _moment(before):
            settings.keep(session, name, {"since": since.isoformat()})


def forget_unseen(session: Session, gaps: Gaps) -> None:
    """All in ``gaps`` was looked for. What another process knows of that is older stays."""
    for row in session.exec(select(Setting).where(is_unseen())).all():
        team = row.name.removeprefix(UNSEEN).removeprefix(":")
        looked = gaps.since(team) if team else gaps.everywhere
        if looked is not None and _moment(row) >= looked:
            session.execute(delete(Setting).where(col(Setting.name) == row.name))


def _by_name(gaps: Gaps) -> dict[str, datetime]:
    named = {f"{UNSEEN}:{team}": since for team, since in gaps.teams.items()}
    return named if gaps.everywhere is None else {UNSEEN: gaps.everywhere, **named}


def _moment(row: Setting) -> datetime:
    return datetime.fromisoformat(row.value["since"])
