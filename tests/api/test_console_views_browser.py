"""The inbox in a real browser: ticked rows survive what comes in, and one deed is done to all of them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from browsing import serious
from console_fixtures import Office, an_office, served, signed_in
from playwright.sync_api import Page, expect

office = an_office
pytestmark = pytest.mark.browser


@pytest.fixture
def page(office: Office, tab: Page) -> Iterator[Page]:
    """bob's inbox, with five tickets."""
    for number in range(1, 6):
        office.escalate(f"matter {number}", f"customer {number}")
    with served(office) as address, signed_in(office, tab, address, "bob"):
        tab.goto(f"{address}/console")
        yield tab


@pytest.mark.long
def test_many_tickets_are_ticked_by_keyboard_and_dealt_with_at_once(office: Office, page: Page) -> None:
    bar = page.locator("#bulk")
    expect(bar).to_be_hidden()
    page.keyboard.press("j")
    page.keyboard.press("x")
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("Shift+X")
    expect(bar).to_contain_text("Ticked: 3")

    # What comes in meanwhile moves rows, never ticks.
    page.get_by_text("What to do with the ticked tickets").click()
    page.get_by_label("Tags, separated by commas").fill("wave")
    office.escalate("everything stands still", "grace")
    expect(page.get_by_role("link", name="everything stands still")).to_be_visible()
    expect(bar).to_contain_text("Ticked: 3")
    expect(page.get_by_label("Tags, separated by commas")).to_have_value("wave")
    assert [box.is_checked() for box in page.locator("#rows .pick input").all()] == [True] * 3 + [False] * 3

    page.get_by_role("button", name="Add tags").click()
    expect(page.locator("#bulk-said")).to_have_text("Done: 3")
    expect(bar.locator("[data-ticked]")).to_have_text("0")
    page.get_by_label("Tick ticket #1").check()
    page.get_by_label("Tick ticket #2").check()
    page.get_by_role("button", name="Assign").click()
    expect(page.locator("#t1")).to_be_hidden()
    expect(page.locator("#bulk-said")).to_have_text("Done: 2")

    # The filters, saved under a name; the view counts by itself.
    page.get_by_text("Filter", exact=True).click()
    page.get_by_label("Tag", exact=True).fill("wave")
    page.get_by_label("Status").select_option("")
    page.locator("#filters").get_by_label("Agent").select_option("")
    page.get_by_role("button", name="Show", exact=True).click()
    expect(page.locator("#rows .row")).to_have_count(3)
    page.get_by_text("Save as a view").click()
    page.get_by_label("Name of the view").fill("The wave")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("heading", name="The wave")).to_be_visible()
    view = page.get_by_role("list", name="Saved views").get_by_role("link", name="The wave")
    expect(view.locator(".count")).to_have_text("3")
    page.locator("#pick-3").check()
    page.get_by_text("What to do with the ticked tickets").click()
    assert serious(page) == []

    page.set_viewport_size({"width": 320, "height": 700})
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    page.get_by_role("button", name="Resolve").click()
    expect(page.locator("#bulk-said")).to_have_text("Done: 1")
    expect(view.locator(".count")).to_have_text("2")
