"""Socket Mode: a connection that we open to Slack, through which events come. No public address is needed.

The SDK's client speaks the protocol. Whether the line is alive is judged here, in one thread: it rebuilds the client
when the line is down, or has been silent for too long though it looks well.
"""

from __future__ import annotations

import json
import select
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import structlog
from slack_bolt import BoltResponse
from slack_bolt.adapter.socket_mode.internals import send_response
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientNotConnectedError
from slack_sdk.socket_mode.builtin import SocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest

from bot.channels.base import State, Status
from bot.channels.slack.intake import quiet_logger
from bot.channels.slack.refusals import LOST, answer_of

log = structlog.get_logger()
REFUSED = {
    "account_inactive": "it belongs to an app that is gone",
    "invalid_auth": "Slack does not know it",
    "missing_scope": "it lacks the scope connections:write",
    "no_permission": "it may not open connections",
    "not_allowed_token_type": "it is not an app-level token, which begins with xapp-",
    "not_authed": "Slack does not know it",
    "token_expired": "it has expired",
    "token_revoked": "it was revoked",
}
"""Why Slack does not take an app-level token, by its code. Most often nothing but another token helps."""
GREETING = 3.0
"""Seconds for the greeting that begins a connection."""
FINISHING = 2.0
"""Seconds for what is under way when a line is closed."""
_FIRST_PAUSE = 1.0
# Linux alone tells when the other side will send no more; elsewhere it shows when both sides are done.
_ENDED = select.POLLHUP | getattr(select, "POLLRDHUP", 0)
_LONGEST_PAUSE = 30.0


@dataclass(frozen=True)
class Patience:
    """How long is waited for what. ``silence``: without any sign of life a line is dead."""

    silence: timedelta = timedelta(seconds=30)
    ping: timedelta = timedelta(seconds=5)
    look: timedelta = timedelta(milliseconds=250)
    """How often it is looked after; a line that is down for two looks is rebuilt."""
    between: float = 1.2
    """Seconds between two calls that look back at what was missed: Slack takes 50 a minute."""
    refused: float = 60.0
    """Seconds until a token that Slack refused is tried again, and until it is seen whether others are to be."""
    signs: float = 10.0
    """Seconds between two signs of life for the other processes."""


class SocketMode:
    """Keeps the line to Slack open. ``take`` deals with a payload; ``report`` hears how the line is; ``on_again``
    is called before something is taken that Slack brings for another time."""

    def __init__(
        self,
        app_token: str,
        web: WebClient,
        take: Callable[[dict[str, Any]], BoltResponse],
        report: Callable[[State], None],
        patience: Patience,
        on_again: Callable[[], None],
    ) -> None:
        self._app_token = app_token
        self._on_again = on_again
        self._web = web
        self._take = take
        self._report = report
        self._patience = patience
        self._stopping = threading.Event()
        self._look = threading.Event()
        self._thread = threading.Thread(target=self._run, name="slack-socket", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self, timeout: float = 5.0) -> None:
        """Acknowledge nothing more, and return within ``timeout`` seconds."""
        self._stopping.set()
        self._look.set()
        if self._thread.is_alive():
            self._thread.join(timeout)

    def _run(self) -> None:
        pause = 0.0
        while not self._stopping.is_set():
            line = Line(self._app_token, self._web, self._handle, self._look.set, self._patience)
            try:
                line.connect()
                if self._watch(line):
                    pause = 0.0
                if not line.is_leaving:
                    self._say_trouble("The connection to Slack is interrupted; it is being restored.")
            except SlackApiError as error:
                answer = answer_of(error)
                if why := REFUSED.get(answer.code):
                    self._report(State(Status.OFF, f"Slack refuses FIRSTLINE_SLACK_APP_TOKEN: {why}. Set another one."))
                    # An admin may bring it back to life, and Slack may have been mistaken.
                    pause = self._patience.refused
                else:
                    pause = max(pause, answer.retry_after) if answer.is_limit else pause
                    self._say_trouble(f"Slack opens no connection ({answer.code or answer.status}); it is tried again.")
            except LOST as error:
                self._say_trouble(f"Slack cannot be reached ({type(error).__name__}); it is tried again.")
            finally:
                line.close()
            self._stopping.wait(pause)
            pause = min(max(pause * 2, _FIRST_PAUSE), _LONGEST_PAUSE)

    def _watch(self, line: Line) -> bool:
        """Look after the line until it is dead, or Slack wants another, or we stop. Whether it ever was open."""
        was_open, looks_down = False, 0
        while not self._stopping.is_set() and not line.is_leaving and looks_down < 2:
            self._look.wait(self._patience.look.total_seconds())
            self._look.clear()
            looks_down = looks_down + 1 if line.is_down() else 0
            if line.is_silent():
                log.warning("slack socket silent")
                break
            if line.is_open() and not was_open:
                was_open = True
                self._report(State(Status.CONNECTED))
        return was_open

    def _handle(self, client: SocketModeClient, request: SocketModeRequest) -> None:
        """Deal with one envelope. Slack brings again what is not acknowledged."""
        if self._stopping.is_set():
            return
        if request.retry_attempt:
            self._on_again()
        response = self._take(request.payload)
        if response.status != 200:
            log.warning("slack envelope not acknowledged", status=response.status)
            return
        try:
            send_response(client, request, response, time.time())
        except (SlackClientNotConnectedError, AttributeError) as error:
            log.warning("slack acknowledgement lost", error=type(error).__name__)

    def _say_trouble(self, sentence: str) -> None:
        if not self._stopping.is_set():
            self._report(State(Status.TROUBLE, sentence))


