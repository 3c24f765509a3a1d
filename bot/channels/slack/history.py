"""What Slack remembers of a place: read page by page, slowly, and only as far as it lets us."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import structlog
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.web import SlackResponse

from bot.channels.slack.clients import Clients
from bot.channels.slack.names import Direct, Place
from bot.channels.slack.refusals import LOST, TOKEN, Answer, answer_of

log = structlog.get_logger()
_PAGE, _PAGES = 100, 3
_WAITING = 300.0
"""Seconds that one look back spends in Slack's pauses at most."""


@dataclass(frozen=True)
class Spoken:
    """A place in which somebody talks with us. ``channel`` and ``root``: where in Slack they did that last."""

    place: Place
    channel: str | None
    root: str | None


class Enough(Exception):
    """Nothing more can be had now."""


class Look:
    """One look back: asks Slack, slowly, and does without what Slack does not give."""

    def __init__(self, clients: Clients, stopping: threading.Event, pause: float, oldest: str) -> None:
        """``pause``: seconds between two calls; ``oldest``: what was said until this timestamp of Slack's is known."""
        self._clients = clients
        self._stopping = stopping
        self._pause = pause
        self._oldest = oldest
        self._waited = 0.0
        self._refused: set[str] = set()

    def all_of(self, places: list[Spoken]) -> Iterator[tuple[str, str, dict[str, Any]]]:
        """(team, channel, message), those of one place in the order in which they were said. Raises Enough."""
        read: set[str] = set()
        for spoken in places:
            team, client = spoken.place.team, self._clients.of(spoken.place.team)
            channel = self._channel(spoken, client) if client is not None else None
            if client is None or channel is None:
                continue
            messages = [] if channel in read else self._history(client, channel)
            read.add(channel)
            for root in self._roots(spoken, messages):
                messages += self._replies(client, channel, root)
            said = {str(message.get("ts")): message for message in messages}
            for ts in sorted(said, key=_order):
                yield team, channel, said[ts]

    def _channel(self, spoken: Spoken, client: WebClient) -> str | None:
        if spoken.channel is not None or not isinstance(spoken.place, Direct):
            return spoken.channel
        user = spoken.place.user
        answer = self._ask("conversations.open", lambda: client.conversations_open(users=user))
        channel = answer.get("channel") if answer is not None else None
        return channel.get("id") if isinstance(channel, dict) else None

    @staticmethod
    def _roots(spoken: Spoken, messages: list[dict[str, Any]]) -> list[str]:
        """The threads to read. Of a channel only ours: others are none of our business."""
        roots = [spoken.root] if spoken.root else []
        if isinstance(spoken.place, Direct):
            roots += [str(message.get("ts")) for message in messages if message.get("reply_count")]
        return list(dict.fromkeys(roots))

    def _history(self, client: WebClient, channel: str) -> list[dict[str, Any]]:
        def page(cursor: str | None) -> SlackResponse:
            return client.conversations_history(channel=channel, oldest=self._oldest, limit=_PAGE, cursor=cursor)

        return self._pages("conversations.history", page)

    def _replies(self, client: WebClient, channel: str, root: str) -> list[dict[str, Any]]:
        def page(cursor: str | None) -> SlackResponse:
            return client.conversations_replies(
                channel=channel, ts=root, oldest=self._oldest, limit=_PAGE, cursor=cursor
            )

        # The root comes along, however old it is.
        found = self._pages("conversations.replies", page)
        return [message for message in found if _order(str(message.get("ts"))) > _order(self._oldest)]

    def _pages(self, method: str, page: Callable[[str | None], SlackResponse]) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        cursor: str | None = None
        for _ in range(_PAGES):
            answer = self._ask(method, partial(page, cursor))
            messages = answer.get("messages") if answer is not None else None
            found += [message for message in messages or [] if isinstance(message, dict)]
            cursor = ((answer.get("response_metadata") or {}) if answer is not None else {}).get("next_cursor")
            if not cursor:
                return found
        log.warning("slack back-fill left out what is older", method=method)
        return found

    def _ask(self, method: str, call: Callable[[], SlackResponse]) -> SlackResponse | None:
        """What Slack answers; None where it does not let us look. Raises Enough."""
        while True:
            if self._stopping.wait(self._pause):
                raise Enough("stopped")
            try:
                return call()
            except SlackApiError as error:
                answer = answer_of(error)
                if answer.code in TOKEN:
                    raise Enough(answer.code) from error
                if not answer.is_limit:
                    self._is_refused(method, answer)
                    return None
                self._wait(answer.retry_after)
            except LOST as error:
                raise Enough(type(error).__name__) from error

    def _wait(self, seconds: float) -> None:
        self._waited += seconds
        if self._waited > _WAITING or self._stopping.wait(seconds):
            raise Enough("Slack asks for long pauses")

    def _is_refused(self, method: str, answer: Answer) -> None:
        """Say once what an admin could mend: a scope that lacks, or a place that the bot is not in any more."""
        why = answer.code or str(answer.status)
        if why not in self._refused:
            self._refused.add(why)
            log.warning("slack does not let us look back", method=method, error=why, needed=answer.needed)


def _order(ts: str) -> tuple[int, int]:
    whole, _, part = ts.partition(".")
    return (int(whole), int(part)) if whole.isdigit() and part.isdigit() else (0, 0)
