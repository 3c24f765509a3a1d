"""The console in a real browser: live, by keyboard, on a phone, without JavaScript, and deaf to injected scripts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from browsing import BUT_COLOURS, a_tab, serious
from console_fixtures import SCRIPT, Office, an_office, served
from playwright.sync_api import Browser, ConsoleMessage, Dialog, Page, Route, expect

from handoff import desk
from handoff.models import Priority, Role
from kb_content.articles import Article
from store import transaction

office = an_office
pytestmark = pytest.mark.browser

PAYLOADS = (
    SCRIPT,
    "<img src=x onerror=alert(1)>",
    "\"'><svg onload=alert(1)>",
    "<a href=javascript:alert(1)>x</a>",
    "{{constructor.constructor('alert(1)')()}}",
    "<form action=//evil.example><button>Claim</button></form>",
    "<hx-partial hx-target='#main'>gone</hx-partial>",
    "<div hx-get=/console/sign-out hx-trigger=load>x</div>",
)


@dataclass
class Window:
    """A signed-in browser window that remembers whatever went wrong in it."""

    page: Page
    address: str
    wrongs: list[str] = field(default_factory=list)

    def open(self, path: str) -> Page:
        self.page.goto(self.address + path, wait_until="load")
        return self.page

    def note_dialog(self, dialog: Dialog) -> None:
        self.wrongs.append(f"dialog {dialog.message}")
        dialog.dismiss()

    def note_report(self, said: ConsoleMessage) -> None:
        """A refusal (409, 422) is a line in the browser's console, too; only what the policy blocked counts."""
        if "Policy" in said.text:
            self.wrongs.append(said.text)


@pytest.fixture
def window(office: Office, tab: Page) -> Iterator[Window]:
    with served(office) as address:
        yield from a_window(office, tab, address)


def a_window(office: Office, page: Page, address: str, name: str = "bob", language: str = "en") -> Iterator[Window]:
    cookie = office.browser(name, language=language).cookies["firstline"]
    page.context.add_cookies([{"name": "firstline", "value": cookie, "url": address}])
    window = Window(page, address)
    heard: dict[Any, Any] = {
        "dialog": window.note_dialog,
        "pageerror": lambda error: window.wrongs.append(f"error {error}"),
        "console": window.note_report,
    }
    for what, note in heard.items():
        page.on(what, note)
    yield window
    for what, note in heard.items():
        page.remove_listener(what, note)
    assert not window.wrongs


def test_a_new_ticket_appears_without_a_reload_and_counts_in_the_title(office: Office, window: Window) -> None:
    page = window.open("/console")
    expect(page.get_by_text("Nothing new.")).to_be_visible()
    page.evaluate("window.isTheSamePage = true")
    office.escalate("Everything is on fire", priority=Priority.P0)
    expect(page.get_by_role("link", name="Everything is on fire")).to_be_visible()
    expect(page).to_have_title("(1) New · Firstline")
    assert page.evaluate("window.isTheSamePage")


def test_the_page_is_live_however_late_the_script_of_the_stream_arrives(office: Office, window: Window) -> None:
    late: list[Route] = []
    window.page.route("**/hx-sse*", lambda route: late.append(route))
    window.page.goto(f"{window.address}/console", wait_until="commit")
    window.page.evaluate(
        "new Promise(done => { const look = () => window.htmx ? setTimeout(done) : setTimeout(look); look() })"
    )
    late[0].continue_()
    expect(window.page.get_by_text("Nothing new.")).to_be_visible()
    office.escalate("Everything is on fire")
    expect(window.page.get_by_role("link", name="Everything is on fire")).to_be_visible()


def test_new_words_appear_and_what_is_being_typed_stays(office: Office, window: Window) -> None:
    number = office.escalate()
    page = window.open(f"/console/tickets/{number}")
    page.get_by_text("What the bot understood").click()
    page.keyboard.press("r")
    page.keyboard.type("Dear ada, I am")
    office.says(number, "Are you there?")
    expect(page.locator("#transcript").get_by_text("Are you there?")).to_be_visible()
    page.keyboard.type(" looking")
    expect(page.get_by_label("Reply to the customer")).to_have_value("Dear ada, I am looking")
    expect(page.get_by_label("Reply to the customer")).to_be_focused()
    expect(page.get_by_text("Passages considered")).to_be_visible()
    expect(page.get_by_text("The customer wrote while you were writing.")).to_be_visible()


def test_the_guard_holds_a_stale_reply_and_one_click_sends_it(office: Office, window: Window) -> None:
    number = office.escalate()
    page = window.open(f"/console/tickets/{number}")
    page.keyboard.press("r")
    page.keyboard.type("Try the link again")
    office.says(number, "It works now!")
    expect(page.locator("#newer")).to_be_visible()
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("Not sent yet")).to_be_visible()
    expect(page.locator("#stale")).to_contain_text("It works now!")
    page.get_by_role("button", name="Send anyway").click()
    expect(page.locator(".line.agent")).to_contain_text("Try the link again")
    expect(page.get_by_label("Reply to the customer")).to_have_value("")
    expect(page.locator("#stale")).to_be_empty()


