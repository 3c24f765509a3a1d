"""Pages of the web: one address, or all that a sitemap lists. Each is fetched once, one after the other."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from html import unescape
from urllib.parse import urldefrag

from bot.learning.importing.errors import NotFetched, NotReadable
from bot.learning.importing.fetching import Fetched, Fetcher, unzipped
from bot.learning.importing.html_pages import Page
from bot.learning.importing.sandbox import Document, Sandbox
from bot.learning.importing.shelving import Found
from kb_content.errors import KbError

Report = Callable[[str], None]

HTML = frozenset({"text/html", "application/xhtml+xml"})
PLAIN = frozenset({"text/plain", "text/markdown", "text/x-markdown"})
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
PAGES = HTML | PLAIN | {"application/pdf", DOCX}
SITEMAPS = frozenset({"application/xml", "text/xml", "application/gzip", "application/x-gzip", "application/rss+xml"})
MOST_PAGES = 5_000
_MOST_SITEMAPS = 50
_LARGEST_SITEMAP = 50_000_000
_LOC = re.compile(r"<(?:[a-z]{1,20}:)?loc>\s{0,50}(?:<!\[CDATA\[)?\s{0,50}([^<\]\s]{1,2000})", re.IGNORECASE)
_INDEX = re.compile(r"<(?:[a-z]+:)?sitemapindex\b", re.IGNORECASE)
_URLSET = re.compile(r"<(?:[a-z]+:)?urlset\b", re.IGNORECASE)
PAUSE = 0.05
"""Seconds between two pages: a site that is read whole is somebody's server, too."""


@dataclass
class Crawled:
    """What was found at an address. ``unread``: addresses that could not be read, with the reason."""

    pages: list[Found] = field(default_factory=list)
    unread: list[tuple[str, str]] = field(default_factory=list)
    is_sitemap: bool = False


def crawl(url: str, fetcher: Fetcher, sandbox: Sandbox, report: Report, most: int = MOST_PAGES) -> Crawled:
    """The page at ``url``, or the pages that it lists if it is a sitemap.

    Raises BadWebAddress, AddressForbidden, NotFetched or NotReadable where the address itself gives nothing.
    """
    first = fetcher.fetch(url, PAGES | SITEMAPS)
    listed = _listed(first, fetcher, most) if _is_sitemap(first) else None
    if listed is None:
        return Crawled([_found(url, first, sandbox)])
    crawled = Crawled(is_sitemap=True)
    for number, address in enumerate(listed, 1):
        try:
            crawled.pages.append(_found(address, fetcher.fetch(address, PAGES), sandbox))
        except KbError as error:
            crawled.unread.append((address, str(error)))
        report(f"reading {number:,} of {len(listed):,} pages")
        time.sleep(PAUSE)
    if not crawled.pages and crawled.unread:
        raise NotFetched(url, f"none of the pages that it lists could be read: {crawled.unread[0][1]}")
    return crawled


def _listed(first: Fetched, fetcher: Fetcher, most: int) -> list[str]:
    """The addresses in a sitemap and in the sitemaps that it lists, each once."""
    found: dict[str, None] = {}
    waiting, seen = [first], {first.url}
    while waiting:
        source = _text(waiting.pop(0))
        addresses = [urldefrag(unescape(address)).url for address in _LOC.findall(source)]
        if not _INDEX.search(source):
            found |= dict.fromkeys(addresses)
            continue
        for address in addresses[:_MOST_SITEMAPS]:
            if address not in seen and len(seen) <= _MOST_SITEMAPS and len(found) < most:
                seen.add(address)
                waiting.append(fetcher.fetch(address, SITEMAPS | PLAIN))
    return list(found)[:most]


def _is_sitemap(fetched: Fetched) -> bool:
    if fetched.media_type not in SITEMAPS:
        return False
    text = _text(fetched)
    if _INDEX.search(text) or _URLSET.search(text):
        return True
    raise NotReadable(fetched.url, "it is XML, but no sitemap")


def _text(fetched: Fetched) -> str:
    """Sitemaps are looked through for their addresses; no XML parser sees them."""
    body = fetched.body
    if body.startswith(b"\x1f\x8b"):
        try:
            body = unzipped(body, _LARGEST_SITEMAP)
        except ValueError:
            raise NotReadable(fetched.url, "it is packed in a way that is not known") from None
    return body[:_LARGEST_SITEMAP].decode("utf-8", "replace")


def _found(address: str, fetched: Fetched, sandbox: Sandbox) -> Found:
    if fetched.media_type in PLAIN:
        return Found(address, _plain(fetched))
    kind = {"application/pdf": "pdf", DOCX: "docx"}.get(fetched.media_type, "html")
    return Found(address, sandbox.read(Document(address, kind, fetched.body, fetched.charset, fetched.url)))


def _plain(fetched: Fetched) -> Page:
    text = fetched.body.decode("utf-8", "replace").replace("\r\n", "\n")
    heading = re.match(r"\s*#\s+(.+)\n", text)
    return Page(heading[1].strip(), text[heading.end() :].strip()) if heading else Page("", text.strip())


def addresses(listed: Crawled) -> Iterator[str]:
    return (found.place for found in listed.pages)
