"""The console's tests: a real app on a real database, staff with browsers, customers who write through the desk.

A test module says ``office = an_office`` and takes ``office``.
"""

from __future__ import annotations

import io
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from browsing import look_away, unharmed
from fastapi import FastAPI
from playwright.sync_api import Page
from starlette.testclient import TestClient

from api.app import create_app
from api.http.install import equip
from api.http.parts import now as clock
from api.http.server import Server
from api.product import Product
from api.settings import Settings
from bot.live import House, Live
from handoff.actors import Actor
from handoff.conversations import ButtonSpec, add_incoming, open_conversation, say
from handoff.customers import find_customer, find_thread
from handoff.models import Action, Author, Conversation, Priority, Reason, Role
from handoff.rows import id_of
from handoff.sessions import start_session
from handoff.staff import add_staff
from handoff.tickets import open_ticket, ticket_by_number
from kb_content import catalogue
from kb_content.articles import Article
from kb_content.folder import Folder
from store import Database, files, open_database, transaction
from store.watch import Watch

OWN = {"Sec-Fetch-Site": "same-origin"}
HTMX = {"HX-Request": "true"}
SCRIPT = "<script>alert(1)</script>"
READING = {
    "intent": "account-access",
    "intent_confidence": 0.91,
    "confidence": 0.42,
    "threshold": 0.6,
    "decision": "escalate",
    "language": "en",
    "foreign": False,
    "release": 1,
    "passages": [
        {
            "article": "reset-password",
            "language": "en",
            "version": 1,
            "passage": "abc",
            "anchor": "steps-abc",
            "title": "Reset a forgotten password",
            "heading": "Reset a forgotten password › Steps",
            "score": 0.83,
        }
    ],
}
ARTICLES = (
    Article(
        "reset-password",
        "en",
        "Reset a forgotten password",
        "Anyone can.\n\n## Steps\n\n1. Press **Forgot?**\n2. Follow the link.\n\n<script>alert(1)</script>\n",
        questions=("I forgot my password", "can't log in"),
        category="account",
        review_by="2027-03-01",
    ),
    Article("reset-password", "zh", "重置忘记的密码", "## 步骤\n\n1. 点击“忘记密码”。\n", questions=("忘记密码了",)),
    Article("export-data", "en", "Export your data", "Choose **Export**.", questions=("how to get a CSV",)),
)


@dataclass
class Office:
    """A running console. ``now`` is the moment of every request; move it with ``later``."""

    app: FastAPI
    product: Product
    now: datetime = field(default_factory=lambda: datetime(2026, 11, 23, 9, 0, tzinfo=UTC))
    colleagues: dict[str, Actor] = field(default_factory=dict)

    @property
    def database(self) -> Database:
        return self.product.database

    def later(self, **duration: float) -> None:
        self.now += timedelta(**duration)

    def stranger(self) -> TestClient:
        """A browser in which nobody is signed in."""
        return TestClient(self.app, headers=OWN, follow_redirects=False, raise_server_exceptions=False)

    def browser(self, name: str, role: Role = Role.AGENT, language: str = "en") -> TestClient:
        """The browser of ``name``, who works here and is signed in."""
        with transaction(self.database) as session:
            staff = add_staff(session, f"{name.replace(' ', '.')}@example.com", name, role, self.now)
            staff.language = language
            token = start_session(session, id_of(staff), self.now)
            self.colleagues[name] = Actor(id_of(staff), name)
        client = self.stranger()
        client.cookies.set("firstline", token)
        return client

    def ask(self, text: str = "I cannot get in", customer: str = "ada", **more: Any) -> int:
        """``customer`` writes to the bot in a new conversation, whose id is returned."""
        with transaction(self.database) as session:
            thread = find_thread(session, "web", f"thread-{customer}", self.now)
            person = find_customer(session, "web", f"thread-{customer}", self.now, name=customer)
            conversation = open_conversation(session, thread, person, more.pop("language", "en"), self.now)
            add_incoming(session, conversation, text, None, self.now, {"reading": more.pop("reading", READING)}, **more)
            return id_of(conversation)

    def answer(self, conversation_id: int, text: str, **detail: Any) -> int:
        """The bot says ``text``; returns the message's id."""
        with transaction(self.database) as session:
            conversation = session.get_one(Conversation, conversation_id)
            buttons = (ButtonSpec(Action.HELPFUL, "👍 Helpful"), ButtonSpec(Action.PERSON, "Talk to a person"))
            message = say(
                session, conversation, text, Author.BOT, self.now, decision="answer", detail=detail, buttons=buttons
            )
            return id_of(message)

    def escalate(self, text: str = "I cannot get in", customer: str = "ada", **more: Any) -> int:
        """The bot hands a new conversation over; returns the ticket's number."""
        priority = more.pop("priority", Priority.P2)
        reason = more.pop("reason", Reason.NO_KNOWLEDGE)
        conversation_id = self.ask(text, customer, **more)
        with transaction(self.database) as session:
            conversation = session.get_one(Conversation, conversation_id)
            return open_ticket(session, conversation, reason, text, self.now, priority=priority).number

    def says(self, number: int, text: str, **more: Any) -> int:
        """The customer of ticket ``number`` writes again; returns the message's id."""
        with transaction(self.database) as session:
            ticket = ticket_by_number(session, number)
            conversation = session.get_one(Conversation, ticket.conversation_id)
            return id_of(add_incoming(session, conversation, text, None, self.now, {}, **more))

    def file(self, name: str, content: bytes = b"what they sent", media_type: str = "text/html") -> int:
        with transaction(self.database) as session:
            row = files.save(self.product.files, session, name, media_type, io.BytesIO(content), self.now)
            return id_of(row)

    def publish(self, articles: tuple[Article, ...] = ARTICLES, source: str = "tests") -> None:
        """Make these articles live, without any model."""
        with transaction(self.database) as session:
            plan = catalogue.plan_import(session, Folder(articles=articles), source)
            catalogue.apply_import(session, plan, self.now)
            catalogue.publish(session, catalogue.start_release(session, self.now), None, 0.5, {}, self.now)


