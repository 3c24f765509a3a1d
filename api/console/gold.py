"""Gold questions: listed, written by hand, kept from confirmed answers, deleted. Files are ``gold_files``' matter."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Form, Path, Query, Request, Response
from sqlmodel import Session
from starlette.responses import RedirectResponse

from api.console.page import page, texts_for
from api.console.parts import ArticleReader, actor_of, staff_with
from api.console.refusals import ConsoleRoute, sentence
from api.http.parts import Now, TheProduct
from api.product import Product
from bot.learning import collecting
from bot.learning.collecting import Candidate
from handoff.models import Message, Staff
from handoff.permissions import Permission, allowed
from handoff.tickets import ticket_of
from kb_content import gold
from kb_content.articles import GoldQuestion
from kb_content.errors import GoldGone, KbError
from kb_content.gold import GoldLine, Wanted
from kb_content.language import guess_language
from store import reading, transaction

router = APIRouter(prefix="/console/gold", route_class=ConsoleRoute, include_in_schema=False)

Editor = Annotated[Staff, Depends(staff_with(Permission.EDIT_ARTICLES))]
Id = Annotated[int, Path(ge=1, lt=2**53)]
Ids = Annotated[list[int], Form(max_length=5_000, default_factory=list)]
Few = Annotated[list[str], Form(max_length=20, default_factory=list)]
Word = Annotated[str, Query(max_length=300)]
Count = Annotated[int | None, Query(ge=0, lt=10**6)]
A_PAGE = 200
PLACES = 3
"""Fields for right articles that the form has at least: most questions have one."""


@dataclass(frozen=True)
class Typed:
    """What stands in the form."""

    text: str = ""
    language: str = ""
    expect: tuple[str, ...] = ()
    none: bool = False

    @property
    def places(self) -> tuple[str, ...]:
        return (*self.expect, *("",) * (PLACES - len(self.expect)))


@dataclass(frozen=True)
class Shown:
    """One page of the list, with what its filters can be."""

    lines: list[GoldLine]
    found: int
    total: int
    titles: dict[str, str]
    languages: list[str]
    sources: list[str]
    candidates: list[Candidate]

    @property
    def none_of_them(self) -> int:
        return sum(not line.question.expect for line in self.lines)


def wanted_from(language: Word = "", article: Word = "", source: Word = "", words: Word = "") -> Wanted:
    """Which questions the address asks for."""
    return Wanted(language, article.strip(), source, words.strip())


Asked = Annotated[Wanted, Depends(wanted_from)]


@router.get("")
def list_page(
    request: Request,
    product: TheProduct,
    staff: ArticleReader,
    wanted: Asked,
    skip: Annotated[int, Query(ge=0, lt=10**6)] = 0,
    done: Annotated[str, Query(pattern="^(added|changed|removed|kept|imported)$")] = "added",
    count: Count = None,
) -> Response:
    """``done`` and ``count`` say what was just done."""
    is_editor = allowed(staff.role, Permission.EDIT_ARTICLES)
    with reading(product.database) as session:
        shown = _shown(session, wanted, skip, is_editor and wanted == Wanted())
    return page(
        request,
        "console/gold.html",
        shown=shown,
        wanted=wanted,
        query=_query(wanted),
        skip=skip,
        beyond=skip + A_PAGE if skip + A_PAGE < shown.found else 0,
        done=(done, count) if count is not None else None,
    )


@router.get("/new")
def new(
    request: Request, product: TheProduct, staff: Editor, article: Word = "", language: Word = "", text: Word = ""
) -> Response:
    """An empty form, or one that begins with what the address says."""
    typed = Typed(text, language, (article,) if article else ())
    return _form(request, product, 0, typed)


@router.post("/new")
def add(
    request: Request,
    product: TheProduct,
    now: Now,
    staff: Editor,
    expect: Few,
    text: Annotated[str, Form(max_length=5_000)] = "",
    language: Annotated[str, Form(max_length=40)] = "",
    none: Annotated[bool, Form()] = False,
) -> Response:
    typed = Typed(text, language, tuple(filter(None, expect)), none)
    try:
        with transaction(product.database) as session:
            gold.add_gold(session, _question(session, typed), gold.WRITTEN, staff.name, now)
    except KbError as error:
        return _form(request, product, 0, typed, error)
    return RedirectResponse("/console/gold?done=added&count=1", 303)


@router.post("/remove")
def remove(product: TheProduct, now: Now, staff: Editor, ids: Ids) -> Response:
    with transaction(product.database) as session:
        count = gold.remove_gold(session, ids, staff.name, now)
    return RedirectResponse(f"/console/gold?done=removed&count={count}", 303)


@router.post("/collect")
def collect(product: TheProduct, now: Now, staff: Editor, ids: Ids) -> Response:
    """Keep what is ticked of the confirmed answers that were suggested."""
    with transaction(product.database) as session:
        count = collecting.keep_all(session, ids, actor_of(staff), now)
    return RedirectResponse(f"/console/gold?done=kept&count={count}", 303)


@router.post("/from-answer/{message_id}")
def from_answer(product: TheProduct, now: Now, staff: Editor, message_id: Id) -> Response:
    """Keep the question that this confirmed answer answers, and go back to where it was said."""
    with transaction(product.database) as session:
        collecting.keep(session, message_id, actor_of(staff), now)
        message = session.get_one(Message, message_id)
        ticket = ticket_of(session, message.conversation_id)
    where = f"tickets/{ticket.number}" if ticket else f"conversations/{message.conversation_id}"
    return RedirectResponse(f"/console/{where}#m{message_id}", 303)


@router.get("/{gold_id}")
def edit(request: Request, product: TheProduct, staff: Editor, gold_id: Id) -> Response:
    with reading(product.database) as session:
        line = gold.gold_line(session, gold_id)
    question = line.question
    typed = Typed(question.text, question.language, question.expect, not question.expect)
    return _form(request, product, gold_id, typed, source=line.source)


@router.post("/{gold_id}")
def change(
    request: Request,
    product: TheProduct,
    now: Now,
    staff: Editor,
    gold_id: Id,
    expect: Few,
    text: Annotated[str, Form(max_length=5_000)] = "",
    language: Annotated[str, Form(max_length=40)] = "",
    none: Annotated[bool, Form()] = False,
) -> Response:
    typed = Typed(text, language, tuple(filter(None, expect)), none)
    try:
        with transaction(product.database) as session:
            gold.change_gold(session, gold_id, _question(session, typed), staff.name, now)
    except GoldGone:
        raise
    except KbError as error:
        return _form(request, product, gold_id, typed, error)
    return RedirectResponse("/console/gold?done=changed&count=1", 303)


def _question(session: Session, typed: Typed) -> GoldQuestion:
    expect = gold.expected(typed.expect, gold.expectable(session))
    language = typed.language.strip() or guesser(session)(typed.text)
    return gold.question_from(typed.text, language, expect, typed.none)


def guesser(session: Session) -> Callable[[str], str]:
    """Tells the language that the next release will ask a text in; where that is none of the articles', by script."""
    from retrieval.needs import language_asked

    languages = gold.spoken(session)

    def guessed(text: str) -> str:
        found = language_asked(GoldQuestion(text, "", ()), languages)
        return found if found in languages else guess_language(text)

    return guessed


def _shown(session: Session, wanted: Wanted, skip: int, with_candidates: bool) -> Shown:
    lines, titles = gold.gold_lines(session), gold.expectable(session)
    found = [line for line in lines if wanted.takes(line)]
    return Shown(
        found[skip : skip + A_PAGE],
        len(found),
        len(lines),
        titles,
        sorted({line.question.language for line in lines}),
        sorted({line.source for line in lines}),
        collecting.candidates(session) if with_candidates else [],
    )


def _form(
    request: Request, product: Product, gold_id: int, typed: Typed, error: KbError | None = None, source: str = ""
) -> Response:
    with reading(product.database) as session:
        titles = gold.expectable(session)
    shown = replace(typed, expect=tuple(f"{titles[one]} ({one})" if one in titles else one for one in typed.expect))
    return page(
        request,
        "console/gold_one.html",
        status=422 if error else 200,
        gold_id=gold_id,
        typed=shown,
        titles=sorted(f"{title} ({key})" for key, title in titles.items()),
        source=source,
        words=sentence(texts_for(request), error, 422) if error else "",
    )


def _query(wanted: Wanted) -> str:
    return urlencode({name: value for name, value in vars(wanted).items() if value})
