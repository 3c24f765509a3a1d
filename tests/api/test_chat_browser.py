"""The chat page in a real browser: what people see, press and type, and what hostile texts cannot do."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx2
import pytest
from browsing import violations
from http_house import ARTICLES, House, live, publish, running
from playwright.sync_api import Browser, BrowserContext, Dialog, FilePayload, Page, expect

from handoff import desk
from handoff.actors import Actor
from handoff.copies import use_mail
from handoff.models import Role, Scope
from handoff.rows import id_of
from handoff.staff import add_staff
from kb_content.articles import Article
from store import transaction

pytestmark = pytest.mark.browser

PAYLOADS = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "<svg/onload=alert(1)>",
    "javascript:alert(1)",
    "[click](javascript:alert(1))",
    "<iframe srcdoc='<script>parent.alert(1)</script>'></iframe>",
    '<a href="data:text/html,<script>alert(1)</script>">x</a>',
    "</textarea></template><script>alert(1)</script>",
    "{{7*7}}${7*7}<%= 7*7 %>",
    "<style>*{display:none}</style><base href=//evil.example>",
    "https://evil.example/ www.evil.example",
]
SHOP_PAGE = '<!doctype html><html lang="en"><title>Shop</title><h1>Shop</h1><script src="{}/chat.js" async></script>'


class Shop(BaseHTTPRequestHandler):
    """Another site, on another origin, that includes the snippet."""

    chat = ""

    def do_GET(self) -> None:
        body = SHOP_PAGE.format(self.chat).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@pytest.fixture(scope="module")
def shop() -> Iterator[ThreadingHTTPServer]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Shop)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def house(
    sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory, shop: ThreadingHTTPServer
) -> Iterator[House]:
    origin = f"http://127.0.0.1:{shop.server_port}"
    with running(tmp_path_factory.mktemp("house"), sqlite_template, chat_origins=origin) as running_house:
        Shop.chat = running_house.address
        yield running_house


@pytest.fixture(scope="module")
def idle(chrome: Browser) -> Iterator[list[Page]]:
    """Pages in which nobody is any more: to begin a new one takes the browser two seconds of work."""
    pages: list[Page] = []
    yield pages
    for page in pages:
        page.context.close()


def leaves(page: Page) -> None:
    """Nothing stays of who was here."""
    page.evaluate("localStorage.clear(); sessionStorage.clear()")
    for other in page.context.pages:
        if other is not page:
            other.close()
    page.context.set_offline(False)
    page.goto("about:blank")
    page.unroute_all()
    page.context.clear_cookies()


@pytest.fixture
def opened(chrome: Browser, house: House, idle: list[Page]) -> Iterator[Callable[..., Page]]:
    """Opens the chat for somebody new. At the end, no page has complained of anything or shown a dialog."""
    contexts: list[BrowserContext] = []
    plain: list[Page] = []
    complaints: list[str] = []

    def refuse(dialog: Dialog) -> None:
        complaints.append(dialog.message)
        dialog.dismiss()

    heard: dict[Any, Any] = {
        "pageerror": lambda error: complaints.append(str(error)),
        "dialog": refuse,
        "console": lambda said: complaints.append(said.text) if "Content Security Policy" in said.text else None,
    }

    def new_page(options: dict[str, Any]) -> Page:
        context = chrome.new_context(**{"locale": "en-GB", **options})
        contexts.append(context)
        return context.new_page()

    def open_page(path: str = "/", **options: Any) -> Page:
        is_plain = path == "/" and not options
        page = idle.pop() if is_plain and idle else new_page(options)
        if is_plain:
            plain.append(page)
        page.set_default_timeout(30_000)
        for what, note in heard.items():
            page.on(what, note)
        page.goto(path if path.startswith("http") else house.address + path)
        if path == "/" and options.get("java_script_enabled", True):
            page.locator("#chat[data-ready]").wait_for()
        return page

    yield open_page
    for page in plain:
        for what, note in heard.items():
            page.remove_listener(what, note)
        leaves(page)
    idle.extend(plain)
    for context in contexts:
        if not any(page.context is context for page in plain):
            context.close()
    assert complaints == []


def says(page: Page, text: str) -> None:
    page.locator("#text").fill(text)
    page.keyboard.press("Enter")


def text_file(name: str, content: bytes) -> FilePayload:
    return {"name": name, "mimeType": "text/html", "buffer": content}


def visitor_of(page: Page) -> dict[str, str]:
    return {"Authorization": f"Bearer {page.evaluate('localStorage.getItem(`firstline.token`)')}"}


def ticket_of(page: Page) -> int:
    page.locator(".badge").first.wait_for()
    return int(page.locator(".badge").first.inner_text().split("#")[1])


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


@pytest.mark.long
def test_a_hostile_article_is_inert(opened: Callable[..., Page], house: House) -> None:
    body = "\n\n".join(f"{payload}\n\n## {payload}" for payload in PAYLOADS)
    hostile = Article("reset-password", "en", PAYLOADS[1], f"password\n\n{body}", category=PAYLOADS[0])
    publish(house.product.database, (hostile, *ARTICLES[1:]))
    for path in ("/kb/en/reset-password", "/kb/en"):
        page = opened(path)
        assert page.locator("main :is(script, img, iframe, style, base, svg)").count() == 0
        assert page.locator("a[href^='javascript:'], a[href^='data:']").count() == 0
    house.product.live.serving = live(house.product.database, house.address).serving


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


@pytest.mark.long
@pytest.mark.parametrize("width", [320, 1100])
def test_no_page_has_a_serious_fault_for_people_with_disabilities(
    opened: Callable[..., Page], house: House, width: int
) -> None:
    """In the light, and on a phone by its colours in the dark: nothing else differs there."""
    page = opened(viewport={"width": width, "height": 700}, color_scheme="light")
    says(page, "password")
    page.locator(".message:has(.citation)").wait_for()
    page.locator("#person").click()
    number = ticket_of(page)
    house.client.post(f"/api/v1/tickets/{number}/replies", json={"text": "Hi"}, headers=house.token(Scope.AGENT))
    page.locator(".agent").wait_for()
    for path in ("/", "own tickets", "/kb/en/reset-password", "/kb/en", "/kb/en/none", "/api/docs"):
        if path == "own tickets":
            house.client.post(f"/api/v1/tickets/{number}/resolve", headers=house.token(Scope.AGENT))
            page.get_by_role("button", name="Your tickets").click()
            page.locator("#tickets .rating").wait_for()
        elif path != "/":
            page.goto(house.address + path)
        assert serious(page) == [], path
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
        if width == 320:
            page.emulate_media(color_scheme="dark")
            assert serious(page, runOnly=["color-contrast"]) == [], f"{path} in the dark"
            page.emulate_media(color_scheme="light")


def serious(page: Page, **options: Any) -> list[tuple[str, list[str]]]:
    return [(fault["id"], [node["html"] for node in fault["nodes"]][:3]) for fault in violations(page, **options)]


@pytest.mark.long
def test_touch_targets_are_large_enough(opened: Callable[..., Page]) -> None:
    page = opened(viewport={"width": 320, "height": 640}, has_touch=True)
    says(page, "password")
    page.locator(".message:has(.citation)").wait_for()
    sizes = page.evaluate(
        "[...document.querySelectorAll('button, a, label.attach, textarea')].filter((one) => one.checkVisibility())"
        ".map((one) => [one.id || one.className, one.offsetWidth, one.offsetHeight])"
    )
    assert [size for size in sizes if min(size[1:]) < 44] == []


@pytest.mark.long
def test_without_javascript_people_are_told_what_else_they_can_do(opened: Callable[..., Page]) -> None:
    page = opened(java_script_enabled=False)
    expect(page.locator(".no-script")).to_be_visible()
    expect(page.locator("#composer")).to_be_hidden()
    page.locator(".no-script a").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Help articles")


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
