"""HTTP connections to a platform that stay open between calls: each call would else shake hands anew.

A call is made in the thread that asks for it.
"""

from __future__ import annotations

import io
import ipaddress
import select
import socket
import ssl
import threading
import time
import weakref
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from email.message import Message
from functools import cache
from http.client import HTTPConnection, HTTPSConnection
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

IDLE = 20.0
"""Seconds after which a connection is not used again: sooner than any server between closes it."""
KEPT = 8


class NotConnected(OSError):
    """No connection came about, so nothing was sent."""


class Connection(HTTPConnection):
    """Tells apart what was never sent."""

    def connect(self) -> None:
        try:
            super().connect()
        except OSError as error:
            raise NotConnected(type(error).__name__) from error


class SecureConnection(HTTPSConnection):
    def connect(self) -> None:
        try:
            super().connect()
        except OSError as error:
            raise NotConnected(type(error).__name__) from error


@cache
def trusted() -> ssl.SSLContext:
    """Whom the system trusts."""
    return ssl.create_default_context()


def is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


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

    def __init__(self, base_url: str, *, trust: ssl.SSLContext | None = None, connecting: float | None = None) -> None:
        """``trust``: whose certificates are taken, the system's unless told. ``connecting``: seconds that it may take,
        as many as an answer unless told."""
        self._to = urlsplit(base_url)
        self._trust, self._connecting = trust, connecting
        self._is_direct = _is_direct(base_url)
        self._idle: list[tuple[HTTPConnection, float]] = []
        self._lock = threading.Lock()
        self._busy: dict[HTTPConnection, float] = {}
        self._calm = threading.Condition(self._lock)
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
                if line.sock is None and self._connecting is not None:
                    self._connect(line, self._connecting, timeout)
                line.request("POST", to.path + (f"?{to.query}" if to.query else ""), body, dict(headers))
            except OSError as error:
                raise URLError(error) from error
            response = line.getresponse()
            said = Said(response.status, response.headers, response.read())
        except BaseException:
            line.close()
            raise
        finally:
            with self._calm:
                del self._busy[line]
                self._calm.notify_all()
        self._keep(line, is_over=response.will_close)
        if said.status >= 300:
            raise HTTPError(url, said.status, response.reason, said.headers, io.BytesIO(said.body))
        return said

    def wait(self, patience: float) -> None:
        """Until no call is under way, at most ``patience`` seconds."""
        with self._calm:
            self._calm.wait_for(lambda: not self._busy, patience)

    def cut(self, lasting: float = 0.0) -> None:
        """End the calls that last for so many seconds already: whoever made one gets an OSError."""
        with self._lock:
            until = time.monotonic() - lasting
            late = [line.sock for line, since in self._busy.items() if since <= until and line.sock is not None]
        for sock in late:
            with suppress(OSError):
                # Of the plain socket, below any encryption: that of a secure one is not for two threads.
                socket.socket.shutdown(sock, socket.SHUT_RDWR)

    def _connect(self, line: HTTPConnection, seconds: float, timeout: float) -> None:
        line.timeout = seconds
        line.connect()
        line.sock.settimeout(timeout)

    def _line(self, timeout: float) -> HTTPConnection:
        """One that is open still, else a new one, which is connected when it is used. It counts as under way."""
        line = self._free(timeout)
        with self._lock:
            self._busy[line] = time.monotonic()
        return line

    def _free(self, timeout: float) -> HTTPConnection:
        while (line := self._kept()) is not None:
            if line.sock is not None and not _has_news(line):
                line.timeout = timeout
                line.sock.settimeout(timeout)
                return line
            line.close()
        if self._to.scheme == "https":
            return SecureConnection(self._to.netloc, timeout=timeout, context=self._trust or trusted())
        return Connection(self._to.netloc, timeout=timeout)

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
