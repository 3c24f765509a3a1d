"""What waits for whoever is signed in, for a browser that calls them: how much it is, and what has just come."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from starlette.responses import JSONResponse

from api.console.page import NO_STORE, texts_for
from api.console.parts import Reader
from api.console.refusals import ConsoleRoute
from api.http.parts import TheProduct
from api.texts import Texts
from handoff.rows import id_of
from handoff.workplace.work import Call, calls, wanted
from store import reading

router = APIRouter(prefix="/console/work", route_class=ConsoleRoute, include_in_schema=False)


@router.get("")
def work(
    request: Request, product: TheProduct, staff: Reader, after: Annotated[int, Query(ge=0, lt=2**53)] = 0
) -> Response:
    """{count, change, calls: [{title, body, href}]}: what has come up after change ``after``; nothing where it is 0."""
    with reading(product.database) as session:
        count = wanted(session, id_of(staff))
        found, newest = calls(session, id_of(staff), after)
        told = [_told(texts_for(request), call) for call in found]
    return JSONResponse({"count": count, "change": newest, "calls": told}, headers=NO_STORE)


def _told(t: Texts, call: Call) -> dict[str, Any]:
    number, detail = call.ticket.number, call.notice.detail if call.notice else {}
    key = f"notice.{call.notice.kind.value}" if call.notice else "work.new" if call.is_new else "notice.customer_wrote"
    clock, by = t.named("clock", detail.get("clock") or ""), detail.get("by") or t("who.system")
    title = t(key, number=number, clock=clock, by=by)
    body = f"{call.ticket.priority.value} · {call.ticket.subject}"
    return {"title": title, "body": body, "href": f"/console/tickets/{number}"}