@pytest.mark.long
def test_who_has_read_the_new_words_sends_at_once(office: Office, window: Window) -> None:
    number = office.escalate()
    page = window.open(f"/console/tickets/{number}")
    page.keyboard.press("r")
    page.keyboard.type("On it")
    office.says(number, "Hurry!")
    page.get_by_role("button", name="I have read it").click()
    page.keyboard.press("Control+Enter")
    expect(page.locator(".line.agent")).to_contain_text("On it")


@pytest.mark.long
def test_what_arrived_before_the_first_letter_counts_as_read(office: Office, window: Window) -> None:
    number = office.escalate()
    page = window.open(f"/console/tickets/{number}")
    office.says(number, "One more thing")
    expect(page.locator("#transcript").get_by_text("One more thing")).to_be_visible()
    page.keyboard.press("r")
    page.keyboard.type("Noted")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".line.agent")).to_contain_text("Noted")


def test_a_ticket_from_claim_to_resolve_by_keyboard_alone(office: Office, window: Window) -> None:
    office.escalate("first")
    office.escalate("second", "grace")
    page = window.open("/console")
    for key in ("j", "j", "k", "j"):
        page.keyboard.press(key)
    expect(page.locator("#t2")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="second")).to_be_visible()
    page.get_by_role("button", name="Claim").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("bob claimed the ticket")).to_be_visible()
    page.keyboard.press("n")
    page.keyboard.type("rejoin, resolve, note? /jkne")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".line.note")).to_contain_text("rejoin, resolve, note? /jkne")
    page.keyboard.press("Escape")
    page.keyboard.press("r")
    page.keyboard.type("Hello grace")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".line.agent")).to_contain_text("Hello grace")
    page.keyboard.press("Escape")
    page.keyboard.press("e")
    expect(page.locator("#head")).to_contain_text("Resolved")
    page.keyboard.press("g")
    expect(page.get_by_role("heading", name="Resolved")).to_be_visible()


def test_words_that_the_open_page_showed_do_not_hold_up_resolving(office: Office, window: Window) -> None:
    number = office.escalate()
    page = window.open(f"/console/tickets/{number}")
    office.says(number, "Works now, thank you")
    expect(page.locator("#transcript").get_by_text("Works now, thank you")).to_be_visible()
    page.get_by_role("button", name="Resolve").click()
    expect(page.locator("#head")).to_contain_text("Resolved")


def test_the_shortcuts_show_themselves(window: Window) -> None:
    page = window.open("/console")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_contain_text("Write an internal note")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    page.keyboard.press("/")
    expect(page.get_by_label("Search messages or ticket number")).to_be_focused()


def test_a_draft_survives_every_other_button(office: Office, window: Window) -> None:
    number = office.escalate()
    page = window.open(f"/console/tickets/{number}")
    page.get_by_label("Reply to the customer").fill("half a sentence")
    page.get_by_role("button", name="Claim").click()
    expect(page.get_by_text("bob claimed the ticket")).to_be_visible()
    expect(page.get_by_label("Reply to the customer")).to_have_value("half a sentence")
    page.get_by_text("Internal note", exact=True).first.click()
    expect(page.get_by_label("Internal note").last).to_have_value("")


def test_a_colleagues_deed_shows_and_a_refusal_is_a_line(office: Office, window: Window) -> None:
    number = office.escalate()
    page = window.open(f"/console/tickets/{number}")
    page.evaluate("document.querySelector('[hx-sse\\\\:connect]').remove()")
    office.browser("eve")
    with transaction(office.database) as session:
        desk.claim(session, number, office.colleagues["eve"], office.now)
    page.get_by_role("button", name="Claim").click()
    expect(page.get_by_role("alert")).to_contain_text("eve has ticket #1 already")


def test_reading_along_moves_on_to_the_ticket_when_the_bot_hands_over(office: Office, window: Window) -> None:
    conversation_id = office.ask("hm")
    page = window.open(f"/console/conversations/{conversation_id}")
    office.browser("eve")
    with transaction(office.database) as session:
        desk.take_over(session, conversation_id, office.colleagues["eve"], office.now)
    page.wait_for_url("**/console/tickets/1")


def test_a_lost_connection_is_said_and_nothing_is_missed(office: Office, window: Window) -> None:
    page = window.open("/console")
    page.wait_for_timeout(300)
    page.context.set_offline(True)
    page.evaluate("document.querySelector('[hx-sse\\\\:connect]')._htmx.sse.reader.cancel()")
    expect(page.get_by_text("Connection lost.")).to_be_visible()
    office.escalate("while you were away")
    page.context.set_offline(False)
    expect(page.get_by_role("link", name="while you were away")).to_be_visible()
    expect(page.get_by_text("Connection lost.")).to_be_hidden()


