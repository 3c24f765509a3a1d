"""The same deed on every ticket that is ticked in the inbox."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Form, Request, Response

from api.console.moments import moment_of, zone_of_staff
from api.console.page import is_fragment, page, texts_for
from api.console.parts import Worker, actor_of
from api.console.refusals import ConsoleRoute, sentence, status_for
from api.http.parts import Now, TheProduct
from api.product import Product
from bot.replies import closing_words
from handoff.actors import Actor
from handoff.errors import BadTag, HandoffError, NothingTicked, NoTickets
from handoff.models import Priority, Staff
from handoff.rows import id_of
from handoff.workplace import bulk
from handoff.workplace.filters import ME, NONE
from store import reading, transaction
from store.errors import StoreError

router = APIRouter(prefix="/console/bulk", route_class=ConsoleRoute, include_in_schema=False)

Numbers = Annotated[list[Annotated[int, Form(ge=1, lt=2**53)]], Form(max_length=bulk.MOST, default_factory=list)]
Short = Annotated[str, Form(max_length=1_000)]


@dataclass(frozen=True)
class Refused:
    number: int
    words: str


@dataclass(frozen=True)
class Chosen:
    """What the form says beside the deed; each deed takes its own of it."""

    assignee: str
    team: str
    tags: str
    priority: Priority
    until: str


@router.post("")
def do(
    request: Request,
    product: TheProduct,
    now: Now,
    staff: Worker,
    deed: Annotated[Literal["assign", "team", "tag", "priority", "snooze", "resolve"], Form()],
    numbers: Numbers,
    assignee: Short = ME,
    team: Short = "",
    tags: Short = "",
    priority: Annotated[Priority, Form()] = Priority.P2,
    until: Short = "",
    back: Annotated[str, Form(max_length=8_000)] = "",
) -> Response:
    """Each ticket by itself: what one refuses holds up no other, and is told with its reason."""
    if not numbers:
        raise NothingTicked
    chosen = Chosen(assignee, team, tags, priority, until)
    what = _deed(product, staff, deed, chosen, now)
    done, refused = _each(request, product, what, sorted(set(numbers)), actor_of(staff), now)
    template = "console/bulk_said.html" if is_fragment(request) else "console/bulk_page.html"
    return page(request, template, done=done, refused=refused, back=_back(back))


def _each(
    request: Request, product: Product, deed: bulk.Deed, numbers: Sequence[int], actor: Actor, now: datetime
) -> tuple[list[int], list[Refused]]:
    done, refused, t = [], [], texts_for(request)
    for number in numbers:
        try:
            with transaction(product.database) as session:
                deed(session, number, actor, now)
            done.append(number)
        except (HandoffError, StoreError) as error:
            refused.append(Refused(number, sentence(t, error, status_for(error))))
    return done, refused


def _deed(product: Product, staff: Staff, name: str, chosen: Chosen, now: datetime) -> bulk.Deed:
    """What the form asks for. Raises what no ticket could take: BadTag, BadMoment."""
    match name:
        case "assign":
            return bulk.assign(_staff_id(chosen.assignee, staff))
        case "team":
            return bulk.move_to(chosen.team)
        case "tag":
            tags = [tag for tag in chosen.tags.replace("，", ",").replace("、", ",").split(",") if tag.strip()]
            if not tags:
                raise BadTag
            return bulk.add_tags(tags)
        case "priority":
            return bulk.set_priority(chosen.priority)
        case "snooze":
            with reading(product.database) as session:
                zone = zone_of_staff(session, staff)
            return bulk.snooze(moment_of(chosen.until, "", now, zone))
    return bulk.resolve(closing_words)


def _staff_id(assignee: str, staff: Staff) -> int | None:
    """None: nobody. Raises NoTickets for what names no person."""
    if assignee in (ME, NONE):
        return id_of(staff) if assignee == ME else None
    if not (assignee.isascii() and assignee.isdecimal() and len(assignee) < 16):
        raise NoTickets
    return int(assignee)


def _back(address: str) -> str:
    """Only to a list of the inbox."""
    return address if address.startswith("/console?") else "/console"
