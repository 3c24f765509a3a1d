"""The articles: a list, and each version with its questions and passages. They are written at /console/drafts."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request, Response
from markupsafe import Markup
from starlette.exceptions import HTTPException

from api.console.page import page
from api.console.parts import ArticleReader
from api.console.previews import file_address
from api.console.refusals import ConsoleRoute
from api.http.parts import Now, TheProduct
from api.texts import LANGUAGES
from bot.learning.article_figures import NOTHING, article_figures
from kb_content.catalogue import article_ids, article_page
from kb_content.html import to_html
from kb_content.studio.drafts import draft_of
from kb_content.studio.listing import STATES, Line, Wanted, article_lines, chosen
from kb_content.studio.models import DraftKind
from kb_content.studio.translations import behind
from kb_content.studio.working import find_article
from store import reading

router = APIRouter(prefix="/console/articles", route_class=ConsoleRoute, include_in_schema=False)

A_PAGE = 200
Version = Annotated[int | None, Query(ge=1, lt=2**31)]
Word = Annotated[str, Query(max_length=200)]


@router.get("")
def list_page(
    request: Request,
    product: TheProduct,
    now: Now,
    staff: ArticleReader,
    language: Word = "",
    words: Word = "",
    category: Word = "",
    tag: Word = "",
    state: Word = "",
    number: Annotated[int, Query(alias="page", ge=1, lt=10**6)] = 1,
) -> Response:
    """The articles that are wanted, a page of them."""
    wanted = Wanted(words, language, category, tag, state if state in STATES else "")
    today = now.date()
    with reading(product.database) as session:
        lines, figures = article_lines(session), article_figures(session, now)
    found = chosen(lines, wanted, today)
    shown = found[(number - 1) * A_PAGE : number * A_PAGE]
    return page(
        request,
        "console/articles.html",
        lines=shown,
        figures=figures,
        nothing=NOTHING,
        stale={(line.article_id, line.language) for line in shown if line.is_stale(today)},
        wanted=wanted,
        states=STATES,
        languages_found=sorted({line.language for line in lines}),
        categories=sorted({line.category for line in lines if line.category}),
        tags=sorted({one for line in lines for one in line.tags}),
        found=len(found),
        total=len(lines),
        before=_address(wanted, number - 1) if number > 1 else "",
        after=_address(wanted, number + 1) if number * A_PAGE < len(found) else "",
    )


@router.get("/{article_id}/{language}")
def article(
    request: Request,
    product: TheProduct,
    now: Now,
    staff: ArticleReader,
    article_id: str,
    language: str,
    version: Version = None,
) -> Response:
    """One version, sanitised; without ``version`` the live one, or the newest where none is live."""
    with reading(product.database) as session:
        row = find_article(session, article_id, language)
        if row is None:
            raise HTTPException(404)
        shown = article_page(session, article_id, language, version)
        if shown is None and version is None:
            shown = article_page(session, article_id, language, row.current or row.newest)
        ids = article_ids(session, language)
        draft = draft_of(session, DraftKind.ARTICLE, article_id, language)
        figures = article_figures(session, now, article_id).get((article_id, language), NOTHING)
        behind_source = behind(session, article_id)
    if shown is None:
        raise HTTPException(404)
    # Safe to mark: to_html lets through an allow-list of tags and attributes only.
    body = Markup(
        to_html(shown.article, shown.passages, lambda other: f"/console/articles/{other}/{language}", ids, file_address)
    )
    return page(
        request,
        "console/article.html",
        shown=shown,
        article=shown.article,
        body=body,
        source=row.source,
        draft=draft,
        figures=figures,
        behind=behind_source,
        is_stale=Line(article_id, language, "", review_by=shown.article.review_by).is_stale(now.date()),
        missing=sorted(LANGUAGES.keys() - set(shown.languages)),
    )


def _address(wanted: Wanted, number: int) -> str:
    """The address of another page of the same list."""
    values = {key: value for key, value in vars(wanted).items() if value}
    return f"/console/articles?{urlencode({**values, 'page': number})}"
