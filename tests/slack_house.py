"""A Slack connection of ours, in this process, beside the stand-in for Slack: what comes in, kept in a real inbox."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import create_engine
from sqlmodel import col, select
from standins.slack.server import Http, SlackWorld
from standins.slack.signed import encoded

from bot.channels.base import Status
from bot.channels.slack.connection import SlackConnection
from bot.channels.slack.http import Answer
from bot.channels.slack.manifest import EVENTS_PATH, INSTALL_PATH, OAUTH_PATH
from bot.channels.slack.opening import slack
from bot.models import InboxRow
from store import Database, reading

STAFF = "C0STAFF"


class Clock:
    """What a process takes for the time."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


class SlackHouse:
    """``connection`` as the settings would make it; ``address`` is where its pages are."""

    def __init__(self, connection: SlackConnection, database: Database, world: SlackWorld, address: str) -> None:
        self.connection = connection
        self.database = database
        self.world = world
        self.address = address

    def posts(self, payload: Any, kind: str = "events_api", *, again: bool = False) -> Answer:
        """What the connection answers to this payload, signed as Slack would; ``again``: it was brought before."""
        body, media_type = encoded(kind, payload)
        headers = Http("", self.world.app.signing_secret).headers(body, media_type)
        headers |= {"X-Slack-Retry-Num": "1", "X-Slack-Retry-Reason": "http_error"} if again else {}
        return self.connection.take_http(body, headers)

    def is_connected(self) -> None:
        """Wait until it is."""
        self.is_now(Status.CONNECTED)

    def is_now(self, status: Status) -> str:
        """Wait until the connection's status is this; the sentence that goes with it."""
        settled(lambda: self.connection.state.status is status, lambda: str(self.connection.state))
        return self.connection.state.reason

    def warns(self, words: str) -> str:
        """Wait until it says so while it is connected; all that it says."""
        settled(lambda: words in self.connection.state.reason, lambda: str(self.connection.state))
        self.is_connected()
        return self.connection.state.reason

    def rows(self) -> list[InboxRow]:
        with reading(self.database) as session:
            return list(session.exec(select(InboxRow).order_by(col(InboxRow.id))).all())

    def payloads(self) -> list[dict[str, Any]]:
        return [json.loads(row.payload) for row in self.rows()]

    def texts(self) -> list[str]:
        """What the kept events say, in the order in which they were kept."""
        return [payload["body"].get("event", {}).get("text", "") for payload in self.payloads()]

    def kept(self, count: int) -> list[dict[str, Any]]:
        """Wait until so many are kept."""
        settled(lambda: len(self.rows()) >= count, lambda: f"{len(self.rows())} rows are kept, not {count}")
        return self.payloads()


@contextmanager
def slack_house(
    world: SlackWorld, database: Database, folder: Path, *, http: bool = False, **given: Any
) -> Iterator[SlackHouse]:
    """Started by Socket Mode, or with ``http`` by HTTP; ``given`` replaces what the settings would say."""
    with address_for(lambda: house.connection) as address:
        settings: dict[str, Any] = {
            "bot_token": world.teams[0].bot_token if world.teams else None,
            "app_token": None if http else world.app.app_token,
            "signing_secret": world.app.signing_secret if http else None,
            "base_url": world.api_url,
            "client_id": None,
            "client_secret": None,
            "staff_channel": STAFF,
            "address": address,
            **given,
        }
        house = SlackHouse(slack(database, folder, **settings), database, world, address)
        if http:
            world.deliver_by = Http(f"{address}{EVENTS_PATH}", world.app.signing_secret)
        house.connection.start()
        try:
            yield house
        finally:
            house.connection.stop()


def settled(is_so: Callable[[], bool], says: Callable[[], str], seconds: float = 60.0) -> None:
    """Look until it is so. What changes here has no bell to ring: rows, states, tables of another thread."""
    pause = threading.Event()
    for _ in range(int(seconds * 100)):
        if is_so():
            return
        pause.wait(0.01)
    raise AssertionError(says())


@contextmanager
def is_down(database: Database) -> Iterator[None]:
    """Meanwhile whatever is read or written goes to a server that is not there."""
    away = create_engine("postgresql+psycopg://nobody@127.0.0.1:9/none")
    there = database.writer, database.reader, database.glance
    database.writer = database.reader = database.glance = away
    try:
        yield
    finally:
        away.dispose()
        database.writer, database.reader, database.glance = there


@contextmanager
def address_for(connection: Callable[[], SlackConnection]) -> Iterator[str]:
    """A web server that hands the paths of Slack to ``connection``, as the product's does."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self._answer(connection().take_http(body, dict(self.headers), urlsplit(self.path).query))

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            pages = {INSTALL_PATH: connection().take_install, OAUTH_PATH: connection().take_oauth}
            self._answer(pages[parts.path](parts.query, dict(self.headers)))

        def _answer(self, answer: Answer) -> None:
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
