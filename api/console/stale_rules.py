"""After how much silence customers are asked whether a ticket is still open, and when it is closed."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request, Response
from starlette.responses import RedirectResponse

from api.console.page import page
from api.console.parts import Reader, actor_of, staff_with
from api.console.refusals import ConsoleRoute
from api.http.parts import Now, TheProduct
from handoff.errors import BadDays
from handoff.models import Staff
from handoff.permissions import Permission
from handoff.ticketing.waiting import LONGEST, Rules, rules, set_rules
from store import reading, transaction

router = APIRouter(prefix="/console/waiting", route_class=ConsoleRoute, include_in_schema=False)

Admin = Annotated[Staff, Depends(staff_with(Permission.MANAGE_SYSTEM))]
Days = Annotated[str, Form(max_length=20)]


@router.get("")
def rules_page(request: Request, product: TheProduct, staff: Reader) -> Response:
    with reading(product.database) as session:
        return page(request, "console/stale_rules.html", rules=rules(session), most=LONGEST)


@router.post("")
def change_rules(
    product: TheProduct,
    now: Now,
    staff: Admin,
    remind_after: Days = "",
    close_after: Days = "",
    close_solved_after: Days = "",
) -> Response:
    """An empty field means never."""
    until_closed = _days(close_after)
    if until_closed is None:
        raise BadDays
    chosen = Rules(_days(remind_after), until_closed, _days(close_solved_after))
    with transaction(product.database) as session:
        set_rules(session, chosen, actor_of(staff), now)
    return RedirectResponse("/console/waiting", 303)


def _days(typed: str) -> int | None:
    if not typed.strip():
        return None
    try:
        return int(typed)
    except ValueError:
        raise BadDays from None
