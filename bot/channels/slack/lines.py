"""Connections to Slack that stay open between calls: each call would else shake hands anew."""

from __future__ import annotations

import io
import select
import threading
import time
import weakref
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import Message
from http.client import HTTPConnection
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from bot.channels.slack.wire import Connection as PlainConnection
from bot.channels.slack.wire import is_loopback, secure_connection

IDLE = 20.0
"""Seconds after which a connection is not used again: sooner than any server between closes it."""
KEPT = 8


@dataclass(frozen=True)
class Said:
    """What a server answered: below 300."""

    status: int
    headers: Message
    body: bytes


class Lines:
    """Connections to the server of ``base_url``. Safe for many threads; closed when nobody has it any more.

    A connection that the server closed meanwhile is not used, so that what is sent on it is not in doubt.
    """

    def __init__(self, base_url: str) -> None:
        self._to = urlsplit(base_url)
        self._is_direct = _is_direct(base_url)
        self._idle: list[tuple[HTTPConnection, float]] = []
        self._lock = threading.Lock()
        weakref.finalize(self, _close, self._idle)

    def reach(self, url: str) -> bool:
        """Whether ``url`` is of this server, and no proxy stands before it."""
        to = urlsplit(url)
        return self._is_direct and (to.scheme, to.netloc) == (self._to.scheme, self._to.netloc)

    def post(self, url: str, body: bytes, headers: Mapping[str, str], timeout: float) -> Said:
        """Raises HTTPError for an answer that is none (a redirect, too), and URLError, OSError or HTTPException as
        ``urllib`` does: URLError of NotConnected where surely nothing was sent."""
        line, to = self._line(timeout), urlsplit(url)
        try:
            try:
                line.request("POST", to.path + (f"?{to.query}" if to.query else ""), body, dict(headers))
            except OSError as error:
                raise URLError(error) from error
            response = line.getresponse()
            said = Said(response.status, response.headers, response.read())
        except BaseException:
            line.close()
            raise
        self._keep(line, is_over=response.will_close)
        if said.status >= 300:
            raise HTTPError(url, said.status, response.reason, said.headers, io.BytesIO(said.body))
        return said

    def _line(self, timeout: float) -> HTTPConnection:
        """One that is open still, else a new one, which is connected when it is used."""
        while (line := self._kept()) is not None:
            if line.sock is not None and not _has_news(line):
                line.timeout = timeout
                line.sock.settimeout(timeout)
                return line
            line.close()
        if self._to.scheme == "https":
            return secure_connection(self._to.netloc, timeout)
        return PlainConnection(self._to.netloc, timeout=timeout)

    def _kept(self) -> HTTPConnection | None:
        """The one that was used last, unless it waited for too long: then all others did, too."""
        with self._lock:
            if not self._idle:
                return None
            line, since = self._idle.pop()
            if time.monotonic() - since <= IDLE:
                return line
            _close(self._idle)
        line.close()
        return None

    def _keep(self, line: HTTPConnection, *, is_over: bool) -> None:
        with self._lock:
            if not is_over and len(self._idle) < KEPT:
                self._idle.append((line, time.monotonic()))
                return
        line.close()


def _is_direct(base_url: str) -> bool:
    to = urlsplit(base_url)
    return is_loopback(base_url) or to.scheme not in getproxies() or bool(proxy_bypass(to.hostname or ""))


def _has_news(line: HTTPConnection) -> bool:
    """Whether something came that nobody asked for: an idle server says nothing but goodbye."""
    poll = select.poll()
    poll.register(line.sock, select.POLLIN)
    return bool(poll.poll(0))


def _close(idle: list[tuple[HTTPConnection, float]]) -> None:
    while idle:
        idle.pop()[0].close()
