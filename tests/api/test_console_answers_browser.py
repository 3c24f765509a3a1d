"""The suggested answer in a real browser: live, by keyboard, on a phone, and into the reply box."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from browsing import BUT_COLOURS, in_each_look, serious
from console_fixtures import Office, an_office, served
from playwright.sync_api import Page, expect
from suggested import CITATION, TEXT, state_of, suggest

from bot import suggestions
from handoff.actors import Actor
from handoff.models import Role, SuggestionState
from store import transaction

office = an_office
pytestmark = pytest.mark.browser

LOOKS: dict[str, dict[str, Any]] = {
    "desktop": {"viewport": {"width": 1280, "height": 800}},
    "phone, dark": {"viewport": {"width": 390, "height": 780}, "color_scheme": "dark"},
}


@pytest.fixture
def address(office: Office) -> Iterator[str]:
    office.publish()
    with served(office) as address:
        yield address


def window(office: Office, tab: Page, address: str, language: str = "en") -> Page:
    """bob's browser."""
    cookie = office.browser("bob", Role.ADMIN, language).cookies["firstline"]
    tab.context.add_cookies([{"name": "firstline", "value": cookie, "url": address}])
    return tab


def eve_sends(office: Office, number: int, suggestion_id: int) -> None:
    if "eve" not in office.colleagues:
        office.browser("eve")
    eve: Actor = office.colleagues["eve"]
    with transaction(office.database) as session:
        suggestions.send(session, number, suggestion_id, eve, office.now)


def test_send_by_keyboard_alone(office: Office, tab: Page, address: str) -> None:
    number = office.escalate()
    suggestion_id = suggest(office, number)
    page = window(office, tab, address)
    page.goto(f"{address}/console/tickets/{number}")
    page.get_by_role("region", name="The suggested words").focus()
    page.keyboard.press("Tab")
    expect(page.locator("#suggestion .citations a")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Send", exact=True).first).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(".line.agent")).to_contain_text("Follow the link in the e-mail.")
    expect(page.locator("#suggestion")).to_have_count(0)
    assert state_of(office, suggestion_id) is SuggestionState.SENT


@pytest.mark.long
def test_edit_moves_the_words_into_the_box_behind_what_was_typed(office: Office, tab: Page, address: str) -> None:
    number = office.escalate()
    suggestion_id = suggest(office, number)
    page = window(office, tab, address)
    page.goto(f"{address}/console/tickets/{number}")
    page.get_by_label("Reply to the customer").fill("Hello ada!")
    page.get_by_role("button", name="Edit").click()
    expect(page.get_by_label("Reply to the customer")).to_be_focused()
    expect(page.get_by_label("Reply to the customer")).to_have_value(f"Hello ada!\n\n{TEXT}")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".line.agent")).to_contain_text("Hello ada!")
    expect(page.locator(".line.agent")).to_contain_text("Suggested by the bot, edited")
    assert state_of(office, suggestion_id) is SuggestionState.EDITED
    page.get_by_label("Reply to the customer").fill("One more thing.")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".line.agent").last).to_contain_text("One more thing.")
    expect(page.locator(".line.agent").last).not_to_contain_text("Suggested")


def test_a_colleague_is_faster_than_the_editor(office: Office, tab: Page, address: str) -> None:
    number = office.escalate()
    suggestion_id = suggest(office, number)
    page = window(office, tab, address)
    page.goto(f"{address}/console/tickets/{number}")
    page.get_by_role("button", name="Edit").click()
    eve_sends(office, number, suggestion_id)
    expect(page.locator("#suggestion")).to_have_count(0)
    expect(page.get_by_label("Reply to the customer")).to_have_value(TEXT)
    page.keyboard.press("Control+Enter")
    expect(page.locator("#stale")).to_contain_text("a colleague has answered with this suggestion already")
    page.get_by_role("button", name="Send anyway").click()
    expect(page.locator(".line.agent")).to_have_count(2)


def test_a_suggestion_appears_without_a_reload(office: Office, tab: Page, address: str) -> None:
    number = office.escalate()
    page = window(office, tab, address)
    page.goto(f"{address}/console/tickets/{number}")
    expect(page.locator("#suggestion")).to_have_count(0)
    suggest(office, number)
    office.says(number, "Anybody there?")
    expect(page.locator("#suggestion")).to_contain_text("Follow the link")


@pytest.mark.long
def test_an_answer_is_judged_without_leaving_the_page(office: Office, tab: Page, address: str) -> None:
    conversation_id = office.ask()
    office.answer(conversation_id, "Press Forgot?", article="reset-password", citations=[CITATION])
    page = window(office, tab, address)
    page.goto(f"{address}/console/conversations/{conversation_id}")
    page.get_by_text("Was this right?").click()
    page.get_by_label("The right article, if you know it").fill("Export your data (export-data)")
    page.get_by_role("button", name="Wrong", exact=True).click()
    expect(page.locator(".line.bot")).to_contain_text("wrong, right would be export-data (bob)")
    expect(page.get_by_role("button", name="Wrong", exact=True)).to_be_hidden()
    page.get_by_text("Was this right?").click()
    expect(page.get_by_label("The right article, if you know it")).to_have_value("")
    page.get_by_role("button", name="Right", exact=True).click()
    expect(page.locator(".line.bot")).to_contain_text("✓ right (bob)")


@pytest.mark.long
@pytest.mark.parametrize("language", ["en", "zh"])
def test_box_and_topics_are_accessible_and_fit(office: Office, tab: Page, address: str, language: str) -> None:
    number = office.escalate()
    office.answer(1, "Press Forgot?", article="reset-password", citations=[CITATION])
    suggest(office, number, TEXT + "\n" + "W" * 90)
    page = window(office, tab, address, language)
    for path in (f"/console/tickets/{number}", "/console/topics"):
        page.goto(f"{address}{path}")
        for summary in page.locator(".audit summary").all():
            summary.click()
        for look, axe in in_each_look(page, LOOKS):
            asked = axe if language == "en" else BUT_COLOURS
            assert serious(page, **asked) == [], (path, look)
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), (path, look)
