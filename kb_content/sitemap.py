"""The addresses of the public help pages for search engines."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote
from xml.sax.saxutils import quoteattr

from sqlmodel import Session, col, select

from kb_content.models import ArticleVersion, KbArticle, Release, ReleaseArticle, ReleaseState

MOST = 50_000
"""A sitemap may have no more."""
_BEGIN = """<?xml version="1.0" encoding="UTF-8"?>
<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:xhtml="http://www.w3.org/1999/xhtml">
"""


@dataclass(frozen=True)
class OpenPage:
    """An article that is live and for everybody, in one language."""

    article_id: str
    language: str
    changed_at: datetime


def open_articles(session: Session) -> list[OpenPage]:
    """All of them, by id and language."""
    found = session.exec(
        select(KbArticle.article_id, KbArticle.language, ArticleVersion.created_at, ArticleVersion.meta)
        .where(KbArticle.id == ArticleVersion.kb_article_id, col(KbArticle.archived_at).is_(None))
        .where(ArticleVersion.id == ReleaseArticle.version_id)
        .where(ReleaseArticle.release_id == Release.id)
        .where(Release.state == ReleaseState.LIVE)
        .order_by(col(KbArticle.article_id), col(KbArticle.language))
    )
    return [
        OpenPage(article_id, language, at)
        for article_id, language, at, meta in found
        if not any((meta.get("audience") or {}).values())
    ]


def sitemap(pages: Iterable[OpenPage], address: str) -> str:
    """The XML, each page with what it is called in other languages. ``address``: the site's own. Pure."""
    pairs: dict[str, list[OpenPage]] = defaultdict(list)
    for one in pages:
        pairs[one.article_id].append(one)
    lines = [line for pair in pairs.values() for one in pair for line in _lines(one, pair, address)]
    return f"{_BEGIN}{''.join(lines[:MOST])}</urlset>\n"


def _lines(one: OpenPage, pair: list[OpenPage], address: str) -> Iterator[str]:
    also = "".join(
        f'<xhtml:link rel="alternate" hreflang={quoteattr(other.language)} href={quoteattr(_url(other, address))}/>'
        for other in (pair if len(pair) > 1 else ())
    )
    yield f"<url><loc>{_url(one, address)}</loc><lastmod>{one.changed_at:%Y-%m-%d}</lastmod>{also}</url>\n"


def _url(one: OpenPage, address: str) -> str:
    """Percent-encoded, so that nothing in it means anything to XML."""
    return f"{address}/kb/{quote(one.language, safe='')}/{quote(one.article_id, safe='')}"
