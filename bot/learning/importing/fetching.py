"""Fetching a page of the web for an editor, so that no address can make this server ask somebody it must not.

The name is looked up here, all its addresses are judged, and the connection goes to the very address that was judged:
what a second look-up would say does not matter. Redirects are followed by hand, each judged like the first.
"""

from __future__ import annotations

import os
import re
import socket
import ssl
import threading
import time
import zlib
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPResponse
from urllib.parse import SplitResult, urljoin, urlsplit

from bot.learning.importing.addresses import Network, may_connect
from bot.learning.importing.errors import AddressForbidden, BadWebAddress, NotFetched

LookUp = Callable[[str, int], Sequence[str]]
"""The addresses that a host name means. Raises OSError."""

_HOST = re.compile(r"[A-Za-z0-9._:-]+\Z")
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_CHUNK = 65_536
_FAILURES = (OSError, HTTPException, ValueError)
_AGENT = "Firstline (knowledge base import)"


@dataclass(frozen=True)
class Limits:
    """The most that one page may take, redirects included."""

    size: int = 5_000_000
    seconds: float = 10.0
    hops: int = 3


@dataclass(frozen=True)
class Fetched:
    """What came. ``url``: where it was in the end; ``media_type`` in lower case without parameters."""

    url: str
    media_type: str
    charset: str | None
    body: bytes


class _TooSlow(Exception):
    """The time for this page is over."""


@dataclass(frozen=True)
class _Target:
    url: str
    is_secure: bool
    host: str
    port: int
    path: str


