"""What customers have given is found in their own words, English and Chinese, and nothing else is."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from handoff.given.asks import asks_for, repeated
from handoff.given.details import MOST_A_KIND, Detail, Given, Words, details_in
from handoff.given.summary import matter_of, newest_of

AT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
TABLES: dict[str, list[dict[str, Any]]] = yaml.safe_load(Path(__file__).with_name("given.yml").read_text("utf8"))


def said(*texts: str) -> list[Words]:
    return [Words(number, text, AT) for number, text in enumerate(texts)]


def given(*texts: str) -> tuple[Given, ...]:
    return details_in(said(*texts))


def table(name: str, key: str) -> Any:
    rows = TABLES[name]
    return pytest.mark.parametrize("row", rows, ids=[str(row[key])[:50] for row in rows])


@table("tickets", "text")
def test_a_ticket_gives_exactly_what_is_in_it(row: dict[str, Any]) -> None:
    found: dict[str, set[str]] = {}
    for one in given(row["text"]):
        values = one.remedies if one.detail is Detail.TRIED else {one.value}
        found.setdefault(one.detail.value, set()).update(values)
    assert found == {kind: set(values) for kind, values in row["gives"].items()}


@table("questions", "text")
def test_a_reply_asks_for_what_it_requests_and_for_nothing_that_it_only_names(row: dict[str, Any]) -> None:
    assert {detail.value for detail in asks_for(row["text"])} == set(row["asks"])


@table("matters", "said")
def test_the_matter_is_what_they_came_for(row: dict[str, Any]) -> None:
    found = matter_of(said(*row["said"]), set(row["after_answer"]))
    assert (found is None) if row["matter"] is None else (found is not None and row["matter"] in found.text)
    if found:
        whole = " ".join(" ".join(row["said"]).split())
        assert all(word in whole for word in found.text.rstrip("…").split()), "their own words, none of ours"


def test_each_detail_leads_to_the_message_that_first_gave_it() -> None:
    found = given("We are on version 3.2.1", "As I said: version 3.2.1, and the error code is E77")
    assert [(one.value, one.message_id) for one in found] == [("3.2.1", 0), ("E77", 1)]


def test_pictures_and_other_files_count_as_given() -> None:
    files = (("screen.png", "image/png"), ("server.log", "text/plain"))
    found = details_in([Words(7, "", AT, files)])
    assert [(one.detail, one.value) for one in found] == [
        (Detail.SCREENSHOT, "screen.png"),
        (Detail.FILE, "server.log"),
    ]
    assert [one.value for one in repeated("Could you send a screenshot?", found)] == ["screen.png"]
    assert repeated("麻烦发一下截图。", []) == []


def test_a_long_list_of_one_kind_is_cut() -> None:
    text = " ".join(f"see https://acme.example/{number}" for number in range(30))
    assert len(given(text)) == MOST_A_KIND


@pytest.mark.parametrize(
    ("told", "reply"),
    [
        ("We use Chrome 131.", "Which version of the product are you on?"),
        ("We are on version 3.2.1.", "Which version of Chrome is it?"),
        ("It happens in Chrome.", "Which Chrome version is it?"),
        ("Windows 11 here.", "Which browser do you use?"),
        ("I already restarted the app.", "Have you tried clearing the cache?"),
        ("It says “Invalid token”.", "What is the error code?"),
        ("Ticket #1207 again.", "What is your order number?"),
        ("My number is +44 20 7946 0958.", "Which e-mail address did you register with?"),
        ("用的是3.2.1版本", "请问您用的什么浏览器？"),
        ("我重启过了", "您试过清除缓存吗？"),
        ("订单号4500123987", "请问工单号是多少？"),
    ],
)
def test_nobody_is_warned_about_what_was_not_given(told: str, reply: str) -> None:
    assert given(told)
    assert asks_for(reply)
    assert repeated(reply, given(told)) == []


@pytest.mark.parametrize(
    ("told", "reply", "value"),
    [
        ("We are on version 3.2.1.", "Could you tell me your version?", "3.2.1"),
        ("Chrome 131 on Windows 11", "Which Chrome version is it?", "Chrome 131"),
        ("I already restarted the app.", "Did you try to restart it?", "I already restarted the app."),
        ("I already restarted the app.", "What have you tried so far?", "I already restarted the app."),
        ("There was no error message.", "What does the error message say?", "There was no error message"),
        ("用的是３．２．１版本", "请提供版本号。", "3.2.1"),
        ("我重启过了", "请先重启一下试试。", "我重启过了"),
    ],
)
def test_who_has_given_it_is_not_asked_again(told: str, reply: str, value: str) -> None:
    assert [one.value for one in repeated(reply, given(told))] == [value]


@pytest.mark.parametrize(
    "evil", ["a." * 9000, "AbError" * 2000, "12.3." * 3000, "a_b-" * 4000, '"' * 12_000, "提示" * 6000]
)
def test_a_text_made_to_be_slow_gives_nothing_and_comes_to_an_end(evil: str) -> None:
    assert len(given(evil)) <= 1
    assert asks_for(evil) == []
    matter_of(said(evil))


def test_the_newest_words_are_told_only_where_they_add_something() -> None:
    texts = said("The export fails.", "thanks", "By the way, it is the PDF export.")
    matter = matter_of(texts[:1])
    newest = newest_of(texts, matter)
    assert newest is not None
    assert newest.text == "By the way, it is the PDF export."
    assert newest_of(texts[:2], matter) is None
