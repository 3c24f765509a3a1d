"""The chat page in a real browser: what people see, press and type, and what hostile texts cannot do."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx2
import pytest
from chat_page import PAYLOADS, a_chat_house, a_shop, idle_pages, open_chat, says, ticket_of
from http_house import House
from playwright.sync_api import FilePayload, Page, expect

from handoff import desk
from handoff.actors import Actor
from handoff.copies import use_mail
from handoff.models import Role, Scope
from handoff.rows import id_of
from handoff.staff import add_staff
from store import transaction

pytestmark = pytest.mark.browser

shop, house, idle, opened = a_shop, a_chat_house, idle_pages, open_chat


def text_file(name: str, content: bytes) -> FilePayload:
    return {"name": name, "mimeType": "text/html", "buffer": content}


def visitor_of(page: Page) -> dict[str, str]:
    return {"Authorization": f"Bearer {page.evaluate('localStorage.getItem(`firstline.token`)')}"}


def test_a_question_gets_steps_a_quote_and_thumbs(opened: Callable[..., Page], house: House) -> None:
    page = opened()
    says(page, "I forgot my password, can't get in")
    expect(page.locator(".bubble ol li")).to_have_count(2)
    expect(page.get_by_role("button", name="Helpful", exact=True)).to_be_visible()
    with page.context.expect_page() as shown:
        page.locator("a.citation").click()
    article = shown.value
    article.wait_for_load_state()
    expect(article.locator(".passage:target")).to_contain_text("Open the sign-in page")
    assert article.evaluate("window.opener") is None


def test_a_thumb_is_taken_once_and_answered(opened: Callable[..., Page]) -> None:
    page = opened()
    says(page, "password")
    page.get_by_role("button", name="Not helpful").click()
    expect(page.get_by_role("button", name="Not helpful")).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_role("button", name="Helpful", exact=True)).to_be_disabled()
    expect(page.get_by_text("Sorry that didn't help")).to_be_visible()


def test_talk_to_a_person_makes_a_ticket_with_a_promise(opened: Callable[..., Page]) -> None:
    page = opened()
    page.locator("#person").click()
    expect(page.locator(".ticket .bubble")).to_contain_text("within one working day")
    assert ticket_of(page) > 0


def test_an_agents_words_come_live_with_their_name_and_not_yet_reopens(
    opened: Callable[..., Page], house: House
) -> None:
    page = opened()
    page.locator("#person").click()
    number = ticket_of(page)
    headers = house.token(Scope.AGENT)
    with transaction(house.product.database) as session:
        bob = add_staff(session, "bob@example.com", "Bob <b>Builder</b>", Role.AGENT, datetime.now(UTC))
        desk.reply(session, number, "Hello,\n  this is **me**.", Actor(id_of(bob), bob.name), datetime.now(UTC))
    expect(page.locator(".agent .name")).to_have_text("Bob <b>Builder</b>")
    assert page.locator(".agent .bubble p").inner_text() == "Hello,\n  this is **me**."
    house.client.post(f"/api/v1/tickets/{number}/resolve", headers=headers)
    page.get_by_role("button", name="Not yet").click()
    expect(page.get_by_text(f"I've reopened ticket #{number}")).to_be_visible()
    expect(page.get_by_role("button", name="Yes, solved")).to_be_disabled()
    assert house.client.get(f"/api/v1/tickets/{number}", headers=headers).json()["status"] == "open"


def test_coming_back_finds_the_talk(opened: Callable[..., Page]) -> None:
    page = opened()
    says(page, "password")
    page.locator(".message:has(.citation)").wait_for()
    page.locator("#text").fill("half a sentence")
    page.reload()
    expect(page.locator(".message.customer")).to_have_count(1)
    expect(page.locator(".message:has(.citation)")).to_have_count(1)
    expect(page.locator("#text")).to_have_value("half a sentence")


def test_another_browser_sees_nothing_of_it(opened: Callable[..., Page]) -> None:
    says(opened(), "my secret password")
    other = opened()
    other.wait_for_timeout(300)
    expect(other.locator(".message")).to_have_count(1)


def test_what_was_written_without_a_connection_is_sent_once_when_it_is_back(
    opened: Callable[..., Page], house: House
) -> None:
    page = opened()
    says(page, "password")
    page.locator(".message:has(.citation)").wait_for()
    page.context.set_offline(True)
    says(page, "hello?")
    expect(page.locator(".failed")).to_contain_text("Not sent.")
    expect(page.locator("#connection")).to_contain_text("nothing you wrote is lost")
    page.context.set_offline(False)
    expect(page.locator(".failed, .pending")).to_have_count(0, timeout=15_000)
    # Taken in is not yet in the talk: a fragment waits for the next one first.
    expect(page.locator(".message.customer[data-id]")).to_have_count(2, timeout=15_000)
    found = house.client.get("/api/v1/chat/messages", headers=visitor_of(page)).json()["messages"]
    assert [message["text"] for message in found if message["direction"] == "incoming"] == ["password", "hello?"]


def test_an_acknowledgement_that_was_lost_does_not_double_the_message(
    opened: Callable[..., Page], house: House
) -> None:
    page = opened()
    lost: list[int] = []

    def lose(route: Any) -> None:
        if route.request.method == "POST" and not lost:
            lost.append(route.fetch().status)
            route.abort()
        else:
            route.continue_()

    page.route("**/api/v1/chat/messages", lose)
    says(page, "password")
    expect(page.locator(".failed")).to_have_count(1)
    page.get_by_role("button", name="Try again").click()
    page.locator(".message:has(.citation)").wait_for()
    page.wait_for_timeout(300)
    assert lost == [202]
    expect(page.locator(".message.customer")).to_have_count(1)
    expect(page.locator(".message:has(.citation)")).to_have_count(1)


def test_a_message_that_never_left_is_still_there_after_a_reload(opened: Callable[..., Page]) -> None:
    page = opened()
    page.route("**/api/v1/chat/**", lambda route: route.abort())
    says(page, "password")
    expect(page.locator(".failed")).to_have_count(1)
    page.unroute("**/api/v1/chat/**")
    page.reload()
    expect(page.locator(".message:has(.citation)")).to_have_count(1)


def test_a_refused_message_says_why_and_can_be_discarded(opened: Callable[..., Page]) -> None:
    page = opened()
    refusal = {"status": 422, "detail": "This message is odd."}
    page.route(
        "**/api/v1/chat/messages",
        lambda route: route.fulfill(status=422, content_type="application/problem+json", body=json.dumps(refusal)),
    )
    says(page, "odd")
    expect(page.locator(".failed")).to_contain_text("This message is odd.")
    page.get_by_role("button", name="Discard").click()
    expect(page.locator(".failed")).to_have_count(0)


def test_files_go_with_a_message_and_come_back_as_downloads(opened: Callable[..., Page]) -> None:
    page = opened()
    names = ("log 错误.txt", "second.txt")
    page.locator("#files").set_input_files([text_file(name, b"what happened") for name in names])
    page.get_by_role("button", name="Remove second.txt").click()
    says(page, "see the log")
    sent = page.get_by_role("button", name="Download log 错误.txt")
    with page.expect_download() as saved:
        sent.click()
    assert saved.value.suggested_filename == "log 错误.txt"
    assert saved.value.path().read_bytes() == b"what happened"


def test_a_file_that_is_too_large_is_refused_before_it_is_sent(opened: Callable[..., Page], tmp_path: Path) -> None:
    page = opened()
    film = tmp_path / "film.mp4"
    film.write_bytes(b"x" * (20 * 1024 * 1024 + 1))
    page.locator("#files").set_input_files(str(film))
    expect(page.locator("#trouble")).to_contain_text("film.mp4 is larger than 20 MB")
    expect(page.locator("#chosen")).to_be_hidden()


def test_shift_enter_begins_a_line_and_composing_sends_nothing(opened: Callable[..., Page]) -> None:
    page = opened()
    page.locator("#text").fill("one")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("two")
    assert page.locator("#text").input_value() == "one\ntwo"
    page.locator("#text").dispatch_event("keydown", {"key": "Enter", "isComposing": True})
    expect(page.locator(".message.customer")).to_have_count(0)
    page.keyboard.press("Enter")
    assert page.locator(".message.customer .bubble p").inner_text() == "one\ntwo"


def test_everything_can_be_reached_by_keyboard(opened: Callable[..., Page]) -> None:
    page = opened()
    says(page, "password")
    page.locator(".message:has(.citation)").wait_for()
    page.locator(".languages a").focus()
    reached = []
    for _ in range(12):
        reached.append(page.evaluate("document.activeElement.id || document.activeElement.className || 'link'"))
        page.keyboard.press("Tab")
    for part in ("person", "citation", "helpful", "not_helpful", "files", "text", "send"):
        assert part in reached


def test_own_tickets_are_closed_rated_opened_and_added_to_without_a_mouse(opened: Callable[..., Page]) -> None:
    page = opened()
    page.locator("#person").click()
    number = ticket_of(page)
    own = page.get_by_role("dialog", name="Your tickets")
    page.get_by_role("button", name="Your tickets").press("Enter")
    own.get_by_role("button", name=f"Close ticket: #{number}").press("Enter")
    expect(own.get_by_role("status")).to_have_text(f"Ticket #{number} is closed.")
    own.get_by_role("button", name="4", exact=True).press("Enter")
    expect(own.get_by_role("button", name="4", exact=True)).to_have_attribute("aria-pressed", "true")
    expect(own.get_by_role("button", name="4", exact=True)).to_be_focused()
    own.get_by_role("button", name=f"Open it again: #{number}").press("Enter")
    own.get_by_role("button", name=f"Add information: #{number}").press("Enter")
    expect(own).to_be_hidden()
    expect(page.locator("#about")).to_contain_text(f"ticket #{number}")
    says(page, "One more thing")
    expect(page.get_by_text(f"I've added that to ticket #{number}")).to_be_visible()
    expect(page.locator("#about")).to_be_hidden()


def test_a_left_address_is_kept_and_a_wrong_one_is_told(opened: Callable[..., Page], house: House) -> None:
    with transaction(house.product.database) as session:
        use_mail(session, True)
    page = opened()
    page.locator("#person").click()
    ticket_of(page)
    page.get_by_role("button", name="Your tickets").click()
    own = page.get_by_role("dialog", name="Your tickets")
    own.get_by_label("Answers by e-mail, too").fill("ada@nowhere")
    own.get_by_role("button", name="Save").click()
    expect(own.get_by_role("alert")).to_contain_text("not an e-mail address")
    own.get_by_label("Answers by e-mail, too").fill("ada@example.com")
    own.get_by_role("button", name="Save").click()
    expect(own.get_by_role("status")).to_contain_text("ada@example.com")
    page.keyboard.press("Escape")
    expect(own).to_be_hidden()


def test_hostile_words_and_file_names_are_inert(opened: Callable[..., Page], house: House) -> None:
    """One after the other in one chat, by the customer and by the agent: the same page has to bear all of them."""
    page = opened()
    says(page, PAYLOADS[0])
    page.locator(".message.bot").nth(1).wait_for()
    says(page, "person")
    number = ticket_of(page)
    for count, payload in enumerate(PAYLOADS, 1):
        name = payload.replace("/", "⁄")
        page.locator("#files").set_input_files([text_file(name, payload.encode())])
        says(page, payload)
        expect(page.locator(".customer .bubble")).to_have_count(count + 2)
        headers = house.token(Scope.AGENT)
        house.client.post(f"/api/v1/tickets/{number}/replies", json={"text": payload}, headers=headers)
        expect(page.locator(".agent .bubble p")).to_have_count(count)
    for _ in ("as it came", "as it is read again"):
        assert page.locator(".customer .bubble p").all_inner_texts() == [PAYLOADS[0], "person", *PAYLOADS]
        assert page.locator(".agent .bubble p").all_inner_texts() == PAYLOADS
        assert page.locator("#log :is(script, img, iframe, style, base, a:not(.citation))").count() == 0
        page.reload()
        expect(page.locator(".agent .bubble p")).to_have_count(len(PAYLOADS))


def test_another_site_shows_the_chat_in_a_frame(opened: Callable[..., Page], shop: ThreadingHTTPServer) -> None:
    page = opened(f"http://127.0.0.1:{shop.server_port}/")
    launcher = page.get_by_role("button", name="Chat with support")
    launcher.click()
    frame = page.frame_locator("iframe")
    frame.locator("#chat[data-ready]").wait_for()
    frame.locator("#text").fill("I forgot my password")
    frame.locator("#text").press("Enter")
    expect(frame.locator(".message:has(.citation)")).to_be_visible()
    frame.locator("#text").press("Escape")
    expect(page.locator("iframe")).to_be_hidden()
    expect(launcher).to_be_focused()


def test_a_site_that_is_not_named_cannot_frame_it(tab: Page, house: House, shop: ThreadingHTTPServer) -> None:
    # localhost is another origin than 127.0.0.1, and not in CHAT_ORIGINS.
    tab.goto(f"http://localhost:{shop.server_port}/")
    tab.get_by_role("button", name="Chat with support").click()
    tab.wait_for_timeout(500)
    assert tab.frame_locator("iframe").locator("#text").count() == 0


def test_unread_words_are_counted_in_the_title(opened: Callable[..., Page], house: House) -> None:
    page = opened()
    page.locator("#person").click()
    number = ticket_of(page)
    page.evaluate("Object.defineProperty(document, 'hidden', { get: () => true, configurable: true })")
    house.client.post(f"/api/v1/tickets/{number}/replies", json={"text": "Hi"}, headers=house.token(Scope.AGENT))
    page.locator(".agent").wait_for()
    assert page.title() == "(1) Support"
    page.evaluate("delete document.hidden; document.dispatchEvent(new Event('visibilitychange'))")
    assert page.title() == "Support"


def test_a_session_that_is_forgotten_begins_anew(opened: Callable[..., Page]) -> None:
    page = opened()
    page.evaluate("localStorage.setItem('firstline.token', 'long-forgotten')")
    page.reload()
    says(page, "password")
    expect(page.locator(".message:has(.citation)")).to_be_visible()
    assert httpx2.get(f"{page.url}api/v1/chat/messages", headers=visitor_of(page)).status_code == 200
