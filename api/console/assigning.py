"""Who has a ticket: given to a colleague, put back into the queue, moved to another team."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Response
from starlette.responses import RedirectResponse

from api.console.parts import Worker, actor_of
from api.console.refusals import ConsoleRoute
from api.console.tickets import Number
from api.http.parts import Now, TheProduct
from handoff.staffing import deeds
from store import transaction

router = APIRouter(prefix="/console/tickets", route_class=ConsoleRoute, include_in_schema=False)


@router.post("/{number}/assignee")
def assign(
    product: TheProduct,
    now: Now,
    staff: Worker,
    number: Number,
    staff_id: Annotated[int, Form(ge=0, lt=2**53)] = 0,
) -> Response:
    """``staff_id`` 0: nobody, so that it waits in the queue again."""
    with transaction(product.database) as session:
        if staff_id:
            deeds.give(session, number, staff_id, actor_of(staff), now)
        else:
            deeds.put_back(session, number, actor_of(staff), now)
    return _back_to(number)


@router.post("/{number}/team")
def move(
    product: TheProduct,
    now: Now,
    staff: Worker,
    number: Number,
    team: Annotated[str, Form(max_length=100)] = "",
) -> Response:
    with transaction(product.database) as session:
        deeds.move_to_team(session, number, team, actor_of(staff), now)
    return _back_to(number)


def _back_to(number: int) -> Response:
    return RedirectResponse(f"/console/tickets/{number}", 303)
