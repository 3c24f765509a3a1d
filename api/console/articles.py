"""The articles as they are: a list, and each version with its questions and passages. Nothing is edited here yet."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from markupsafe import Markup
from sqlmodel import Session, select
from starlette.exceptions import HTTPException

from api.console.page import page
from api.console.parts import ArticleReader
from api.console.refusals import ConsoleRoute
from api.http.parts import TheProduct
from kb_content.catalogue import ArticleLine, article_ids, article_page, articles_overview, glossary
from kb_content.html import to_html
from kb_content.models import ArticleVersion, KbArticle
from store import fulltext, reading

router = APIRouter(prefix="/console/articles", route_class=ConsoleRoute, include_in_schema=False)

Version = Annotated[int | None, Query(ge=1, lt=2**31)]


@router.get("")
def list_page(
    request: Request,
    product: TheProduct,
    staff: ArticleReader,
    language: str = "",
    words: str = "",
    archived: bool = False,
) -> Response:
    """Articles of one language or all, that hold every one of ``words`` in title, questions, category or id."""
    with reading(product.database) as session:
        lines, questions = articles_overview(session), _questions(session)
    languages = sorted({line.language for line in lines})
    shown = [
        line
        for line in lines
        if (archived or line.archived_at is None)
        and language in ("", line.language)
        and holds(line, questions[line.article_id, line.language], words)
    ]
    return page(
        request,
        "console/articles.html",
        lines=shown,
        questions=questions,
        found_languages=languages,
        language=language,
        words=words[:200],
        archived=archived,
        total=len(lines),
    )


@router.get("/glossary")
def glossary_page(request: Request, product: TheProduct, staff: ArticleReader) -> Response:
    """The terms with the customers' other words for them, those of all sources."""
    with reading(product.database) as session:
        terms = glossary(session)
    return page(request, "console/glossary.html", terms=terms)


@router.get("/{article_id}/{language}")
def article(
    request: Request, product: TheProduct, staff: ArticleReader, article_id: str, language: str, version: Version = None
) -> Response:
    """One version, sanitised; without ``version`` the live one, or the newest where none is live."""
    with reading(product.database) as session:
        row = _row(session, article_id, language)
        if row is None:
            raise HTTPException(404)
        shown = article_page(session, article_id, language, version)
        if shown is None and version is None:
            shown = article_page(session, article_id, language, row.current or row.newest)
        ids = article_ids(session, language)
    if shown is None:
        raise HTTPException(404)
    # Safe to mark: to_html lets through an allow-list of tags and attributes only.
    body = Markup(to_html(shown.article, shown.passages, lambda other: f"/console/articles/{other}/{language}", ids))
    return page(request, "console/article.html", shown=shown, article=shown.article, body=body, source=row.source)


def holds(line: ArticleLine, questions: tuple[str, ...], words: str) -> bool:
    """Whether every word of ``words`` is somewhere in the line or its questions, width and case folded."""
    text = " ".join([line.article_id, line.title, line.category or "", *questions])
    have = " ".join(fulltext.tokens(text))
    return all(word in have for word in fulltext.tokens(words))


def _questions(session: Session) -> dict[tuple[str, str], tuple[str, ...]]:
    """The questions of every article's current version."""
    found = session.exec(
        select(KbArticle.article_id, KbArticle.language, ArticleVersion.meta)
        .where(ArticleVersion.kb_article_id == KbArticle.id)
        .where(ArticleVersion.number == KbArticle.current)
    )
    return {(article_id, language): tuple(meta.get("questions") or ()) for article_id, language, meta in found}


def _row(session: Session, article_id: str, language: str) -> KbArticle | None:
    query = select(KbArticle).where(KbArticle.article_id == article_id, KbArticle.language == language)
    return session.exec(query).one_or_none()
