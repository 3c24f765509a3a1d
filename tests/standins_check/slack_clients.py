"""What the checks of the Slack stand-in share: raw calls, refusals, pieces of Block Kit, apps made with the SDKs."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.socket_mode import SocketModeClient
from slack_sdk.socket_mode.aiohttp import SocketModeClient as AsyncSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.web.async_client import AsyncWebClient
from standins.slack.server import SlackWorld

BUTTON = {"type": "button", "text": {"type": "plain_text", "text": "Yes"}, "action_id": "press:1", "value": "token"}
MODAL = {
    "type": "modal",
    "title": {"type": "plain_text", "text": "New ticket"},
    "submit": {"type": "plain_text", "text": "Send"},
    "blocks": [
        {
            "type": "input",
            "block_id": "subject",
            "label": {"type": "plain_text", "text": "Subject"},
            "element": {"type": "plain_text_input", "action_id": "typed", "max_length": 100},
        }
    ],
}


def section(text: str, **more: Any) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}, **more}


def raw(world: SlackWorld, method: str, token: str | None = "xoxb-one", **arguments: Any) -> dict[str, Any]:
    """The method by JSON, without any SDK."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    answer = httpx.post(f"{world.api_url}{method}", json=arguments, headers=headers)
    assert answer.status_code == 200
    return dict(answer.json())


def refusal(run: Any, **arguments: Any) -> dict[str, Any]:
    with pytest.raises(SlackApiError) as told:
        run(**arguments)
    return dict(told.value.response.data)


Answer = Callable[[SocketModeRequest], dict[str, Any] | bool | None]


@dataclass
class Listening:
    """An app on a socket. ``seen``: what it was sent. ``answer``: what it acknowledges with (a payload or None), or
    False for no acknowledgement."""

    world: SlackWorld
    seen: list[SocketModeRequest] = field(default_factory=list)
    answer: Answer = lambda request: None

    def hear(self, request: SocketModeRequest) -> dict[str, Any] | None:
        """The acknowledgement, or None for none."""
        with self.world.moving():
            self.seen.append(request)
        said = self.answer(request)
        if said is False:
            return None
        return {"envelope_id": request.envelope_id, **({"payload": said} if said else {})}

    def types(self) -> list[str]:
        return [request.payload.get("event", request.payload).get("type", request.type) for request in self.seen]

    def wait_for(self, count: int, timeout: float = 60) -> list[SocketModeRequest]:
        self.world.wait_for(lambda: len(self.seen) >= count, timeout, lambda: f"only {self.types()} came")
        return self.seen


@contextmanager
def threads_app(world: SlackWorld) -> Iterator[Listening]:
    """The SDK's own socket client, which runs in threads."""
    app = Listening(world)
    web = WebClient(base_url=world.api_url)
    client = SocketModeClient(world.app.app_token, web_client=web, ping_interval=0.2, concurrency=2)

    def hear(_: Any, request: SocketModeRequest) -> None:
        reply = app.hear(request)
        if reply is not None:
            client.send_socket_mode_response(reply)

    client.socket_mode_request_listeners.append(hear)
    client.connect()
    try:
        world.sockets.wait_connected()
        yield app
    finally:
        # Closing waits for a read of up to 3 s; a connection that is cut has none.
        client.auto_reconnect_enabled = client.default_auto_reconnect_enabled = False
        world.sockets.abort()
        client.close()


@contextmanager
def loop_app(world: SlackWorld) -> Iterator[Listening]:
    """The SDK's socket client on aiohttp, in a loop of its own."""
    app = Listening(world)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    async def begin() -> AsyncSocketModeClient:
        web = AsyncWebClient(base_url=world.api_url)
        client = AsyncSocketModeClient(world.app.app_token, web_client=web, ping_interval=0.2)

        async def hear(_: Any, request: SocketModeRequest) -> None:
            reply = app.hear(request)
            if reply is not None:
                await client.send_socket_mode_response(reply)

        client.socket_mode_request_listeners.append(hear)
        await client.connect()
        return client

    async def end(client: AsyncSocketModeClient) -> None:
        await client.close()
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    client = asyncio.run_coroutine_threadsafe(begin(), loop).result(60)
    try:
        world.sockets.wait_connected()
        yield app
    finally:
        asyncio.run_coroutine_threadsafe(end(client), loop).result(60)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(60)
        loop.close()


@dataclass
class Received:
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Endpoint:
    """An app behind plain HTTP. ``statuses``: what it answers, one after the other, then 200."""

    url: str = ""
    received: list[Received] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    slow: threading.Event | None = None
    """While set, answers wait for it."""


@contextmanager
def endpoint() -> Iterator[Endpoint]:
    end = Endpoint()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            end.received.append(Received(self.path, dict(self.headers), body))
            status = end.statuses.pop(0) if end.statuses else 200
            if end.slow is not None:
                end.slow.wait(60)
            self.send_response(status)
            for name, value in end.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(end.body)))
            self.end_headers()
            self.wfile.write(end.body)

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        end.url = f"http://127.0.0.1:{server.server_address[1]}/slack/events"
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield end
        finally:
            server.shutdown()
            thread.join(60)
