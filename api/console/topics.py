"""The topics: how much the bot may do alone in each, and how its answers there turned out."""

from __future__ import annotations

import re
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request, Response
from starlette.responses import RedirectResponse

from api.console.page import page, texts_for
from api.console.parts import ArticleReader, actor_of, staff_with
from api.console.refusals import ConsoleRoute, sentence, status_for
from api.http.parts import Now, TheProduct
from api.product import Product
from api.texts import Texts
from bot.learning.autonomy import SYSTEM, NoSuchTopic, PeopleOnly, TopicLine, set_mode, topic_lines
from handoff.errors import HandoffError, Stale
from handoff.models import Staff
from handoff.permissions import Permission
from kb_content.articles import Mode
from store import reading, transaction

router = APIRouter(prefix="/console/topics", route_class=ConsoleRoute, include_in_schema=False)

Editor = Annotated[Staff, Depends(staff_with(Permission.EDIT_ARTICLES))]
Name = Annotated[str, Form(max_length=200)]
Chosen = Annotated[Mode, Form()]


@router.get("")
def list_page(request: Request, product: TheProduct, now: Now, staff: ArticleReader) -> Response:
    return _page(request, product, now)


@router.post("")
def choose(
    request: Request,
    product: TheProduct,
    now: Now,
    staff: Editor,
    topic: Name,
    mode: Chosen,
    seen: Annotated[Mode | None, Form()] = None,
) -> Response:
    """Set the mode of one topic; ``seen`` is the one that stood on the page, which may be another by now."""
    try:
        with transaction(product.database) as session:
            set_mode(session, topic, mode, actor_of(staff), now, seen=seen)
    except (NoSuchTopic, PeopleOnly, Stale) as error:
        return _page(request, product, now, error)
    return RedirectResponse("/console/topics", 303)


def _page(request: Request, product: Product, now: Now, error: HandoffError | None = None) -> Response:
    target = product.settings.target_precision
    with reading(product.database) as session:
        lines = topic_lines(session, target, now)
    status = status_for(error) if error else 200
    t = texts_for(request)
    return page(
        request,
        "console/topics.html",
        status=status,
        words=sentence(t, error, status) if error else "",
        lines=lines,
        target=target,
        modes=list(Mode),
        whys={line.state.topic: _why(t, line) for line in lines},
    )


def _why(t: Texts, line: TopicLine) -> str:
    """Why the evidence changed the mode, in the reader's language: the sentence that is kept has four numbers."""
    chosen = line.state.chosen
    if chosen is None or chosen.by != SYSTEM:
        return ""
    numbers = re.findall(r"\d+", chosen.why)
    if len(numbers) != 4:
        return chosen.why
    right, judged, highest, target = numbers
    return t("topics.demoted", right=right, judged=judged, highest=highest, target=target)