@pytest.mark.long
def test_without_javascript_a_ticket_is_still_answered(office: Office, chrome: Browser) -> None:
    number = office.escalate()
    with served(office) as address, a_tab(chrome, java_script_enabled=False) as tab:
        for window in a_window(office, tab, address):
            page = window.open("/console")
            page.get_by_role("link", name="I cannot get in").click()
            page.get_by_role("button", name="Claim").click()
            page.get_by_label("Reply to the customer").fill("Hello")
            office.says(number, "Anybody?")
            page.get_by_role("button", name="Send").click()
            page.get_by_role("button", name="Send anyway").click()
            page.get_by_text("Internal note", exact=True).first.click()
            page.locator("#note-text").fill("nice person")
            page.get_by_role("button", name="Save note").click()
            page.get_by_role("button", name="Resolve").click()
            expect(page.locator(".line.agent")).to_contain_text("Hello")
            expect(page.locator(".line.note")).to_contain_text("nice person")
            expect(page.locator("#head")).to_contain_text("Resolved")


def test_what_customers_send_never_runs(office: Office, window: Window) -> None:
    numbers = []
    for payload in PAYLOADS:
        number = office.escalate(payload, customer=payload)
        office.says(number, payload, file_ids=[office.file(f"{payload}.html")])
        numbers.append(number)
    office.publish((Article("nasty", "en", PAYLOADS[0], "\n\n".join(PAYLOADS), questions=PAYLOADS),))
    paths = ["/console?view=open", "/console?q=alert", "/console/articles", "/console/articles/nasty/en"]
    for path in [*paths, *(f"/console/tickets/{number}" for number in numbers)]:
        page = window.open(path)
        office.says(numbers[0], "so that htmx fetches the page again")
        page.wait_for_timeout(150)
        expect(page.get_by_role("main")).to_be_visible()
    assert page.url.endswith(f"/console/tickets/{numbers[-1]}")


PAGES = {
    "inbox": "/console?view=open",
    "bot": "/console?view=bot",
    "search": "/console?q=cannot",
    "ticket": "/console/tickets/1",
    "reading along": "/console/conversations/2",
    "articles": "/console/articles",
    "article": "/console/articles/reset-password/en",
    "drafts": "/console/drafts",
    "draft": "/console/drafts/1",
    "versions": "/console/articles/reset-password/en/versions?new=0",
    "worklist": "/console/worklist",
    "releases": "/console/releases",
    "release": "/console/releases/1",
    "nothing": "/console/tickets/99",
}
# On a phone and in the dark every page is looked at by test_console_pages_browser.
LOOKS: dict[str, dict[str, Any]] = {
    "desktop": {},
    "Chinese": {"locale": "zh-CN", "viewport": {"width": 800, "height": 500}},
}


@pytest.mark.parametrize("look", ["desktop", pytest.param("Chinese", marks=pytest.mark.long)])
def test_every_page_is_accessible_and_fits(office: Office, chrome: Browser, look: str) -> None:
    """axe finds nothing serious, and nothing is wider than the screen."""
    office.publish()
    number = office.escalate("I cannot get in " + "W" * 80, priority=Priority.P0)
    office.answer(office.ask("how to export", "grace"), "Choose Export.")
    office.says(number, "see the file", file_ids=[office.file("screenshot.png")])
    browser = office.browser("eve")
    browser.post(f"/console/tickets/{number}/note", data={"text": "careful"})
    office.browser("ed", Role.EDITOR).post("/console/articles/reset-password/en/edit")
    with served(office) as address, a_tab(chrome, **LOOKS[look]) as tab:
        for window in a_window(office, tab, address, language="zh" if look == "Chinese" else "en"):
            for name, path in PAGES.items():
                page = window.open(path)
                for summary in page.locator(".reading summary").all():
                    summary.click()
                assert serious(page, **({} if look == "desktop" else BUT_COLOURS)) == [], name
                assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), name
            window.page.context.clear_cookies()
            assert serious(window.open("/console/sign-in")) == []


@pytest.mark.long
def test_an_agent_who_asks_for_what_was_given_is_told_while_writing(office: Office, window: Window) -> None:
    number = office.escalate("The export fails. We are on version 3.2.1 and use Chrome 131.")
    page = window.open(f"/console/tickets/{number}")
    expect(page.locator("#card")).to_contain_text("Chrome 131")
    page.keyboard.press("r")
    page.keyboard.type("Which version are you on?")
    expect(page.locator("#asked")).to_contain_text("3.2.1")
    page.locator("#card summary").press("Enter")
    expect(page.locator("#card-body")).to_be_hidden()
    office.says(number, "Are you there?")
    expect(page.locator("#transcript")).to_contain_text("Are you there?")
    expect(page.locator("#card-body")).to_be_hidden()
    expect(page.locator("#asked")).to_contain_text("3.2.1")
    page.get_by_label("Reply to the customer").fill("Please wait a moment.")
    expect(page.locator("#asked li")).to_have_count(0)
