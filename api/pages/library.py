"""The public help pages: all articles of a language by category, a search over them, and what search engines read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response

from api.http.parts import TheProduct
from api.pages.page import render
from api.pages.texts import LANGUAGES, language_of, supported, texts
from api.product import Product
from kb_content.library import Library
from kb_content.sitemap import open_articles, sitemap
from store import reading

router = APIRouter(include_in_schema=False)

CATEGORIES = 4
"""From so many on they are listed on top."""


def library_of(product: Product) -> Mapping[str, Library]:
    """The open articles of the live release by language."""
    with reading(product.database) as session:
        return product.library.of(session)


@router.get("/kb")
def front(request: Request, product: TheProduct) -> Response:
    """To the articles in the reader's language, else in one that there are some in."""
    there = library_of(product)
    spoken = language_of(request)
    near = [language for language in there if language.split("-")[0] == spoken]
    language = spoken if spoken in there else (near or [*there])[0] if there else ""
    if not language:
        return missing(request)
    return RedirectResponse(f"/kb/{language}", 303, headers={"Vary": "Accept-Language, Cookie"})


@router.get("/kb/{language}", response_class=HTMLResponse)
def index(
    request: Request,
    language: str,
    product: TheProduct,
    q: Annotated[str, Query(max_length=200)] = "",
    category: Annotated[str, Query(max_length=200)] = "",
) -> HTMLResponse:
    """Every live article of a language that is for everybody, by category; or those that hold the words ``q``."""
    there = library_of(product)
    library = there.get(language)
    if library is None:
        return missing(request)
    asked = q.replace("\x00", " ").strip()
    shelves = library.shelves()
    return render(
        request,
        "kb/index.html",
        language=supported(language) or language_of(request),
        written_in=language,
        shelves=[one for one in shelves if category in ("", one.category)],
        categories=[one.category for one in shelves if one.category] if len(shelves) >= CATEGORIES else [],
        category=category,
        asked=asked,
        found=library.search(asked, category) if asked else [],
        others=[(code, LANGUAGES.get(code, code)) for code in there if code != language],
    )


@router.get("/sitemap.xml")
def site_map(product: TheProduct) -> Response:
    with reading(product.database) as session:
        pages = open_articles(session)
    return Response(sitemap(pages, product.settings.address), media_type="application/xml")


@router.get("/robots.txt")
def robots(product: TheProduct) -> PlainTextResponse:
    return PlainTextResponse(
        "User-agent: *\nDisallow: /console\nDisallow: /api/\nDisallow: /channels/\n\n"
        f"Sitemap: {product.settings.address}/sitemap.xml\n"
    )


def missing(request: Request) -> HTMLResponse:
    return render(request, "kb/missing.html", status=404, all_texts=texts())
