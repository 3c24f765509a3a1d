"""The log tells what happened to what, and nothing that anybody wrote or must keep secret."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import structlog
from http_house import House, running
from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError
from sqlmodel import select

from api.channels import connections_of
from api.logging import _Printer, configure
from api.redaction import chain_of
from bot import inbox
from bot.channels.slack.http import sign
from bot.models import InboxRow, InboxState
from bot.sending import send_due
from bot.turns import handle
from handoff import deliveries
from handoff.models import DeliveryState, Scope
from store import Database, reading, transaction
from store.models import Setting

WORDS = "zugzwang"
"""Every text that anybody says here has this word."""
TELEGRAM_TOKEN = "4711000:AAcanary-telegram-token-of-35-chars0"
SLACK_TOKEN = "xoxb-17-canary-slack-token"
SIGNING = "canary-signing-secret"
SECRETS = (TELEGRAM_TOKEN, SLACK_TOKEN, SIGNING)
Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def lines(capfd: pytest.CaptureFixture[str]) -> Iterator[Lines]:
    """Everything that is logged, as a server of this product would print it; each line must be JSON."""
    kept = logging.getLogger().handlers[:], logging.getLogger().level, threading.excepthook, logging.raiseExceptions
    printed: list[str] = []

    def read() -> list[dict[str, Any]]:
        # Pytest empties what it has read: a line that is written between the two would be torn.
        with _Printer._lock:
            printed.extend(capfd.readouterr().err.splitlines())
        return [json.loads(line) for line in printed]

    configure("DEBUG", SECRETS)
    yield read
    structlog.reset_defaults()
    root = logging.getLogger()
    root.handlers, threading.excepthook, logging.raiseExceptions = kept[0], kept[2], kept[3]
    root.setLevel(kept[1])


@pytest.fixture
def house(sqlite_template: Path, tmp_path: Path, lines: Lines) -> Iterator[House]:
    with echoing() as address:
        settings = {"telegram_token": TELEGRAM_TOKEN, "telegram_base_url": address, "telegram_mode": "webhook"}
        settings |= {"telegram_webhook_secret": "canary-webhook-secret", "slack_bot_token": SLACK_TOKEN}
        settings |= {"slack_signing_secret": SIGNING, "slack_base_url": f"{address}/api/"}
        with running(tmp_path / "house", sqlite_template, **settings) as found:
            configure("DEBUG", found.product.settings.secrets)
            found.product.connections.update(
                connections_of(found.product.settings, found.product.database, found.address, "test")
            )
            yield found


@contextmanager
def echoing() -> Iterator[str]:
    """A platform in trouble: it says who the bot is, and answers all else by an error that repeats what came."""
    known = {
        "getMe": {"ok": True, "result": {"id": 4711000, "is_bot": True, "first_name": "F", "username": "f_bot"}},
        "auth.test": {"ok": True, "team_id": "T1", "user_id": "U9", "bot_id": "B9", "user": "f", "team": "T"},
    }

    class Echo(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            answer = known.get(self.path.rsplit("/", 1)[-1])
            echo = f"{self.path} {self.headers} {body.decode('utf8', 'replace')}"
            said = (json.dumps(answer) if answer else echo).encode()
            self.send_response(200 if answer else 500)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        do_GET = do_POST

        def log_message(self, format: str, *args: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join()


def holds_back(printed: list[dict[str, Any]], *more: str) -> None:
    """Nothing that must not be there is there."""
    text = json.dumps(printed, ensure_ascii=False)
    for secret in (WORDS, "canary", *SECRETS, *more):
        assert secret not in text, next(line for line in printed if secret in json.dumps(line, ensure_ascii=False))


def events(printed: list[dict[str, Any]]) -> set[str]:
    return {line["event"] for line in printed}


def until(lines: Lines, is_there: Callable[[list[dict[str, Any]]], bool]) -> list[dict[str, Any]]:
    """What was logged, once what is waited for is there."""
    end = time.monotonic() + 60
    while not is_there(printed := lines()):
        assert time.monotonic() < end, printed
        time.sleep(0.02)
    return printed


def work(house: House, channel: str) -> None:
    """Let everything that came by ``channel`` be tried once, and everything that is to be said there."""
    database, found = house.product.database, house.product.connections[channel].channel
    with transaction(database) as session:
        rows = inbox.claim_some(session, "test", datetime.now(UTC), 10, channels=(channel,))
    for row in rows:
        handle(database, house.product.live, found, row, "test", datetime.now(UTC))
    send_due(database, {channel: found}, "test", datetime.now(UTC))


def test_a_day_of_chat_and_desk_leaves_ids_and_no_words(house: House, lines: Lines) -> None:
    customer = house.visitor()
    for said in (f"{WORDS} password", f"{WORDS} person"):
        customer.says(said)
        number = customer.hears(count=1 if "password" in said else 2)[-1]["ticket"]
    agent = house.token(Scope.AGENT)
    for deed in ("claim", "notes", "replies", "resolve"):
        address, body = f"/api/v1/tickets/{number}/{deed}", {"text": f"{WORDS} {deed}"}
        assert house.client.post(address, json=body, headers=agent).status_code < 300
    house.client.post("/api/v1/ask", json={"text": f"{WORDS} password"}, headers=agent)
    house.client.post("/api/v1/ask", content=f'{{"text": "{WORDS}', headers=agent)
    house.client.get(f"/console?q={WORDS}")
    house.client.get(f"/console/welcome/{WORDS}")
    printed = lines()
    holds_back(printed, customer.token, agent["Authorization"].removeprefix("Bearer "))
    routes = {line["route"] for line in printed if line["event"] == "request"}
    assert {"/api/v1/chat/messages", "/api/v1/tickets/{number}/replies", "/console/welcome/{token}"} <= routes


def test_what_fails_is_told_by_its_type_and_place(house: House, lines: Lines, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ValueError(f"cannot make sense of {WORDS}")

    monkeypatch.setattr("bot.turns.record", broken)
    monkeypatch.setattr("api.http.tickets.views.ticket_list", broken)
    customer = house.visitor()
    customer.says(f"{WORDS} password")
    answer = house.client.get("/api/v1/tickets", headers=house.token(Scope.READ))
    assert answer.status_code == 500
    printed = until(lines, lambda printed: "turn failed" in events(printed))
    holds_back(printed)
    (turn, *_), (request, *_) = (
        [line for line in printed if line["event"] == event] for event in ("turn failed", "request failed")
    )
    assert turn["error"] == "ValueError"
    assert turn["inbox_id"] == 1
    assert turn["release_id"] == 1
    assert turn["exception"][0].startswith("ValueError at tests/api/test_logs.py:")
    assert request["request_id"] == answer.headers["X-Request-ID"]


def test_platforms_in_trouble_are_no_way_out_either(house: House, lines: Lines) -> None:
    telegram, slack = house.product.connections["telegram"], house.product.connections["slack"]
    for connection in (telegram, slack):
        connection.start()
    until(lines, lambda printed: {"telegram bot found", "slack"} <= events(printed))
    secret = {"X-Telegram-Bot-Api-Secret-Token": "canary-webhook-secret"}
    for update in (telegram_says(1), {"update_id": 2, "message": {"text": WORDS}}, {"update_id": 3, WORDS: WORDS}):
        house.client.post("/channels/telegram/webhook", json=update, headers=secret)
    for payload in (slack_says("Ev1"), {"type": "event_callback", "event_id": "Ev2", "event": {"text": WORDS}}):
        post_as_slack(house, payload)
    post_as_slack(house, {"type": WORDS, "text": WORDS})
    for channel in ("telegram", "slack"):
        work(house, channel)
    for connection in (telegram, slack):
        connection.stop()
    printed = lines()
    holds_back(printed)
    assert {"telegram in trouble", "slack", "not readable"} <= events(printed), events(printed)
    with reading(house.product.database) as session:
        states = deliveries.figures(session, datetime.now(UTC)).depths
        found = session.exec(select(InboxRow.channel, InboxRow.state)).all()
    # An answer that does not get out, a customer whose profile cannot be asked for, and what nobody can read.
    assert set(found) >= {("telegram", InboxState.DONE), ("slack", InboxState.NEW), ("slack", InboxState.PARKED)}
    assert states[DeliveryState.READY] >= 1


def telegram_says(number: int) -> dict[str, Any]:
    ada = {"id": 42, "is_bot": False, "first_name": WORDS}
    chat = {"id": 42, "type": "private", "first_name": WORDS}
    said = {"message_id": number, "date": 1_700_000_000, "chat": chat, "from": ada, "text": f"{WORDS} person"}
    return {"update_id": number, "message": said}


def slack_says(event_id: str) -> dict[str, Any]:
    event = {"type": "message", "channel": "D1", "channel_type": "im", "user": "U1", "ts": "1.1", "text": WORDS}
    about = {"type": "event_callback", "team_id": "T1", "event_id": event_id, "api_app_id": "A1"}
    return {**about, "event": event, "authorizations": [{"team_id": "T1", "user_id": "U9", "is_bot": True}]}


def post_as_slack(house: House, payload: dict[str, Any]) -> None:
    body, stamp = json.dumps(payload).encode(), str(int(time.time()))
    signed = {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": sign(SIGNING.encode(), stamp, body)}
    house.client.post("/channels/slack/events", content=body, headers={**signed, "Content-Type": "application/json"})


def test_libraries_say_only_what_their_authors_wrote(lines: Lines) -> None:
    library = logging.getLogger("slack_sdk.socket_mode")
    library.error(f"Failed to send a message: {WORDS}")
    library.warning("on_message invoked: (%s)", WORDS)
    library.error(ValueError(WORDS))
    logging.getLogger("httpx").info("HTTP Request: POST https://api.telegram.org/bot%s/sendMessage", TELEGRAM_TOKEN)
    try:
        raise ValueError(WORDS) from KeyError(WORDS)
    except ValueError:
        logging.getLogger("asyncio").exception(f"Task exception was never retrieved\nfuture: <{WORDS}>")
    thread = threading.Thread(target=lambda: int(WORDS), name="t")
    thread.start()
    thread.join()
    printed = lines()
    holds_back(printed)
    assert [line["event"] for line in printed] == [
        "Failed to send a message",
        "on_message invoked: (%s)",
        "ValueError",
        "Task exception was never retrieved",
        "a thread ended",
    ]
    assert printed[0]["logger"] == "slack_sdk.socket_mode"
    assert [one.split(" at ")[0] for one in printed[3]["exception"]] == ["ValueError", "KeyError"]


def test_what_fails_deep_in_a_library_names_our_lines_that_led_there(sqlite_database: Database) -> None:
    with transaction(sqlite_database) as session:
        row = insert(Setting).values(name="twice", value={})
        session.execute(row)
        with pytest.raises(IntegrityError) as caught:
            session.execute(row)
    told = chain_of(caught.value)[0]
    assert told.startswith("IntegrityError (SQLITE_CONSTRAINT_PRIMARYKEY) at sqlalchemy/engine/default.py:")
    *_, last = told.split(" < ")
    assert last.startswith("tests/api/test_logs.py:")
    assert last.endswith(" in test_what_fails_deep_in_a_library_names_our_lines_that_led_there")


@pytest.mark.parametrize(
    "said",
    [
        f"https://api.telegram.org/bot{TELEGRAM_TOKEN}/sendMessage",
        "https://api.telegram.org/file/bot123:ABC/photos/1.jpg",
        "xoxb-1-2-abc and xoxe.xoxp-1-abc and xapp-1-A-2-abc",
        "Authorization: Bearer abc.def-ghi",
        "postgresql+psycopg://firstline:abc-password@db/firstline",
        "sk-abcdefgh12345 fl_abcdefghijklmnopqrstuvwxyz",
        f"signed with {SIGNING}",
    ],
)
def test_whatever_looks_like_a_secret_is_blotted_out_wherever_it_stands(lines: Lines, said: str) -> None:
    structlog.get_logger().info("odd", where=said, deep={"list": [said, (said,)]})
    (line,) = lines()
    text = json.dumps(line)
    assert "***" in text
    for part in ("abc", "ABC", TELEGRAM_TOKEN, SIGNING):
        assert part not in text


def test_a_request_keeps_the_id_that_a_proxy_gave_it(house: House, lines: Lines) -> None:
    given = house.client.get("/healthz", headers={"X-Request-ID": "proxy-0001.a"})
    odd = house.client.get("/healthz", headers={"X-Request-ID": "a b\tc<script>"})
    assert given.headers["X-Request-ID"] == "proxy-0001.a"
    assert odd.headers["X-Request-ID"] != "a b\tc<script>"
    printed = until(lines, lambda printed: any(line.get("request_id") == "proxy-0001.a" for line in printed))
    assert [line["route"] for line in printed if line.get("request_id") == "proxy-0001.a"] == ["/healthz"]


def test_requests_are_lines_at_debug_alone(capfd: pytest.CaptureFixture[str], lines: Lines) -> None:
    configure("INFO")
    structlog.get_logger().debug("request", route="/healthz")
    structlog.get_logger().info("release live")
    assert [line["event"] for line in lines()] == ["release live"]
