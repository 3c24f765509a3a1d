"""Articles for some customers only: closed to the public, open by the link in an answer and to staff."""

from __future__ import annotations

from dataclasses import replace

import pytest
from console_fixtures import ARTICLES, Office, an_office
from starlette.testclient import TestClient

from api.pages.texts import LANGUAGES, texts
from bot.article_links import article_key, article_link, is_article_key
from kb_content.articles import Article, PublishedArticle

office = an_office
SECRET = b"a secret of this house"
LOG = Article(
    "audit-log", "en", "Read the audit log", "Open the log of everything.", audience={"plans": ["enterprise"]}
)
PAGE = "/kb/en/audit-log"


@pytest.fixture
def anybody(office: Office) -> TestClient:
    office.product.live.house = replace(office.product.live.house, secret=SECRET)
    office.publish((*ARTICLES, LOG))
    return office.stranger()


def cited(version: int = 1, article: Article = LOG) -> str:
    """The link that an answer gives."""
    return article_link(PublishedArticle(article, version, ()), "top", "", SECRET).partition("#")[0]


@pytest.mark.parametrize(
    "path", [PAGE, f"{PAGE}/v1", f"{PAGE}?key=", f"{PAGE}/v1?key=guess", f"{PAGE}/v1?key=%F0%9F%98%80"]
)
def test_the_public_is_told_what_it_may_be_and_sees_nothing_of_it(anybody: TestClient, path: str) -> None:
    page = anybody.get(path)
    assert page.status_code == 404
    assert "audit" not in page.text.casefold().replace(path.casefold(), "")
    for language in LANGUAGES:
        assert texts()[language]["article_missing_words"] in page.text


def test_the_link_of_an_answer_opens_the_version_that_it_cites(anybody: TestClient) -> None:
    page = anybody.get(cited())
    assert page.status_code == 200
    assert "Open the log of everything." in page.text
    assert "noindex" in page.text


def test_a_link_opens_no_other_article_language_or_version(office: Office, anybody: TestClient) -> None:
    chinese = replace(LOG, language="zh", title="查看审计日志")
    other = replace(LOG, id="other-log")
    office.publish((*ARTICLES, replace(LOG, body="Now it is kept longer."), chinese, other))
    key = cited().partition("?")[2]
    for path in (f"{PAGE}/v2", PAGE, "/kb/zh/audit-log/v1", "/kb/en/other-log/v1"):
        assert anybody.get(f"{path}?{key}").status_code == 404
    old = anybody.get(cited())
    assert "You are reading version 1" in old.text
    assert 'href="/kb/' not in old.text.partition("<main")[2]


def test_staff_read_it_without_a_key(office: Office, anybody: TestClient) -> None:
    assert "Open the log of everything." in office.browser("bob").get(PAGE).text


def test_the_index_does_not_name_it_and_other_articles_stay_open(anybody: TestClient) -> None:
    assert "audit" not in anybody.get("/kb/en").text
    assert anybody.get("/kb/en/export-data").status_code == 200


def test_what_an_editor_closes_is_closed_in_its_old_versions_too(office: Office, anybody: TestClient) -> None:
    closed = replace(ARTICLES[2], audience={"roles": ["admin"]})
    office.publish((*ARTICLES[:2], closed))
    assert anybody.get("/kb/en/export-data/v1").status_code == 404
    assert anybody.get(cited(2, closed)).status_code == 200


def test_a_language_that_is_closed_is_not_offered(office: Office, anybody: TestClient) -> None:
    office.publish((ARTICLES[0], replace(ARTICLES[1], audience={"plans": ["vip"]}), ARTICLES[2]))
    assert 'href="/kb/zh/reset-password"' not in anybody.get("/kb/en/reset-password").text


def test_links_of_articles_for_everybody_have_no_key() -> None:
    open_one = PublishedArticle(ARTICLES[0], 3, ())
    assert (
        article_link(open_one, "steps", "https://x.example", SECRET)
        == "https://x.example/kb/en/reset-password/v3#steps"
    )


def test_without_a_secret_no_key_is_made_and_none_opens() -> None:
    assert "key" not in article_link(PublishedArticle(LOG, 1, ()), "top", "", b"")
    assert not is_article_key(article_key("en", "audit-log", 1, b""), "en", "audit-log", 1, b"")
