"""Slack's Web API for each workspace."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Any
from urllib.request import OpenerDirector, Request

from slack_sdk import WebClient

from bot.channels.lines import Lines, is_loopback
from bot.channels.slack.wire import SLACK_API, opener

TIMEOUT = 10
FILES = 3
"""So many times as long a file may take to be answered."""


class Clients:
    """Hands out the client of a workspace, while there is a token for it. Safe for many threads."""

    def __init__(
        self, token_of: Callable[[str], str | None], base_url: str | None = None, *, timeout: float = TIMEOUT
    ) -> None:
        """``token_of`` gives the bot's token for a team's id, None for a team that is not installed (any more).
        ``timeout``: seconds that an answer may take."""
        self.base_url = base_url or SLACK_API
        self.opener = opener(self.base_url)
        self._lines = Lines(self.base_url)
        self.timeout = timeout
        self._token_of = token_of
        self._clients: dict[str, WebClient] = {}
        self._lock = threading.Lock()

    def of(self, team: str) -> WebClient | None:
        token = self._token_of(team)
        if token is None:
            return None
        with self._lock:
            client = self._clients.get(team)
            if client is None or client.token != token:
                client = self._clients[team] = self.with_token(token)
            return client

    def with_token(self, token: str | None) -> WebClient:
        """A client for any other token: an app-level one, or none yet."""
        return _Client(self.opener, self._lines, token=token, base_url=self.base_url, timeout=self.timeout)


class _Client(WebClient):
    """The SDK's client without its retries: it would post again what was lost after Slack had stored it."""

    def __init__(self, opener: OpenerDirector, lines: Lines, **arguments: Any) -> None:
        super().__init__(retry_handlers=[], logger=_silent(), **arguments)
        self._opener = opener
        self._lines = lines
        if is_loopback(self.base_url):
            self.proxy = None

    def _perform_urllib_http_request_internal(self, url: str, req: Request) -> dict[str, Any]:
        """One request. The SDK's own builds an opener and a connection for each, and asks a proxy for this machine's
        own addresses."""
        if isinstance(req.data, bytes) and self._lines.reach(url):
            said = self._lines.post(url, req.data, dict(req.header_items()), self.timeout)
            charset = said.headers.get_content_charset() or "utf-8"
            return {"status": said.status, "headers": said.headers, "body": said.body.decode(charset)}
        with self._opener.open(req, timeout=self.timeout) as response:
            charset = response.headers.get_content_charset() or "utf-8"
            return {"status": response.status, "headers": response.headers, "body": response.read().decode(charset)}


def _silent() -> logging.Logger:
    """The SDK logs bodies of answers; what fails is told by the errors."""
    logger = logging.getLogger("firstline.slack_sdk")
    logger.setLevel(logging.CRITICAL + 1)
    return logger
