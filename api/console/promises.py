"""What is promised to whom, and who is told before it is missed: everybody reads it, admins change it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Form, Path, Query, Request, Response
from sqlmodel import Session
from starlette.responses import RedirectResponse

from api.console.page import page, texts_for
from api.console.parts import Reader, actor_of, staff_with
from api.console.refusals import ConsoleRoute, sentence, status_for
from api.http.parts import Now, TheProduct
from api.product import Product
from handoff.errors import Stale
from handoff.models import Plan, Priority, Staff
from handoff.permissions import Permission
from handoff.sla import policy_edits
from handoff.sla.calendar_edits import calendars
from handoff.sla.errors import BadRules, BadTarget
from handoff.sla.models import Calendar, ClockKind, SlaPolicy, Whom
from handoff.sla.policies import counting
from handoff.sla.policy_edits import TIERS, Target, Whose
from store import reading, transaction

router = APIRouter(prefix="/console/promises", route_class=ConsoleRoute, include_in_schema=False)

Manager = Annotated[Staff, Depends(staff_with(Permission.MANAGE_SYSTEM))]
RuleId = Annotated[int, Path(ge=1, lt=2**53)]
Written = Annotated[str, Form(max_length=12)]
Unit = Annotated[Literal["min", "h"], Form()]
MINUTES = {"min": 1, "h": 60}
HOUSE, ALWAYS = "", "always"
"""What a form says of the hours that are counted, where it names no calendar."""


@dataclass(frozen=True)
class Tried:
    """Some ticket, and the policy that counts for it of each clock."""

    plan: Plan
    priority: Priority
    tier: int
    found: dict[ClockKind, SlaPolicy | None]


@router.get("")
def promises_page(
    request: Request,
    product: TheProduct,
    staff: Reader,
    plan: Annotated[Plan, Query()] = Plan.STANDARD,
    priority: Annotated[Priority, Query()] = Priority.P2,
    tier: Annotated[int, Query(ge=1, le=3)] = 1,
) -> Response:
    return _page(request, product, tried=(plan, priority, tier))


@router.post("")
def add(
    request: Request,
    product: TheProduct,
    now: Now,
    staff: Manager,
    clock: Annotated[ClockKind, Form()],
    plan: Annotated[Plan | Literal[""], Form()] = "",
    priority: Annotated[Priority | Literal[""], Form()] = "",
    tier: Annotated[Literal["", "1", "2", "3"], Form()] = "",
    amount: Written = "",
    unit: Unit = "h",
    hours: Written = HOUSE,
) -> Response:
    def deed(session: Session) -> None:
        whose = Whose(plan or None, priority or None, int(tier) if tier else None)
        policy_edits.add_policy(session, clock, whose, _target(amount, unit, hours), now, actor_of(staff))

    return _do(request, product, deed)


@router.post("/steps")
def add_step(
    request: Request,
    product: TheProduct,
    now: Now,
    staff: Manager,
    percent: Annotated[int, Form()],
    whom: Annotated[Whom, Form()],
    priority: Annotated[Priority | Literal[""], Form()] = "",
) -> Response:
    def deed(session: Session) -> None:
        policy_edits.add_step(session, priority or None, percent, whom, now, actor_of(staff))

    return _do(request, product, deed)


@router.post("/steps/{step_id}/remove")
def remove_step(request: Request, product: TheProduct, now: Now, staff: Manager, step_id: RuleId) -> Response:
    return _do(request, product, lambda session: policy_edits.remove_step(session, step_id, now, actor_of(staff)))


@router.post("/{policy_id}")
def change(
    request: Request,
    product: TheProduct,
    now: Now,
    staff: Manager,
    policy_id: RuleId,
    amount: Written = "",
    unit: Unit = "h",
    hours: Written = HOUSE,
) -> Response:
    def deed(session: Session) -> None:
        policy_edits.change_policy(session, policy_id, _target(amount, unit, hours), now, actor_of(staff))

    return _do(request, product, deed)


@router.post("/{policy_id}/remove")
def remove(request: Request, product: TheProduct, now: Now, staff: Manager, policy_id: RuleId) -> Response:
    return _do(request, product, lambda session: policy_edits.remove_policy(session, policy_id, now, actor_of(staff)))


def _target(amount: str, unit: str, hours: str) -> Target:
    """What a form says: an empty amount promises nothing. Raises BadTarget."""
    written = amount.strip()
    if written and not (written.isascii() and written.isdigit()):
        raise BadTarget
    if hours not in (HOUSE, ALWAYS) and not hours.isdigit():
        raise BadTarget
    return Target(
        minutes=int(written) * MINUTES[unit] if written else None,
        is_always=hours == ALWAYS,
        calendar_id=int(hours) if hours.isdigit() else None,
    )


def _do(request: Request, product: Product, deed: Callable[[Session], object]) -> Response:
    try:
        with transaction(product.database) as session:
            deed(session)
    except (BadRules, Stale) as error:
        return _page(request, product, error=error)
    return RedirectResponse("/console/promises", 303)


def _page(
    request: Request,
    product: Product,
    *,
    error: BadRules | Stale | None = None,
    tried: tuple[Plan, Priority, int] = (Plan.STANDARD, Priority.P2, 1),
) -> Response:
    with reading(product.database) as session:
        policies = policy_edits.policies(session)
        steps = policy_edits.steps(session)
        known = list(calendars(session))
    status = status_for(error) if error else 200
    plan, priority, tier = tried
    counts = {clock: counting(policies, clock, plan, priority, tier) for clock in ClockKind}
    return page(
        request,
        "console/promises.html",
        status=status,
        words=sentence(texts_for(request), error, status) if error else "",
        by_clock={clock: [one for one in policies if one.clock is clock] for clock in ClockKind},
        steps=steps,
        calendars=known,
        calendar_names=_names(known),
        house=next((calendar for calendar in known if calendar.is_default), None),
        tried=Tried(plan, priority, tier, counts),
        plans=list(Plan),
        priorities=list(Priority),
        tiers=TIERS,
        everybody=list(Whom),
    )


def _names(known: list[Calendar]) -> dict[int | None, str]:
    house = next((calendar.name for calendar in known if calendar.is_default), "")
    return {None: house, **{calendar.id: calendar.name for calendar in known}}
