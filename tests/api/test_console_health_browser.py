"""The health page in a real browser: live, by keyboard, on a phone, in the dark and in Chinese."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from browsing import BUT_COLOURS, in_each_look, serious
from console_fixtures import Office, an_office, served, signed_in
from needed import parked_row, sent_in_doubt
from playwright.sync_api import Page, expect
from refused import Refused

from handoff.models import Role

office = an_office
pytestmark = pytest.mark.browser

LOOKS: dict[str, dict[str, Any]] = {
    "desktop": {"viewport": {"width": 1280, "height": 800}},
    "phone, dark": {"viewport": {"width": 390, "height": 780}, "color_scheme": "dark"},
}


@contextmanager
def window(office: Office, tab: Page, language: str = "en") -> Iterator[Page]:
    """An admin looks at the health page."""
    office.publish()
    with served(office) as address, signed_in(office, tab, address, "otto", Role.ADMIN, language):
        tab.goto(f"{address}/console/health")
        yield tab


def test_what_needs_a_person_appears_and_is_settled_without_a_reload_by_keyboard(office: Office, tab: Page) -> None:
    with window(office, tab) as page:
        expect(page.get_by_text("Nothing waits for a person.")).to_be_visible()
        page.evaluate("window.isTheSamePage = true")
        parked_row(office)
        expect(page.get_by_text("My cat sat on it")).to_be_visible()
        expect(page).to_have_title("(1) Health · Firstline")
        expect(page.locator("#to-health .needed")).to_contain_text("1")
        page.get_by_role("button", name="Deal with it again").focus()
        page.keyboard.press("Enter")
        expect(page.get_by_text("Nothing waits for a person.")).to_be_visible()
        expect(page.locator("#to-health .needed")).to_have_count(0)
        assert page.evaluate("window.isTheSamePage")


@pytest.mark.long
def test_the_second_of_two_admins_is_told_in_a_sentence(office: Office, tab: Page) -> None:
    row_id = parked_row(office)
    with window(office, tab) as page:
        button = page.get_by_role("button", name="Deal with it again")
        expect(button).to_be_visible()
        page.route("**/console/health", lambda route: route.abort())
        office.browser("eve", Role.ADMIN).post(f"/console/health/parked/{row_id}/replay")
        button.click()
        expect(page.locator("#problem")).to_contain_text("somebody has had it dealt with again already")


@pytest.mark.long
@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_page_is_accessible_and_fits(office: Office, tab: Page, language: str) -> None:
    parked_row(office)
    sent_in_doubt(office, "W" * 90)
    office.product.connections["telegram"] = Refused("Telegram refused the token. Give it a new one, then restart.")
    with window(office, tab, language) as page:
        for look, axe in in_each_look(page, LOOKS):
            asked = axe if language == "en" else BUT_COLOURS
            assert serious(page, **asked) == [], look
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), look
            badge = page.locator("#to-health .needed").bounding_box()
            assert badge is not None
            assert badge["x"] + badge["width"] <= page.evaluate("innerWidth"), look
