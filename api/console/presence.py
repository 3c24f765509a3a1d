"""Who else is at a ticket: what browsers say of their person, and what they are told of the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Form, Path, Query, Request, Response
from sqlmodel import Session
from starlette.responses import JSONResponse

from api.console.page import NO_STORE, texts_for
from api.console.parts import Reader
from api.console.refusals import ConsoleRoute
from api.http.parts import Now, TheProduct
from api.texts import Texts
from handoff.rows import id_of
from handoff.tickets import ticket_by_number
from handoff.workplace.presence import Present, leave, look, present
from handoff.workplace.unread import mark_read, to_read
from store import reading, transaction

router = APIRouter(prefix="/console", route_class=ConsoleRoute, include_in_schema=False)

Number = Annotated[int, Path(ge=1, lt=2**53)]
Numbers = Annotated[list[Annotated[int, Query(ge=1, lt=2**53)]], Query(max_length=500, default_factory=list)]
Ticked = Annotated[bool, Form()]


@router.post("/tickets/{number}/here")
def here(
    request: Request,
    product: TheProduct,
    now: Now,
    staff: Reader,
    number: Number,
    typing: Ticked = False,
    arrives: Ticked = False,
    read: Annotated[int, Form(ge=0, lt=2**53)] = 0,
) -> Response:
    """The browser's person has the ticket before them, to the customer's message ``read``. Told: who else has, in
    words."""
    with transaction(product.database) as session:
        ticket = ticket_by_number(session, number)
        look(session, id_of(ticket), id_of(staff), now, types=typing, arrives=arrives)
        newest = to_read(session, ticket, id_of(staff)) if read else None
        if newest is not None:
            mark_read(session, id_of(ticket), id_of(staff), min(read, newest), now)
        others = others_at(session, texts_for(request), number, id_of(staff), now)
    return JSONResponse(others, headers=NO_STORE)


@router.post("/tickets/{number}/away")
def away(product: TheProduct, now: Now, staff: Reader, number: Number) -> Response:
    with transaction(product.database) as session:
        leave(session, id_of(ticket_by_number(session, number)), id_of(staff), now)
    return Response(status_code=204)


@router.get("/here")
def who_is_here(
    request: Request,
    product: TheProduct,
    now: Now,
    staff: Reader,
    number: Numbers,
) -> Response:
    """Who else is at the tickets of a list: by number, in words; tickets that nobody is at are left out."""
    t = texts_for(request)
    with reading(product.database) as session:
        found = present(session, number, now, but=id_of(staff))
    return JSONResponse({one: in_words(t, some) for one, some in found.items()}, headers=NO_STORE)


def others_at(session: Session, t: Texts, number: int, staff_id: int, now: datetime) -> Mapping[str, Any]:
    """Who else is at this ticket: {words, typing}; no words where nobody is."""
    return in_words(t, present(session, [number], now, but=staff_id).get(number, []))


def in_words(t: Texts, some: Sequence[Present]) -> Mapping[str, Any]:
    """{words: who looks and who writes, typing: whether anybody writes}."""
    groups = {
        "here.typing": [one.name for one in some if one.is_typing],
        "here.viewing": [one.name for one in some if not one.is_typing],
    }
    told = (t(key, names=t("here.and").join(names)) for key, names in groups.items() if names)
    return {"words": " · ".join(told), "typing": any(one.is_typing for one in some)}