class Line:
    """One client of the SDK, and when it was last heard of."""

    def __init__(
        self,
        app_token: str,
        web: WebClient,
        handle: Callable[[SocketModeClient, SocketModeRequest], None],
        on_change: Callable[[], None],
        patience: Patience,
    ) -> None:
        self.is_greeted = False
        self.is_leaving = False
        """Slack asked us to use another connection from now on."""
        self._on_change = on_change
        self._silence = patience.silence.total_seconds()
        self._connected_at = self._heard_at = time.monotonic()
        self._pong: float | None = None
        self._client = _Client(
            self._leave,
            app_token=app_token,
            web_client=web,
            logger=quiet_logger(),
            auto_reconnect_enabled=False,
            ping_interval=patience.ping.total_seconds(),
            # One at a time, so that the inbox has events in the order in which they came.
            concurrency=1,
            on_message_listeners=[self._heard],
            on_error_listeners=[lambda _error: on_change()],
            on_close_listeners=[lambda _code, _reason: on_change()],
        )
        # As the Web API goes: the SDK would ask the environment's proxy even for this machine's own addresses.
        self._client.proxy = web.proxy
        self._client.socket_mode_request_listeners.append(handle)  # type: ignore[arg-type]

    def connect(self) -> None:
        """Raises SlackApiError or what LOST names. A connection that does not come about shows in ``is_down``."""
        self._client.connect()
        self._connected_at = self._heard_at = time.monotonic()

    def close(self) -> None:
        """In a thread of its own: the SDK waits for its own threads, which may hang in a dead socket."""
        threading.Thread(target=_close, args=(self._client,), name="slack-socket-close", daemon=True).start()

    def is_down(self) -> bool:
        session = self._client.current_session
        return not self._client.is_connected() or (session is not None and _is_cut(session.sock))

    def is_open(self) -> bool:
        """Whether Slack greeted us; or at least answers pings on a connection that nobody closed."""
        waited = time.monotonic() - self._connected_at > GREETING
        return self.is_greeted or (waited and self._pong is not None)

    def is_silent(self) -> bool:
        """Whether nothing came for too long: no event, no greeting, no answer to a ping."""
        session = self._client.current_session
        pong = session.last_ping_pong_time if session else None
        if pong is not None and pong != self._pong:
            self._pong, self._heard_at = pong, time.monotonic()
        return time.monotonic() - self._heard_at > self._silence

    def _leave(self) -> None:
        self.is_leaving = True
        self._on_change()

    def _heard(self, message: str) -> None:
        self._heard_at = time.monotonic()
        if not self.is_greeted and '"hello"' in message and json.loads(message).get("type") == "hello":
            self.is_greeted = True
            self._on_change()


class _Client(SocketModeClient):
    """The SDK's client, which never connects by itself: closed meanwhile, it would leave a connection behind that
    Slack sends events to and nobody reads."""

    def __init__(self, on_leave: Callable[[], None], **arguments: Any) -> None:
        super().__init__(**arguments)
        self._on_leave = on_leave

    def issue_new_wss_url(self) -> str:
        """The SDK's own would sleep in memory when Slack asks for a pause."""
        return str(self.web_client.apps_connections_open(app_token=self.app_token)["url"])

    def connect_to_new_endpoint(self, force: bool = False) -> None:
        """Called when Slack says "disconnect"."""
        self._on_leave()


def _is_cut(sock: socket.socket | None) -> bool:
    """Whether the other side ended the connection. The SDK reads on from it, and only its pings tell, much later.

    Only asked of the system, never read: what may still come is the SDK's reader's.
    """
    descriptor = sock.fileno() if sock is not None else -1
    if descriptor < 0:
        return False
    poll = select.poll()
    poll.register(descriptor, _ENDED)
    return any(event & (_ENDED | select.POLLERR) for _, event in poll.poll(0))


def _close(client: SocketModeClient) -> None:
    """Close it for good, once what came over it is dealt with and acknowledged."""
    with suppress(RuntimeError, TimeoutError):
        client.message_workers.submit(int).result(FINISHING)
    # Twice: the SDK trips when its own reader closes the same socket at the same moment.
    for _ in range(2):
        try:
            return client.close()
        except (AttributeError, OSError) as error:
            log.info("slack socket closed twice", error=type(error).__name__)
