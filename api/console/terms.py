"""The glossary: the product's terms with customers' other words for them. Listed, and written as drafts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Form, Query, Request, Response
from sqlmodel import Session
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse

from api.console.article_form import Named
from api.console.kb_entries import (
    Do,
    Editor,
    Entry,
    Revision,
    Said,
    begin_new,
    carry_out,
    content_now,
    drafted,
    entry_page,
    refused,
    restore,
)
from api.console.page import page, texts_for
from api.console.parts import ArticleReader
from api.console.refusals import ConsoleRoute, sentence
from api.http.parts import Now, TheProduct
from api.texts import LANGUAGES
from handoff.errors import HandoffError
from kb_content.articles import Term
from kb_content.catalogue import glossary
from kb_content.errors import BadName, KbError
from kb_content.glossary_file import same_word
from kb_content.studio.models import Draft, DraftKind
from kb_content.studio.values import term_of
from store import reading

router = APIRouter(prefix="/console/articles/glossary", route_class=ConsoleRoute, include_in_schema=False)

Name = Annotated[str, Query(alias="term", max_length=300)]
Language = Annotated[str, Query(max_length=40)]
Short = Annotated[str, Form(max_length=300)]
Written = Annotated[str, Form(min_length=1, max_length=300)]


@dataclass(frozen=True)
class Line:
    """A term in the list: as the KB has it, or as a draft of a new one would."""

    term: Term
    source: str
    draft: Draft | None

    @property
    def entry(self) -> Entry:
        return Entry(DraftKind.TERM, self.term.term, self.term.language)


@router.get("")
def list_page(
    request: Request, product: TheProduct, staff: ArticleReader, draft: Annotated[int, Query(ge=0, lt=2**53)] = 0
) -> Response:
    """The terms of all sources, those that are only drafted too. ``draft``: lead to the page of that one."""
    if draft:
        with reading(product.database) as session:
            found = session.get(Draft, draft)
        if found is not None and found.kind is DraftKind.TERM:
            return RedirectResponse(Entry(found.kind, found.name, found.language).place, 303)
    return _list(request, product)


@router.post("")
def new(
    request: Request, product: TheProduct, now: Now, staff: Editor, term: Short = "", language: Short = ""
) -> Response:
    """Begin this term; one that is there already is opened."""
    try:
        code = texts_for(request).language_code(language)
        return begin_new(product, staff, now, DraftKind.TERM, term, code)
    except BadName as error:
        return _list(request, product, (term, language), sentence(texts_for(request), error, 422))


@router.get("/term")
def edit(request: Request, product: TheProduct, staff: ArticleReader, term: Name, language: Language) -> Response:
    with reading(product.database) as session:
        shown = entry_page(session, texts_for(request), staff, _entry(session, term, language))
    if shown.draft is None and not shown.is_there and not shown.history:
        raise HTTPException(404)
    return page(request, "console/term.html", shown=shown)


@router.post("/term/restore")
def bring_back(
    product: TheProduct,
    now: Now,
    staff: Editor,
    term: Written,
    language: Written,
    release: Annotated[int, Form(ge=1, lt=2**53)],
) -> Response:
    with reading(product.database) as session:
        entry = _entry(session, term, language)
    return restore(product, staff, now, entry, release)


@router.post("/term")
@router.post("/term/{do}")
def write(
    request: Request,
    product: TheProduct,
    now: Now,
    staff: Editor,
    term: Written,
    language: Written,
    said: Said,
    named: Named,
    do: Do = "save",
    revision: Revision = 0,
    also: Annotated[str, Form(max_length=20_000)] = "",
    meaning: Annotated[str, Form(max_length=5_000)] = "",
) -> Response:
    with reading(product.database) as session:
        entry = _entry(session, term, language)
        kept = content_now(session, entry)
    typed = {"also": also, "meaning": meaning}
    content = kept | {name: text for name, text in typed.items() if name in named or name not in kept}
    try:
        return carry_out(product, staff, now, entry, content, revision, do, said)
    except (KbError, HandoffError) as error:
        if "also" in named:
            content["also"] = also.splitlines()
        return refused(request, product, staff, "console/term.html", entry, content, error)


def _entry(session: Session, term: str, language: str) -> Entry:
    """The term as the KB or its draft spells it."""
    spelt = [one for one, _ in glossary(session)] + [
        Term(name, (), spoken) for name, spoken in drafted(session, DraftKind.TERM)
    ]
    same = (one.term for one in spelt if one.language == language and same_word(one.term) == same_word(term))
    return Entry(DraftKind.TERM, next(same, term), language)


def _list(request: Request, product: TheProduct, typed: tuple[str, str] = ("", ""), words: str = "") -> Response:
    with reading(product.database) as session:
        lines = _lines(session)
    spoken = sorted({*LANGUAGES, *(line.term.language for line in lines)})
    return page(
        request,
        "console/glossary.html",
        status=422 if words else 200,
        lines=lines,
        typed=typed,
        words=words,
        spoken=spoken,
    )


def _lines(session: Session) -> list[Line]:
    written = drafted(session, DraftKind.TERM)
    there = [Line(term, source, written.pop((term.term, term.language), None)) for term, source in glossary(session)]
    new_ones = [Line(term_of(draft), "", draft) for draft in written.values()]
    return sorted([*there, *new_ones], key=lambda line: (line.term.language, line.term.term.casefold()))
