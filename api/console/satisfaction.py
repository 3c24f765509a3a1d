"""What customers think of us, and what became of their conversations: figures with how much they may be off."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Query, Request, Response
from starlette.responses import RedirectResponse

from api.console.page import page
from api.console.parts import Reader, actor_of, staff_with
from api.console.refusals import ConsoleRoute
from api.http.parts import Now, TheProduct
from bot.desk import surveys
from handoff.models import Staff
from handoff.permissions import Permission
from handoff.surveys.figures import figures, latest_words
from handoff.surveys.settings import DAYS, HOURS, SurveySettings, change_settings, survey_settings
from store import reading, transaction

PERIODS = (7, 30, 90, 365)

router = APIRouter(prefix="/console/satisfaction", route_class=ConsoleRoute, include_in_schema=False)

Admin = Annotated[Staff, Depends(staff_with(Permission.MANAGE_SYSTEM))]
Period = Annotated[int, Query(ge=1, le=PERIODS[-1], description="Days up to now.")]


@router.get("")
def satisfaction_page(request: Request, product: TheProduct, now: Now, staff: Reader, days: Period = 30) -> Response:
    with reading(product.database) as session:
        found = figures(session, now - timedelta(days=days), now)
        said, settings = latest_words(session), survey_settings(session)
    return page(
        request,
        "console/satisfaction.html",
        figures=found,
        said=said,
        settings=settings,
        days=days,
        periods=PERIODS,
        limits={"hours": HOURS, "days": DAYS},
    )


@router.post("")
def change(
    product: TheProduct,
    now: Now,
    staff: Admin,
    csat_after_hours: Annotated[int, Form(ge=HOURS[0], le=HOURS[-1])],
    nps_every_days: Annotated[int, Form(ge=DAYS[0], le=DAYS[-1])],
    csat: Annotated[bool, Form()] = False,
    nps: Annotated[bool, Form()] = False,
) -> Response:
    """Say whether and when customers are asked."""
    chosen = SurveySettings(csat, csat_after_hours, nps, nps_every_days)
    with transaction(product.database) as session:
        change_settings(session, chosen, actor_of(staff), now)
        surveys.begin(session, now)
    return RedirectResponse("/console/satisfaction", 303)
