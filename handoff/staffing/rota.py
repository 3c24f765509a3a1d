"""A rota: somebody is on call again and again, every so many weeks. Each time is a duty of its own, which can be given
up without the others."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete
from sqlmodel import Session

from handoff.actors import OPERATOR, Actor, require
from handoff.errors import BadPeriod, BadRota
from handoff.permissions import Permission
from handoff.rows import id_of
from handoff.staffing.models import Duty
from handoff.staffing.profiles import FURTHEST, check_period, leave_trace, staff_of
from store.columns import table_of

MOST_WEEKS, MOST_TIMES = 12, 104


def rota(since: datetime, until: datetime, every_weeks: int, times: int) -> list[tuple[datetime, datetime]]:
    """So many periods, the first as given. In a time zone with summer time each begins and ends when the clock on the
    wall says so. Raises BadRota where they would overlap, or are too many. Pure."""
    step = timedelta(weeks=every_weeks)
    if not (1 <= every_weeks <= MOST_WEEKS and 1 <= times <= MOST_TIMES) or until - since > step:
        raise BadRota
    return [(since + step * number, until + step * number) for number in range(times)]


def add_rota(
    session: Session,
    staff_id: int,
    periods: Sequence[tuple[datetime, datetime]],
    now: datetime,
    actor: Actor = OPERATOR,
) -> list[Duty]:
    """Put somebody on call in each of these periods. Raises BadPeriod, StaffNotFound."""
    require(session, actor, Permission.MANAGE_STAFF)
    staff = staff_of(session, staff_id, actor)
    check_period(*periods[0], now)
    if periods[-1][1] > now + FURTHEST:
        raise BadPeriod
    duties = [Duty(staff_id=staff_id, since=since, until=until) for since, until in periods]
    session.add_all(duties)
    told = {"since": periods[0][0].isoformat(), "until": periods[-1][1].isoformat(), "times": len(periods)}
    leave_trace(session, staff, actor, "staff.duty_added", now, **told)
    return duties


def end_rota(session: Session, staff_id: int, now: datetime, actor: Actor = OPERATOR) -> None:
    """They will not be on call any more; a time that has begun goes on."""
    require(session, actor, Permission.MANAGE_STAFF)
    staff, duties = staff_of(session, staff_id, actor), table_of(Duty).c
    to_come = (duties.staff_id == id_of(staff), duties.since > now)
    gone = session.execute(delete(table_of(Duty)).where(*to_come).returning(duties.id)).all()
    leave_trace(session, staff, actor, "staff.duty_ended", now, times=len(gone))
