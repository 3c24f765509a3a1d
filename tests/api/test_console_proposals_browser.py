"""The page of proposed questions in a real browser: boxes by keyboard and by group, on a phone, dark, in Chinese."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from console_fixtures import BUT_COLOURS, Office, an_office, chromium, in_each_look, served, violations
from playwright.sync_api import Browser, Page, expect

from handoff.models import Role
from kb_content import proposals
from kb_content.proposals import Proposal
from store import transaction

office = an_office
pytestmark = pytest.mark.browser

LOOKS: dict[str, dict[str, Any]] = {
    "desktop": {"viewport": {"width": 1280, "height": 800}},
    "phone": {"viewport": {"width": 320, "height": 640}},
    "dark": {"viewport": {"width": 1280, "height": 800}, "color_scheme": "dark"},
}
PROPOSED = (
    Proposal("reset-password", "en", "How do I get back in after three wrong passwords in a row?", "ticket", "#12"),
    Proposal("reset-password", "en", "lost my pw", "ticket", "#7"),
    Proposal("reset-password", "en", "Where is the Forgot link?", "heading", "steps-abc"),
    Proposal("export-data", "en", "Can I get a spreadsheet of all of it?", "model"),
    Proposal("reset-password", "zh", "登不上去了怎么办", "ticket", "#3"),
)


@pytest.fixture(scope="module")
def chrome() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def proposed(office: Office) -> Office:
    office.publish()
    with transaction(office.database) as session:
        proposals.propose(session, PROPOSED, office.now)
    return office


def opened(office: Office, chrome: Browser, address: str, language: str = "en", **options: Any) -> Page:
    cookie = office.browser("eve", Role.EDITOR, language=language).cookies["firstline"]
    context = chrome.new_context(**{"viewport": {"width": 1280, "height": 800}, "locale": "en-GB", **options})
    context.set_default_timeout(30_000)
    context.add_cookies([{"name": "firstline", "value": cookie, "url": address}])
    page = context.new_page()
    page.goto(f"{address}/console/proposals", wait_until="load")
    return page


def test_boxes_are_ticked_by_keyboard_alone_and_accepted(proposed: Office, chrome: Browser) -> None:
    with served(proposed) as address:
        page = opened(proposed, chrome, address)
        page.keyboard.press("j")
        page.keyboard.press("Space")
        page.keyboard.press("j")
        page.keyboard.press("Space")
        expect(page.get_by_role("button", name="Accept")).to_have_text("Accept 2")
        page.get_by_role("button", name="Accept").focus()
        page.keyboard.press("Enter")
        expect(page.get_by_role("status").first).to_have_text("Accepted: 2")
        expect(page.locator("form:has(.bar) input[name=ids]")).to_have_count(3)


def test_one_box_ticks_a_group_and_one_button_the_page(proposed: Office, chrome: Browser) -> None:
    with served(proposed) as address:
        page = opened(proposed, chrome, address)
        accept = page.get_by_role("button", name="Accept")
        page.get_by_label("All of these").first.check()
        expect(accept).to_have_text("Accept 3")
        page.get_by_label("lost my pw").uncheck()
        expect(accept).to_have_text("Accept 2")
        page.get_by_role("button", name="Tick all").click()
        expect(accept).to_have_text("Accept 5")
        page.get_by_role("button", name="Decline").click()
        expect(page.get_by_role("status").first).to_have_text("Declined: 5")
        expect(page.get_by_text("Nothing is proposed right now.")).to_be_visible()


@pytest.mark.parametrize(("language", "locale"), [("en", "en-GB"), ("zh", "zh-CN")])
def test_the_page_is_accessible_and_fits(proposed: Office, chrome: Browser, language: str, locale: str) -> None:
    with transaction(proposed.database) as session:
        accepted = [row.id or 0 for one in proposals.proposed(session) for row in one.proposed][:1]
        proposals.decide(session, accepted, True, "eve", proposed.now)
    with served(proposed) as address:
        page = opened(proposed, chrome, address, language, locale=locale)
        page.locator("details.accepted summary").click()
        for look, axe in in_each_look(page, LOOKS):
            found = violations(page, **(axe if language == "en" else BUT_COLOURS))
            assert [fault["id"] for fault in found if fault["impact"] in ("serious", "critical")] == [], look
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), look
