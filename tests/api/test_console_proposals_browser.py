"""The page of proposed questions in a real browser: boxes by keyboard and by group, on a phone, dark, in Chinese."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from browsing import BUT_COLOURS, a_tab, in_each_look, serious
from console_fixtures import Office, an_office, served, signed_in
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


@pytest.fixture
def proposed(office: Office) -> Office:
    office.publish()
    with transaction(office.database) as session:
        proposals.propose(session, PROPOSED, office.now)
    return office


@contextmanager
def opened(office: Office, tab: Page, language: str = "en") -> Iterator[Page]:
    with served(office) as address, signed_in(office, tab, address, "eve", Role.EDITOR, language):
        tab.goto(f"{address}/console/proposals", wait_until="load")
        yield tab


def test_boxes_are_ticked_by_keyboard_alone_and_accepted(proposed: Office, tab: Page) -> None:
    with opened(proposed, tab) as page:
        page.keyboard.press("j")
        page.keyboard.press("Space")
        page.keyboard.press("j")
        page.keyboard.press("Space")
        expect(page.get_by_role("button", name="Accept")).to_have_text("Accept 2")
        page.get_by_role("button", name="Accept").focus()
        page.keyboard.press("Enter")
        expect(page.get_by_role("status").first).to_have_text("Accepted: 2")
        expect(page.locator("form:has(.bar) input[name=ids]")).to_have_count(3)


def test_one_box_ticks_a_group_and_one_button_the_page(proposed: Office, tab: Page) -> None:
    with opened(proposed, tab) as page:
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


@pytest.mark.long
@pytest.mark.parametrize(("language", "locale"), [("en", "en-GB"), ("zh", "zh-CN")])
def test_the_page_is_accessible_and_fits(proposed: Office, chrome: Browser, language: str, locale: str) -> None:
    with transaction(proposed.database) as session:
        accepted = [row.id or 0 for one in proposals.proposed(session) for row in one.proposed][:1]
        proposals.decide(session, accepted, True, "eve", proposed.now)
    with a_tab(chrome, locale=locale) as tab, opened(proposed, tab, language) as page:
        page.locator("details.accepted summary").click()
        for look, axe in in_each_look(page, LOOKS):
            assert serious(page, **(axe if language == "en" else BUT_COLOURS)) == [], look
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), look
