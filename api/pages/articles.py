"""The public pages of articles: what a citation opens, at the passage that it quotes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request
from fastapi.responses import HTMLResponse
from markupsafe import Markup

from api.console.parts import session_token
from api.http.parts import Now, TheProduct
from api.pages.library import library_of, missing
from api.pages.page import render
from api.pages.texts import LANGUAGES, language_of, supported
from api.product import Product
from bot.article_links import file_link, is_article_key
from handoff.permissions import Permission, allowed
from handoff.sessions import session_staff
from kb_content import catalogue
from kb_content.articles import Passage
from kb_content.html import to_html
from kb_content.passages import PATH_SEPARATOR
from store import reading

router = APIRouter(include_in_schema=False, prefix="/kb")
SECTIONS = 3
"""From so many on an article has a list of them on top."""
Version = Annotated[int, Path(ge=1, le=2**31 - 1)]


def is_staff(request: Request, product: TheProduct, now: Now) -> bool:
    """Whether somebody who may read all articles is signed in in this browser."""
    token = session_token(request, product.settings)
    if token is None:
        return False
    with reading(product.database) as session:
        staff = session_staff(session, token, now)
    return staff is not None and allowed(staff.role, Permission.READ_ARTICLES)


IsStaff = Annotated[bool, Depends(is_staff)]


@router.get("/{language}/{article_id}", response_class=HTMLResponse)
def newest(
    request: Request, language: str, article_id: str, product: TheProduct, is_staff: IsStaff, key: str = ""
) -> HTMLResponse:
    """The article as it is live."""
    return _page(request, product, language, article_id, None, None if is_staff else key)


@router.get("/{language}/{article_id}/v{version}", response_class=HTMLResponse)
def one_version(
    request: Request,
    language: str,
    article_id: str,
    version: Version,
    product: TheProduct,
    is_staff: IsStaff,
    key: str = "",
) -> HTMLResponse:
    """The article as it was in one version: citations keep showing what they quoted."""
    return _page(request, product, language, article_id, version, None if is_staff else key)


def _page(
    request: Request, product: Product, language: str, article_id: str, version: int | None, key: str | None
) -> HTMLResponse:
    """``key``: what opens an article that is for some customers only; None for staff, who need none."""
    if "\x00" in language + article_id:
        return missing(request)
    with reading(product.database) as session:
        found = catalogue.article_page(session, article_id, language, version)
        pages = catalogue.open_pages(session, language)
    # A version that never was live is an editor's draft: for the public it does not exist.
    if found is None or not found.was_published:
        return missing(request)
    is_opened = key is None or is_article_key(key, language, article_id, found.version, product.live.house.secret)
    if found.is_restricted and not is_opened:
        return missing(request)
    spoken = supported(language) or language_of(request)
    library = library_of(product).get(language)
    return render(
        request,
        "kb/article.html",
        language=spoken,
        found=found,
        body=_scrollable(_body(product, found, pages)),
        others=[(other, LANGUAGES.get(other, other)) for other in found.open_languages if other != language],
        sections=_sections(found.passages),
        related=library.related(article_id) if library else [],
    )


def _body(product: Product, found: catalogue.ArticlePage, pages: frozenset[str]) -> str:
    def file_url(name: str) -> str:
        return file_link(name, not found.is_restricted, "", product.live.house.secret)

    language = found.article.language
    return to_html(found.article, found.passages, lambda other: f"/kb/{language}/{other}", pages, file_url)


def _sections(passages: Sequence[Passage]) -> list[tuple[str, str]]:
    """(anchor, words) of the article's sections, for a list on top of it; none where there are few."""
    found: dict[str, str] = {}
    for passage in passages:
        _, *path = passage.heading.split(PATH_SEPARATOR)
        if path:
            found.setdefault(path[-1], passage.anchor)
    return [(anchor, words) for words, anchor in found.items()] if len(found) >= SECTIONS else []


def _scrollable(html: str) -> Markup:
    """Sanitised HTML whose wide parts can be reached, and so scrolled, by keyboard."""
    return Markup(html.replace("<table>", '<table tabindex="0">').replace("<pre>", '<pre tabindex="0">'))
