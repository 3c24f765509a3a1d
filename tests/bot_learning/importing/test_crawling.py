"""A page, or all pages that a sitemap lists, become articles; what cannot be fetched is named and stays as it was."""

from __future__ import annotations

import gzip
from collections.abc import Iterator

import pytest

from bot.learning.importing.crawling import Crawled, crawl
from bot.learning.importing.errors import NotFetched, NotReadable
from bot.learning.importing.fetching import Fetched, Fetcher
from bot.learning.importing.sandbox import Sandbox
from bot.learning.importing.shelving import Choices, folder_of

HOME = "https://docs.example"
PAGE = (
    "<html lang=en><title>{0} | Docs</title><body><main><h1>{0}</h1><p>All about {0}, at some length.</p></main></html>"
)


class Web(Fetcher):
    """The web of these tests: what stands at each address."""

    def __init__(self) -> None:
        super().__init__()
        self.pages: dict[str, tuple[str, bytes]] = {}
        self.asked: list[str] = []

    def put(self, path: str, body: str | bytes, kind: str = "text/html") -> None:
        self.pages[HOME + path] = (kind, body.encode() if isinstance(body, str) else body)

    def fetch(self, url: str, types: object) -> Fetched:
        self.asked.append(url)
        if url not in self.pages:
            raise NotFetched(url, "it answers 404")
        kind, body = self.pages[url]
        return Fetched(url, kind, "utf-8", body)


@pytest.fixture
def web() -> Web:
    web = Web()
    for name in ("Restore", "Backup"):
        web.put(f"/guide/{name.lower()}.html", PAGE.format(name))
    return web


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


def sitemap(*paths: str) -> str:
    listed = "".join(f"<url><loc> {HOME}{path} </loc></url>" for path in paths)
    return f'<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{listed}</urlset>'


def crawled(web: Web, sandbox: Sandbox, path: str, **more: int) -> Crawled:
    return crawl(HOME + path, web, sandbox, lambda sentence: None, **more)


def test_one_page_is_one_article(web: Web, sandbox: Sandbox) -> None:
    found = crawled(web, sandbox, "/guide/restore.html")
    (article,) = folder_of(found.pages, Choices()).articles
    assert (article.id, article.title, article.language) == ("guide-restore", "Restore", "en")
    assert article.body == "All about Restore, at some length."


def test_a_sitemap_is_all_its_pages_and_a_missing_one_is_named(web: Web, sandbox: Sandbox) -> None:
    web.put("/sitemap.xml", sitemap("/guide/restore.html", "/guide/backup.html#x", "/gone.html"), "application/xml")
    found = crawled(web, sandbox, "/sitemap.xml")
    folder = folder_of(found.pages, Choices(), found.unread)
    assert [article.title for article in folder.articles] == ["Backup", "Restore"]
    assert folder.unread_articles == {"gone"}, "what came from it before is not taken for deleted"
    assert "it answers 404" in str(folder.errors[0])


def test_sitemaps_of_sitemaps_and_packed_ones_are_followed_once(web: Web, sandbox: Sandbox) -> None:
    index = f"<sitemapindex><sitemap><loc><![CDATA[{HOME}/a.xml.gz]]></loc></sitemap>"
    index += f"<sitemap><loc>{HOME}/index.xml</loc></sitemap></sitemapindex>"
    web.put("/index.xml", index, "text/xml")
    web.put("/a.xml.gz", gzip.compress(sitemap("/guide/restore.html").encode()), "application/gzip")
    assert [one.place for one in crawled(web, sandbox, "/index.xml").pages] == [f"{HOME}/guide/restore.html"]
    assert web.asked.count(f"{HOME}/index.xml") == 1


def test_there_is_a_most(web: Web, sandbox: Sandbox) -> None:
    web.put("/sitemap.xml", sitemap("/guide/restore.html", "/guide/backup.html"), "application/xml")
    assert len(crawled(web, sandbox, "/sitemap.xml", most=1).pages) == 1


def test_what_is_no_sitemap_and_one_without_a_page_are_refused(web: Web, sandbox: Sandbox) -> None:
    web.put("/feed.xml", "<!DOCTYPE x [<!ENTITY a SYSTEM 'file:///etc/passwd'>]><feed>&a;</feed>", "text/xml")
    with pytest.raises(NotReadable, match="no sitemap"):
        crawled(web, sandbox, "/feed.xml")
    web.put("/sitemap.xml", sitemap("/gone.html"), "application/xml")
    with pytest.raises(NotFetched, match="none of the pages"):
        crawled(web, sandbox, "/sitemap.xml")
    with pytest.raises(NotFetched, match="404"):
        crawled(web, sandbox, "/nothing.html")


def test_a_hostile_sitemap_is_read_in_one_go(web: Web, sandbox: Sandbox) -> None:
    web.put("/sitemap.xml", "<urlset>" + "<loc>" * 800_000, "application/xml")
    assert crawled(web, sandbox, "/sitemap.xml").pages == []
