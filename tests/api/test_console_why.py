"""The panel that says why: below what the bot said, in words, by keyboard, and tolerant of what was kept before."""

from __future__ import annotations

import re
from typing import Any

import pytest
from browsing import BUT_COLOURS, in_each_look, serious
from console_fixtures import READING, SCRIPT, Office, an_office, served, signed_in
from playwright.sync_api import Page, expect

office = an_office

WHY: dict[str, Any] = {
    **READING,
    "decision": "answer",
    "ground": "sure",
    "rule": False,
    "confidence": 0.91,
    "threshold": 0.8,
    "target": 0.95,
    "topic": "account",
    "mode": "auto",
    "signs": [
        {"name": "passage words", "value": 0.81, "effect": 0.62},
        {"name": "unknown words", "value": 0.1, "effect": -0.2},
        {"name": "phase of the moon", "value": 0.5, "effect": None},
        {"name": "length", "value": 2.2, "effect": -0.001},
    ],
}


def words(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def talked(office: Office, why: dict[str, Any], said: str = "Press the link.") -> str:
    """The address of a conversation in which the bot answered once, with ``why`` kept."""
    conversation_id = office.ask("how do I get in", reading=why)
    office.answer(conversation_id, said)
    return f"/console/conversations/{conversation_id}"


def test_the_panel_stands_below_what_the_bot_said_and_not_twice(office: Office) -> None:
    page = office.browser("bob").get(talked(office, WHY)).text
    assert page.count('<details class="reading"') == 1
    assert page.index("Press the link.") < page.index('<details class="reading"')
    assert "What the bot understood" not in page


@pytest.mark.parametrize(
    ("language", "told"),
    [
        (
            "en",
            [
                "Why account-access 91 % sure: 91 % The confidence reaches the threshold, so the bot answers.",
                "Answers from 80 % Target precision 95 % Topic account, answers",
                "Reset a forgotten password › Steps 0.83",
                "Sign Value Effect The question&#39;s words occur in the passage 0.81 +0.62",
                "Words that the knowledge base does not know 0.10 −0.20 phase of the moon 0.50 –",
            ],
        ),
        (
            "zh",
            [
                "为什么",
                "把握达到门槛，所以机器人回答。",
                "问题中的词出现在段落里 0.81 +0.62",
                "phase of the moon 0.50 –",
            ],
        ),
    ],
)
def test_everything_is_said_in_words_and_what_has_none_by_its_name(
    office: Office, language: str, told: list[str]
) -> None:
    text = words(office.browser("bob", language=language).get(talked(office, WHY)).text)
    for part in told:
        assert part.replace("&#39;", "'") in text.replace("&#39;", "'")
    assert "2.20" not in text, "what moved nothing is left out"


def test_a_rule_says_that_it_was_one(office: Office) -> None:
    why = {**WHY, "ground": "rule", "rule": True}
    text = words(office.browser("bob").get(talked(office, why)).text)
    assert "An intent of the knowledge base says what must happen, whatever the articles say." in text
    assert "A fixed rule decided, not the confidence." in text


def test_another_decision_than_the_one_that_was_kept_is_not_explained_by_it(office: Office) -> None:
    page = office.browser("bob").get(talked(office, {**WHY, "decision": "clarify"})).text
    assert page.index('<details class="reading"') < page.index("Press the link.")
    assert "What the bot understood" in page


@pytest.mark.parametrize(
    "changed",
    [
        {"signs": None},
        {"signs": ["x", {}, {"name": None, "value": "high", "effect": "low"}]},
        {"signs": [{"name": SCRIPT, "value": 1, "effect": 1}], "topic": SCRIPT, "ground": SCRIPT, "mode": SCRIPT},
        {"ground": "something newer", "mode": "something newer"},
    ],
)
def test_what_another_version_kept_neither_breaks_the_page_nor_gets_out_of_its_place(
    office: Office, changed: dict[str, Any]
) -> None:
    response = office.browser("bob").get(talked(office, {**WHY, **changed}))
    assert response.status_code == 200
    assert SCRIPT not in response.text


LOOKS: dict[str, dict[str, Any]] = {
    "desktop": {"viewport": {"width": 1280, "height": 800}},
    "phone": {"viewport": {"width": 320, "height": 640}},
    "dark": {"viewport": {"width": 800, "height": 600}, "color_scheme": "dark"},
}


@pytest.mark.long
@pytest.mark.browser
@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_panel_opens_by_keyboard_and_fits_every_screen(office: Office, tab: Page, language: str) -> None:
    path = talked(office, WHY)
    with served(office) as address, signed_in(office, tab, address, "eve", language=language) as page:
        page.goto(address + path, wait_until="load")
        expect(page.locator(".why")).to_be_hidden()
        page.locator(".reading summary").focus()
        page.keyboard.press("Enter")
        expect(page.locator(".why")).to_be_visible()
        for look, axe in in_each_look(page, LOOKS):
            asked = axe if language == "en" else BUT_COLOURS
            assert serious(page, **asked) == [], look
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), look
