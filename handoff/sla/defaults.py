"""What a new desk promises until somebody says otherwise."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from sqlmodel import Session, col, select

from handoff.models import Plan, Priority
from handoff.sla.models import Calendar, ClockKind, EscalationStep, SlaPolicy, Whom
from handoff.sla.rules import BREACH, forget_rules
from handoff.staffing.models import Team
from store import audit
from store.inserts import insert
from store.models import Setting

_DONE = "desk_defaults"
_WHO = "system"
OFFICE_HOURS, WORKING_DAYS, FRONT_LINE = "Office hours", "Working days", "front line"
_WEEK = [*[[["09:00", "18:00"]]] * 5, [], []]
_WHOLE_DAYS = [*[[["00:00", "24:00"]]] * 5, [], []]
_BETTER = (Plan.ENTERPRISE, Plan.VIP)
WARNING = 80


def lay_out(session: Session, now: datetime) -> bool:
    """Give a new desk its calendar, policies, steps and team, once for good: what an admin deletes does not come back.

    Every start calls this, several servers at a time too. False if it was done before.
    """
    row = insert(session, Setting).values(name=_DONE, value={"at": now.isoformat()})
    if session.execute(row.on_conflict_do_nothing().returning(col(Setting.name))).first() is None:
        return False
    days = _calendars(session)
    for found in (*_policies(days), *_steps(), *_team(session, now)):
        session.add(found)
    session.flush()
    forget_rules(session)
    audit.record(session, _WHO, "desk.laid_out", "setting", None, now)
    return True


def _calendars(session: Session) -> int | None:
    """Lay out the calendars where there are none. Returns the id of the one for targets of a day and more.

    Whoever is promised an answer within 48 hours counts days, not the hours of an office: those would be a week.
    """
    if session.exec(select(Calendar.id)).first() is not None:
        return None
    days = Calendar(name=WORKING_DAYS, timezone="UTC", weekly=_WHOLE_DAYS)
    session.add_all((Calendar(name=OFFICE_HOURS, timezone="UTC", weekly=_WEEK, is_default=True), days))
    session.flush()
    return days.id


def _policies(days: int | None) -> Iterator[SlaPolicy]:
    first, urgent = ClockKind.FIRST_RESPONSE, Priority.P0
    yield SlaPolicy(clock=first, priority=urgent, minutes=60, is_always=True)
    yield SlaPolicy(clock=first, priority=Priority.P1, minutes=4 * 60)
    yield SlaPolicy(clock=first, priority=Priority.P2, minutes=48 * 60, calendar_id=days)
    yield SlaPolicy(clock=first, priority=Priority.P3, minutes=48 * 60, calendar_id=days)
    for plan in _BETTER:
        yield SlaPolicy(clock=first, plan=plan, tier=1, minutes=30)
        # Else what is urgent on Friday night would wait for Monday.
        yield SlaPolicy(clock=first, plan=plan, tier=1, priority=urgent, minutes=30, is_always=True)
    yield SlaPolicy(clock=ClockKind.DIAGNOSIS, tier=2, minutes=2 * 60)
    yield SlaPolicy(clock=ClockKind.WORKAROUND, tier=3, minutes=4 * 60)
    yield SlaPolicy(clock=ClockKind.RESOLUTION, tier=2, minutes=24 * 60, calendar_id=days)
    yield SlaPolicy(clock=ClockKind.RESOLUTION, tier=3, minutes=72 * 60, calendar_id=days)


def _steps() -> Iterator[EscalationStep]:
    for whom in (Whom.ASSIGNEE, Whom.TEAM):
        yield EscalationStep(percent=WARNING, whom=whom)
    for whom in (Whom.ASSIGNEE, Whom.TEAM, Whom.ADMINS):
        yield EscalationStep(percent=BREACH, whom=whom)
    yield EscalationStep(priority=Priority.P0, percent=0, whom=Whom.ON_CALL)


def _team(session: Session, now: datetime) -> Iterator[Team]:
    if session.exec(select(Team.id)).first() is None:
        yield Team(name=FRONT_LINE, is_default=True, created_at=now)
