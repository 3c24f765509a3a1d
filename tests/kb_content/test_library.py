"""The public help pages as a library: shelves, search, what belongs together, and the map for search engines."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from xml.etree import ElementTree

import pytest
from small_kb import articles, contents_of

from kb_content.articles import Article
from kb_content.library import Library, excerpt, libraries
from kb_content.sitemap import OpenPage, sitemap

NOW = datetime(2026, 11, 23, tzinfo=UTC)
ENGLISH = libraries(contents_of(articles()))["en"]
CHINESE = libraries(contents_of(articles()))["zh"]


def library(*several: Article) -> Library:
    return libraries(contents_of(several))["en"]


@pytest.mark.parametrize(
    ("asked", "first"),
    [
        ("password", "reset-password"),
        ("forgot password", "reset-password"),
        ("Export a report", "export-report"),
        ("exp", "export-report"),
        ("pay the bill", "pay-invoice"),
        ("webhook signature", "webhooks"),
    ],
)
def test_words_find_the_article_that_is_about_them(asked: str, first: str) -> None:
    assert ENGLISH.search(asked)[0].id == first


@pytest.mark.parametrize(
    ("asked", "first"), [("密码", "reset-password"), ("导出报表", "export-report"), ("邀请同事", "invite-people")]
)
def test_chinese_is_found_without_spaces(asked: str, first: str) -> None:
    assert CHINESE.search(asked)[0].id == first


@pytest.mark.parametrize("asked", ["", "  ", "?!", "qwertyuiop", "password of a moon rocket launched by whales"])
def test_what_is_not_there_is_not_found(asked: str) -> None:
    assert ENGLISH.search(asked) == []


def test_an_article_for_some_customers_only_is_in_no_list_search_or_neighbourhood() -> None:
    closed = Article("closed", "en", "Reset the password of everybody", "x", audience={"plans": ["enterprise"]})
    found = library(*articles(), closed)
    assert "closed" not in found
    assert all(leaf.id != "closed" for shelf in found.shelves() for leaf in shelf.leaves)
    assert all(leaf.id != "closed" for leaf in found.search("password of everybody"))
    assert all(leaf.id != "closed" for leaf in found.related("reset-password"))
    assert libraries(contents_of((closed,))) == {}


def test_shelves_are_by_category_and_title_and_those_without_come_last() -> None:
    several = (
        Article("c", "en", "zebra", "x", category="animals"),
        Article("b", "en", "Ape", "x", category="animals"),
        Article("a", "en", "Alone", "x"),
        Article("d", "en", "Zoo", "x", category="Zoos"),
    )
    shelves = library(*several).shelves()
    assert [(shelf.category, [leaf.title for leaf in shelf.leaves]) for shelf in shelves] == [
        ("animals", ["Ape", "zebra"]),
        ("Zoos", ["Zoo"]),
        ("", ["Alone"]),
    ]


def test_a_search_can_stay_in_one_category() -> None:
    several = [replace(one, category="money" if "invoice" in one.id else "") for one in articles()]
    found = library(*several)
    assert {leaf.id for leaf in found.search("account", "money")} <= {"pay-invoice"}
    assert found.search("invoices", "money")[0].id == "pay-invoice"


def test_what_belongs_together_is_led_to_and_what_does_not_is_not() -> None:
    several = (
        Article("one", "en", "Export a report as PDF", "x", category="reports", tags=("pdf",)),
        Article("two", "en", "Export a report as CSV", "x", category="reports"),
        Article("three", "en", "Delete the moon", "x"),
    )
    found = library(*several)
    assert [leaf.id for leaf in found.related("one")] == ["two"]
    assert found.related("three") == []
    assert found.related("none") == []


def test_an_excerpt_is_plain_words_cut_between_two() -> None:
    (leaf,) = library(Article("a", "en", "Title", "Press **Forgot** on [the page](x.md).\n\n1. one")).search("forgot")
    assert leaf.excerpt.startswith("Press Forgot on the page")
    assert excerpt("word " * 100).endswith("word …")
    assert len(excerpt("字" * 500)) < 210


def test_the_map_names_each_page_with_its_languages() -> None:
    pages = [OpenPage("a&b", "en", NOW), OpenPage("a&b", "zh", NOW), OpenPage("c", "en", NOW)]
    root = ElementTree.fromstring(sitemap(pages, "https://help.example"))
    space = {"s": "http://www.sitemaps.org/schemas/sitemap/0.9", "x": "http://www.w3.org/1999/xhtml"}
    assert [one.text for one in root.findall("s:url/s:loc", space)] == [
        "https://help.example/kb/en/a%26b",
        "https://help.example/kb/zh/a%26b",
        "https://help.example/kb/en/c",
    ]
    assert [one.attrib["hreflang"] for one in root.findall("s:url/x:link", space)] == ["en", "zh", "en", "zh"]
    assert {one.text for one in root.findall("s:url/s:lastmod", space)} == {"2026-11-23"}
