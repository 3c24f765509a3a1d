"""The chat page as the server sends it, its words, and the public article pages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from html import unescape
from html.parser import HTMLParser
from importlib.resources import files
from pathlib import Path
from string import Formatter
from typing import Any

import pytest
from http_house import ARTICLES, House, publish, running

from api.pages.texts import LANGUAGES, nearest_language, supported, texts
from bot.replies import say
from kb_content import catalogue
from kb_content.articles import Article
from kb_content.folder import Folder
from store import reading, transaction

BROWSER = {"Accept": "text/html"}


@pytest.fixture(scope="module")
def house(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with running(tmp_path_factory.mktemp("house"), sqlite_template) as running_house:
        yield running_house


class Inline(HTMLParser):
    """Collects what a strict policy would refuse: inline scripts, styles and handlers."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.ids: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = dict(attrs)
        self.ids += [names["id"] or ""] if "id" in names else []
        if tag == "style" or (tag == "script" and "src" not in names):
            self.found.append(tag)
        self.found += [name for name in names if name.startswith("on") or name == "style"]


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def flat(values: dict[str, Any]) -> dict[str, str]:
    return {**{key: text for key, text in values.items() if key != "script"}, **values["script"]}


def test_every_text_is_in_every_language_with_the_same_places() -> None:
    assert set(texts()) == set(LANGUAGES)
    english, chinese = flat(texts()["en"]), flat(texts()["zh"])
    assert english.keys() == chinese.keys()
    for key, text in english.items():
        assert text.strip()
        assert placeholders(text) == placeholders(chinese[key]), key
        assert text != chinese[key]


def test_the_script_says_nothing_that_has_no_text() -> None:
    static = files("api").joinpath("static")
    source = "".join(static.joinpath(name).read_text("utf8") for name in ("chat.js", "chat-tickets.js"))
    said = set(re.findall(r"""(?:say|notice)\("(\w+)""", source)) | set(re.findall(r"words\.(\w+)", source))
    said |= set(re.findall(r'say\(error.status === 429 \? "(\w+)" : "(\w+)"\)', source)[0])
    assert said <= texts()["en"]["script"].keys()
    assert texts()["en"]["script"].keys() <= said


