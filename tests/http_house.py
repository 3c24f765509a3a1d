"""A running Firstline for the tests of the HTTP side: a real socket, a real database, a reader that knows two things.

``with running(folder, template) as house`` starts it; ``house.client`` speaks to it, ``house.visitor()`` is a customer.
"""

from __future__ import annotations

import json
import shutil
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import httpx2
import structlog
import uvicorn
from fastapi import FastAPI

from api.app import create_app
from api.http.server import Server
from api.product import Product
from api.settings import Settings
from bot.channels.mailbox import WEB, Mailbox
from bot.live import House as HouseOfAnswers
from bot.live import Live, Serving, policy_of
from bot.worker import Worker
from handoff.models import Scope
from handoff.tokens import add_token
from kb_content import catalogue
from kb_content.articles import Article, Contents
from kb_content.folder import Folder
from retrieval.audience import ANYONE, Asker
from retrieval.reader import ANY_LANGUAGE, Hit, Reader, Reading
from retrieval.wording import Wording
from retrieval.words import Rarity, words_of
from store import Database, open_database, reading, transaction
from store.watch import Watch

PATIENCE = 60.0
"""Seconds after which a test gives up waiting; none takes as long, however busy the machine is."""
PASSWORD_BODY = """Anyone who forgot the password can set a new one.

## Set a new password

1. Open the sign-in page and choose **Forgot password?**
2. Follow the link in the message.

See [how to sign in](sign-in.md) or <b>nothing</b>.
"""
ARTICLES = (
    Article("reset-password", "en", "Reset a forgotten password", PASSWORD_BODY, category="account"),
    Article(
        "reset-password",
        "zh",
        "重置忘记的密码",
        "## 设置新密码\n\n1. 打开登录页。\n2. 点击“忘记密码”。\n",
        category="账户",
    ),
    Article("sign-in", "en", "Sign in", "Open the page and type your address."),
)


class KeywordReader:
    """Understands "password" / "密码" and "person" / "人工"; everything else is foreign to it."""

    def __init__(self, shelf: Any) -> None:
        self.shelf = shelf
        texts = [words_of(passage.text) for each in shelf.values() for passage in each.passages]
        self.rarity = Rarity.of(texts)
        self.wording = Wording.of(Contents(tuple(shelf.values())), ANY_LANGUAGE)

    def view_of(self, _language: str) -> KeywordReader:
        """Itself: what is said of a view is how rare its words are."""
        return self

    def read(self, text: str, language: str | None = None, *, asker: Asker = ANYONE) -> Reading:
        spoken = language or ("zh" if any("\u4e00" <= char <= "\u9fff" for char in text) else "en")
        words = text.casefold()
        if "person" in words or "人工" in words:
            return Reading(text, spoken, "asks-for-human", 0.99, (), 0.0, False, (), {})
        if "password" in words or "密码" in words:
            return Reading(text, spoken, "account", 0.9, (self._hit(spoken),), 0.97, False, (), {})
        return Reading(text, spoken, None, 0.0, (), 0.0, True, (), {})

    def _hit(self, language: str) -> Hit:
        published = self.shelf["reset-password", "zh" if language == "zh" else "en"]
        passage, article = published.passages[-1], published.article
        return Hit(
            article.id, article.language, published.version, passage.key, passage.anchor, article.title,
            passage.heading, passage.text, 0.9,
        )  # fmt: skip


@dataclass
class Customer:
    """A visitor of the web chat, seen from outside."""

    house: House
    token: str
    headers: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        self.headers = {"Authorization": f"Bearer {self.token}"}

    def says(self, text: str, **more: Any) -> httpx2.Response:
        return self.house.client.post("/api/v1/chat/messages", json={"text": text, **more}, headers=self.headers)

    def presses(self, token: str) -> httpx2.Response:
        return self.house.client.post("/api/v1/chat/messages", json={"press": token}, headers=self.headers)

    def reads(self, after: int = 0) -> list[dict[str, Any]]:
        found = self.house.client.get("/api/v1/chat/messages", params={"after": after}, headers=self.headers)
        assert found.status_code == 200, found.text
        return cast(list[dict[str, Any]], found.json()["messages"])

    def hears(self, after: int = 0, count: int = 1) -> list[dict[str, Any]]:
        """The next ``count`` messages from the other side after message ``after``; waits for them."""
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            heard = [message for message in self.reads(after) if message["direction"] == "outgoing"]
            if len(heard) >= count:
                return heard
            time.sleep(0.02)
        raise AssertionError(f"heard {heard}, not {count} messages")


