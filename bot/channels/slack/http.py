"""Slack's HTTP mode: whether a request is really Slack's is settled on its raw bytes, before anything reads them."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from slack_bolt import BoltResponse

MAX_BODY = 1_000_000
WINDOW_SECONDS = 300
_TIMESTAMP = re.compile(r"[0-9]{1,12}")
_SIGNATURE = re.compile(r"v0=[0-9a-f]{64}")
RETRY = "x-slack-retry-num"
Take = Callable[[dict[str, Any]], BoltResponse]


@dataclass(frozen=True)
class Answer:
    """An HTTP answer. Names of headers are in lower case."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


class Http:
    """Takes what Slack posts to us. ``now`` is in seconds, as Slack stamps its requests."""

    def __init__(
        self,
        signing_secret: str,
        take: Take,
        now: Callable[[], float] = time.time,
        on_again: Callable[[], None] = lambda: None,
    ) -> None:
        """``on_again`` is called before something is taken that Slack brings for another time."""
        self._secret = signing_secret.encode()
        self._on_again = on_again
        self._take = take
        self._now = now

    def take_http(self, body: bytes, headers: Mapping[str, str], query: Mapping[str, str] | str = "") -> Answer:
        """Answer one request: an event, a press, a command or a submission. ``query`` is nothing that Slack signs."""
        given = {name.lower(): value for name, value in headers.items()}
        refused = refusal(self._secret, body, given, self._now())
        if refused is not None:
            return refused
        try:
            read = parse_body(body.decode(), given.get("content-type", ""))
        except (ValueError, RecursionError):
            return sentence(400, "This body cannot be read.")
        if RETRY in given:
            self._on_again()
        return answer_of(self._take(read))


def refusal(secret: bytes, body: bytes, headers: Mapping[str, str], now: float) -> Answer | None:
    """Why this is not a request of Slack's; None when it is. Malformed credentials are refused like wrong ones."""
    if len(body) > MAX_BODY:
        return sentence(413, "This body is larger than anything that Slack sends.")
    stamp, signature = headers.get("x-slack-request-timestamp", ""), headers.get("x-slack-signature", "")
    if not _TIMESTAMP.fullmatch(stamp) or not _SIGNATURE.fullmatch(signature) or not _is_utf8(body):
        return sentence(401, "This request is not signed by Slack.")
    if abs(now - int(stamp)) > WINDOW_SECONDS:
        return sentence(401, "This request is too old, or the clock of one of us is wrong.")
    if not hmac.compare_digest(signature, sign(secret, stamp, body)):
        return sentence(401, "This request is not signed by Slack. Is FIRSTLINE_SLACK_SIGNING_SECRET the app's?")
    return None


def sign(secret: bytes, timestamp: str, body: bytes) -> str:
    """The signature that Slack puts on ``body``."""
    return "v0=" + hmac.new(secret, b"v0:" + timestamp.encode() + b":" + body, hashlib.sha256).hexdigest()


def parse_body(body: str, content_type: str) -> dict[str, Any]:
    """The payload: JSON for events, a form with JSON in ``payload`` for interactivity, a plain form for commands.

    Not bolt's own reading: it takes a command with the word "payload" in its text for an empty request. Raises
    ValueError or RecursionError.
    """
    is_json = content_type.partition(";")[0].strip().lower() == "application/json" or body.startswith("{")
    if is_json:
        return _object(body)
    form = dict(parse_qsl(body, keep_blank_values=True, max_num_fields=200))
    return _object(form["payload"]) if "payload" in form else dict(form)


def answer_of(response: BoltResponse) -> Answer:
    """Bolt's answer as ours."""
    headers = {name: values[0] for name, values in response.headers.items() if values}
    return Answer(response.status, headers, (response.body or "").encode())


def sentence(status: int, text: str) -> Answer:
    """An answer for whoever reads the log of the other side."""
    return Answer(status, {"content-type": "text/plain; charset=utf-8"}, text.encode())


def _object(text: str) -> dict[str, Any]:
    read = json.loads(text)
    if not isinstance(read, dict):
        raise ValueError("not an object")
    return read


def _is_utf8(body: bytes) -> bool:
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True
