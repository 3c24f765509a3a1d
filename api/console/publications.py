"""Publications: how far each is, what its check found, and publishing all the same with a reason."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Path, Query, Request, Response
from sqlmodel import Session
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse

from api.console.page import page, texts_for
from api.console.parts import ArticleReader, staff_with
from api.console.refusals import ConsoleRoute, sentence, status_for
from api.http.parts import Now, TheProduct
from api.product import Product
from api.texts import Texts
from bot.learning.studio.comparing import Effect, articles_in
from bot.learning.studio.errors import ReasonMissing
from bot.learning.studio.publications import WAITING, ask, asker, cancel, publications
from bot.learning.studio.questions import words_of
from handoff.models import Staff
from handoff.permissions import Permission
from handoff.rows import id_of
from kb_content.errors import KbError
from kb_content.studio.models import Draft, DraftKind, Publication, PublicationState
from kb_content.studio.running import was_staged
from kb_content.studio.titles import Titles, titles
from store import reading, transaction

router = APIRouter(prefix="/console/publications", route_class=ConsoleRoute, include_in_schema=False)

Editor = Annotated[Staff, Depends(staff_with(Permission.EDIT_ARTICLES))]
PublicationId = Annotated[int, Path(ge=1, lt=2**53)]


@dataclass(frozen=True)
class About:
    """One thing that is published. ``title``: an article's, else its name. ``is_there``: its draft is still there."""

    id: int
    kind: str
    name: str
    title: str
    language: str
    is_there: bool


@dataclass(frozen=True)
class Line:
    """A publication in the list."""

    wish: Publication
    by: str
    drafts: list[About]


@dataclass(frozen=True)
class PublicationPage:
    """``rows``: the changed questions of ``effect``, or all. ``unticked``: changes that nobody has said were meant."""

    wish: Publication
    by: str
    drafts: list[About]
    effect: str
    rows: list[dict[str, Any]]
    titles: Titles
    unticked: list[dict[str, Any]]
    is_waiting: bool
    was_rolled_out: bool
    """Whether some customers had it, until its rollout was stopped."""
    progress: str

    @property
    def is_blocked(self) -> bool:
        return self.wish.state is PublicationState.BLOCKED

    @property
    def may_ask_again(self) -> bool:
        """Whether the same can be wished for once more: what was drafted is still there."""
        over = (PublicationState.BLOCKED, PublicationState.FAILED, PublicationState.CANCELLED)
        return self.wish.state in over and all(one.is_there for one in self.drafts)


_PROGRESS = (
    ("reading", re.compile(r"reading the knowledge base: (?P<done>[\d,]+) of (?P<total>[\d,]+) texts.*")),
    ("fitting", re.compile(r"fitting the confidence for (?P<language>\S+) \((?P<done>\d+) of (?P<total>\d+)\)")),
    ("asking", re.compile(r"asking the questions: (?P<done>[\d,]+) of (?P<total>[\d,]+)")),
)
"""What a publication reports on its way, as a command prints it."""


@router.get("")
def list_page(request: Request, product: TheProduct, staff: ArticleReader) -> Response:
    with reading(product.database) as session:
        found = [Line(wish, asker(wish), drafts_of(session, wish)) for wish in publications(session)]
    return page(request, "console/publications.html", lines=found)


@router.get("/{publication_id}")
def one(
    request: Request,
    product: TheProduct,
    staff: ArticleReader,
    publication_id: PublicationId,
    effect: Annotated[str, Query(max_length=20)] = "",
) -> Response:
    return _page(request, product, publication_id, effect)


@router.post("/{publication_id}/cancel")
def cancel_it(
    request: Request, product: TheProduct, now: Now, staff: Editor, publication_id: PublicationId
) -> Response:
    with transaction(product.database) as session:
        cancel(session, publication_id, id_of(staff), now)
    return RedirectResponse(f"/console/publications/{publication_id}", 303)


@router.post("/{publication_id}/again")
def again(request: Request, product: TheProduct, now: Now, staff: Editor, publication_id: PublicationId) -> Response:
    """Wish for the same once more: something was ticked or mended meanwhile."""
    return _ask_again(request, product, now, staff, publication_id, "")


@router.post("/{publication_id}/override")
def override(
    request: Request,
    product: TheProduct,
    now: Now,
    staff: Editor,
    publication_id: PublicationId,
    reason: Annotated[str, Form(max_length=2_000)] = "",
) -> Response:
    """Publish all the same. The reason stays in the audit log."""
    if not reason.strip():
        return _page(request, product, publication_id, error=ReasonMissing())
    return _ask_again(request, product, now, staff, publication_id, reason)


def _ask_again(
    request: Request, product: Product, now: Now, staff: Staff, publication_id: int, reason: str
) -> Response:
    try:
        with transaction(product.database) as session:
            wish = _found(session, publication_id)
            percent, accounts = wish.percent, wish.accounts
            asked = ask(session, wish.drafts, id_of(staff), now, override=reason, percent=percent, accounts=accounts)
    except KbError as error:
        return _page(request, product, publication_id, error=error)
    return RedirectResponse(f"/console/publications/{asked}", 303)


def _found(session: Session, publication_id: int) -> Publication:
    wish = session.get(Publication, publication_id)
    if wish is None:
        raise HTTPException(404)
    return wish


def _page(
    request: Request, product: Product, publication_id: int, effect: str = "", error: KbError | None = None
) -> Response:
    with reading(product.database) as session:
        wish = _found(session, publication_id)
        rows = _rows(session, wish, effect)
        shown = PublicationPage(
            wish=wish,
            by=asker(wish),
            drafts=drafts_of(session, wish),
            effect=effect if effect in {one.value for one in Effect} else "",
            rows=rows,
            titles=titles(session, articles_in(rows)),
            unticked=[one for one in wish.check.get("content", ()) if not one["ticked"]],
            is_waiting=wish.state in WAITING,
            was_rolled_out=wish.state is PublicationState.CANCELLED and was_staged(session, wish.release_id),
            progress=_progress(texts_for(request), wish.progress),
        )
    status = status_for(error) if error else 200
    problem = sentence(texts_for(request), error, status) if error else ""
    return page(request, "console/publication.html", status=status, shown=shown, problem=problem)


def _progress(t: Texts, said: str) -> str:
    """What was reported in the reader's language; what is not known, as it was."""
    for name, pattern in _PROGRESS:
        if found := pattern.fullmatch(said):
            told = found.groupdict()
            return t(f"gate.progress.{name}", **told | {"language": t.named("language", told.get("language", ""))})
    return said


def drafts_of(session: Session, wish: Publication) -> list[About]:
    """What is published with ``wish``, by the names that editors know."""
    about = wish.check.get("drafts", ())
    called = titles(session, (one["name"] for one in about if one["kind"] == DraftKind.ARTICLE.value))
    return [
        About(
            id=one["id"],
            kind=one["kind"],
            name=one["name"],
            title=called.named(one["name"], one["language"]).title
            if one["kind"] == DraftKind.ARTICLE.value
            else one["name"],
            language=one["language"],
            is_there=session.get(Draft, one["id"]) is not None,
        )
        for one in about
    ]


def _rows(session: Session, wish: Publication, effect: str) -> list[dict[str, Any]]:
    """The changed questions, those of customers in their words as far as these are still there."""
    rows = [one for one in wish.check.get("changed", ()) if effect in ("", one["effect"])]
    words = words_of(session, (one["message"] for one in rows if one["message"] is not None))
    return [{**one, "text": one["text"] or words.get(one["message"], "")} for one in rows]
