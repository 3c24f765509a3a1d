"""The teams: who is in them, what comes to them, and how. Everybody at the desk sees them, admins change them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Form, Path, Request, Response
from sqlmodel import Session, col, select
from starlette.responses import RedirectResponse

from api.console.page import page, texts_for
from api.console.parts import Reader, actor_of
from api.console.refusals import ConsoleRoute, sentence, status_for
from api.console.staff import Manager, Text
from api.console.working import names
from api.http.parts import Now, TheProduct
from api.product import Product
from handoff.errors import HandoffError, KeepDefaultTeam, NameNeeded, NameTaken, NoTickets
from handoff.rows import id_of
from handoff.sla.models import Calendar
from handoff.staffing import teams
from handoff.staffing.directory import colleagues
from store import reading, transaction

router = APIRouter(prefix="/console/teams", route_class=ConsoleRoute, include_in_schema=False)

TeamId = Annotated[int, Path(ge=1, lt=2**53)]
Topics = Annotated[str, Form(max_length=12_000)]
Ticked = Annotated[bool, Form()]
Id = Annotated[int, Form(ge=0, lt=2**53)]
REFUSED = (NameTaken, NameNeeded, NoTickets, KeepDefaultTeam)


@router.get("")
def list_page(request: Request, product: TheProduct, staff: Reader) -> Response:
    return _list(request, product)


@router.post("")
def make(request: Request, product: TheProduct, now: Now, staff: Manager, name: Text = "") -> Response:
    try:
        with transaction(product.database) as session:
            team = teams.add_team(session, name, now, actor_of(staff))
    except REFUSED as error:
        return _list(request, product, error, name)
    return _to(team.id)


@router.get("/{team_id}")
def team_page(request: Request, product: TheProduct, staff: Reader, team_id: TeamId) -> Response:
    return _page(request, product, team_id)


@router.post("/{team_id}")
def change(
    request: Request,
    product: TheProduct,
    now: Now,
    staff: Manager,
    team_id: TeamId,
    name: Text = "",
    topics: Topics = "",
    calendar: Id = 0,
    assigns: Ticked = False,
    default: Ticked = False,
) -> Response:
    def deed(session: Session) -> None:
        teams.change_team(
            session,
            team_id,
            name,
            names(topics),
            now,
            assigns=assigns,
            calendar_id=calendar or None,
            is_default=default,
            actor=actor_of(staff),
        )

    return _do(request, product, team_id, deed)


@router.post("/{team_id}/remove")
def remove(request: Request, product: TheProduct, now: Now, staff: Manager, team_id: TeamId) -> Response:
    try:
        with transaction(product.database) as session:
            teams.remove_team(session, team_id, now, actor_of(staff))
    except KeepDefaultTeam as error:
        return _page(request, product, team_id, error)
    return RedirectResponse("/console/teams", 303)


@router.post("/{team_id}/members")
def add_member(
    request: Request,
    product: TheProduct,
    now: Now,
    staff: Manager,
    team_id: TeamId,
    staff_id: Id = 0,
    lead: Ticked = False,
) -> Response:
    def deed(session: Session) -> None:
        teams.add_member(session, team_id, staff_id, now, actor_of(staff), is_lead=lead)

    return _do(request, product, team_id, deed)


@router.post("/{team_id}/members/remove")
def remove_member(
    request: Request, product: TheProduct, now: Now, staff: Manager, team_id: TeamId, staff_id: Id = 0
) -> Response:
    def deed(session: Session) -> None:
        teams.remove_member(session, team_id, staff_id, now, actor_of(staff))

    return _do(request, product, team_id, deed)


def _do(request: Request, product: Product, team_id: int, deed: Callable[[Session], None]) -> Response:
    try:
        with transaction(product.database) as session:
            deed(session)
    except REFUSED as error:
        return _page(request, product, team_id, error)
    return _to(team_id)


def _list(request: Request, product: Product, error: HandoffError | None = None, name: str = "") -> Response:
    with reading(product.database) as session:
        rows = teams.teams_overview(session)
    status, words = _refusal(request, error)
    return page(request, "console/teams.html", status=status, words=words, rows=rows, typed=name)


def _page(request: Request, product: Product, team_id: int, error: HandoffError | None = None) -> Response:
    with reading(product.database) as session:
        team = teams.team_by_id(session, team_id)
        members, leads = colleagues(session, id_of(team)), teams.leads(session, team_id)
        in_team = {one.id for one in members}
        others = [one for one in colleagues(session) if one.id not in in_team]
        calendars = session.exec(select(Calendar).order_by(col(Calendar.name))).all()
    status, words = _refusal(request, error)
    return page(
        request,
        "console/team.html",
        status=status,
        words=words,
        team=team,
        members=members,
        leads=leads,
        others=others,
        calendars=calendars,
    )


def _refusal(request: Request, error: HandoffError | None) -> tuple[int, str]:
    if error is None:
        return 200, ""
    status = status_for(error)
    return status, sentence(texts_for(request), error, status)


def _to(team_id: int | None) -> Response:
    return RedirectResponse(f"/console/teams/{team_id}", 303)
