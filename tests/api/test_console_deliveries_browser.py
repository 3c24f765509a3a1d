"""An uncertain message in a real browser: it shows up by itself and is settled by keyboard, also on a phone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from console_fixtures import Office, an_office, chromium, served, violations
from playwright.sync_api import Browser, expect

from handoff import deliveries, desk
from handoff.actors import OPERATOR
from handoff.outcomes import Resend
from handoff.rows import id_of
from store import transaction

office = an_office
pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def chrome() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def address(office: Office) -> Iterator[str]:
    with served(office) as address:
        yield address


def test_an_uncertain_message_shows_up_by_itself_and_is_settled_by_keyboard(
    office: Office, chrome: Browser, address: str
) -> None:
    number = office.escalate()
    context = chrome.new_context(locale="en-GB", viewport={"width": 390, "height": 780}, color_scheme="dark")
    context.set_default_timeout(20_000)
    cookie = office.browser("bob").cookies["firstline"]
    context.add_cookies([{"name": "firstline", "value": cookie, "url": address}])
    page = context.new_page()
    page.goto(f"{address}/console/tickets/{number}")
    with transaction(office.database) as session:
        desk.reply(session, number, "Try this link.", OPERATOR, office.now)
    expect(page.locator(".line.agent .delivery")).to_have_text("waiting to be sent", timeout=20_000)
    with transaction(office.database) as session:
        (claimed,) = deliveries.claim(session, office.now, "w", 1)
        of = (session, id_of(claimed.delivery), "w", Resend.ONCE, office.now, "no answer", office.now)
        deliveries.mark_in_doubt(*of)
    expect(page.locator(".unsettled")).to_contain_text("Uncertain whether it arrived.", timeout=20_000)
    found = [each["id"] for each in violations(page) if each["impact"] in ("serious", "critical")]
    assert found == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.get_by_role("button", name="Send again").focus()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="It did arrive")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(".line.agent .delivery")).to_have_text("✓ sent", timeout=20_000)
    expect(page.locator(".unsettled")).to_have_count(0)
    expect(page.locator(".line.activity").last).to_contain_text("bob found that a message had arrived")
