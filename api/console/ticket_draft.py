"""An article out of a resolved ticket: what is there already on the matter, then a draft of what was said in it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Path, Query, Request, Response
from sqlmodel import Session, select
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse

from api.console.page import page
from api.console.parts import actor_of, staff_with
from api.console.refusals import ConsoleRoute
from api.http.parts import Now, TheProduct
from bot.learning.drafting import Outline, add_to, begin_new, begun_before, outline, similar_articles
from handoff.models import Staff, Ticket
from handoff.permissions import Permission
from handoff.tickets import ticket_by_number
from kb_content.models import KbArticle
from kb_content.studio.models import Draft
from store import reading, transaction

router = APIRouter(prefix="/console/tickets", route_class=ConsoleRoute, include_in_schema=False)

Editor = Annotated[Staff, Depends(staff_with(Permission.EDIT_ARTICLES))]
Number = Annotated[int, Path(ge=1, lt=2**53)]
Title = Annotated[str, Form(max_length=300)]
Words = Annotated[str, Form(max_length=100_000)]


@router.get("/{number}/article")
def look(request: Request, product: TheProduct, staff: Editor, number: Number) -> Response:
    """Similar articles first: what is there already need not be written again."""
    with reading(product.database) as session:
        ticket = ticket_by_number(session, number)
        found, begun = outline(session, ticket), begun_before(session, ticket)
    # The model reads it, so no transaction is open.
    similar = similar_articles(product.live.serving, found)
    return page(request, "console/ticket_draft.html", ticket=ticket, found=found, begun=begun, similar=similar)


@router.post("/{number}/article")
def begin(
    product: TheProduct,
    now: Now,
    staff: Editor,
    number: Number,
    title: Title = "",
    questions: Words = "",
    body: Words = "",
) -> Response:
    """A draft of an article of its own, with what the editor left in the form."""
    with transaction(product.database) as session:
        ticket = ticket_by_number(session, number)
        written = _written(session, ticket, title, questions, body)
        draft = begin_new(session, ticket, written, actor_of(staff), now)
        return _to(draft)


@router.post("/{number}/article/add")
def add(
    product: TheProduct,
    now: Now,
    staff: Editor,
    number: Number,
    to: Annotated[str, Query(max_length=240)],
    title: Title = "",
    questions: Words = "",
    body: Words = "",
) -> Response:
    """A draft of an article that is there already, with this ticket's questions and steps at its end. ``to``: its id
    and language, as the button below the same form has them."""
    article, _, language = to.rpartition(" ")
    with transaction(product.database) as session:
        ticket = ticket_by_number(session, number)
        query = select(KbArticle.id).where(KbArticle.article_id == article, KbArticle.language == language)
        if session.exec(query).first() is None:
            raise HTTPException(404)
        written = _written(session, ticket, title, questions, body)
        return _to(add_to(session, ticket, written, article, language, actor_of(staff), now))


def _written(session: Session, ticket: Ticket, title: str, questions: str, body: str) -> Outline:
    """What the ticket gives, in the words that the editor made of it."""
    found = outline(session, ticket)
    asked = tuple(line.strip() for line in questions.splitlines() if line.strip())
    return Outline(title.strip() or found.title, asked, body.strip(), found.language, found.removed)


def _to(draft: Draft) -> Response:
    return RedirectResponse(f"/console/drafts/{draft.id}", 303)
