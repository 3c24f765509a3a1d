"""Saved views of the inbox: made of the filters that are shown, renamed, put in order, removed."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import parse_qsl, urlsplit

from fastapi import APIRouter, Form, Path, Request, Response
from starlette.responses import RedirectResponse

from api.console.page import page
from api.console.parts import Reader, actor_of
from api.console.refusals import ConsoleRoute
from api.http.parts import Now, TheProduct
from handoff.rows import id_of
from handoff.workplace import saved
from handoff.workplace.filters import Filters, read
from store import reading, transaction

router = APIRouter(prefix="/console/views", route_class=ConsoleRoute, include_in_schema=False)

ViewId = Annotated[int, Path(ge=1, lt=2**53)]
Name = Annotated[str, Form(max_length=200)]
Address = Annotated[str, Form(max_length=8_000)]


@router.get("")
def views_page(request: Request, product: TheProduct, staff: Reader) -> Response:
    with reading(product.database) as session:
        views = saved.views_of(session, id_of(staff))
    shared, own = [one for one in views if one.staff_id is None], [one for one in views if one.staff_id]
    return page(request, "console/views.html", shared=shared, own=own)


@router.post("")
def save(
    product: TheProduct,
    now: Now,
    staff: Reader,
    name: Name = "",
    filters: Address = "",
    shared: Annotated[bool, Form()] = False,
) -> Response:
    """``filters``: the address at which the inbox shows them."""
    with transaction(product.database) as session:
        view = saved.save(session, name, _filters(filters), actor_of(staff), now, shared=shared)
        view_id = id_of(view)
    return _to(view_id)


@router.post("/{view_id}")
def change(product: TheProduct, now: Now, staff: Reader, view_id: ViewId, filters: Address = "") -> Response:
    with transaction(product.database) as session:
        saved.change(session, view_id, actor_of(staff), now, filters=_filters(filters))
    return _to(view_id)


@router.post("/{view_id}/name")
def rename(product: TheProduct, now: Now, staff: Reader, view_id: ViewId, name: Name = "") -> Response:
    with transaction(product.database) as session:
        saved.rename(session, view_id, name, actor_of(staff), now)
    return _to_all()


@router.post("/{view_id}/up")
def move_up(product: TheProduct, now: Now, staff: Reader, view_id: ViewId) -> Response:
    with transaction(product.database) as session:
        saved.move_up(session, view_id, actor_of(staff), now)
    return _to_all()


@router.post("/{view_id}/remove")
def remove(product: TheProduct, now: Now, staff: Reader, view_id: ViewId) -> Response:
    with transaction(product.database) as session:
        saved.remove(session, view_id, actor_of(staff), now)
    return _to_all()


def _filters(address: str) -> Filters:
    return read(parse_qsl(urlsplit(address).query))


def _to(view_id: int) -> Response:
    return RedirectResponse(f"/console?saved={view_id}", 303)


def _to_all() -> Response:
    return RedirectResponse("/console/views", 303)
