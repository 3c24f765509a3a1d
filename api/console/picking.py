"""Macros at a ticket: which there are, their words for this customer, and one that says nothing and only does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response
from fastapi.responses import JSONResponse
from sqlmodel import Session
from starlette.responses import RedirectResponse

from api.console.drafts import Draft
from api.console.page import NO_STORE, page, texts_for
from api.console.parts import Worker, actor_of
from api.console.refusals import ConsoleRoute
from api.http.parts import Now, TheProduct
from api.product import Product
from api.texts import Texts
from bot import macros
from handoff.errors import MacroNotFound
from handoff.models import Staff
from handoff.rows import id_of
from handoff.tickets import ticket_by_number
from handoff.workplace.macro_deeds import ME, Deeds
from handoff.workplace.macros import macro_of, macros_for
from handoff.workplace.mentions import nameable
from store import reading, transaction

router = APIRouter(prefix="/console/tickets", route_class=ConsoleRoute, include_in_schema=False)

Number = Annotated[int, Path(ge=1, lt=2**53)]
MacroId = Annotated[int, Path(ge=1, lt=2**53)]


@dataclass(frozen=True)
class Picked:
    """A macro whose words stand in the reply box. ``with_deeds``: what it does beside is ticked."""

    id: int
    name: str
    text: str
    left: Sequence[str]
    deeds: str
    with_deeds: bool = True


@router.get("/{number}/macros")
def choose(request: Request, product: TheProduct, now: Now, staff: Worker, number: Number) -> Response:
    """All that can be used here, each with its words: for a browser without JavaScript, and to look them over."""
    with reading(product.database) as session:
        ticket, house = ticket_by_number(session, number), house_of(product)
        rows = macros_for(session, id_of(staff))
        found = [macros.prepare(session, row, ticket, staff.name, now, house) for row in rows]
    t = texts_for(request)
    choices = [_picked(t, one) for one in found]
    return page(request, "console/macro_choices.html", ticket=ticket, choices=choices)


@router.get("/{number}/macros.json")
def listed(request: Request, product: TheProduct, staff: Worker, number: Number) -> Response:
    """The same as short lines, for the list under the box."""
    with reading(product.database) as session:
        ticket_by_number(session, number)
        rows = macros_for(session, id_of(staff))
    t = texts_for(request)
    lines: list[dict[str, Any]] = [
        {
            "id": id_of(row.macro),
            "name": row.macro.name,
            "about": row.macro.title or deeds_in_words(t, row.deeds),
            "says": bool(row.macro.texts) or bool(row.deeds.article),
        }
        for row in rows
    ]
    return JSONResponse(lines, headers=NO_STORE)


@router.get("/{number}/macros/{macro_id}")
def prepared(
    request: Request, product: TheProduct, now: Now, staff: Worker, number: Number, macro_id: MacroId
) -> Response:
    """What stands above the reply box while a macro is in it; its words come as ``data-text``."""
    with reading(product.database) as session:
        found = picked_now(session, product, texts_for(request), staff, number, macro_id, now)
    return page(request, "console/macro_bar.html", picked=found)


@router.post("/{number}/macros/{macro_id}")
def do(product: TheProduct, now: Now, staff: Worker, number: Number, macro_id: MacroId) -> Response:
    """Do what it does, and say nothing."""
    with transaction(product.database) as session:
        row = macro_of(session, macro_id, id_of(staff))
        macros.without_words(session, ticket_by_number(session, number), row, actor_of(staff), now)
    return RedirectResponse(f"/console/tickets/{number}", 303)


@router.get("/{number}/names.json")
def names(request: Request, product: TheProduct, staff: Worker, number: Number) -> Response:
    """Who can be named in a note: colleagues and teams."""
    with reading(product.database) as session:
        ticket_by_number(session, number)
        found = nameable(session)
    t = texts_for(request)
    lines = [{"name": one.name, "about": t("mention.team") if one.is_team else ""} for one in found]
    return JSONResponse(lines, headers=NO_STORE)


def picked(
    session: Session,
    product: Product,
    t: Texts,
    staff: Staff,
    number: int,
    macro_id: int,
    draft: Draft,
    now: datetime,
) -> Picked | None:
    """The macro whose words shall stand in the reply box, or that the ``draft`` there began as; None for neither.

    Raises MacroNotFound where it was asked for.
    """
    if macro_id:
        return picked_now(session, product, t, staff, number, macro_id, now)
    if not draft.macro:
        return None
    try:
        found = picked_now(session, product, t, staff, number, draft.macro, now)
    except MacroNotFound:
        return None
    return replace(found, with_deeds=draft.with_deeds)


def picked_now(
    session: Session, product: Product, t: Texts, staff: Staff, number: int, macro_id: int, now: datetime
) -> Picked:
    """A macro as it stands in the reply box of this ticket. Raises MacroNotFound, TicketNotFound."""
    row, ticket = macro_of(session, macro_id, id_of(staff)), ticket_by_number(session, number)
    return _picked(t, macros.prepare(session, row, ticket, staff.name, now, house_of(product)))


def house_of(product: Product) -> macros.House:
    return macros.House(product.settings.address, product.settings.promise_working_days)


def deeds_in_words(t: Texts, deeds: Deeds) -> str:
    """What a macro does beside its words, in a line."""
    parts = [
        *(f"#{tag}" for tag in deeds.tags),
        t("macro.does_priority", priority=deeds.priority) if deeds.priority else "",
        t("macro.does_tier", tier=deeds.tier) if deeds.tier else "",
        t("macro.does_team", team=deeds.team) if deeds.team else "",
        t("macro.does_mine" if deeds.assignee == ME else "macro.does_give") if deeds.assignee else "",
        t(f"macro.does_{deeds.status}") if deeds.status else "",
    ]
    return ", ".join(part for part in parts if part)


def _picked(t: Texts, found: macros.Prepared) -> Picked:
    macro = found.row.macro
    return Picked(id_of(macro), macro.name, found.filled.text, found.filled.left, deeds_in_words(t, found.row.deeds))
