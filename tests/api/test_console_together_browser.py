"""Two agents at one ticket, drafts that outlive their window, a live line that is cut, and work that calls."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from console_fixtures import Office, an_office, served
from playwright.sync_api import Browser, BrowserContext, Page, Request, Route, expect
from suggested import TEXT, state_of, suggest

from handoff.models import Role, SuggestionState
from handoff.workplace.macro_deeds import Deeds
from handoff.workplace.macros import Written, make
from store import transaction

office = an_office
pytestmark = pytest.mark.browser

# The browser's own notifications and sounds, written down; and nobody looks at any of its windows.
AWAY = """
document.hasFocus = () => false;
const told = new BroadcastChannel("told"), note = (event) => { document.documentElement.dataset.told = event.data; };
told.onmessage = note;
window.Notification = class {
  constructor(title) { heard("notification " + title); told.postMessage(title); note({ data: title }); }
  close() {}
  static get permission() { return localStorage.getItem("permission") ?? "default"; }
  static async requestPermission() { heard("asked"); localStorage.setItem("permission", "granted"); return "granted"; }
};
const start = OscillatorNode.prototype.start;
OscillatorNode.prototype.start = function () { heard("tone"); start.call(this); };
"""


@pytest.fixture
def address(office: Office) -> Iterator[str]:
    with served(office) as address:
        yield address


@pytest.fixture
def sign_in(office: Office, chrome: Browser, address: str) -> Iterator[Callable[..., BrowserContext]]:
    """``sign_in("bob")`` is a browser of bob's in which nothing may go wrong."""
    wrongs: list[str] = []
    contexts: list[BrowserContext] = []

    def enter(name: str, **options: Any) -> BrowserContext:
        context = chrome.new_context(base_url=address, locale="en-GB", **options)
        context.set_default_timeout(30_000)
        cookie = office.browser(name).cookies["firstline"]
        context.add_cookies([{"name": "firstline", "value": cookie, "url": address}])
        context.on("weberror", lambda wrong: wrongs.append(str(wrong.error)))
        context.on("console", lambda said: wrongs.append(said.text) if "Policy" in said.text else None)
        contexts.append(context)
        return context

    yield enter
    for context in contexts:
        context.close()
    assert not wrongs


def opened(context: BrowserContext, path: str) -> Page:
    page = context.new_page()
    page.goto(path)
    return page


@pytest.mark.long
def test_two_agents_see_each_other_and_one_gets_the_ticket(
    office: Office, sign_in: Callable[..., BrowserContext]
) -> None:
    office.escalate()
    bobs = sign_in("bob")
    bob, inbox = opened(bobs, "/console/tickets/1"), opened(bobs, "/console?view=open")
    eve = opened(sign_in("eve"), "/console/tickets/1")
    here = bob.locator("#here")
    expect(here).to_have_text("Also here: eve")
    expect(inbox.locator("#here-1")).to_have_text("Also here: eve")
    expect(eve.locator("#here")).to_have_text("Also here: bob")
    eve.get_by_label("Reply to the customer").press_sequentially("Dear")
    expect(here).to_have_text("Writing now: eve")
    expect(inbox.locator("#here-1")).to_have_text("Writing now: eve")

    # Bob has not heard yet that eve was faster.
    bob.route(re.compile(r"/tickets/1$"), lambda route: route.abort())
    eve.get_by_role("button", name="Claim").click()
    expect(eve.get_by_text("eve claimed the ticket")).to_be_visible()
    bob.get_by_role("button", name="Claim").click()
    expect(bob.get_by_role("alert")).to_have_text("eve has ticket #1 already. Take it over if it should be yours.")
    bob.unroute_all()
    office.says(1, "Is anybody there?")
    expect(bob.get_by_text("eve claimed the ticket")).to_be_visible()
    expect(bob.get_by_role("alert")).to_contain_text("eve has ticket #1 already")
    bob.get_by_role("button", name="Take over").click()
    expect(bob.get_by_text("bob took over")).to_be_visible()
    expect(bob.locator("#problem")).to_be_empty()

    eve.goto("/console/articles")
    expect(here).to_be_empty()
    expect(inbox.locator("#here-1")).to_be_empty()


def test_a_draft_outlives_reload_and_crash_and_is_gone_when_it_was_sent(
    office: Office, sign_in: Callable[..., BrowserContext]
) -> None:
    office.escalate()
    context = sign_in("bob")
    page = opened(context, "/console/tickets/1")
    page.get_by_label("Reply to the customer").fill("Dear ada, ")
    expect(page.locator("#kept")).to_have_text("Draft saved")
    page.close()

    page = opened(context, "/console/tickets/1")
    box = page.get_by_label("Reply to the customer")
    expect(box).to_have_value("Dear ada, ")
    box.press("End")
    box.press_sequentially("I am")
    page.reload()
    expect(box).to_have_value("Dear ada, I am")

    context.set_offline(True)
    box.fill("Dear ada, I am offline")
    expect(page.locator("#kept")).to_contain_text("not saved")
    context.set_offline(False)
    expect(page.locator("#kept")).to_have_text("Draft saved")

    box.fill("Dear ada, here I am.")
    with page.expect_response(lambda answer: answer.url.endswith("/draft") and not sent_text(answer.request)):
        box.press("Control+Enter")
    expect(page.locator(".line.agent")).to_contain_text("Dear ada, here I am.")
    expect(box).to_have_value("")
    page.reload()
    expect(box).to_have_value("")


