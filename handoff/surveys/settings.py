"""Whether and when customers are asked how they like us: a setting of the house."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session

from handoff.actors import Actor, require
from handoff.permissions import Permission
from store import audit
from store.changes import note_change
from store.models import Setting
from store.settings import keep

NAME = "surveys"
HOURS = range(1, 24 * 14 + 1)
DAYS = range(30, 366)


@dataclass(frozen=True)
class SurveySettings:
    """``csat_after_hours``: after a ticket was resolved and nobody said whether it is; at once when they did."""

    csat: bool = True
    csat_after_hours: int = 24
    nps: bool = False
    nps_every_days: int = 90

    @property
    def csat_after(self) -> timedelta:
        return timedelta(hours=self.csat_after_hours)

    @property
    def nps_every(self) -> timedelta:
        return timedelta(days=self.nps_every_days)


def survey_settings(session: Session) -> SurveySettings:
    """The settings as they are now. Reads only."""
    row = session.get(Setting, NAME)
    return settings_from(row.value if row else {})


def settings_from(value: dict[str, Any]) -> SurveySettings:
    """What was kept, as far as it makes sense; the rest as shipped."""
    known = {field.name: value[field.name] for field in fields(SurveySettings) if field.name in value}
    read = SurveySettings(**known)
    return SurveySettings(
        bool(read.csat), _within(read.csat_after_hours, HOURS), bool(read.nps), _within(read.nps_every_days, DAYS)
    )


def change_settings(session: Session, settings: SurveySettings, actor: Actor, now: datetime) -> SurveySettings:
    """Let these hold from now on; numbers beyond what makes sense are brought back to it."""
    require(session, actor, Permission.MANAGE_SYSTEM)
    held = settings_from(asdict(settings))
    keep(session, NAME, asdict(held))
    audit.record(session, actor.name, "surveys.changed", "setting", None, now, **asdict(held))
    note_change(session, "surveys", 0, now)
    return held


def _within(number: Any, allowed: range) -> int:
    return min(max(int(number), allowed[0]), allowed[-1])
