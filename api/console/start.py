"""The first steps in a new house: ask a question, connect a channel, bring in articles; any of them skipped at will."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request, Response
from starlette.responses import RedirectResponse

from api.console.page import page
from api.console.parts import staff_with
from api.console.refusals import ConsoleRoute
from api.first_run import State, Step, next_step, settle, standing
from api.http.parts import TheProduct
from api.product import Product
from bot.asking import ask
from bot.live import Serving
from handoff.models import Staff
from handoff.permissions import Permission
from store import reading, transaction

router = APIRouter(prefix="/console/start", route_class=ConsoleRoute, include_in_schema=False)

Admin = Annotated[Staff, Depends(staff_with(Permission.MANAGE_SYSTEM))]
Question = Annotated[str, Form(max_length=1000)]
ADDRESSES = {
    Step.TRY: "/console/start/try",
    Step.CHANNELS: "/console/channels",
    Step.ARTICLES: "/console/articles/import",
}
SAMPLES = 3


@router.get("")
def start(product: TheProduct, staff: Admin) -> Response:
    """The first step that is left; the end where none is."""
    with reading(product.database) as session:
        left = standing(session).left
    return RedirectResponse(ADDRESSES[left[0]] if left else "/console/start/done", 303)


@router.get("/try")
def try_page(request: Request, product: TheProduct, staff: Admin) -> Response:
    return _try_page(request, product, staff)


@router.post("/try")
def try_out(request: Request, product: TheProduct, staff: Admin, text: Question = "") -> Response:
    """What the bot would say to a customer's first message; nothing of it is kept."""
    serving = product.live.serving
    if serving is None or not text.strip():
        return _try_page(request, product, staff)
    answer = ask(serving, text)
    if answer["citations"]:
        with transaction(product.database) as session:
            settle(session, Step.TRY, State.DONE)
    return _try_page(request, product, staff, text, answer)


@router.post("/{step}/skip")
def skip(product: TheProduct, staff: Admin, step: Step) -> Response:
    with transaction(product.database) as session:
        settle(session, step, State.SKIPPED)
    following = next_step(step)
    return RedirectResponse(ADDRESSES[following] if following else "/console/start/done", 303)


@router.get("/done")
def done(request: Request, product: TheProduct, staff: Admin) -> Response:
    with reading(product.database) as session:
        begun = standing(session)
    return page(request, "console/start_done.html", begun=begun, step=None)


def sample_questions(serving: Serving | None, language: str) -> list[str]:
    """Questions that the live articles say customers ask, in this language if there are such."""
    if serving is None:
        return []
    published = sorted(serving.shelf.values(), key=lambda one: (one.article.language != language, one.article.id))
    asked = [one.article.questions[0] for one in published if one.article.questions and not one.article.audience]
    return asked[:SAMPLES]


def _try_page(
    request: Request, product: Product, staff: Staff, text: str = "", answer: dict[str, Any] | None = None
) -> Response:
    with reading(product.database) as session:
        begun = standing(session)
    serving = product.live.serving
    return page(
        request,
        "console/start_try.html",
        begun=begun,
        step=Step.TRY,
        text=text,
        answer=answer,
        samples=sample_questions(serving, staff.language),
        is_ready=serving is not None,
        problem=product.live.problem or "",
    )
