"""HTTP towards Slack: where it may go, through which proxy, and with whose token."""

from __future__ import annotations

import ssl
from email.message import Message
from http.client import HTTPMessage, HTTPResponse
from typing import IO, Any
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import (
    HTTPHandler,
    HTTPRedirectHandler,
    HTTPSHandler,
    OpenerDirector,
    ProxyHandler,
    Request,
    build_opener,
)

from bot.channels.lines import Connection, SecureConnection, is_loopback, trusted

SLACK_API = "https://slack.com/api/"
_SLACK_HOSTS = ("slack.com", "slack-files.com")


def is_slacks(url: str, base_url: str) -> bool:
    """Whether a token may be shown to ``url``: Slack's own hosts by https, or the server at ``base_url``."""
    try:
        to, base = urlsplit(url), urlsplit(base_url)
        if (to.scheme, to.hostname, to.port) == (base.scheme, base.hostname, base.port):
            return to.scheme == "https" or is_loopback(base_url)
    except ValueError:
        return False
    host = to.hostname or ""
    is_known = any(host == known or host.endswith(f".{known}") for known in _SLACK_HOSTS)
    return to.scheme == "https" and to.port in (None, 443) and is_known


def opener(base_url: str) -> OpenerDirector:
    """Opens addresses of Slack's. Proxies are the environment's, but none stands before this machine itself."""
    handlers: list[Any] = [_SlackOnly(base_url), _Http(), _Https(context=trusted())]
    if is_loopback(base_url):
        handlers.append(ProxyHandler({}))
    return build_opener(*handlers)


class _Http(HTTPHandler):
    def http_open(self, req: Request) -> HTTPResponse:
        return self.do_open(Connection, req)


class _Https(HTTPSHandler):
    def __init__(self, context: ssl.SSLContext) -> None:
        super().__init__(context=context)
        self._trusted = context

    def https_open(self, req: Request) -> HTTPResponse:
        return self.do_open(SecureConnection, req, context=self._trusted)


class _SlackOnly(HTTPRedirectHandler):
    """Follows no redirect to where the token must not go; Python would send it along."""

    def __init__(self, base_url: str) -> None:
        self._base_url = base_url

    def redirect_request(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> Request | None:
        if not is_slacks(newurl, self._base_url):
            raise HTTPError(req.full_url, code, "a redirect away from Slack", headers or Message(), fp)
        return super().redirect_request(req, fp, code, msg, headers, newurl)
