"""Updates by webhook: who may post, what is answered, and that 200 means kept."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from standins.telegram import TelegramWorld, faults

from bot.channels.base import State, Status
from bot.channels.telegram.connection import TelegramConnection
from bot.models import InboxRow
from store import Database

Connects = Callable[..., AbstractContextManager[TelegramConnection]]
Becomes = Callable[..., State]
Rows = Callable[[Database], list[InboxRow]]
Breaks = Callable[[Database], AbstractContextManager[None]]
NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
SECRET = "a-secret_of_our_own"
HELLO = json.dumps({"update_id": 5, "message": {"message_id": 1, "chat": {"id": 42, "type": "private"}}}).encode()


@pytest.fixture
def connection(connects: Connects, becomes: Becomes, sqlite_database: Database) -> Iterator[TelegramConnection]:
    with connects(sqlite_database, mode="webhook") as connection:
        becomes(connection, Status.CONNECTED)
        yield connection


@pytest.mark.parametrize("secret", [None, "", "a-secret_of_our_ow", "\u00e9\udcff", SECRET.upper()])
def test_without_the_secret_nothing_is_taken(
    connection: TelegramConnection, rows: Rows, sqlite_database: Database, secret: str | None
) -> None:
    assert connection.take_webhook(HELLO, secret, NOW) == 401
    assert rows(sqlite_database) == []


def test_an_update_is_kept_once_however_often_it_is_posted(
    connection: TelegramConnection, rows: Rows, sqlite_database: Database
) -> None:
    assert [connection.take_webhook(HELLO, SECRET, NOW) for _ in range(3)] == [200, 200, 200]
    (row,) = rows(sqlite_database)
    assert (row.channel, row.thread_key) == ("telegram", "42")


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[]", b"5", b"{}", b'{"update_id": "5"}', b"[" * 100_000])
def test_what_is_no_update_is_refused(connection: TelegramConnection, body: bytes) -> None:
    assert connection.take_webhook(body, SECRET, NOW) == 400


def test_a_process_that_only_takes_things_in_keeps_what_is_posted_and_calls_for_nothing(
    world: TelegramWorld, connects: Connects, becomes: Becomes, rows: Rows, database: Database
) -> None:
    with connects(database, mode="webhook", owner="api", is_worker=False) as api:
        becomes(api, Status.CONNECTED)
        assert api.take_webhook(HELLO, SECRET, NOW) == 200
        assert not api.channel.is_open
        with connects(database, mode="webhook", owner="worker") as worker:
            becomes(worker, Status.CONNECTED)
            assert api.take_webhook(HELLO, SECRET, NOW) == 200
            assert worker.channel.is_open
    assert len(rows(database)) == 1
    assert len(world.calls_of("setWebhook")) == 1
    assert world.calls_of("getUpdates") == []


def test_while_the_database_is_down_telegram_keeps_the_update(
    connection: TelegramConnection, rows: Rows, breaks: Breaks, sqlite_database: Database
) -> None:
    with breaks(sqlite_database):
        assert connection.take_webhook(HELLO, SECRET, NOW) == 503
    assert connection.take_webhook(HELLO, SECRET, NOW) == 200
    assert len(rows(sqlite_database)) == 1


def test_before_the_bot_is_known_telegram_keeps_the_update(
    world: TelegramWorld, connects: Connects, sqlite_database: Database
) -> None:
    with world.hold("getMe"), connects(sqlite_database, mode="webhook") as connection:
        assert connection.take_webhook(HELLO, SECRET, NOW) == 503
        world.holds[0].release()


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=st.binary(max_size=60) | st.dictionaries(st.sampled_from(["update_id", "message", "x"]), st.integers()))
def test_whatever_is_posted_is_kept_or_refused(connection: TelegramConnection, body: Any) -> None:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    assert connection.take_webhook(raw, SECRET, NOW) in (200, 400)


def test_telegram_is_told_the_address_the_secret_and_what_we_read(
    world: TelegramWorld, connection: TelegramConnection
) -> None:
    assert world.webhook.url == "http://127.0.0.1:1/channels/telegram/webhook"
    assert world.webhook.secret_token == SECRET
    asked = world.calls_of("setWebhook")[-1].args
    assert asked["allowed_updates"] == ["message", "edited_message", "callback_query", "my_chat_member"]


def test_without_a_secret_of_ones_own_there_is_still_one(
    world: TelegramWorld, connects: Connects, becomes: Becomes, sqlite_database: Database
) -> None:
    with connects(sqlite_database, mode="webhook", webhook_secret=None) as connection:
        becomes(connection, Status.CONNECTED)
        assert connection.take_webhook(HELLO, None, NOW) == 401
        assert connection.take_webhook(HELLO, "", NOW) == 401
        assert connection.take_webhook(HELLO, world.webhook.secret_token, NOW) == 200


def test_an_address_that_telegram_does_not_take_is_a_warning(
    world: TelegramWorld, connects: Connects, becomes: Becomes, sqlite_database: Database
) -> None:
    refusal = faults.Refuse(400, "Bad Request: bad webhook: An HTTPS URL must be provided for webhook")
    world.fault("setWebhook", refusal)
    with connects(sqlite_database, mode="webhook") as connection:
        state = becomes(connection, Status.CONNECTED, "https")
        assert "FIRSTLINE_PUBLIC_URL" in state.reason
        assert connection.channel.is_open


def test_an_address_that_telegram_does_not_reach_is_told_with_what_waits_there(
    world: TelegramWorld, connects: Connects, becomes: Becomes, sqlite_database: Database
) -> None:
    ahead = [timedelta()]
    with connects(sqlite_database, mode="webhook", now=lambda: datetime.now(UTC) + ahead[0]) as connection:
        state = becomes(connection, Status.CONNECTED)
        assert (state.reason, state.waiting, state.warns) == ("", 0, False)
        world.person("Ada").says("is anybody there?")
        state = becomes(connection, Status.CONNECTED, "could not deliver to http://127.0.0.1:1/")
        assert state.warns
        # Telegram leaves more and more time between its tries.
        ahead[0] = timedelta(minutes=10)
        state = becomes(connection, Status.CONNECTED, "keeps 1 of what customers wrote")
        assert "could not deliver" in state.reason
        assert state.waiting == 1


def test_what_is_posted_arrives_also_when_the_first_try_failed(
    world: TelegramWorld, connects: Connects, becomes: Becomes, rows: Rows, breaks: Breaks, sqlite_database: Database
) -> None:
    with posting() as server:
        address = f"http://127.0.0.1:{server.server_port}"
        with connects(sqlite_database, mode="webhook", address=address) as connection:
            server.connection = connection  # type: ignore[attr-defined]
            becomes(connection, Status.CONNECTED)
            ada = world.person("Ada")
            with breaks(sqlite_database):
                ada.says("one")
                world.wait_for(lambda: (world.webhook_posts or [(0, 0)])[0][1] == 503, what="a first try that failed")
            ada.says("two")
            world.wait_until_confirmed()
    texts = [json.loads(row.payload)["update"]["message"]["text"] for row in rows(sqlite_database)]
    assert texts == ["one", "two"]


@contextmanager
def posting() -> Iterator[ThreadingHTTPServer]:
    """What the product's HTTP server does with a post."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            secret = self.headers.get("X-Telegram-Bot-Api-Secret-Token")
            connection: TelegramConnection = self.server.connection  # type: ignore[attr-defined]
            self.send_response(connection.take_webhook(body, secret, datetime.now(UTC)))
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
