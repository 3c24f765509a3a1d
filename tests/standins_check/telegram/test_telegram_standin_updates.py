"""How updates leave the Telegram stand-in: offsets, two pollers, webhooks, and the page to look at."""

from __future__ import annotations

import json
import socket
import threading
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from standins.telegram import TelegramWorld
from standins_check.telegram_clients import AIOGRAM, Client, refused

pytestmark = pytest.mark.long


def test_what_is_not_confirmed_comes_again(client: Client, world: TelegramWorld) -> None:
    ada = world.person("Ada")
    first, second = ada.says("one"), ada.says("two")
    assert [update.update_id for update in client("get_updates")] == [first.update_id, second.update_id]
    assert first.update_id is not None
    assert len(client("get_updates", offset=first.update_id)) == 2
    assert world.confirmed == []
    assert [update.message.text for update in client("get_updates", offset=first.update_id + 1)] == ["two"]
    assert world.confirmed == [first.update_id]
    assert len(client("get_updates", offset=second.update_id, limit=1)) == 1


def test_a_negative_offset_keeps_the_newest_and_one_far_ahead_blocks(client: Client, world: TelegramWorld) -> None:
    ada = world.person("Ada")
    last = [ada.says(str(n)) for n in range(3)][-1]
    assert [update.message.text for update in client("get_updates", offset=-1)] == ["2"]
    assert len(world.confirmed) == 2
    assert last.update_id is not None
    assert client("get_updates", offset=last.update_id + 1000) == ([] if client.name == AIOGRAM else ())
    assert len(world.pending) == 1


def test_a_waiting_poll_is_answered_when_something_comes(client: Client, world: TelegramWorld) -> None:
    ada = world.person("Ada")
    waiting = client.begin("get_updates", timeout=30)
    world.wait_for(lambda: world.updates.is_polled)
    ada.says("hello")
    assert [update.message.text for update in waiting.result(60)] == ["hello"]


def test_the_older_of_two_pollers_is_sent_away(client: Client, world: TelegramWorld) -> None:
    ada = world.person("Ada")
    older = client.begin("get_updates", timeout=30)
    world.wait_for(lambda: world.updates.is_polled)
    newer = client.begin("get_updates", timeout=30)
    with refused("terminated by other getUpdates request"):
        older.result(60)
    ada.says("hello")
    assert len(newer.result(60)) == 1


def test_a_poller_that_died_neither_conflicts_nor_takes_anything_with_it(client: Client, world: TelegramWorld) -> None:
    ada = world.person("Ada")
    with socket.create_connection(("127.0.0.1", world.port)) as dying:
        dying.sendall(f"GET /bot{world.token}/getUpdates?timeout=30 HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        world.wait_for(lambda: world.updates.is_polled)
    world.wait_for(lambda: not world.updates.is_polled)
    message = ada.says("anybody?")
    assert [update.update_id for update in client("get_updates")] == [message.update_id]
    assert "Conflict" not in {call.description.split(":")[0] for call in world.calls}


def test_rare_kinds_come_only_when_asked_for_and_the_wish_is_remembered(client: Client, world: TelegramWorld) -> None:
    ada = world.person("Ada")
    message = ada.says("hi")
    ada.reacts(message, "👍")
    assert len(client("get_updates")) == 1
    client("get_updates", allowed_updates=["message_reaction"])
    client("get_updates")
    ada.says("not wanted any more")
    ada.reacts(message, "🔥")
    kinds = [
        update.message_reaction is not None for update in client("get_updates", offset=world.pending[-1]["update_id"])
    ]
    assert kinds == [True]


def test_poison_and_repeated_updates_are_delivered_as_they_are(world: TelegramWorld) -> None:
    ada = world.person("Ada")
    message = ada.says("hi")
    assert message.update_id is not None
    world.inject_update({"message": {"message_id": "poison"}})
    world.inject_update({"business_message": {}}, update_id=5)
    world.redeliver(message.update_id)
    ids = [update["update_id"] for update in _get(world, "getUpdates")["result"]]
    assert ids == [message.update_id, message.update_id + 1, 5, message.update_id]


def test_edits_are_told_and_deletions_are_not(client: Client, world: TelegramWorld) -> None:
    ada = world.person("Ada")
    message = ada.says("helo")
    ada.edits(message, "hello")
    ada.deletes(message)
    told = client("get_updates")
    assert [update.edited_message.text for update in told if update.edited_message] == ["hello"]
    assert len(told) == 2
    assert message.edits == ["helo"]


def _get(world: TelegramWorld, method: str) -> Any:
    with urllib.request.urlopen(f"{world.base_url}/bot{world.token}/{method}", timeout=60) as answer:
        return json.load(answer)


# -- webhooks -----------------------------------------------------------------------------------------------------


class Listener(ThreadingHTTPServer):
    request_queue_size = 128


class Hook:
    """Where a webhook points to. ``answers``: the statuses it gives, in turn; then 200."""

    def __init__(self, answers: list[int]) -> None:
        self.got: list[tuple[dict[str, Any], str | None]] = []
        hook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                hook.got.append((body, self.headers["X-Telegram-Bot-Api-Secret-Token"]))
                self.send_response(answers.pop(0) if answers else 200)
                self.end_headers()

            def log_message(self, *words: Any) -> None:
                return

        self.server = Listener(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01})

    def __enter__(self) -> Hook:
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