@pytest.mark.long
def test_a_draft_that_began_as_a_macro_or_a_suggestion_is_still_one_after_a_crash_or_a_reload(
    office: Office, sign_in: Callable[..., BrowserContext]
) -> None:
    offered = suggest(office, office.escalate())
    context = sign_in("bob")
    office.browser("root", Role.ADMIN)
    written = Written("greet", "", {"en": "Dear {customer}"}, Deeds(("met",)))
    with transaction(office.database) as session:
        make(session, written, office.colleagues["root"], office.now)
    page = opened(context, "/console/tickets/1")
    box, bar, began = page.locator("#reply-text"), page.locator("#macro-in"), page.locator("#reply [name=suggestion]")
    box.press_sequentially("/gre")
    expect(page.locator("#picker").get_by_role("option")).to_have_count(1)
    box.press("Enter")
    expect(bar).to_contain_text("/greet")
    expect(box).to_have_value("Dear ada")
    # At once: what the server does not know yet, this window does.
    page.reload()
    expect(box).to_have_value("Dear ada")
    expect(bar).to_contain_text("/greet")
    expect(page.locator("#kept")).to_have_text("Draft saved")
    page.close()
    page = opened(context, "/console/tickets/1")
    box, bar, began = page.locator("#reply-text"), page.locator("#macro-in"), page.locator("#reply [name=suggestion]")
    expect(bar).to_contain_text("/greet")

    page.locator("[data-edit]").click()
    expect(began).to_have_value(str(offered))
    page.reload()
    expect(box).to_have_value(f"Dear ada\n\n{TEXT}")
    expect(began).to_have_value(str(offered))
    expect(page.locator("#goes-with")).to_contain_text("Reset")
    page.get_by_role("button", name="Send Ctrl Enter").click()
    expect(page.locator(".line.agent")).to_contain_text("Dear ada")
    assert state_of(office, offered) is SuggestionState.EDITED


def sent_text(request: Request) -> str:
    """The text of a draft as a browser sends it."""
    return (request.post_data or "").partition('name="text"')[2].partition("------")[0].strip()


@pytest.mark.long
def test_a_line_that_was_refused_or_fell_silent_begins_again_where_it_left_off(
    office: Office, sign_in: Callable[..., BrowserContext]
) -> None:
    office.escalate()
    page = sign_in("bob").new_page()
    asked: list[Request] = []
    page.on("request", lambda request: asked.append(request) if "/stream?conversation" in request.url else None)
    page.route("**/stream?conversation*", refuse_once)
    page.clock.install()
    page.goto("/console/tickets/1")
    office.says(1, "while the line was down")
    page.clock.fast_forward(12_000)
    expect(page.locator("#transcript").get_by_text("while the line was down")).to_be_visible()

    office.says(1, "while it was up")
    expect(page.locator("#transcript").get_by_text("while it was up")).to_be_visible()
    with page.expect_request(lambda request: "last-event-id" in request.headers) as again:
        page.clock.fast_forward(50_000)
        page.clock.fast_forward(5_000)
    assert int(again.value.headers["last-event-id"]) > 0
    office.says(1, "after the silence")
    expect(page.locator("#transcript").get_by_text("after the silence")).to_be_visible()
    assert len(asked) == 3


def refuse_once(route: Route) -> None:
    route.abort()
    route.request.frame.page.unroute("**/stream?conversation*")


@pytest.mark.long
def test_work_calls_who_looks_elsewhere_once_and_as_loud_as_they_chose(
    office: Office, sign_in: Callable[..., BrowserContext]
) -> None:
    heard: list[str] = []
    context = sign_in("bob")
    context.expose_function("heard", lambda what: heard.append(what))
    context.add_init_script(AWAY)
    page, other = opened(context, "/console/articles"), opened(context, "/console/notices")
    office.escalate("first")
    for each in (page, other):
        expect(each).to_have_title(re.compile(r"^\(1\) "))
        expect(each.locator("#icon")).to_have_attribute("href", re.compile("console-icon-new"))
    assert heard == []

    page.get_by_label("Menu of bob").click()
    page.get_by_role("button", name="Notify me in this browser").click()
    expect(page.get_by_role("button", name="Notify me in this browser")).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_role("button", name="Play a sound")).to_have_attribute("aria-pressed", "false")
    assert heard == ["asked", "notification Firstline"]
    office.escalate("second", "grace")
    expect(page.locator("html[data-told='New ticket #2']")).to_be_attached()
    page.get_by_role("button", name="Play a sound").click()
    office.escalate("third", "alan")
    expect(other).to_have_title(re.compile(r"^\(3\) "))
    expect(page.locator("html[data-told='New ticket #3']")).to_be_attached()
    other.close()
    office.escalate("fourth", "kurt")
    expect(page).to_have_title(re.compile(r"^\(4\) "))
    expect(page.locator("html[data-told='New ticket #4']")).to_be_attached()
    assert [one for one in heard if one != "tone"] == [
        "asked",
        "notification Firstline",
        "notification New ticket #2",
        "notification New ticket #3",
        "notification New ticket #4",
    ]
    assert heard.count("tone") == 3
