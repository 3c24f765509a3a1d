"""The articles: found by words, language, category, tag and state, shown version by version, sanitised."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from console_fixtures import ARTICLES, SCRIPT, Office, an_office
from starlette.testclient import TestClient

from handoff.models import Role
from kb_content.articles import Article

office = an_office


def titles(browser: TestClient, query: str = "") -> list[str]:
    return re.findall(r'<a class="row"[^>]*>([^<]*)</a>', browser.get(f"/console/articles{query}").text)


@pytest.fixture
def bob(office: Office) -> TestClient:
    office.publish()
    return office.browser("bob")


def test_the_list_tells_what_each_article_is(bob: TestClient) -> None:
    page = bob.get("/console/articles").text
    assert titles(bob) == ["Export your data", "Reset a forgotten password", "重置忘记的密码"]
    cells = re.findall(r'<td data-label="([^"]+)">([^<]*)</td>', page)[6:12]
    assert cells == [
        ("Language", "English"),
        ("Category", "account"),
        ("Version", "1"),
        ("Questions", "2"),
        ("Source", "tests"),
        ("Review by", "2027-03-01"),
    ]
    assert "New article" not in page


FOUND = {
    "?language=zh": ["重置忘记的密码"],
    "?words=FORGOTTEN": ["Reset a forgotten password"],
    "?words=csv": ["Export your data"],
    "?words=密码": ["重置忘记的密码"],
    "?words=reset account": ["Reset a forgotten password"],
    "?words=reset csv": [],
    "?words=export&language=zh": [],
    "?category=account": ["Reset a forgotten password"],
    "?tag=login": [],
    "?state=drafted": [],
    "?state=stale": [],
    "?page=2": [],
}


def test_articles_are_found_by_words_language_category_tag_and_state(bob: TestClient) -> None:
    assert {query: titles(bob, query) for query in FOUND} == FOUND


def test_finding_nothing_is_a_sentence(bob: TestClient) -> None:
    assert "No article fits." in bob.get("/console/articles?words=zebra").text


def test_an_article_shows_its_passages_questions_and_facts(bob: TestClient) -> None:
    page = bob.get("/console/articles/reset-password/en").text
    assert "<strong>Forgot?</strong>" in page
    assert '<li dir="auto">can&#39;t log in</li>' in page
    anchors = re.findall(r'<section class="passage" id="([^"]+)"', page)
    assert anchors
    assert all(f'href="#{anchor}"' in page for anchor in anchors)
    assert "Live" in page


def test_a_citations_version_stays_readable(office: Office, bob: TestClient) -> None:
    office.publish((replace(ARTICLES[0], body="Completely new words."), *ARTICLES[1:]))
    assert "Completely new words." in bob.get("/console/articles/reset-password/en").text
    old = bob.get("/console/articles/reset-password/en?version=1").text
    assert "Forgot?" in old
    assert "Not live" in old
    assert 'aria-current="page">Version 1<' in old


def test_an_archived_article_is_shown_when_asked_for(office: Office, bob: TestClient) -> None:
    office.publish(ARTICLES[:2])
    assert "Export your data" not in titles(bob)
    assert "Export your data" in titles(bob, "?state=archived")
    assert "Archived" in bob.get("/console/articles/export-data/en").text


def test_an_article_whose_day_has_come_is_to_be_reviewed(office: Office, bob: TestClient) -> None:
    office.later(days=120)
    bob = office.browser("late")
    assert titles(bob, "?state=stale") == ["Reset a forgotten password"]
    assert "Review is due" in bob.get("/console/articles/reset-password/en").text


def test_an_editor_finds_what_is_being_written(office: Office, bob: TestClient) -> None:
    ed = office.browser("ed", Role.EDITOR)
    assert "New article" in ed.get("/console/articles").text
    ed.post("/console/articles/export-data/en/edit")
    ed.post("/console/articles/new", data={"title": "Brand new", "language": "en"})
    assert titles(bob, "?state=drafted") == ["Brand new", "Export your data"]
    assert titles(bob, "?state=new") == ["Brand new"]
    assert titles(bob, "?words=brand") == ["Brand new"]


@pytest.mark.parametrize(
    "path", ["nothing/en", "reset-password/fr", "reset-password/en?version=9", "reset-password/en?version=x"]
)
def test_an_article_that_is_none_is_a_page_in_words(bob: TestClient, path: str) -> None:
    response = bob.get(f"/console/articles/{path}")
    assert response.status_code in (404, 422)
    assert "Back to the inbox" in response.text


def test_an_articles_html_is_inert(office: Office) -> None:
    nasty = Article(
        "nasty",
        "en",
        f"Title {SCRIPT}",
        f"{SCRIPT}\n\n[go](javascript:alert(1)) <img src=x onerror=alert(1)>\n\n<iframe src='//evil'></iframe>",
        questions=(SCRIPT,),
        category=SCRIPT,
    )
    office.publish((nasty,))
    bob = office.browser("bob")
    for path in ("/console/articles", "/console/articles/nasty/en"):
        page = bob.get(path).text
        assert SCRIPT not in page
        assert 'href="javascript:' not in page
        assert "<img src=x" not in page
        assert "<iframe" not in page


def test_links_between_articles_stay_in_the_console(office: Office) -> None:
    office.publish((Article("a", "en", "A", "See [b](b.md)."), Article("b", "en", "B", "Words.")))
    assert 'href="/console/articles/b/en"' in office.browser("bob").get("/console/articles/a/en").text


def test_the_list_of_an_empty_knowledge_base_is_a_page(office: Office) -> None:
    assert "No article fits." in office.browser("bob").get("/console/articles").text
