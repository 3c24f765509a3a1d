"""An uncertain message in a real browser: it shows up by itself and is settled by keyboard, also on a phone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from browsing import serious
from console_fixtures import Office, an_office, served, signed_in
from playwright.sync_api import Page, expect

from handoff import deliveries, desk
from handoff.actors import OPERATOR
from handoff.outcomes import Resend
from handoff.rows import id_of
from store import transaction

office = an_office
pytestmark = pytest.mark.browser


@pytest.fixture
def page(office: Office, tab: Page) -> Iterator[Page]:
    """bob looks at the ticket on a phone, in the dark."""
    number = office.escalate()
    tab.set_viewport_size({"width": 390, "height": 780})
    tab.emulate_media(color_scheme="dark")
    with served(office) as address, signed_in(office, tab, address, "bob"):
        tab.goto(f"{address}/console/tickets/{number}")
        yield tab


def test_an_uncertain_message_shows_up_by_itself_and_is_settled_by_keyboard(office: Office, page: Page) -> None:
    with transaction(office.database) as session:
        desk.reply(session, 1, "Try this link.", OPERATOR, office.now)
    expect(page.locator(".line.agent .delivery")).to_have_text("waiting to be sent")
    with transaction(office.database) as session:
        (claimed,) = deliveries.claim(session, office.now, "w", 1)
        of = (session, id_of(claimed.delivery), "w", Resend.ONCE, office.now, "no answer", office.now)
        deliveries.mark_in_doubt(*of)
    expect(page.locator(".unsettled")).to_contain_text("Uncertain whether it arrived.")
    assert serious(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.get_by_role("button", name="Send again").focus()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="It did arrive")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(".line.agent .delivery")).to_have_text("✓ sent")
    expect(page.locator(".unsettled")).to_have_count(0)
    expect(page.locator(".line.activity").last).to_contain_text("bob found that a message had arrived")
