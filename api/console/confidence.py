"""How sure the bot must be, what that buys, and whether it can be believed: the live release's figures."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from api.console.charts import coverage_chart, reliability_chart, thinned
from api.console.page import page
from api.console.parts import ArticleReader
from api.console.refusals import ConsoleRoute
from api.http.parts import TheProduct
from bot.learning.live_figures import live_figures
from store import reading

router = APIRouter(prefix="/console/confidence", route_class=ConsoleRoute, include_in_schema=False)


@router.get("")
def confidence_page(request: Request, product: TheProduct, staff: ArticleReader) -> Response:
    with reading(product.database) as session:
        figures = live_figures(session)
    return page(
        request,
        "console/confidence.html",
        figures=figures,
        reliability=reliability_chart(figures) if figures else None,
        coverage=coverage_chart(figures) if figures else None,
        thinned=thinned,
    )
