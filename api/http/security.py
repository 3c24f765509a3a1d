"""What keeps other sites out: headers on every response, and no unsafe request that another origin caused."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from fastapi import FastAPI
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.http.limits import BodyCap
from api.http.problems import LastResort, problem
from api.http.request_log import RequestLog
from api.settings import Settings

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
CHAT_PAGE = "/"
POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; object-src 'none'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors {framing}"
)
_ORIGIN = re.compile(r"https?://(\*\.)?[a-z0-9.-]+(:\d{1,5})?", re.IGNORECASE)


def protect(app: FastAPI, settings: Settings) -> None:
    """Put the guards around ``app``: headers outside, so that every refusal carries them too, and around all the id."""
    app.add_middleware(BodyCap)
    app.add_middleware(LastResort)
    app.add_middleware(OwnOrigin, address=settings.public_url)
    app.add_middleware(SecurityHeaders, settings=settings)
    app.add_middleware(RequestLog)


def framing(origins: tuple[str, ...]) -> str:
    """``frame-ancestors`` of the chat page. What is no origin is left out: it could smuggle in a directive."""
    return " ".join(["'self'", *(origin.rstrip("/") for origin in origins if is_origin(origin))])


def is_origin(text: str) -> bool:
    """True for ``https://shop.example``, with a port or ``*.`` where wanted; no path, no ``*`` alone."""
    return _ORIGIN.fullmatch(text.rstrip("/")) is not None


def is_our_own(headers: Headers, public_address: str | None) -> bool:
    """True when a browser says that our own page, or nobody else's, caused this request."""
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site in ("same-origin", "none")
    # Browsers leave Sec-Fetch-Site out on plain http to another machine; Origin is always there.
    origin = urlsplit(headers.get("origin", ""))
    if not origin.netloc:
        return False
    return origin.netloc in (headers.get("host"), urlsplit(public_address or "").netloc)


def needs_own_origin(method: str, path: str, headers: Headers) -> bool:
    """Everything unsafe that a browser could be made to send with what it has stored for us."""
    if method in SAFE_METHODS or path.startswith("/channels/") or path in ("/healthz", "/readyz"):
        return False
    if headers.get("authorization", "").lower().startswith("bearer ") and path.startswith("/api/"):
        return False
    # A client that is no browser sends neither header and has nothing stored; the API serves those.
    return not path.startswith("/api/") or "origin" in headers or "sec-fetch-site" in headers


class OwnOrigin:
    """Refuses unsafe requests caused by another site (CSRF), by what the browser says about their origin."""

    def __init__(self, app: ASGIApp, address: str | None) -> None:
        self.app, self.address = app, address

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            headers = Headers(scope=scope)
            needed = needs_own_origin(scope["method"], scope["path"], headers)
            if needed and not is_our_own(headers, self.address):
                words = "This request did not come from one of our own pages. Open the page here and try again there."
                await problem(403, words)(scope, receive, send)
                return
        await self.app(scope, receive, send)


class SecurityHeaders:
    """Adds the headers that every response must have; a header that the endpoint set itself stays."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app = app
        self._chat = POLICY.format(framing=framing(settings.framing_origins))
        self._other = POLICY.format(framing="'none'")
        self._is_https = (settings.public_url or "").startswith("https://")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._add(MutableHeaders(scope=message), scope["path"])
            await send(message)

        await self.app(scope, receive, with_headers)

    def _add(self, headers: MutableHeaders, path: str) -> None:
        is_chat = path == CHAT_PAGE
        headers.setdefault("Content-Security-Policy", self._chat if is_chat else self._other)
        headers.setdefault("X-Content-Type-Options", "nosniff")
        headers.setdefault("Referrer-Policy", "same-origin")
        if not is_chat:
            headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
        if self._is_https:
            headers.setdefault("Strict-Transport-Security", "max-age=31536000")
        if path.startswith("/api/"):
            headers.setdefault("Cache-Control", "no-store")
