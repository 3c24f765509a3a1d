"""The promises that were kept and those that were not, added up: where whoever leads a desk looks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from api.console.page import page
from api.console.parts import Reader
from api.console.refusals import ConsoleRoute
from api.http.parts import Now, TheProduct
from handoff.sla.figures import Kept, Promise, latest_missed, promises_kept
from store import reading

PERIODS = (7, 30, 90)

router = APIRouter(prefix="/console/kept", route_class=ConsoleRoute, include_in_schema=False)

Period = Annotated[int, Query(ge=1, le=PERIODS[-1], description="Days up to now.")]
Lines = list[tuple[str, list[Kept | None]]]
"""Groups by name, each with a cell for each clock; None where nothing of it was judged."""


@router.get("")
def kept_page(request: Request, product: TheProduct, now: Now, staff: Reader, days: Period = 30) -> Response:
    since = now - timedelta(days=days)
    with reading(product.database) as session:
        promises, missed = promises_kept(session, since, now), latest_missed(session, since, now)
    judged = [one for one in promises if one.whole.in_time.n]
    groups = {
        "policy": lines(judged, lambda one: one.by_policy),
        "priority": lines(judged, lambda one: one.by_priority),
        "team": lines(judged, lambda one: one.by_team),
    }
    return page(request, "console/kept.html", promises=judged, groups=groups, missed=missed, days=days, periods=PERIODS)


def lines(promises: Sequence[Promise], groups_of: Callable[[Promise], Sequence[Kept]]) -> Lines:
    """The groups of all clocks side by side. Pure."""
    cells = [{kept.name: kept for kept in groups_of(one)} for one in promises]
    return [(name, [one.get(name) for one in cells]) for name in sorted(set().union(*cells))]


__all__ = ["router"]
