"""The chat page's tests in a real browser: a server, another site that shows the chat, pages without complaints.

A test module says ``shop, house, idle, opened = a_shop, a_chat_house, idle_pages, open_chat`` and takes ``opened``.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from http_house import House, running
from playwright.sync_api import Browser, BrowserContext, Dialog, Page

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
def a_shop() -> Iterator[ThreadingHTTPServer]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Shop)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def a_chat_house(
    sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory, shop: ThreadingHTTPServer
) -> Iterator[House]:
    origin = f"http://127.0.0.1:{shop.server_port}"
    with running(tmp_path_factory.mktemp("house"), sqlite_template, chat_origins=origin) as running_house:
        Shop.chat = running_house.address
        yield running_house


@pytest.fixture(scope="module")
def idle_pages(chrome: Browser) -> Iterator[list[Page]]:
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
def open_chat(chrome: Browser, house: House, idle: list[Page]) -> Iterator[Callable[..., Page]]:
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


def ticket_of(page: Page) -> int:
    page.locator(".badge").first.wait_for()
    return int(page.locator(".badge").first.inner_text().split("#")[1])