@pytest.fixture
def an_office(sqlite_url: str, tmp_path: Path) -> Iterator[Office]:
    """An office whose settings are the defaults."""
    yield from open_office(sqlite_url, _defaults().model_copy(update={"data_dir": tmp_path}))


@cache
def _defaults() -> Settings:
    """To read them takes as long as to open the database."""
    return Settings(_env_file=None)


def open_office(url: str, settings: Settings) -> Iterator[Office]:
    """An office on the database at ``url``."""
    database = open_database(url)
    with Watch(database) as watch:
        live = Live(House(settings.address))
        with an_app(Product(settings, database, watch, live)) as app:
            office = Office(app, app.state.product)
            app.dependency_overrides[clock] = lambda: office.now
            yield office
    database.close()


_PORTS: set[int] = set()
_IDLE: dict[object, list[FastAPI]] = {}


@contextmanager
def an_app(product: Product) -> Iterator[FastAPI]:
    """The app of ``product``. One that another test is through with serves again: at its first request FastAPI reads
    all routes, which takes longer than most tests."""
    idle = _IDLE.setdefault((product.settings.public_url, product.settings.framing_origins), [])
    app = idle.pop() if idle else create_app(product)
    equip(app, product)
    yield app
    app.dependency_overrides.clear()
    idle.append(app)


@contextmanager
def served(office: Office) -> Iterator[str]:
    """The office behind a real socket: its address."""
    listener = _listener()
    config = uvicorn.Config(office.app, log_config=None, access_log=False, lifespan="off")
    server = Server(config, office.product)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    address = f"http://127.0.0.1:{listener.getsockname()[1]}"
    yield address
    # Left open they would ask for their stream over and over.
    look_away(address)
    server.should_exit = True
    thread.join(60)


def _listener() -> socket.socket:
    """At an address that no test of this process had before: a tab sees nothing of what one before it kept there."""
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    if port in _PORTS:
        with listener:
            return _listener()
    _PORTS.add(port)
    return listener


@contextmanager
def signed_in(
    office: Office, tab: Page, address: str, name: str, role: Role = Role.AGENT, language: str = "en"
) -> Iterator[Page]:
    """The tab of ``name``, who works here; whatever fails in its scripts fails the test, and what its policy blocks."""
    cookie = office.browser(name, role, language).cookies["firstline"]
    tab.context.add_cookies([{"name": "firstline", "value": cookie, "url": address}])
    with unharmed(tab):
        yield tab
