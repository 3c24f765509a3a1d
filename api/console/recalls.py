"""Corrections of what customers were told: whom they concern, what they say, and how far they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Path, Query, Request, Response
from sqlmodel import Session
from starlette.responses import RedirectResponse

from api.console.page import page, texts_for
from api.console.parts import ArticleReader, actor_of, staff_with
from api.console.refusals import ConsoleRoute, sentence, status_for
from api.http.parts import Now, TheProduct
from api.product import Product
from bot.learning.recall import views
from bot.learning.recall.earlier import is_complete
from bot.learning.recall.errors import (
    CorrectionMissing,
    NobodyWasTold,
    NothingToRecall,
    NotLookedThrough,
    RecallIsOver,
    StillTold,
    WhyMissing,
)
from bot.learning.recall.finding import Scope, base, is_still_told, languages_of, scope_of, told_counts, versions_of
from bot.learning.recall.models import Recall, RecallState
from bot.learning.recall.recalls import begin, prepare, recall_by_id, set_texts, stop
from bot.learning.recall.wording import proposed_texts, title_of
from handoff.errors import HandoffError
from handoff.models import Staff
from handoff.permissions import Permission
from handoff.rows import id_of
from kb_content.catalogue import ArticleLine, ArticlePage, article_page, articles_overview
from kb_content.html import to_text
from store import reading, transaction

router = APIRouter(prefix="/console/recalls", route_class=ConsoleRoute, include_in_schema=False)

Editor = Annotated[Staff, Depends(staff_with(Permission.EDIT_ARTICLES))]
RecallId = Annotated[int, Path(ge=1, lt=2**53)]
Number = Annotated[int, Query(ge=0, lt=10**7)]
Version = Annotated[int | None, Query(ge=1, lt=2**31)]
Name = Annotated[str, Form(max_length=200)]
Keys = Annotated[list[Annotated[str, Form(max_length=100)]], Form(max_length=1_000, default_factory=list)]
Words = Annotated[list[Annotated[str, Form(max_length=20_000)]], Form(max_length=50, default_factory=list)]
Codes = Annotated[list[Annotated[str, Form(max_length=40)]], Form(max_length=50, default_factory=list)]
REFUSED = (
    CorrectionMissing,
    NobodyWasTold,
    NothingToRecall,
    NotLookedThrough,
    RecallIsOver,
    StillTold,
    WhyMissing,
)
"""What is said on the page where it was tried, with what was typed."""
CHANGEABLE = (RecallState.PREPARED, RecallState.STOPPED)


@dataclass(frozen=True)
class Typed:
    """The form as it was sent."""

    ticked: frozenset[str] = frozenset()
    reason: str = ""
    is_whole: bool = False


@dataclass(frozen=True)
class Choice:
    """What can be recalled: an article's version with its passages, and how many messages told each of them."""

    shown: ArticlePage
    told: dict[str, int]

    @property
    def words(self) -> dict[str, str]:
        """What each passage says, by its key, as plain text."""
        return {passage.key: to_text(passage.text) for passage in self.shown.passages}


@router.get("")
def list_page(request: Request, product: TheProduct, staff: ArticleReader) -> Response:
    with reading(product.database) as session:
        rows = views.recalls(session)
    return page(request, "console/recalls.html", rows=rows)


@router.get("/new")
def new_page(
    request: Request,
    product: TheProduct,
    staff: Editor,
    article: Annotated[str, Query(max_length=200)] = "",
    language: Annotated[str, Query(max_length=40)] = "",
    version: Version = None,
    passage: Annotated[str, Query(max_length=100)] = "",
) -> Response:
    """Which article, then which of its passages. ``article`` may be "id language" together, as the list has it."""
    if article and not language:
        article, _, language = article.rpartition(" ")
    return _new(request, product, article, language, version, Typed(frozenset({passage} - {""})))


@router.post("")
def add(
    request: Request,
    product: TheProduct,
    now: Now,
    staff: Editor,
    passages: Keys,
    article: Name = "",
    language: Name = "",
    version: Annotated[int, Form(ge=0, lt=2**31)] = 0,
    whole: Annotated[bool, Form()] = False,
    reason: Annotated[str, Form(max_length=5_000)] = "",
) -> Response:
    """The ticked passages, in whatever version they are; or all that this version says."""
    scope = Scope(article, language, () if whole else tuple(passages), (version,) if whole else ())
    try:
        if not whole and not passages:
            raise NothingToRecall
        with transaction(product.database) as session:
            recall_id = id_of(prepare(session, scope, reason, actor_of(staff), now))
    except REFUSED as error:
        typed = Typed(frozenset(passages), reason, whole)
        return _new(request, product, article, language, version or None, typed, error)
    return RedirectResponse(f"/console/recalls/{recall_id}", 303)


