"""What stands beside a ticket and takes longer to find: similar solved tickets, and the past of who asks."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from api.console.page import is_fragment, page
from api.console.parts import Reader
from api.console.refusals import ConsoleRoute
from api.http.parts import TheProduct
from handoff.tickets import ticket_by_number
from handoff.workplace.history import past_of
from handoff.workplace.similar import similar
from store import reading

router = APIRouter(prefix="/console/tickets", route_class=ConsoleRoute, include_in_schema=False)


@router.get("/{number}/beside")
def beside(
    request: Request, product: TheProduct, staff: Reader, number: Annotated[int, Path(ge=1, lt=2**53)]
) -> Response:
    """For the side of the ticket's page, which fetches it once; a page of its own without JavaScript."""
    with reading(product.database) as session:
        ticket = ticket_by_number(session, number)
        past, found = past_of(session, ticket), similar(session, ticket)
    template = "console/beside.html" if is_fragment(request) else "console/beside_page.html"
    return page(request, template, ticket=ticket, past=past, found=found)