def look_up(host: str, port: int) -> list[str]:
    """The addresses of ``host`` as this machine's resolver gives them, odd spellings such as 0x7f.1 included."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


class Fetcher:
    """Fetches pages. ``allowed``: networks that the house has named, beside the public internet."""

    def __init__(self, allowed: Sequence[Network] = (), limits: Limits = Limits(), look_up: LookUp = look_up) -> None:
        self._allowed = allowed
        self._limits = limits
        self._look_up = look_up

    def fetch(self, url: str, types: Collection[str]) -> Fetched:
        """What is at ``url``, which must be of one of these media types.

        Raises BadWebAddress, AddressForbidden, or NotFetched with the reason.
        """
        ends = time.monotonic() + self._limits.seconds
        for _ in range(self._limits.hops + 1):
            target = _target(url)
            addresses = self._judged(target)
            found = self._ask(target, addresses, ends, types)
            if isinstance(found, Fetched):
                return found
            url = found
        raise NotFetched(url, f"it leads on more than {self._limits.hops} times")

    def _judged(self, target: _Target) -> Sequence[str]:
        try:
            addresses = self._look_up(target.host, target.port)
        except (OSError, UnicodeError):
            raise NotFetched(target.url, "there is no such host") from None
        if not may_connect(addresses, target.port, self._allowed):
            raise AddressForbidden(target.host)
        return addresses

    def _ask(self, target: _Target, addresses: Sequence[str], ends: float, types: Collection[str]) -> Fetched | str:
        """The page, or the address that it leads on to."""
        try:
            with _connected(target, addresses, ends) as connection:
                return self._answer(target, connection, types)
        except _TooSlow:
            raise NotFetched(target.url, f"it took longer than {self._limits.seconds:g} seconds") from None
        except ssl.SSLCertVerificationError:
            raise NotFetched(target.url, "its certificate is not valid") from None
        except _FAILURES:
            raise NotFetched(target.url, "it does not answer as a web server does") from None

    def _answer(self, target: _Target, connection: HTTPConnection, types: Collection[str]) -> Fetched | str:
        headers = {"User-Agent": _AGENT, "Accept": ", ".join(sorted(types)), "Accept-Encoding": "identity"}
        connection.request("GET", target.path, headers={**headers, "Connection": "close"})
        response = connection.getresponse()
        if response.status in _REDIRECTS and (leads_to := response.getheader("Location")):
            return urljoin(target.url, leads_to)
        if response.status != 200:
            raise NotFetched(target.url, f"it answers {response.status}")
        media_type = response.headers.get_content_type() if response.getheader("Content-Type") else ""
        if media_type not in types:
            raise NotFetched(target.url, f"it is {media_type or 'of no stated kind'}, not a page that can be read")
        body = self._body(target, response)
        return Fetched(target.url, media_type, response.headers.get_content_charset(), body)

    def _body(self, target: _Target, response: HTTPResponse) -> bytes:
        encoding = (response.getheader("Content-Encoding") or "identity").strip().lower()
        if encoding not in ("identity", "gzip", "x-gzip"):
            raise NotFetched(target.url, "it comes packed in a way that was not asked for")
        most = self._limits.size
        body = b"".join(_pieces(response, most + 1))
        unpacked = unzipped(body, most) if encoding != "identity" and len(body) <= most else body
        if len(unpacked) > most:
            raise NotFetched(target.url, f"it has more than {most // 1_000_000} MB")
        return unpacked


def is_web_address(url: str) -> bool:
    """Whether it is one that may be asked for, as far as its spelling tells."""
    try:
        _target(url)
    except BadWebAddress:
        return False
    return True


def unzipped(content: bytes, most: int) -> bytes:
    """The gzip ``content``, unpacked no further than a byte beyond ``most``. Raises ValueError."""
    try:
        return zlib.decompressobj(wbits=31).decompress(content, most + 1)
    except zlib.error as error:
        raise ValueError(str(error)) from error


def _pieces(response: HTTPResponse, most: int) -> Iterator[bytes]:
    left = most
    while left > 0 and (piece := response.read(min(_CHUNK, left))):
        left -= len(piece)
        yield piece


def _target(url: str) -> _Target:
    try:
        parts = urlsplit(url)
        port = parts.port
        host = (parts.hostname or "").encode("idna").decode() if not _is_ip(parts) else parts.hostname or ""
    except (ValueError, UnicodeError):
        raise BadWebAddress from None
    has_user = parts.username is not None or parts.password is not None
    is_odd = any(ord(character) < 33 or character == "\\" for character in url)
    if parts.scheme not in ("http", "https") or has_user or is_odd or not _HOST.match(host) or port == 0:
        raise BadWebAddress
    path = _ascii(f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}")
    is_secure = parts.scheme == "https"
    return _Target(url, is_secure, host, port or (443 if is_secure else 80), path)


def _is_ip(parts: SplitResult) -> bool:
    return ":" in (parts.hostname or "")


def _ascii(path: str) -> str:
    return "".join(c if c.isascii() else "".join(f"%{byte:02X}" for byte in c.encode()) for c in path)


@contextmanager
def _connected(target: _Target, addresses: Sequence[str], ends: float) -> Iterator[HTTPConnection]:
    """A connection to the first of ``addresses`` that takes one. At ``ends`` it is cut, whatever it is doing: then this
    raises _TooSlow, also where what came looks whole because no length was told."""
    plain = _socket(target, addresses, ends)
    # Shut through a second handle: the connection's own objects belong to the thread that reads.
    handle = socket.socket(fileno=os.dup(plain.fileno()))
    over = threading.Event()

    def cut() -> None:
        over.set()
        with suppress(OSError):
            handle.shutdown(socket.SHUT_RDWR)

    watch = threading.Timer(max(0.0, ends - time.monotonic()), cut)
    watch.daemon = True
    watch.start()
    connection = HTTPConnection(target.host, target.port)
    connection.default_port = 443 if target.is_secure else 80
    # It must never look the name up again by itself.
    connection.auto_open = 0
    try:
        if target.is_secure:
            plain = ssl.create_default_context().wrap_socket(plain, server_hostname=target.host)
        connection.sock = plain
        yield connection
    except _FAILURES:
        if over.is_set():
            raise _TooSlow from None
        raise
    finally:
        watch.cancel()
        connection.close()
        plain.close()
        handle.close()
    if over.is_set():
        raise _TooSlow


def _socket(target: _Target, addresses: Sequence[str], ends: float) -> socket.socket:
    for number, address in enumerate(addresses, 1):
        try:
            return socket.create_connection((address, target.port), timeout=max(0.1, ends - time.monotonic()))
        except OSError:
            if number == len(addresses) or time.monotonic() >= ends:
                raise
    raise OSError("no address")


__all__ = ["Fetched", "Fetcher", "Limits", "LookUp", "is_web_address", "look_up", "unzipped"]