@router.get("/{recall_id}")
def recall_page(
    request: Request, product: TheProduct, now: Now, staff: ArticleReader, recall_id: RecallId, skip: Number = 0
) -> Response:
    return _page(request, product, now, recall_id, skip=skip)


@router.post("/{recall_id}/texts")
def keep_texts(
    request: Request, product: TheProduct, now: Now, staff: Editor, recall_id: RecallId, languages: Codes, texts: Words
) -> Response:
    typed = dict(zip(languages, texts, strict=False))
    try:
        with transaction(product.database) as session:
            set_texts(session, recall_id, typed, actor_of(staff), now)
    except REFUSED as error:
        return _page(request, product, now, recall_id, error=error, typed=typed)
    return RedirectResponse(f"/console/recalls/{recall_id}#recipients", 303)


@router.post("/{recall_id}/begin")
def send(
    request: Request,
    product: TheProduct,
    now: Now,
    staff: Editor,
    recall_id: RecallId,
    although_told: Annotated[bool, Form()] = False,
) -> Response:
    try:
        with transaction(product.database) as session:
            begin(session, recall_id, actor_of(staff), now, although_told=although_told)
    except REFUSED as error:
        return _page(request, product, now, recall_id, error=error)
    return RedirectResponse(f"/console/recalls/{recall_id}", 303)


@router.post("/{recall_id}/stop")
def hold_back(request: Request, product: TheProduct, now: Now, staff: Editor, recall_id: RecallId) -> Response:
    try:
        with transaction(product.database) as session:
            stop(session, recall_id, actor_of(staff), now)
    except REFUSED as error:
        return _page(request, product, now, recall_id, error=error)
    return RedirectResponse(f"/console/recalls/{recall_id}", 303)


def _new(
    request: Request,
    product: Product,
    article: str,
    language: str,
    version: int | None,
    typed: Typed,
    error: HandoffError | None = None,
) -> Response:
    choice, lines = None, list[ArticleLine]()
    with reading(product.database) as session:
        shown = _shown(session, article, language, version) if article else None
        if shown is not None:
            told = told_counts(session, article, language, [passage.key for passage in shown.passages])
            choice = Choice(shown, told)
        else:
            lines = articles_overview(session)
    words = sentence(texts_for(request), error, status_for(error)) if error else ""
    status = status_for(error) if error else 200
    template = "console/recall_new.html"
    return page(request, template, status=status, choice=choice, typed=typed, lines=lines, words=words)


def _shown(session: Session, article: str, language: str, version: int | None) -> ArticlePage | None:
    """That version of the article; without ``version`` the live one, or the newest where none is live."""
    numbers = [one.number for one in versions_of(session, article, language)]
    if not numbers:
        return None
    return article_page(session, article, language, version) or article_page(session, article, language, numbers[-1])


def _page(
    request: Request,
    product: Product,
    now: Now,
    recall_id: int,
    *,
    skip: int = 0,
    error: HandoffError | None = None,
    typed: dict[str, str] | None = None,
) -> Response:
    with reading(product.database) as session:
        recall = recall_by_id(session, recall_id)
        found = views.shown(session, recall, now, product.live.house.address, skip)
        wrong = views.wrong_passages(session, scope_of(recall))
        title, complete = title_of(session, recall), is_complete(session)
        still = recall.state in CHANGEABLE and is_still_told(session, scope_of(recall))
        # The article may be corrected after the recall was begun: until somebody keeps a text, it is proposed anew.
        proposed = proposed_texts(session, scope_of(recall), recall.reason) if not recall.texts else None
        languages = languages_of(session, recall.article_id)
    return page(
        request,
        "console/recall.html",
        status=status_for(error) if error else 200,
        recall=recall,
        title=title,
        wrong=wrong,
        shown=found,
        states={state.value: count for state, count in found.counts.items()},
        texts=_texts(recall, list(found.languages), typed or proposed),
        others=[language for language in languages if language != recall.language],
        is_changeable=recall.state in CHANGEABLE,
        is_complete=complete,
        is_still_told=still,
        skip=skip,
        a_page=views.A_PAGE,
        words=sentence(texts_for(request), error, status_for(error)) if error else "",
    )


def _texts(recall: Recall, languages: Sequence[str], typed: dict[str, str] | None) -> list[tuple[str, str]]:
    """The places for texts: the article's language first, then those of the people who are written to."""
    texts = typed or {code: str(text) for code, text in recall.texts.items()}
    places = dict.fromkeys([base(recall.language), *languages, *texts])
    return [(code, texts.get(code, "")) for code in places]
