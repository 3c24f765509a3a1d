"""What people do with the bot's answers: send or put away a suggested one, judge a given one."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Form, Path, Request, Response
from starlette.responses import RedirectResponse

from api.console.page import is_fragment
from api.console.parts import Worker, actor_of, staff_with
from api.console.refusals import ConsoleRoute
from api.http.parts import Now, TheProduct
from bot import suggestions
from bot.audits import Judgement, article_named, judge, titles
from handoff.models import Message, Staff
from handoff.permissions import Permission, allowed
from handoff.tickets import ticket_of
from store import Database, reading, transaction

router = APIRouter(prefix="/console", route_class=ConsoleRoute, include_in_schema=False)

Auditor = Annotated[Staff, Depends(staff_with(Permission.AUDIT_ANSWERS))]
Number = Annotated[int, Path(ge=1, lt=2**53)]
Id = Annotated[int, Path(ge=1, lt=2**53)]
MessageId = Annotated[int, Form(ge=0, lt=2**53)]
Typed = Annotated[str, Form(max_length=600)]
Said = Annotated[Literal["right", "wrong", "none"], Form()]


@router.post("/tickets/{number}/suggestions/{suggestion_id}/send")
def send(
    product: TheProduct, now: Now, staff: Worker, number: Number, suggestion_id: Id, seen: MessageId = 0
) -> Response:
    """Say it as it is; refused when the customer wrote after ``seen``, for it may be no answer to that."""
    with transaction(product.database) as session:
        suggestions.send(session, number, suggestion_id, actor_of(staff), now, seen_message_id=seen)
    return _to_ticket(number)


@router.post("/tickets/{number}/suggestions/{suggestion_id}/skip")
def skip(product: TheProduct, now: Now, staff: Worker, number: Number, suggestion_id: Id) -> Response:
    with transaction(product.database) as session:
        suggestions.skip(session, number, suggestion_id, actor_of(staff), now)
    return _to_ticket(number)


@router.post("/messages/{message_id}/audit")
def audit(
    product: TheProduct, now: Now, staff: Auditor, message_id: Id, verdict: Said = "right", article: Typed = ""
) -> Response:
    """Keep what somebody found about an answer. ``none``: the KB has no answer to this."""
    with transaction(product.database) as session:
        right = "" if verdict == "none" else article_named(session, article) if verdict == "wrong" else None
        message = judge(session, message_id, Judgement(verdict == "right", right), actor_of(staff), now)
    return _back_to(product.database, message)


def choices(request: Request, database: Database, staff: Staff, language: str) -> list[str]:
    """The articles to choose from when an answer was wrong; they are in the whole page only, outside what is live."""
    if is_fragment(request) or not allowed(staff.role, Permission.AUDIT_ANSWERS):
        return []
    with reading(database) as session:
        return titles(session, language)


def _back_to(database: Database, message: Message) -> Response:
    with reading(database) as session:
        ticket = ticket_of(session, message.conversation_id)
    if ticket is not None:
        return _to_ticket(ticket.number)
    return RedirectResponse(f"/console/conversations/{message.conversation_id}", 303)


def _to_ticket(number: int) -> Response:
    return RedirectResponse(f"/console/tickets/{number}", 303)
