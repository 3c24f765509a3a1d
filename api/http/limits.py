"""How much one client may send: requests a minute by token, and bytes a request by address."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.http.problems import problem

MEGABYTE = 1024 * 1024
FILE_BYTES = 20 * MEGABYTE
FILES_A_MESSAGE = 5
REQUESTS_A_MINUTE = 300


class RateLimit:
    """At most ``rate`` requests in ``per`` seconds for each key, evenly refilled (GCRA). Thread-safe, in process."""

    def __init__(
        self, rate: int = REQUESTS_A_MINUTE, per: float = 60.0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._step, self._window, self._clock = per / rate, per, clock
        self._free_at: dict[str, float] = {}
        self._lock = threading.Lock()

    def wait(self, key: str) -> int:
        """Whole seconds that ``key`` must wait before it may go on; 0 counts this request as made."""
        now = self._clock()
        with self._lock:
            free_at = max(self._free_at.get(key, now), now)
            if free_at + self._step - now > self._window + 1e-9:
                return math.ceil(free_at + self._step - now - self._window)
            self._forget(now)
            self._free_at[key] = free_at + self._step
        return 0

    def _forget(self, now: float) -> None:
        """Keys that have waited out their time weigh nothing: drop them before they add up."""
        if len(self._free_at) >= 10_000:
            self._free_at = {key: free_at for key, free_at in self._free_at.items() if free_at > now}


def body_limit(path: str) -> int:
    """Bytes that a request to ``path`` may have."""
    if path == "/api/v1/chat/messages":
        return FILES_A_MESSAGE * FILE_BYTES + MEGABYTE
    if path.startswith("/api/"):
        return 2 * MEGABYTE
    # The console's forms may carry one agent's files; webhooks are small but the platforms decide how small.
    return FILES_A_MESSAGE * FILE_BYTES + MEGABYTE if path.startswith("/console") else 5 * MEGABYTE


class _BodyTooLarge(Exception):
    pass


class BodyCap:
    """Refuses a body above its address's limit with a 413 problem, whether or not it announced its length."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        limit, taken, is_started = body_limit(scope["path"]), 0, False

        async def capped() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > limit:
                raise _BodyTooLarge
            return message

        async def unless_refused(message: Message) -> None:
            # Whoever reads the body may turn our exception into an answer of its own: ours is the right one.
            nonlocal is_started
            if taken <= limit or is_started:
                is_started = True
                await send(message)

        if _announced(scope) > limit:
            await _refuse(limit, scope, receive, send)
            return
        try:
            await self.app(scope, capped, unless_refused)
        except _BodyTooLarge:
            if is_started:
                raise
        if taken > limit and not is_started:
            await _refuse(limit, scope, receive, send)


def _announced(scope: Scope) -> int:
    length = Headers(scope=scope).get("content-length", "")
    return int(length) if length.isdecimal() else 0


async def _refuse(limit: int, scope: Scope, receive: Receive, send: Send) -> None:
    """Read a little on before answering: a client that is still sending would not hear us."""
    left = 2 * limit
    while left > 0:
        message = await receive()
        left -= len(message.get("body", b""))
        if message["type"] != "http.request" or not message.get("more_body"):
            break
    words = f"The request is larger than {limit // MEGABYTE} MB, the most that this address takes."
    await problem(413, words, {"Connection": "close"})(scope, receive, send)
