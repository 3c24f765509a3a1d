"""Reading along while the bot talks, and taking over."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from starlette.responses import RedirectResponse

from api.console.answers import choices
from api.console.drafts import Draft
from api.console.page import page
from api.console.parts import Reader, Worker, actor_of
from api.console.person import person_of
from api.console.refusals import ConsoleRoute
from api.console.talk import talk
from api.http.parts import Now, TheProduct
from handoff import desk
from store import reading, transaction

router = APIRouter(prefix="/console/conversations", route_class=ConsoleRoute, include_in_schema=False)

ConversationId = Annotated[int, Path(ge=1, lt=2**53)]


@router.get("/{conversation_id}")
def conversation_page(
    request: Request, product: TheProduct, now: Now, staff: Reader, conversation_id: ConversationId, all: bool = False
) -> Response:
    """The transcript, live. A conversation that has a ticket is read there."""
    with reading(product.database) as session:
        shown = talk(session, conversation_id, staff, everything=all)
        person = person_of(session, shown.customer, now)
    if shown.ticket is not None:
        return _to_ticket(request, shown.ticket.number)
    return page(
        request,
        "console/ticket.html",
        talk=shown,
        person=person,
        draft=Draft(),
        words="",
        newer=[],
        gone=None,
        titles=choices(request, product.database, staff, shown.conversation.language),
    )


@router.post("/{conversation_id}/take-over")
def take_over(product: TheProduct, now: Now, staff: Worker, conversation_id: ConversationId) -> Response:
    with transaction(product.database) as session:
        number = desk.take_over(session, conversation_id, actor_of(staff), now).number
    return RedirectResponse(f"/console/tickets/{number}", 303)


def _to_ticket(request: Request, number: int) -> Response:
    """A page that is open when the bot hands over must move on to the ticket, address and all."""
    target = f"/console/tickets/{number}"
    if "hx-request" in request.headers:
        return Response(status_code=200, headers={"HX-Redirect": target})
    return RedirectResponse(target, 303)
