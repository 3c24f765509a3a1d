"""Proposed questions: found in headings and in what customers asked, accepted or declined many at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Query, Request, Response
from starlette.responses import RedirectResponse

from api.console.page import page
from api.console.parts import ArticleReader, staff_with
from api.console.refusals import ConsoleRoute
from api.http.parts import Now, TheProduct
from api.product import Product
from bot.learning.proposals import find_proposals
from bot.learning.publish_soon import Publishing, ask_to_publish, publishing
from handoff.models import Staff
from handoff.permissions import Permission
from handoff.rows import id_of
from kb_content import proposals
from kb_content.catalogue import live_release
from kb_content.models import ProposalState
from kb_content.proposals import ForArticle
from store import reading, transaction

router = APIRouter(prefix="/console/proposals", route_class=ConsoleRoute, include_in_schema=False)

Editor = Annotated[Staff, Depends(staff_with(Permission.EDIT_ARTICLES))]
Ids = Annotated[list[int], Form(max_length=5_000, default_factory=list)]
Count = Annotated[int | None, Query(ge=0, lt=10**6)]
QUESTIONS_A_PAGE = 400
"""Boxes that one form may have; what is beyond comes when these are decided."""
ACCEPT, DECLINE, TAKE_BACK = "accept", "decline", "take_back"


@dataclass(frozen=True)
class Shown:
    """One page of articles with what is proposed for them."""

    articles: list[ForArticle]
    more: int
    """Questions beyond this page."""
    accepted: list[ForArticle]
    waiting: int
    """Decisions that no release knows of yet."""
    publishing: Publishing


@router.get("")
def list_page(
    request: Request,
    product: TheProduct,
    now: Now,
    staff: ArticleReader,
    everything: Annotated[bool, Query(alias="all")] = False,
    accepted: Count = None,
    declined: Count = None,
    found: Count = None,
) -> Response:
    """``all`` ticks every box. ``accepted``, ``declined`` and ``found`` say what was just done."""
    counts = (("accepted", accepted), ("declined", declined), ("found", found))
    done = next(((name, count) for name, count in counts if count is not None), None)
    return _page(request, product, now, everything=everything, done=done)


@router.post("")
def decide(
    request: Request,
    product: TheProduct,
    now: Now,
    staff: Editor,
    do: Annotated[str, Form(pattern="^(accept|decline|take_back)$")],
    ids: Ids,
) -> Response:
    """Accept or decline what is ticked; with nothing ticked the page says so."""
    if not ids:
        return _page(request, product, now, status=422, is_empty=True)
    with transaction(product.database) as session:
        if do == TAKE_BACK:
            count = proposals.take_back(session, ids, staff.name, now)
        else:
            count = proposals.decide(session, ids, do == ACCEPT, staff.name, now)
    return _to("accepted" if do == ACCEPT else "declined", count)


@router.post("/find")
def find(product: TheProduct, now: Now, staff: Editor) -> Response:
    """Look again. The language model is left to the command line: it takes minutes."""
    return _to("found", len(find_proposals(product.database, now)))


@router.post("/publish")
def publish(product: TheProduct, now: Now, staff: Editor) -> Response:
    """Have a release built of what is there now; the server does it in the background."""
    with transaction(product.database) as session:
        ask_to_publish(session, id_of(staff), now)
    return RedirectResponse("/console/proposals#publish", 303)


def _page(
    request: Request,
    product: Product,
    now: Now,
    *,
    status: int = 200,
    everything: bool = False,
    is_empty: bool = False,
    done: tuple[str, int] | None = None,
) -> Response:
    return page(
        request,
        "console/proposals.html",
        status=status,
        shown=_shown(product, now),
        everything=everything,
        is_empty=is_empty,
        done=done,
    )


def _shown(product: Product, now: Now) -> Shown:
    with reading(product.database) as session:
        found = proposals.proposed(session)
        articles = list(_of_a_page(found))
        live = live_release(session)
        return Shown(
            articles=articles,
            more=_count(found) - _count(articles),
            accepted=list(_of_a_page(proposals.proposed(session, ProposalState.ACCEPTED))),
            waiting=proposals.waiting_to_be_published(session, live.questions if live else ()),
            publishing=publishing(session, now),
        )


def _of_a_page(found: Iterable[ForArticle]) -> Iterator[ForArticle]:
    room = QUESTIONS_A_PAGE
    for one in found:
        if room > 0:
            yield replace(one, proposed=one.proposed[:room])
        room -= len(one.proposed)


def _count(found: Iterable[ForArticle]) -> int:
    return sum(len(one.proposed) for one in found)


def _to(what: str, count: int) -> Response:
    return RedirectResponse(f"/console/proposals?{what}={count}", 303)