@pytest.mark.parametrize(
    ("header", "language"),
    [
        (None, "en"),
        ("", "en"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("de, zh;q=0.4, en;q=0.5", "en"),
        ("fr", "en"),
        ("zh;q=0", "en"),
        ("zh;q=high", "zh"),
        ("*", "en"),
    ],
)
def test_people_get_the_language_that_their_browser_prefers(header: str | None, language: str) -> None:
    assert nearest_language(header) == language


def test_a_language_with_region_or_script_counts_as_its_base() -> None:
    assert [supported(tag) for tag in ("zh-Hant-TW", "EN", "fr", None, "")] == ["zh", "en", None, None, None]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_first_words_say_that_it_is_a_bot_and_how_to_reach_a_person(house: House, language: str) -> None:
    page = house.client.get("/", headers={"Accept-Language": language}).text
    assert f'<html lang="{language}">' in page
    assert say("welcome", language) in unescape(page)
    assert texts()[language]["talk_to_person"] in page
    assert "<noscript>" in page
    assert f'href="/kb/{language}"' in page


def test_whoever_only_looks_whether_it_is_there_gets_the_headers(house: House) -> None:
    looked = house.client.head("/")
    assert (looked.status_code, looked.content) == (200, b"")


def test_a_chosen_language_stays(house: House) -> None:
    chosen = house.client.get("/?lang=zh", headers={"Accept-Language": "en"})
    assert 'lang="zh"' in chosen.text
    assert chosen.cookies["firstline_language"] == "zh"
    # The client keeps the cookie, as a browser would.
    assert '<html lang="zh">' in house.client.get("/", headers={"Accept-Language": "en"}).text
    house.client.cookies.clear()


def test_a_language_that_is_none_is_ignored(house: House) -> None:
    page = house.client.get('/?lang="><script>')
    assert '<html lang="en">' in page.text
    assert "set-cookie" not in page.headers


def test_no_page_has_anything_inline(house: House) -> None:
    for path in ("/", "/?embed=1", "/kb/en/reset-password", "/kb/en", "/kb/en/none", "/api/docs", "/nowhere"):
        page = house.client.get(path, headers=BROWSER)
        parser = Inline()
        parser.feed(page.text)
        assert parser.found == [], path
        assert len(parser.ids) == len(set(parser.ids)), path


def test_what_the_pages_load_is_there(house: House) -> None:
    for page in ("/", "/kb/en"):
        for address in re.findall(r'(?:src|href)="(/static/[^"]+)"', house.client.get(page).text):
            assert house.client.get(address).status_code == 200, address


def test_the_snippet_is_a_script_that_other_sites_may_load(house: House) -> None:
    snippet = house.client.get("/chat.js")
    assert snippet.headers["content-type"].startswith("text/javascript")
    assert snippet.headers["cross-origin-resource-policy"] == "cross-origin"
    assert "embed=1" in snippet.text
    again = house.client.get("/chat.js", headers={"If-None-Match": snippet.headers["etag"]})
    assert (again.status_code, again.text) == (304, "")


def test_an_article_shows_its_passages_with_their_anchors(house: House) -> None:
    with reading(house.product.database) as session:
        found = catalogue.article_page(session, "reset-password", "en")
    assert found
    page = house.client.get("/kb/en/reset-password").text
    for passage in found.passages:
        assert f'id="{passage.anchor}"' in page
    assert "<h1>Reset a forgotten password</h1>" in page
    assert 'href="/kb/en/sign-in"' in page
    assert 'href="/kb/zh/reset-password"' in page
    assert "<b>nothing</b>" not in page


@pytest.mark.parametrize("path", ["/kb/en/none", "/kb/fr/reset-password", "/kb/en/reset-password/v99", "/kb/fr"])
def test_an_article_that_is_none_is_said_in_both_languages(house: House, path: str) -> None:
    page = house.client.get(path, headers=BROWSER)
    assert page.status_code == 404
    for language in LANGUAGES:
        assert texts()[language]["article_missing"] in page.text


def test_a_version_that_is_no_number_is_not_found_either(house: House) -> None:
    assert house.client.get("/kb/en/reset-password/v99999999999999999999", headers=BROWSER).status_code in (404, 422)


def test_the_index_lists_what_everybody_may_read(house: House) -> None:
    page = house.client.get("/kb/en").text
    assert 'href="/kb/en/sign-in"' in page
    assert "Reset a forgotten password" in page


def test_an_old_version_stays_readable_and_says_that_there_is_a_newer_one(
    sqlite_template: Path, tmp_path: Path
) -> None:
    with running(tmp_path / "house", sqlite_template) as house:
        changed = replace(ARTICLES[0], body="## Ask your admin\n\nNo more resets.")
        publish(house.product.database, (changed, *ARTICLES[1:]))
        old = house.client.get("/kb/en/reset-password/v1").text
        assert "You are reading version 1" in old
        assert "Forgot password?" in old
        assert 'href="/kb/en/reset-password"' in old
        newest = house.client.get("/kb/en/reset-password").text
        assert "No more resets." in newest
        assert "newer version" not in newest
        publish(house.product.database, ARTICLES[1:])
        assert "withdrawn" in house.client.get("/kb/en/reset-password/v2").text
        assert house.client.get("/kb/en/reset-password").status_code == 404


def test_a_draft_that_was_never_live_is_not_shown(sqlite_template: Path, tmp_path: Path) -> None:
    with running(tmp_path / "house", sqlite_template) as house:
        draft = Folder(articles=(*ARTICLES, Article("secret-plan", "en", "Secret plan", "Not yet.")))
        with transaction(house.product.database) as session:
            plan = catalogue.plan_import(session, draft, "tests")
            catalogue.apply_import(session, plan, datetime.now(UTC))
        assert house.client.get("/kb/en/secret-plan").status_code == 404
        assert house.client.get("/kb/en/secret-plan/v1").status_code == 404
