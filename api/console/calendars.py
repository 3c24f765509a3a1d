"""The calendars: the working hours that promises, teams and people go by. Everybody reads them, admins change them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Annotated
from zoneinfo import available_timezones

from fastapi import APIRouter, Depends, Form, Path, Request, Response
from sqlmodel import Session
from starlette.responses import RedirectResponse

from api.console.page import page, texts_for
from api.console.parts import Reader, actor_of, staff_with
from api.console.refusals import ConsoleRoute, sentence, status_for
from api.http.parts import Now, TheProduct
from api.product import Product
from handoff.errors import HandoffError, NameTaken
from handoff.models import Staff
from handoff.permissions import Permission
from handoff.sla import calendar_edits
from handoff.sla.calendar_edits import CalendarForm
from handoff.sla.calendars import zone_of
from handoff.sla.errors import BadRules
from handoff.sla.holidays import countries, holidays_of, regions_of
from handoff.sla.models import Calendar
from handoff.sla.shifts import in_words
from store import reading, transaction

router = APIRouter(prefix="/console/calendars", route_class=ConsoleRoute, include_in_schema=False)

AHEAD = timedelta(days=366)
"""How far the public holidays are shown."""
Manager = Annotated[Staff, Depends(staff_with(Permission.MANAGE_SYSTEM))]
CalendarId = Annotated[int, Path(ge=1, lt=2**53)]
Text = Annotated[str, Form(max_length=200)]


@router.get("")
def list_page(request: Request, product: TheProduct, staff: Reader) -> Response:
    return _list(request, product)


@router.post("")
def add(
    request: Request, product: TheProduct, now: Now, staff: Manager, name: Text = "", timezone: Text = "UTC"
) -> Response:
    form = CalendarForm(name, timezone)
    try:
        with transaction(product.database) as session:
            calendar = calendar_edits.add_calendar(session, form, now, actor_of(staff))
    except (BadRules, NameTaken) as error:
        return _list(request, product, error, form)
    return _to(calendar.id)


@router.get("/{calendar_id}")
def calendar_page(request: Request, product: TheProduct, now: Now, staff: Reader, calendar_id: CalendarId) -> Response:
    return _page(request, product, calendar_id, now)


@router.post("/{calendar_id}")
def change(
    request: Request,
    product: TheProduct,
    now: Now,
    staff: Manager,
    calendar_id: CalendarId,
    day: Annotated[list[str], Form()],
    name: Text = "",
    timezone: Text = "",
    country: Text = "",
    region: Text = "",
    is_default: Annotated[bool, Form()] = False,
) -> Response:
    """``day``: the shifts of the seven days as they were typed, Monday first."""
    week = tuple(written[:200] for written in [*day, *[""] * 7][:7])
    form = CalendarForm(name, timezone, week, country, region, is_default)

    def deed(session: Session) -> None:
        calendar_edits.change_calendar(session, calendar_id, form, now, actor_of(staff))

    return _do(request, product, calendar_id, deed, now, form)


@router.post("/{calendar_id}/remove")
def remove(request: Request, product: TheProduct, now: Now, staff: Manager, calendar_id: CalendarId) -> Response:
    try:
        with transaction(product.database) as session:
            calendar_edits.remove_calendar(session, calendar_id, now, actor_of(staff))
    except BadRules as error:
        return _page(request, product, calendar_id, now, error=error)
    return RedirectResponse("/console/calendars", 303)


@router.post("/{calendar_id}/days")
def set_day(
    request: Request,
    product: TheProduct,
    now: Now,
    staff: Manager,
    calendar_id: CalendarId,
    day: Text = "",
    hours: Text = "",
    name: Text = "",
) -> Response:
    def deed(session: Session) -> None:
        calendar_edits.set_day(session, calendar_id, day, hours, name, now, actor_of(staff))

    return _do(request, product, calendar_id, deed, now)


@router.post("/{calendar_id}/days/remove")
def remove_day(
    request: Request, product: TheProduct, now: Now, staff: Manager, calendar_id: CalendarId, day: Text = ""
) -> Response:
    def deed(session: Session) -> None:
        calendar_edits.remove_day(session, calendar_id, day, now, actor_of(staff))

    return _do(request, product, calendar_id, deed, now)


def _do(
    request: Request,
    product: Product,
    calendar_id: int,
    deed: Callable[[Session], object],
    now: datetime,
    form: CalendarForm | None = None,
) -> Response:
    """Do it and show the calendar; refused, its page says why and keeps what was typed."""
    try:
        with transaction(product.database) as session:
            deed(session)
    except (BadRules, NameTaken) as error:
        return _page(request, product, calendar_id, now, error=error, form=form)
    return _to(calendar_id)


def _list(
    request: Request, product: Product, error: HandoffError | None = None, form: CalendarForm | None = None
) -> Response:
    with reading(product.database) as session:
        rows = calendar_edits.calendars(session)
    status, words = _refusal(request, error)
    return page(
        request,
        "console/calendars.html",
        status=status,
        words=words,
        rows=[(calendar, _week(calendar)) for calendar in rows],
        form=form or CalendarForm("", "UTC"),
        zones=_zones(),
        countries=countries(),
    )


def _page(
    request: Request,
    product: Product,
    calendar_id: int,
    now: datetime,
    *,
    error: HandoffError | None = None,
    form: CalendarForm | None = None,
) -> Response:
    with reading(product.database) as session:
        calendar = calendar_edits.calendar_by_id(session, calendar_id)
        days = [(day, in_words(day.shifts)) for day in calendar_edits.days_of(session, calendar_id)]
    today = now.astimezone(zone_of(calendar.timezone)).date()
    status, words = _refusal(request, error)
    return page(
        request,
        "console/calendar.html",
        status=status,
        words=words,
        calendar=calendar,
        form=form or _form(calendar),
        days=days,
        holidays=_holidays(calendar, today),
        regions=regions_of(calendar.country) if calendar.country else (),
        zones=_zones(),
        countries=countries(),
    )


def _form(calendar: Calendar) -> CalendarForm:
    written = CalendarForm(calendar.name, calendar.timezone, tuple(in_words(day) for day in calendar.weekly))
    return replace(
        written, country=calendar.country or "", region=calendar.region or "", is_default=calendar.is_default
    )


def _week(calendar: Calendar) -> list[tuple[int, int, str]]:
    """The hours of the week, days in a row that have the same ones together: (0, 4, "09:00-18:00") is Monday to
    Friday."""
    found: list[tuple[int, int, str]] = []
    for number, hours in enumerate(in_words(day) for day in calendar.weekly):
        if found and found[-1][1:] == (number - 1, hours):
            found[-1] = (found[-1][0], number, hours)
        elif hours:
            found.append((number, number, hours))
    return found


def _holidays(calendar: Calendar, today: date) -> list[tuple[date, str]]:
    """The public holidays of the year that begins today; "" for a day of rest that is worked for one of them."""
    if calendar.country is None:
        return []
    found: dict[date, str] = {}
    for year in (today.year, today.year + 1):
        known = holidays_of(calendar.country, calendar.region, year)
        found |= {**known.free, **dict.fromkeys(known.worked, "")}
    return sorted((day, name) for day, name in found.items() if today <= day < today + AHEAD)


def _zones() -> list[str]:
    return sorted(available_timezones())


def _refusal(request: Request, error: HandoffError | None) -> tuple[int, str]:
    if error is None:
        return 200, ""
    status = status_for(error)
    return status, sentence(texts_for(request), error, status)


def _to(calendar_id: int | None) -> Response:
    return RedirectResponse(f"/console/calendars/{calendar_id}", 303)
