"""The people who work here: everybody at the desk sees them, admins invite them, change them and switch them off."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Path, Request, Response
from sqlmodel import Session, col, select
from starlette.responses import RedirectResponse

from api.console.page import page, texts_for
from api.console.parts import Reader, actor_of, staff_with
from api.console.refusals import ConsoleRoute, sentence, status_for
from api.http.parts import Now, TheProduct
from api.product import Product
from handoff import staff as people
from handoff.errors import BadEmail, BadPeriod, BadProfile, BadRota, HandoffError, NotAllowed, WorksHere
from handoff.models import Role, Staff
from handoff.permissions import Permission
from handoff.rows import id_of
from handoff.sla.models import Calendar
from handoff.staffing import profiles
from handoff.staffing.teams import teams_of
from handoff.staffing.views import person_page, staff_overview
from store import reading, transaction

router = APIRouter(prefix="/console/staff", route_class=ConsoleRoute, include_in_schema=False)

Manager = Annotated[Staff, Depends(staff_with(Permission.MANAGE_STAFF))]
StaffId = Annotated[int, Path(ge=1, lt=2**53)]
Text = Annotated[str, Form(max_length=300)]
Chosen = Annotated[Role, Form()]
REFUSED = (BadEmail, WorksHere, BadPeriod, BadProfile, BadRota, NotAllowed)
"""What is said on the page where it was tried, with what was typed."""


@dataclass(frozen=True)
class Typed:
    """What stood in a form that was refused: it stands there again."""

    email: str = ""
    name: str = ""
    role: Role = Role.AGENT


@dataclass(frozen=True)
class NewLink:
    """A one-time link that was just made: this page is the only one that shows it."""

    address: str
    until: datetime


@router.get("")
def list_page(request: Request, product: TheProduct, now: Now, staff: Reader) -> Response:
    return _list(request, product, now)


@router.post("")
def invite(
    request: Request,
    product: TheProduct,
    now: Now,
    staff: Manager,
    email: Text = "",
    name: Text = "",
    role: Chosen = Role.AGENT,
) -> Response:
    """The page of a new person, with the link that lets them in."""
    try:
        with transaction(product.database) as session:
            person, token = people.invite(session, email, name, role, now, actor_of(staff))
    except (BadEmail, WorksHere) as error:
        return _list(request, product, now, error, Typed(email, name, role))
    return show(request, product, now, id_of(person), link=_link(product, token, now))


@router.get("/{staff_id}")
def one_page(request: Request, product: TheProduct, now: Now, staff: Reader, staff_id: StaffId) -> Response:
    return show(request, product, now, staff_id)


@router.post("/{staff_id}")
def change(
    request: Request,
    product: TheProduct,
    now: Now,
    staff: Manager,
    staff_id: StaffId,
    name: Text = "",
    role: Chosen = Role.AGENT,
) -> Response:
    def deed(session: Session) -> None:
        people.change_staff(session, staff_id, name, role, now, actor_of(staff))

    return do(request, product, now, staff_id, deed)


@router.post("/{staff_id}/link")
def make_link(request: Request, product: TheProduct, now: Now, staff: Manager, staff_id: StaffId) -> Response:
    """A new one-time link, for whoever lost theirs or forgot their password. Earlier ones work no more."""
    try:
        with transaction(product.database) as session:
            token = people.sign_in_link(session, staff_id, now, actor=actor_of(staff))
    except NotAllowed as error:
        return show(request, product, now, staff_id, error)
    return show(request, product, now, staff_id, link=_link(product, token, now))


@router.post("/{staff_id}/disable")
def disable(request: Request, product: TheProduct, now: Now, staff: Manager, staff_id: StaffId) -> Response:
    def deed(session: Session) -> None:
        profiles.switch_off(session, staff_id, now, actor_of(staff))

    return do(request, product, now, staff_id, deed)


@router.post("/{staff_id}/enable")
def enable(request: Request, product: TheProduct, now: Now, staff: Manager, staff_id: StaffId) -> Response:
    def deed(session: Session) -> None:
        people.enable_staff(session, staff_id, now, actor_of(staff))

    return do(request, product, now, staff_id, deed)


@router.post("/{staff_id}/release")
def release(request: Request, product: TheProduct, now: Now, staff: Manager, staff_id: StaffId) -> Response:
    """Put all that somebody has back into the queues."""

    def deed(session: Session) -> None:
        profiles.release(session, staff_id, now, actor_of(staff))

    return do(request, product, now, staff_id, deed)


def do(request: Request, product: Product, now: datetime, staff_id: int, deed: Callable[[Session], None]) -> Response:
    """Do it and show the person; refused, their page says why."""
    try:
        with transaction(product.database) as session:
            deed(session)
    except REFUSED as error:
        return show(request, product, now, staff_id, error)
    return RedirectResponse(f"/console/staff/{staff_id}", 303)


def show(
    request: Request,
    product: Product,
    now: datetime,
    staff_id: int,
    error: HandoffError | None = None,
    link: NewLink | None = None,
) -> Response:
    """The page of one of the staff, with why something was refused, or with a new link."""
    with reading(product.database) as session:
        person = person_page(session, staff_id, now)
        teams = teams_of(session, staff_id)
        calendars = session.exec(select(Calendar).order_by(col(Calendar.name))).all()
    status, words = _refusal(request, error)
    return page(
        request,
        "console/staff_one.html",
        status=status,
        words=words,
        person=person,
        teams=teams,
        calendars=calendars,
        link=link,
        roles=Role,
        now=now,
    )


def _list(
    request: Request, product: Product, now: datetime, error: HandoffError | None = None, typed: Typed | None = None
) -> Response:
    with reading(product.database) as session:
        rows = staff_overview(session, now)
    status, words = _refusal(request, error)
    shown = typed or Typed()
    return page(request, "console/staff.html", status=status, words=words, rows=rows, typed=shown, roles=Role)


def _refusal(request: Request, error: HandoffError | None) -> tuple[int, str]:
    """The status and the sentence for ``error``; 200 and nothing without one."""
    if error is None:
        return 200, ""
    status = status_for(error)
    return status, sentence(texts_for(request), error, status)


def _link(product: Product, token: str, now: datetime) -> NewLink:
    address = f"{product.settings.address}/console/welcome/{token}"
    return NewLink(address, now + timedelta(hours=people.LINK_HOURS))
