"""Look whether something is there that no answer told of. Reading is not always allowed, and never fast."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.web import SlackResponse

from bot.channels.booking import TooSoon
from bot.channels.slack.calls import Calls
from bot.channels.slack.names import is_direct
from bot.channels.slack.refusals import LOST, THREAD_GONE, TOKEN, answer_of

_PAGES = 3
_PAGE = 200
_PAUSE = 5.0
_SLOW_CLOCK = timedelta(minutes=10)
"""By how much our clock and Slack's may differ."""


class NotNow(Exception):
    """Slack could not be asked. ``seconds``: how long to wait before the next look."""

    def __init__(self, why: str, seconds: float) -> None:
        super().__init__(why)
        self.seconds = seconds


class CannotLook(Exception):
    """Slack does not let us see whether the message is there."""


@dataclass(frozen=True)
class Sight:
    """Where to look: a channel, and the thread in it if there is one."""

    team: str
    client: WebClient
    channel: str
    root: str | None


def find_post(calls: Calls, sight: Sight, mark: dict[str, Any], since: datetime | None = None) -> str | None:
    """The timestamp of the message that carries ``mark``, None if it is not there (yet).

    ``since``: when it was written, so that nothing older is looked through. Raises NotNow or CannotLook.
    """
    oldest = None if since is None else f"{(since - _SLOW_CLOCK).timestamp():.6f}"
    try:
        return _find(calls, sight, mark, oldest)
    except TooSoon as soon:
        raise NotNow("ratelimited", soon.seconds) from soon
    except SlackApiError as error:
        answer = answer_of(error)
        code = answer.code or str(answer.status)
        if answer.is_unclear or answer.code in TOKEN:
            raise NotNow(code, answer.retry_after) from error
        raise CannotLook(code) from error
    except LOST as error:
        raise NotNow(type(error).__name__, _PAUSE) from error


def is_shared(client: WebClient, file_id: str) -> bool:
    """Whether the file is seen in some channel; False where Slack does not tell."""
    try:
        file = client.files_info(file=file_id).get("file")
    except (SlackApiError, *LOST):
        return False
    return isinstance(file, dict) and any(file.get(field) for field in ("shares", "channels", "groups", "ims"))


def _find(calls: Calls, sight: Sight, mark: dict[str, Any], oldest: str | None) -> str | None:
    replies = partial(sight.client.conversations_replies, channel=sight.channel, oldest=oldest)
    history = partial(sight.client.conversations_history, channel=sight.channel, oldest=oldest)
    if sight.root is not None:
        try:
            return _on_pages(calls, f"{sight.team}:conversations.replies", partial(replies, ts=sight.root), mark)
        except SlackApiError as error:
            if answer_of(error).code not in THREAD_GONE or not is_direct(sight.channel):
                raise
            # What it answers was deleted: then it stands in the direct messages themselves.
    return _on_pages(calls, f"{sight.team}:conversations.history", history, mark)


def _on_pages(calls: Calls, lane: str, ask: Callable[..., SlackResponse], mark: dict[str, Any]) -> str | None:
    cursor = None
    for _ in range(_PAGES):
        page = calls.look(lane, partial(ask, cursor=cursor, limit=_PAGE, include_all_metadata=True))
        if ts := _marked(page.get("messages"), mark):
            return ts
        cursor = (page.get("response_metadata") or {}).get("next_cursor")
        if not cursor:
            return None
    raise CannotLook("too much was written there")


def _marked(messages: Any, mark: dict[str, Any]) -> str | None:
    """Slack gives numbers of the mark back as it got them, so they are compared as text."""
    for message in messages or []:
        found = message.get("metadata") or {}
        is_ours = found.get("event_type") == mark["event_type"]
        if is_ours and _as_text(found.get("event_payload")) == _as_text(mark["event_payload"]):
            ts = message.get("ts")
            return ts if isinstance(ts, str) else None
    return None


def _as_text(payload: Any) -> dict[str, str]:
    return {key: str(value) for key, value in payload.items()} if isinstance(payload, dict) else {}