@dataclass
class House:
    """A running product, its address and a client for it."""

    product: Product
    server: Server
    thread: threading.Thread
    client: httpx2.Client
    address: str
    worker: Worker
    app: FastAPI

    def token(self, scope: Scope, name: str | None = None) -> dict[str, str]:
        """The headers of a new API token."""
        with transaction(self.product.database) as session:
            made = add_token(session, name or f"{scope.value}-{time.monotonic_ns()}", scope, datetime.now(UTC))
        return {"Authorization": f"Bearer {made}"}

    def visitor(self, language: str = "en") -> Customer:
        made = self.client.post("/api/v1/chat/sessions", json={"language": language})
        assert made.status_code == 201, made.text
        return Customer(self, made.json()["token"])

    def ticket(self) -> tuple[Customer, int]:
        """A customer who asked for a person, and the number of the ticket that this made."""
        customer = self.visitor()
        customer.says("Let me talk to a person")
        return customer, cast(int, customer.hears()[0]["ticket"])

    def ticket_with(self, text: str, number: int, headers: dict[str, str]) -> dict[str, Any]:
        """The ticket as the API tells it, once its agents see ``text`` in it."""
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            told = cast(dict[str, Any], self.client.get(f"/api/v1/tickets/{number}", headers=headers).json())
            if any(line["text"] == text for line in told["messages"]):
                return told
            time.sleep(0.02)
        raise AssertionError(f"ticket {number} never showed {text!r}")

    def stop(self) -> bool:
        """Stop the server as SIGTERM would; whether it ended."""
        self.server.should_exit = True
        self.thread.join(PATIENCE)
        return not self.thread.is_alive()


@contextmanager
def running(folder: Path, template: Path | None = None, **settings: Any) -> Iterator[House]:
    """Start a house in ``folder``: its database is a copy of the migrated ``template``, or ``database_url``."""
    # The default would draw a picture of every traceback, for seconds.
    structlog.configure(
        logger_factory=structlog.ReturnLoggerFactory(), processors=[structlog.processors.JSONRenderer()]
    )
    folder.mkdir(parents=True, exist_ok=True)
    if template is not None:
        shutil.copyfile(template, folder / "firstline.db")
    chosen = Settings(_env_file=None, data_dir=folder, **settings)  # type: ignore[call-arg]
    database = open_database(chosen.url)
    listener = socket.create_server(("127.0.0.1", 0))
    address = f"http://127.0.0.1:{listener.getsockname()[1]}"
    with Watch(database) as watch:
        product = Product(chosen, database, watch, live(database, address))
        worker = Worker(database, watch, product.live, {WEB: Mailbox(WEB)})
        app = create_app(product)
        config = uvicorn.Config(app, log_config=None, access_log=False, lifespan="off")
        server = Server(config, product)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        worker.start()
        with httpx2.Client(base_url=address, timeout=PATIENCE) as client:
            house = House(product, server, thread, client, address, worker, app)
            yield house
            house.stop()
        worker.stop()
    database.close()
    structlog.reset_defaults()


def live(database: Database, address: str) -> Live:
    """The knowledge of ARTICLES, live, without any model."""
    publish(database, ARTICLES)
    found = Live(HouseOfAnswers(address))
    with reading(database) as session:
        held = catalogue.contents(session)
        release = catalogue.live_release(session)
    assert release
    shelf = {(item.article.id, item.article.language): item for item in held.articles}
    policy = policy_of(found.house, 0.5, ())
    found.serving = Serving(release.id or 0, cast(Reader, KeywordReader(shelf)), policy, shelf, address)
    return found


def publish(database: Database, articles: tuple[Article, ...]) -> None:
    """Make exactly these articles live, as an import and a publication would."""
    now = datetime.now(UTC)
    with transaction(database) as session:
        catalogue.apply_import(session, catalogue.plan_import(session, Folder(articles=articles), "tests"), now)
        catalogue.publish(session, catalogue.start_release(session, now), None, 0.5, {}, now)


def events(lines: Iterator[str]) -> Iterator[dict[str, Any]]:
    """Server-sent events with a name, as {event, id, data}."""
    found: dict[str, Any] = {}
    for line in lines:
        name, _, value = line.partition(": ")
        if name in ("event", "id", "data"):
            found[name] = json.loads(value) if name == "data" else value
        elif not line and found:
            if "event" in found:
                yield found
            found = {}
