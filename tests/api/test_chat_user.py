"""A user of the site around the web chat: by its interface, in the console, and in a real browser."""

from __future__ import annotations

import hashlib
import hmac
import re
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from browsing import a_tab
from console_fixtures import Office, an_office
from http_house import House, running
from playwright.sync_api import Browser, expect

from api.settings import secret_key
from handoff.accounts import add_account
from handoff.customers import customer_called
from handoff.models import Customer, Role
from handoff.people import account_of, person_ids
from handoff.rows import id_of
from handoff.site_users import called, site_key
from store import reading, transaction

office = an_office
PAGE = '<!doctype html><html lang="en"><title>Shop</title><script src="{}/chat.js" {} async></script>'


class Shop(BaseHTTPRequestHandler):
    """Another site: ``/ada`` is its page when Ada of Acme is signed in there."""

    chat = key = ""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(PAGE.format(self.chat, self._signed_in(self.path.strip("/"))).encode())

    def _signed_in(self, user: str) -> str:
        mark = signed(self.key, user, "Acme")
        return f'data-user="{user}" data-user-hash="{mark}" data-account="Acme" data-name="{user.capitalize()}"'

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@pytest.fixture(scope="module")
def shop() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Shop)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def house(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory, shop: str) -> Iterator[House]:
    with running(tmp_path_factory.mktemp("house"), sqlite_template, chat_origins=shop) as running_house:
        Shop.chat, Shop.key = running_house.address, key_of(running_house)
        with transaction(running_house.product.database) as session:
            add_account(session, "Acme", datetime.now(UTC))
        yield running_house


def key_of(house: House) -> str:
    return site_key(secret_key(house.product.settings))


def signed(key: str, user: str, account: str | None = None) -> str:
    words = user if account is None else f"{user}\n{account}"
    return hmac.new(key.encode(), words.encode(), hashlib.sha256).hexdigest()


def introduced(house: House, headers: dict[str, str], **said: Any) -> Any:
    return house.client.post("/api/v1/chat/user", json=said, headers=headers)


def person_of(house: House, user: str) -> tuple[str | None, str | None, int]:
    """Name, account and number of customers of the person that this user of the site is."""
    with reading(house.product.database) as session:
        customer = customer_called(session, "web", called(user))
        assert isinstance(customer, Customer)
        account = account_of(session, customer)
        return customer.name, account.name if account else None, len(person_ids(session, id_of(customer)))


def test_a_signed_user_belongs_to_the_signed_account_on_every_device(house: House) -> None:
    said = {"user": "u-1", "account": "Acme", "name": "Ada", "hash": signed(key_of(house), "u-1", "Acme")}
    for visitor in (house.visitor(), house.visitor()):
        answer = introduced(house, visitor.headers, **said)
        assert (answer.status_code, answer.json()) == (200, {"user": "u-1", "account": "Acme"})
        visitor.says("password")
        assert visitor.hears()
    assert person_of(house, "u-1") == ("Ada", "Acme", 3)


def test_what_was_not_signed_is_refused_with_a_sentence_and_changes_nothing(house: House) -> None:
    visitor = house.visitor()
    for said in (
        {"user": "u-2", "hash": "0" * 64},
        {"user": "u-2", "account": "Acme", "hash": signed(key_of(house), "u-2")},
    ):
        refused = introduced(house, visitor.headers, **said)
        assert refused.status_code == 403
        assert refused.json()["detail"].startswith("The hash does not fit the user.")
    with reading(house.product.database) as session:
        assert customer_called(session, "web", called("u-2")) is None


def test_a_talk_never_passes_from_one_user_to_another(house: House) -> None:
    visitor = house.visitor()
    assert introduced(house, visitor.headers, user="u-3", hash=signed(key_of(house), "u-3")).status_code == 200
    other = introduced(house, visitor.headers, user="u-4", hash=signed(key_of(house), "u-4"))
    assert (other.status_code, other.json()["detail"].split(".")[0]) == (
        409,
        "This chat belongs to another user of the site",
    )


def test_only_the_holder_of_a_session_can_say_who_they_are(house: House) -> None:
    assert introduced(house, {}, user="u-5", hash=signed(key_of(house), "u-5")).status_code == 401


def test_the_key_is_shown_to_admins_only(office: Office) -> None:
    page = office.browser("root", role=Role.ADMIN).get("/console/site")
    key = site_key(secret_key(office.product.settings))
    assert page.status_code == 200
    assert key in page.text
    assert "data-user-hash" in page.text
    refused = office.browser("ann", role=Role.AGENT).get("/console/site")
    assert refused.status_code == 403
    assert key not in refused.text


@pytest.mark.browser
def test_two_users_of_one_browser_have_talks_of_their_own(house: House, shop: str, chrome: Browser) -> None:
    with a_tab(chrome) as page:
        frame = page.frame_locator("iframe")
        for user, asked, own in (("ada", "password please", 1), ("ben", "password!", 1), ("ada", "", 1)):
            page.goto(f"{shop}/{user}")
            page.get_by_role("button", name="Chat with support").click()
            frame.locator("#chat[data-ready]").wait_for()
            if asked:
                frame.locator("#text").fill(asked)
                frame.locator("#text").press("Enter")
            expect(frame.locator(".message:has(.citation)")).to_have_count(1)
            expect(frame.locator(".message.customer")).to_have_count(own)
        expect(frame.locator(".message.customer .bubble")).to_have_text(re.compile("password please"))
    assert person_of(house, "ada") == ("Ada", "Acme", 2)
    assert person_of(house, "ben") == ("Ben", "Acme", 2)
