"""What agents do with a ticket beside talking: pause it, rate it, move it up, sort it, link, merge and split it."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Form, Request, Response
from starlette.responses import RedirectResponse

from api.console.moments import moment_of, zone_of_staff
from api.console.page import page
from api.console.parts import Worker, actor_of
from api.console.refusals import ConsoleRoute
from api.console.talk import talk
from api.console.tickets import Number
from api.http.parts import Now, TheProduct
from bot import ticket_words
from handoff.models import Impact, Priority, Urgency
from handoff.ticketing import levels, links, marks, merging, pausing, sorting
from handoff.ticketing.marks import Mark
from handoff.ticketing.models import LinkKind
from handoff.ticketing.views import sheet
from handoff.tickets import ticket_by_number
from store import reading, transaction

router = APIRouter(prefix="/console/tickets", route_class=ConsoleRoute, include_in_schema=False)

Words = Annotated[str, Form(max_length=50_000)]
Short = Annotated[str, Form(max_length=1_000)]
Other = Annotated[int, Form(ge=1, lt=2**53)]
Ids = Annotated[list[Annotated[int, Form(ge=1, lt=2**53)]], Form(max_length=500, default_factory=list)]


@router.post("/{number}/wait")
def wait(product: TheProduct, now: Now, staff: Worker, number: Number) -> Response:
    with transaction(product.database) as session:
        pausing.wait_for_customer(session, number, actor_of(staff), now)
    return _back_to(number)


@router.post("/{number}/snooze")
def snooze(product: TheProduct, now: Now, staff: Worker, number: Number, until: Short = "", at: Short = "") -> Response:
    """``until``: one of the usual times; ``at``: a moment on the agent's own clock, which comes first."""
    with transaction(product.database) as session:
        zone = zone_of_staff(session, staff)
        pausing.snooze(session, number, moment_of(until, at, now, zone), actor_of(staff), now)
    return _back_to(number)


@router.post("/{number}/priority")
def priority(
    product: TheProduct,
    now: Now,
    staff: Worker,
    number: Number,
    impact: Annotated[Impact, Form()],
    urgency: Annotated[Urgency, Form()],
    priority: Annotated[Priority | Literal[""], Form()] = "",
) -> Response:
    with transaction(product.database) as session:
        chosen = priority or None
        levels.set_priority(session, number, actor_of(staff), now, impact=impact, urgency=urgency, priority=chosen)
    return _back_to(number)


@router.post("/{number}/tier")
def tier(
    product: TheProduct,
    now: Now,
    staff: Worker,
    number: Number,
    tier: Annotated[int, Form(ge=1, le=9)],
    reason: Short = "",
    diagnosis: Words = "",
) -> Response:
    with transaction(product.database) as session:
        levels.move_tier(session, number, tier, reason, actor_of(staff), now, diagnosis=diagnosis)
    return _back_to(number)


@router.post("/{number}/sort")
def sort(
    product: TheProduct,
    now: Now,
    staff: Worker,
    number: Number,
    tags: Short = "",
    category: Short = "",
    address: Short = "",
) -> Response:
    """Tags, separated by commas, category and the page in another system, all at once."""
    actor = actor_of(staff)
    with transaction(product.database) as session:
        sorting.set_tags(session, number, tags.replace("，", ",").replace("、", ",").split(","), actor, now)
        sorting.set_category(session, number, category, actor, now)
        sorting.set_external(session, number, address, actor, now)
    return _back_to(number)


@router.post("/{number}/link")
def link(
    product: TheProduct,
    now: Now,
    staff: Worker,
    number: Number,
    other: Other,
    kind: Annotated[LinkKind, Form()] = LinkKind.RELATED,
) -> Response:
    with transaction(product.database) as session:
        links.link(session, number, other, kind, actor_of(staff), now)
    return _back_to(number)


@router.post("/{number}/unlink")
def unlink(product: TheProduct, now: Now, staff: Worker, number: Number, other: Other) -> Response:
    with transaction(product.database) as session:
        links.unlink(session, number, other, actor_of(staff), now)
    return _back_to(number)


@router.post("/{number}/merge")
def merge(product: TheProduct, now: Now, staff: Worker, number: Number, into: Other) -> Response:
    with transaction(product.database) as session:
        words = ticket_words.merged(session, number, into)
        merging.merge(session, number, into, actor_of(staff), now, words)
    return _back_to(into)


@router.post("/{number}/mark")
def mark(
    product: TheProduct,
    now: Now,
    staff: Worker,
    number: Number,
    message: Other,
    kind: Annotated[Mark, Form()],
) -> Response:
    with transaction(product.database) as session:
        marks.mark(session, number, message, kind, actor_of(staff), now)
    return _back_to(number)


@router.get("/{number}/split")
def split_page(request: Request, product: TheProduct, staff: Worker, number: Number) -> Response:
    """The words of a ticket, to choose those that belong elsewhere."""
    with reading(product.database) as session:
        ticket = ticket_by_number(session, number)
        shown = talk(session, ticket.conversation_id, staff, everything=True)
        found = sheet(session, ticket)
    words = [one for one in shown.said if one.kind != "activity"]
    return page(request, "console/ticket_split.html", talk=shown, sheet=found, words=words)


@router.post("/{number}/split")
def split(
    product: TheProduct,
    now: Now,
    staff: Worker,
    number: Number,
    message: Ids,
    subject: Short = "",
    to: Annotated[int, Form(ge=0, lt=2**53)] = 0,
) -> Response:
    """``to``: the ticket that the words go to; 0: a new one, named ``subject``."""
    actor = actor_of(staff)
    with transaction(product.database) as session:
        if to:
            other = merging.carry_over(session, number, message, to, actor, now)
        else:
            told = ticket_words.split_off(session, number)
            other = merging.split(session, number, message, subject, actor, now, told)
    return _back_to(other.number)


def _back_to(number: int) -> Response:
    return RedirectResponse(f"/console/tickets/{number}", 303)
