"""How much one client may send: requests a minute by token, tries and new chats by where they come from, and bytes.

Where several processes serve one PostgreSQL they count sign-ins and new chats together: a password is guessed as well
through any of them, and a chat stays. Requests of a token are counted by each process for itself: the limit keeps one
client from taking all of a process, and to count them together would cost a transaction for every request.
"""

from __future__ import annotations

import hashlib
import math
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address, ip_network
from itertools import count
from typing import Protocol

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.http.problems import problem
from handoff.errors import TooManySignIns
from store import Database, rates, transaction

MEGABYTE = 1024 * 1024
FILE_BYTES = 20 * MEGABYTE
FILES_A_MESSAGE = 5
REQUESTS_A_MINUTE = 300
CHATS_A_MINUTE = 30
_MINUTE = 60.0
_SWEPT_EVERY = 1000


class Limit(Protocol):
    def wait(self, key: str) -> int:
        """Whole seconds that ``key`` must wait before it may go on; 0 counts this request as made."""
        ...


class RateLimit:
    """At most ``rate`` requests in ``per`` seconds for each key, evenly refilled (GCRA). Thread-safe, in process."""

    def __init__(
        self, rate: int = REQUESTS_A_MINUTE, per: float = _MINUTE, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._step, self._window, self._clock = per / rate, per, clock
        self._free_at: dict[str, float] = {}
        self._lock = threading.Lock()

    def wait(self, key: str) -> int:
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


class SharedLimit:
    """The same, counted together by all processes on one database. ``name`` tells one limit from another."""

    def __init__(self, database: Database, name: str, rate: int, per: float = _MINUTE) -> None:
        self._database, self._name = database, name
        self._rate, self._every = rate, timedelta(seconds=per / rate)
        self._counted = count(1)

    def wait(self, key: str) -> int:
        # An e-mail address or where somebody lives is nobody's business in this table.
        hidden = f"{self._name}:{hashlib.sha256(key.encode('utf8', 'replace')).hexdigest()}"
        with transaction(self._database) as session:
            now = rates.clock(session)
            until = rates.take(session, hidden, now, self._every, self._rate)
            if next(self._counted) % _SWEPT_EVERY == 0:
                rates.forget(session, now)
        return 0 if until is None else max(1, math.ceil((until - now).total_seconds()))


def limit_of(database: Database, name: str, rate: int) -> Limit:
    """At most ``rate`` a minute for each key: in this process on SQLite, which has one server, else in all together."""
    return RateLimit(rate) if database.is_sqlite else SharedLimit(database, name, rate)


class SharedSignIns:
    """``SignInPace`` for several processes."""

    def __init__(self, database: Database, name: str, limit: int) -> None:
        self._limit = SharedLimit(database, f"sign-in-{name}", limit)

    def check(self, key: str, now: datetime) -> None:
        """Count one try. Raises TooManySignIns when it is one too many."""
        if self._limit.wait(key.strip().casefold()):
            raise TooManySignIns


def source_of(host: str) -> str | None:
    """What is limited of the address that a request came from; of IPv6 the /64, for a single customer has all of one.

    None for this machine itself: that is a proxy that hides who asks, and everybody would be limited together. One that
    tells is believed where uvicorn is told to (``FORWARDED_ALLOW_IPS``), and then ``host`` is what it told.
    """
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return host or None
    address = getattr(address, "ipv4_mapped", None) or address
    if address.is_loopback:
        return None
    return str(ip_network((address, 64), strict=False)) if isinstance(address, IPv6Address) else str(address)


def body_limit(path: str) -> int:
    """Bytes that a request to ``path`` may have."""
    if path == "/api/v1/chat/messages":
        return FILES_A_MESSAGE * FILE_BYTES + MEGABYTE
    if path == "/api/v1/kb/publications":
        return FILE_BYTES + MEGABYTE
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
