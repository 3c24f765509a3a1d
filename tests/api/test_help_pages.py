"""The public help pages: found by category, by search and by search engines; an article with its sections and what to
read on."""

from __future__ import annotations

import re
from dataclasses import replace
from urllib.parse import quote

import pytest
from console_fixtures import ARTICLES, SCRIPT, Office, an_office
from starlette.testclient import TestClient

from kb_content.articles import Article

office = an_office
CLOSED = Article("closed", "en", "Passwords of our partners", "Secret words.", audience={"plans": ["enterprise"]})
LONG = Article(
    "long",
    "en",
    "Passwords in depth",
    "\n\n".join(
        f"## Part {number}\n\nEight words and more stand in this very part." for number in ["one", "two", "three"]
    ),
    category="account",
)


@pytest.fixture
def anybody(office: Office) -> TestClient:
    office.publish((*ARTICLES, CLOSED, LONG))
    return office.stranger()


def links(page: str) -> list[str]:
    return re.findall(r'<li><a href="(/kb/[^"]+)"', page)


def test_the_front_leads_to_the_readers_language(anybody: TestClient) -> None:
    assert anybody.get("/kb", headers={"Accept-Language": "zh-CN"}).headers["location"] == "/kb/zh"
    assert anybody.get("/kb", headers={"Accept-Language": "fr"}).headers["location"] == "/kb/en"


def test_without_any_article_the_front_says_so(office: Office) -> None:
    assert office.stranger().get("/kb").status_code == 404


def test_the_index_lists_what_is_open_by_category(anybody: TestClient) -> None:
    page = anybody.get("/kb/en").text
    assert links(page) == ["/kb/en/long", "/kb/en/reset-password", "/kb/en/export-data"]
    assert "partners" not in page
    assert 'hreflang="zh"' in page
    assert links(anybody.get("/kb/en?category=account").text) == ["/kb/en/long", "/kb/en/reset-password"]


def test_a_search_finds_open_articles_and_is_not_indexed(anybody: TestClient) -> None:
    page = anybody.get("/kb/en", params={"q": "forgot password"}).text
    assert links(page)[0] == "/kb/en/reset-password"
    assert "Anyone can." in page
    assert "noindex" in page
    assert "Passwords of our partners" not in anybody.get("/kb/en", params={"q": "partners passwords"}).text
    assert "找到的文章" in anybody.get("/kb/zh", params={"q": "密码"}).text


def test_whatever_is_searched_for_is_answered_and_never_runs(anybody: TestClient) -> None:
    for asked in (quote(SCRIPT), "%00", "%25", "a" * 200, "%ED%A0%BD", quote("'\"<b>")):
        page = anybody.get(f"/kb/en?q={asked}")
        assert page.status_code == 200
        assert SCRIPT not in page.text
    assert anybody.get("/kb/en", params={"q": "a" * 201}).status_code == 422


def test_an_article_lists_its_sections_and_what_to_read_on(anybody: TestClient) -> None:
    page = anybody.get("/kb/en/long").text
    sections = re.findall(r'<li><a href="#([^"]+)">(Part \w+)</a>', page)
    assert [words for _, words in sections] == ["Part one", "Part two", "Part three"]
    assert all(f'id="{anchor}"' in page for anchor, _ in sections)
    assert links(page) == ["/kb/en/reset-password"]
    assert 'class="sections"' not in anybody.get("/kb/en/reset-password").text


def test_what_goes_live_is_listed_and_found_at_once(office: Office, anybody: TestClient) -> None:
    assert "moon" not in anybody.get("/kb/en?q=moon").text.partition("<ul")[2]
    office.publish((*ARTICLES, Article("moon", "en", "Fly to the moon", "Take a rocket.")))
    assert links(anybody.get("/kb/en?q=moon").text) == ["/kb/en/moon"]
    office.publish((*ARTICLES, replace(CLOSED, id="moon", title="Fly to the moon")))
    assert links(anybody.get("/kb/en?q=moon").text) == []
    assert "/kb/en/moon" not in anybody.get("/sitemap.xml").text


def test_search_engines_find_the_open_pages_and_stay_out_of_the_rest(office: Office, anybody: TestClient) -> None:
    response = anybody.get("/sitemap.xml")
    assert response.headers["content-type"].startswith("application/xml")
    address = office.product.settings.address
    assert re.findall("<loc>([^<]+)</loc>", response.text) == [
        f"{address}/kb/{path}" for path in ("en/export-data", "en/long", "en/reset-password", "zh/reset-password")
    ]
    robots = anybody.get("/robots.txt").text
    assert "Disallow: /console" in robots
    assert f"Sitemap: {address}/sitemap.xml" in robots
