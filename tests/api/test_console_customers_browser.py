"""Joining in a real browser: beside a conversation, by keyboard, and no draft is lost; every page for everybody."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from browsing import a_tab, serious
from console_fixtures import Office, an_office, served, signed_in
from playwright.sync_api import Browser, Page, expect

from handoff.accounts import add_account, add_domain
from handoff.actors import OPERATOR
from handoff.customers import find_customer, update_profile
from handoff.models import Customer, Plan, Role
from handoff.people import join, set_account
from handoff.rows import id_of
from handoff.tickets import ticket_by_number
from store import transaction

office = an_office
pytestmark = pytest.mark.browser

# On a phone and in the dark every page is looked at by test_console_pages_browser.
LOOKS: dict[str, dict[str, Any]] = {"Chinese": {"language": "zh", "locale": "zh-CN"}}


@pytest.fixture
def page(office: Office, people: tuple[int, int, int], tab: Page) -> Iterator[Page]:
    """An admin looks at Ada's ticket."""
    with served(office) as address, signed_in(office, tab, address, "bob", Role.ADMIN):
        tab.goto(f"{address}/console/tickets/1")
        yield tab


@contextmanager
def window(office: Office, chrome: Browser, **options: Any) -> Iterator[Page]:
    """An admin's window of their own."""
    language = options.pop("language", "en")
    with (
        served(office) as address,
        a_tab(chrome, base_url=address, **options) as own,
        signed_in(office, own, address, "bob", Role.ADMIN, language),
    ):
        yield own


@pytest.fixture
def people(office: Office) -> tuple[int, int, int]:
    """Ada of ticket #1 on the web, who has an account and a time zone; her on Telegram, joined; her on Slack, not."""
    number = office.escalate("I cannot get in " + "W" * 80)
    with transaction(office.database) as session:
        ada = ticket_by_number(session, number).customer_id
        profile: dict[str, Any] = {
            "name": "Ada Lovelace",
            "language": "en",
            "timezone": "America/Argentina/Buenos_Aires",
        }
        update_profile(session, session.get_one(Customer, ada), account_id=None, now=office.now, **profile)
        telegram = id_of(find_customer(session, "telegram", "1234567", office.now, name="Ada on her phone"))
        slack = id_of(find_customer(session, "slack", "T024BE7LD:U2147483697", office.now, name="Ada L."))
        acme = id_of(add_account(session, "Acme", office.now, Plan.VIP))
        add_domain(session, acme, "例子.公司", office.now)
        set_account(session, ada, acme, OPERATOR, office.now)
        join(session, ada, telegram, OPERATOR, office.now)
    return ada, telegram, slack


def test_two_are_joined_and_parted_beside_the_conversation_and_the_draft_stays(office: Office, page: Page) -> None:
    title = page.title()
    page.get_by_label("Reply to the customer").fill("half a sentence")
    page.get_by_label("Join with another customer").fill("ada l")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Join with another customer")).to_be_focused()
    page.get_by_role("link", name="Ada L.").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Are these the same person?")).to_be_visible()
    office.says(1, "are you there?")
    expect(page.get_by_role("log").get_by_text("are you there?")).to_be_visible()
    expect(page.get_by_text("Are these the same person?")).to_be_visible()
    page.get_by_role("button", name="Yes, join them").press("Enter")
    expect(page.get_by_role("button", name="Part Ada L.")).to_be_visible()
    expect(page.get_by_text("Are these the same person?")).to_be_hidden()
    expect(page.get_by_label("Join with another customer")).to_have_value("")
    page.get_by_role("button", name="Part Ada L.").click()
    expect(page.get_by_role("button", name="Part Ada L.")).to_be_hidden()
    expect(page.get_by_label("Reply to the customer")).to_have_value("half a sentence")
    assert page.url.endswith("/console/tickets/1")
    assert page.title() == title


def test_the_account_is_set_beside_the_conversation(page: Page) -> None:
    expect(page.locator("#who")).to_contain_text("Acme")
    page.get_by_text("Set the account").click()
    page.get_by_label("Account", exact=True).select_option("none")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("#who dl")).not_to_contain_text("Acme")


def test_a_colleague_who_joins_them_shows_at_once(office: Office, page: Page, people: tuple[int, int, int]) -> None:
    expect(page.get_by_role("link", name="Ada on her phone")).to_be_visible()
    with transaction(office.database) as session:
        join(session, people[0], people[2], OPERATOR, office.now)
    expect(page.get_by_role("link", name="Ada L.")).to_be_visible()


@pytest.mark.long
def test_without_javascript_two_are_joined_by_links_and_forms(
    office: Office, chrome: Browser, people: tuple[int, int, int]
) -> None:
    with window(office, chrome, java_script_enabled=False) as page:
        page.goto("/console/tickets/1")
        expect(page.locator("#who")).to_contain_text("06:00 America/Argentina/Buenos_Aires")
        page.get_by_label("Join with another customer").fill("U2147")
        page.get_by_role("button", name="Find").click()
        page.get_by_role("link", name="Ada L.").click()
        page.get_by_role("button", name="Yes, join them").click()
        assert page.url.endswith("/console/tickets/1")
        expect(page.get_by_role("button", name="Part Ada L.")).to_be_visible()


@pytest.mark.long
def test_the_clock_of_the_customer_is_the_one_of_their_time_zone(
    office: Office, chrome: Browser, people: tuple[int, int, int]
) -> None:
    with window(office, chrome, timezone_id="Asia/Tokyo") as page:
        page.clock.set_fixed_time("2026-11-23T12:30:00Z")
        page.goto("/console/tickets/1")
        expect(page.locator("[data-zone]")).to_have_text("Mon 09:30")


@pytest.mark.long
@pytest.mark.parametrize("look", LOOKS)
def test_every_page_of_customers_and_accounts_is_accessible_and_fits(
    office: Office, chrome: Browser, people: tuple[int, int, int], look: str
) -> None:
    ada, _, slack = people
    paths = ["/console/tickets/1", f"/console/customers/{ada}", "/console/accounts", "/console/accounts/1"]
    paths += [f"/console/customers/{ada}/join?q=ada", f"/console/customers/{ada}/join/{slack}"]
    with window(office, chrome, **dict(LOOKS[look])) as page:
        for path in paths:
            page.goto(path)
            for summary in page.locator(".inner summary").all():
                summary.click()
            check(page, path)
        page.goto("/console/accounts/1")
        page.locator("form[action$='/links'] button").click()
        expect(page.locator(".new-link")).to_be_visible()
        check(page, "a new link")


def check(page: Page, what: str) -> None:
    """axe finds nothing serious, and nothing is wider than the screen."""
    assert serious(page) == [], what
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), what
