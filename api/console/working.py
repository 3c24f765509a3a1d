"""How people work, when they are away, when they are on call: admins say it of everybody, others of themselves."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request, Response
from sqlmodel import Session

from api.console.parts import AnyStaff, actor_of
from api.console.refusals import ConsoleRoute
from api.console.staff import Manager, StaffId, Text, do
from api.http.parts import Now, TheProduct
from handoff.actors import Actor
from handoff.errors import BadPeriod
from handoff.rows import id_of
from handoff.sla.calendars import zone_of
from handoff.staffing import profiles, rota
from handoff.staffing.views import zone_name

router = APIRouter(prefix="/console", route_class=ConsoleRoute, include_in_schema=False)

Names = Annotated[str, Form(max_length=5000)]
RowId = Annotated[int, Form(ge=1, lt=2**53)]
# Names are parted by commas; Chinese has its own, and one that parts the words of a list.
_COMMA = re.compile("[,，、;；\n]")


class HowTheyWork:
    """The form of a profile."""

    def __init__(
        self,
        languages: Names = "",
        skills: Names = "",
        load_cap: Annotated[int, Form(ge=0, le=profiles.MOST_TICKETS)] = 20,
        timezone: Text = "",
        calendar: Annotated[int, Form(ge=0, lt=2**53)] = 0,
    ) -> None:
        self.languages, self.skills = names(languages), names(skills)
        self.load_cap, self.timezone, self.calendar_id = load_cap, timezone, calendar or None

    def set(self, session: Session, staff_id: int, actor: Actor, now: datetime) -> None:
        profiles.set_profile(session, staff_id, now, actor=actor, **vars(self))


class Period:
    """The form of an absence or of a time on call: what the clock shows where the person is."""

    def __init__(self, since: Text = "", until: Text = "", note: Text = "") -> None:
        self.since, self.until, self.note = since, until, note

    def within(self, session: Session, staff_id: int) -> tuple[datetime, datetime]:
        """As moments. Raises BadPeriod."""
        zone = zone_of(zone_name(session, profiles.profile_of(session, staff_id)))
        return _moment(self.since).replace(tzinfo=zone), _moment(self.until).replace(tzinfo=zone)


class Rota(Period):
    """The form of a time on call, which may come again."""

    def __init__(
        self,
        since: Text = "",
        until: Text = "",
        every: Annotated[int, Form(ge=0, le=rota.MOST_WEEKS)] = 0,
        times: Annotated[int, Form(ge=1, le=rota.MOST_TIMES)] = 1,
    ) -> None:
        super().__init__(since, until)
        self.every, self.times = every, times

    def each(self, session: Session, staff_id: int) -> list[tuple[datetime, datetime]]:
        """All its times; just one where it does not repeat. Raises BadPeriod, BadRota."""
        since, until = self.within(session, staff_id)
        return rota.rota(since, until, self.every, self.times) if self.every else [(since, until)]


Work = Annotated[HowTheyWork, Depends()]
Times = Annotated[Period, Depends()]
Duties = Annotated[Rota, Depends()]


@router.post("/me/profile")
def my_profile(request: Request, product: TheProduct, now: Now, staff: AnyStaff, work: Work) -> Response:
    return do(request, product, now, id_of(staff), _profile(staff.id, work, actor_of(staff), now))


@router.post("/me/absences")
def my_absence(request: Request, product: TheProduct, now: Now, staff: AnyStaff, times: Times) -> Response:
    return do(request, product, now, id_of(staff), _absence(staff.id, times, actor_of(staff), now))


@router.post("/me/absences/end")
def my_return(request: Request, product: TheProduct, now: Now, staff: AnyStaff, absence_id: RowId) -> Response:
    return do(request, product, now, id_of(staff), _return(staff.id, absence_id, actor_of(staff), now))


@router.post("/staff/{staff_id}/profile")
def profile(request: Request, product: TheProduct, now: Now, staff: Manager, staff_id: StaffId, work: Work) -> Response:
    return do(request, product, now, staff_id, _profile(staff_id, work, actor_of(staff), now))


@router.post("/staff/{staff_id}/absences")
def absence(
    request: Request, product: TheProduct, now: Now, staff: Manager, staff_id: StaffId, times: Times
) -> Response:
    return do(request, product, now, staff_id, _absence(staff_id, times, actor_of(staff), now))


@router.post("/staff/{staff_id}/absences/end")
def return_(
    request: Request, product: TheProduct, now: Now, staff: Manager, staff_id: StaffId, absence_id: RowId
) -> Response:
    return do(request, product, now, staff_id, _return(staff_id, absence_id, actor_of(staff), now))


@router.post("/staff/{staff_id}/duties")
def duty(
    request: Request, product: TheProduct, now: Now, staff: Manager, staff_id: StaffId, duties: Duties
) -> Response:
    def deed(session: Session) -> None:
        rota.add_rota(session, staff_id, duties.each(session, staff_id), now, actor_of(staff))

    return do(request, product, now, staff_id, deed)


@router.post("/staff/{staff_id}/duties/end-all")
def end_duties(request: Request, product: TheProduct, now: Now, staff: Manager, staff_id: StaffId) -> Response:
    def deed(session: Session) -> None:
        rota.end_rota(session, staff_id, now, actor_of(staff))

    return do(request, product, now, staff_id, deed)


@router.post("/staff/{staff_id}/duties/end")
def end_duty(
    request: Request, product: TheProduct, now: Now, staff: Manager, staff_id: StaffId, duty_id: RowId
) -> Response:
    def deed(session: Session) -> None:
        profiles.end_duty(session, staff_id, duty_id, now, actor_of(staff))

    return do(request, product, now, staff_id, deed)


def names(text: str) -> list[str]:
    """What stands between commas."""
    return [one.strip() for one in _COMMA.split(text) if one.strip()]


def _profile(staff_id: int | None, work: HowTheyWork, actor: Actor, now: datetime) -> Callable[[Session], None]:
    return lambda session: work.set(session, staff_id or 0, actor, now)


def _absence(staff_id: int | None, times: Period, actor: Actor, now: datetime) -> Callable[[Session], None]:
    def deed(session: Session) -> None:
        since, until = times.within(session, staff_id or 0)
        profiles.add_absence(session, staff_id or 0, since, until, now, times.note, actor)

    return deed


def _return(staff_id: int | None, absence_id: int, actor: Actor, now: datetime) -> Callable[[Session], None]:
    return lambda session: profiles.end_absence(session, staff_id or 0, absence_id, now, actor)


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise BadPeriod from error
    # Far away, a time zone would lead out of the calendar.
    if moment.tzinfo is not None or not 2000 <= moment.year <= 2200:
        raise BadPeriod
    return moment
