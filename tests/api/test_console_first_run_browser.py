"""The first run in a real browser: from the one-time link to the first cited answer, a look at every step, one's own
articles, and the room of settings; by the eye of axe, on a narrow phone, and in Chinese."""

from __future__ import annotations

from pathlib import Path

import pytest
from browsing import serious
from console_fixtures import Office, an_office, served
from http_house import live
from playwright.sync_api import Page, expect

from handoff.staff import sign_in_link
from store import transaction

office = an_office
pytestmark = pytest.mark.browser
ARTICLE = "---\nid: refunds\ntitle: Get a refund\n---\nWrite to billing within 30 days.\n"


def look(page: Page) -> None:
    """Nothing serious for axe, and nothing to scroll sideways for, not even at 320 px."""
    assert serious(page) == []
    page.set_viewport_size({"width": 320, "height": 700})
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), page.url
    page.set_viewport_size({"width": 1100, "height": 760})


def test_a_newcomer_comes_by_the_link_to_a_cited_answer_and_to_their_own_articles(
    office: Office, tab: Page, tmp_path: Path
) -> None:
    with transaction(office.database) as session:
        link = sign_in_link(session, None, office.now)
    own = tmp_path / "refunds.md"
    own.write_text(ARTICLE)
    with served(office) as address:
        page = tab
        page.set_viewport_size({"width": 1100, "height": 760})
        page.goto(f"{address}/console/welcome/{link}")
        page.get_by_label("Your name").fill("Ann")
        page.get_by_label("E-mail address").fill("ann@example.com")
        page.get_by_label("Choose a password").fill("correct horse battery")
        page.get_by_role("button", name="Save and sign in").click()

        expect(page.get_by_text("The knowledge base is being prepared.")).to_be_visible()
        page.evaluate("window.isTheSamePage = true")
        office.product.live = live(office.database, address)
        page.get_by_label("A customer's question").fill("I forgot my password")
        assert page.evaluate("window.isTheSamePage")
        page.keyboard.press("Enter")
        answer = page.locator("#answer")
        expect(answer).to_contain_text("Forgot password?")
        expect(answer.get_by_role("link", name="Reset a forgotten password")).to_be_visible()
        look(page)

        page.get_by_role("button", name="Next step").click()
        expect(page.get_by_role("heading", name="Channels", level=1)).to_be_visible()
        page.get_by_role("button", name="Check the set-up").click()
        expect(page.get_by_text("No channel has a token yet.")).to_be_visible()
        look(page)
        page.get_by_role("button", name="Skip this step").click()

        page.get_by_label("Files (.md, .html, .csv, .pdf, .docx or .zip)").set_input_files(own)
        page.get_by_role("button", name="Look what changes").first.click()
        expect(page.get_by_text("1 new, 0 changed, 0 archived")).to_be_visible()
        look(page)
        page.get_by_role("button", name="Take over and publish").click()
        expect(page.get_by_text("The new release is being built.")).to_be_visible()

        page.get_by_role("link", name="Settings", exact=True).first.click()
        expect(page.get_by_role("link", name="First steps")).to_be_visible()
        look(page)
        tops = page.locator(".rooms a").evaluate_all("all => all.map(one => one.getBoundingClientRect().top)")
        assert len(set(tops)) == 1
        for path in ("/console/start/done", "/console/settings/values", "/console/tokens", "/console/audit"):
            page.goto(address + path)
            look(page)
        page.locator(".me summary").click()
        page.get_by_role("button", name="中文").click()
        expect(page.get_by_role("heading", name="审计")).to_be_visible()
        look(page)