def test_a_webhook_gets_the_secret_and_what_it_refused_again(client: Client, world: TelegramWorld) -> None:
    ada = world.person("Ada")
    with Hook([500, 503]) as hook:
        client("set_webhook", url=hook.url, secret_token="s3cret")
        message = ada.says("hello")
        world.wait_until_confirmed()
        assert [(update["update_id"], secret) for update, secret in hook.got] == [(message.update_id, "s3cret")] * 3
        assert world.webhook_posts == [(message.update_id, status) for status in (500, 503, 200)]
        info = client("get_webhook_info")
        assert (info.url, info.pending_update_count) == (hook.url, 0)
        assert "503" in info.last_error_message
        with refused("can't use getUpdates method while webhook is active"):
            client("get_updates")
        client("delete_webhook")
        ada.says("polled again")
        assert len(client("get_updates")) == 1


def test_setting_a_webhook_ends_a_waiting_poll(client: Client, world: TelegramWorld) -> None:
    waiting = client.begin("get_updates", timeout=30)
    world.wait_for(lambda: world.updates.is_polled)
    with Hook([]) as hook:
        client("set_webhook", url=hook.url)
        with refused("terminated by setWebhook request"):
            waiting.result(60)


def test_many_updates_reach_the_webhook_each_once(world: TelegramWorld) -> None:
    ada = world.person("Ada")
    said = [ada.says(str(n)) for n in range(60)]
    with Hook([]) as hook:
        _get(world, f"setWebhook?url={hook.url}&max_connections=8")
        world.wait_until_confirmed()
        assert sorted(update["update_id"] for update, _ in hook.got) == [message.update_id for message in said]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("url=http://bot.example/hook", "An HTTPS URL must be provided"),
        ("url=https://bot.example:8000/hook", "only on ports 80, 88, 443 or 8443"),
        ("url=https://127.0.0.1/hook", "is reserved"),
        ("url=https://bot.example/hook&secret_token=a.b", "secret token contains unallowed characters"),
    ],
)
def test_a_strict_world_checks_the_webhook_as_telegram_does(arguments: str, words: str) -> None:
    with TelegramWorld(allow_http_webhook=False) as world:
        with pytest.raises(urllib.error.HTTPError) as refused:
            _get(world, f"setWebhook?{arguments}")
        with refused.value as answer:
            assert words in json.load(answer)["description"]
        assert world.webhook.url == ""
        assert _get(world, "setWebhook?url=https://bot.example:8443/hook")["ok"]


def test_a_restart_keeps_port_and_updates(client: Client, world: TelegramWorld) -> None:
    ada = world.person("Ada")
    ada.says("before")
    port = world.port
    world.restart()
    assert world.port == port
    assert [update.message.text for update in client("get_updates")] == ["before"]


# -- the page -----------------------------------------------------------------------------------------------------


def test_the_page_draws_a_chat_and_escapes_what_people_write(client: Client, world: TelegramWorld) -> None:
    ada = world.person("Ada")
    ada.says("is <b> bold?")
    keyboard = {"inline_keyboard": [[{"text": "👍", "callback_data": "up"}]]}
    client("send_message", chat_id=ada.id, text="<b>Yes</b> &lt;b&gt;", parse_mode="HTML", reply_markup=keyboard)
    with urllib.request.urlopen(f"{world.base_url}/view/{ada.id}?theme=dark") as page:
        drawn = page.read().decode()
    assert "is &lt;b&gt; bold?" in drawn
    assert "<b>Yes</b> &lt;b&gt;" in drawn
    assert 'aria-label="👍"' in drawn
    assert "drawn by the stand-in" in drawn
