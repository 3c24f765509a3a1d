"""Every request has an id, which its log lines carry and its response says; the request itself is a line at DEBUG."""

from __future__ import annotations

import re
import secrets
import time

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.contextvars import bound_contextvars

from store import measures

HEADER = "X-Request-ID"
_FITTING = re.compile(r"[A-Za-z0-9._-]{8,64}")

log = structlog.get_logger()


class RequestLog:
    """Outermost of all, so that a refusal of another guard has its id too."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request_id, started, status = request_id_of(Headers(scope=scope)), time.perf_counter(), 500

        async def named(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)[HEADER] = request_id
            await send(message)

        with bound_contextvars(request_id=request_id):
            try:
                await self.app(scope, receive, named)
            finally:
                measures.requests_total.labels(f"{status // 100}xx").inc()
                took = round(1000 * (time.perf_counter() - started), 1)
                log.debug("request", method=scope["method"], route=_route(scope), status=status, ms=took)


def request_id_of(headers: Headers) -> str:
    """The id that the caller, or a proxy before us, gave the request; else a new one."""
    given = headers.get(HEADER, "")
    return given if _FITTING.fullmatch(given) else secrets.token_hex(8)


def _route(scope: Scope) -> str | None:
    """The pattern of the address: the address itself may hold a one-time link."""
    return getattr(scope.get("route"), "path", None)
