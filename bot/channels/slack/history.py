"""What Slack remembers of a place: read page by page, slowly, and only as far as it lets us."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import structlog
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.web import SlackResponse

from bot.channels.booking import TooSoon
from bot.channels.slack.calls import Calls
from bot.channels.slack.clients import Clients
from bot.channels.slack.names import Direct, Place, Whole
from bot.channels.slack.refusals import LOST, TOKEN, Answer, answer_of

log = structlog.get_logger()
_PAGE, _PAGES = 200, 50
"""Slack may put less on a page than it was asked for. The newest are on the first, and what is left out is lost."""
_LASTS = 30 * 86_400.0
"""Seconds. So long ago a thread of direct messages may have begun in which somebody still writes."""
WAITING = 300.0
"""Seconds that one look back spends in Slack's pauses at most."""
_TRIES = 6
"""So often a call is made of which Slack says nothing, or that it has trouble of its own."""
_KINDS = ("im", "public_channel", "private_channel")
_LISTED = 200


@dataclass(frozen=True)
class Spoken:
    """A place in which somebody talks with us. ``channel`` and ``root``: where in Slack they did that last."""

    place: Place
    channel: str | None
    root: str | None


class Enough(Exception):
    """Nothing more can be had now."""


class CutShort(Enough):
    """Slack did not answer, time and again. It will: then all is to be looked at once more."""


class TokenGone(Enough):
    """Slack refuses the token: once it takes it again, all is to be looked at once more."""


class Look:
    """One look back: asks Slack, slowly, and does without what Slack does not give."""

    def __init__(
        self,
        clients: Clients,
        calls: Calls,
        stopping: threading.Event,
        pause: float,
        oldest: str,
        bot_of: Callable[[str], str | None],
        waiting: float = WAITING,
    ) -> None:
        """``pause``: seconds between two calls; ``oldest``: what was said until this timestamp of Slack's is known;
        ``bot_of``: our id in a workspace; ``waiting``: seconds to spend in Slack's pauses at most."""
        self._clients = clients
        self._calls = calls
        self._bot_of = bot_of
        self._stopping = stopping
        self._pause = pause
        self._oldest = oldest
        self._waiting = waiting
        self._waited = 0.0
        self._refused: set[str] = set()
        self.closed: set[str] = set()
        """The workspaces that refuse our token: the others are looked at all the same."""

    def all_of(self, places: list[Spoken]) -> Iterator[tuple[str, str, dict[str, Any]]]:
        """(team, channel, message), those of one place in the order in which they were said. Raises Enough."""
        read: set[str] = set()
        yield from self._said_in(places, read)

    def all_unheard(self, team: str, places: Sequence[Spoken], most: int) -> Iterator[tuple[str, str, dict[str, Any]]]:
        """The same of ``most`` places that the bot of ``team`` is in and that are none of ``places``, the newest first:
        who wrote for the first time while we were away is in one of them. Raises Enough."""
        try:
            unheard = self._unheard(team, places, most)
        except TokenGone as why:
            self._close(team, why)
            return
        yield from self._said_in(unheard, set())

    def _unheard(self, team: str, places: Sequence[Spoken], most: int) -> list[Spoken]:
        client = None if team in self.closed else self._clients.of(team)
        if client is None:
            return []
        people = {spoken.place.user for spoken in places if isinstance(spoken.place, Direct)}
        channels = {spoken.channel for spoken in places}
        rows = [row for kind in _KINDS for row in self._listed(team, client, kind) if not row.get("is_archived")]
        unheard = [row for row in rows if row.get("user") not in people and row.get("id") not in channels]
        unheard.sort(key=_made, reverse=True)
        named = [(str(row.get("id")), row.get("user")) for row in unheard[:most]]
        return [Spoken(Direct(team, user) if user else Whole(team, id), id, None) for id, user in named]

    def _close(self, team: str, why: TokenGone) -> None:
        self.closed.add(team)
        log.warning("slack does not let us look back", team=team, error=str(why))

    def _listed(self, team: str, client: WebClient, kind: str) -> list[dict[str, Any]]:
        def page(cursor: str | None) -> SlackResponse:
            return client.users_conversations(types=kind, exclude_archived=True, limit=_LISTED, cursor=cursor)

        return self._pages(f"{team}:users.conversations", page, "channels")

    def _said_in(self, places: Sequence[Spoken], read: set[str]) -> Iterator[tuple[str, str, dict[str, Any]]]:
        for spoken in places:
            team = spoken.place.team
            try:
                channel, said = self._said(spoken, read)
            except TokenGone as why:
                self._close(team, why)
                continue
            for ts in sorted(said, key=_order):
                yield team, channel, said[ts]

    def _said(self, spoken: Spoken, read: set[str]) -> tuple[str, dict[str, dict[str, Any]]]:
        """The id of its channel, and what was said there by its ts."""
        client = None if spoken.place.team in self.closed else self._clients.of(spoken.place.team)
        channel = self._channel(spoken, client) if client is not None else None
        if client is None or channel is None:
            return "", {}
        begun = [] if channel in read else self._history(client, channel, spoken.place)
        read.add(channel)
        said = [message for message in begun if self._is_new(message.get("ts"))]
        for root in self._roots(spoken, begun):
            said += self._replies(spoken.place.team, client, channel, root)
        return channel, {str(message.get("ts")): message for message in said}

    def _channel(self, spoken: Spoken, client: WebClient) -> str | None:
        if spoken.channel is not None or not isinstance(spoken.place, Direct):
            return spoken.channel
        team, user = spoken.place.team, spoken.place.user
        answer = self._ask(f"{team}:conversations.open", lambda: client.conversations_open(users=user))
        channel = answer.get("channel") if answer is not None else None
        return channel.get("id") if isinstance(channel, dict) else None

    def _roots(self, spoken: Spoken, begun: list[dict[str, Any]]) -> list[str]:
        """The threads to read. Of a channel only ours: others are none of our business. Of direct messages those in
        which something new and more than our own answers stand, whenever they were begun."""
        last = [spoken.root] if spoken.root else []
        if not isinstance(spoken.place, Direct):
            return last
        ours, told = [self._bot_of(spoken.place.team)], {str(message.get("ts")): message for message in begun}
        # A thread of before all that is told of is read blindly.
        roots = [root for root in last if root not in told]
        for root, message in told.items():
            if self._is_new(message.get("latest_reply")) and message.get("reply_users") != ours:
                roots.append(root)
        return roots

    def _history(self, client: WebClient, channel: str, place: Place) -> list[dict[str, Any]]:
        """What was said there since, but for answers in threads; of direct messages what these may be in, too."""
        since = self._oldest
        if isinstance(place, Direct):
            since = f"{max(float(since) - _LASTS, 0.0):.6f}"

        def page(cursor: str | None) -> SlackResponse:
            return client.conversations_history(channel=channel, oldest=since, limit=_PAGE, cursor=cursor)

        return self._pages(f"{place.team}:conversations.history", page)

    def _replies(self, team: str, client: WebClient, channel: str, root: str) -> list[dict[str, Any]]:
        def page(cursor: str | None) -> SlackResponse:
            return client.conversations_replies(
                channel=channel, ts=root, oldest=self._oldest, limit=_PAGE, cursor=cursor
            )

        # The root comes along, however old it is.
        found = self._pages(f"{team}:conversations.replies", page)
        return [message for message in found if self._is_new(message.get("ts"))]

    def _is_new(self, ts: object) -> bool:
        return _order(str(ts)) > _order(self._oldest)

    def _pages(
        self, lane: str, page: Callable[[str | None], SlackResponse], of: str = "messages"
    ) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        cursor: str | None = None
        for _ in range(_PAGES):
            answer = self._ask(lane, partial(page, cursor))
            rows = answer.get(of) if answer is not None else None
            found += [row for row in rows or [] if isinstance(row, dict)]
            cursor = ((answer.get("response_metadata") or {}) if answer is not None else {}).get("next_cursor")
            if not cursor:
                return found
        log.warning("slack back-fill left out what is older", method=_method(lane))
        return found

    def _ask(self, lane: str, call: Callable[[], SlackResponse]) -> SlackResponse | None:
        """What Slack answers; None where it does not let us look. ``lane``: a team and method. Raises Enough."""
        troubles = 0
        while True:
            # A trouble that lasts is left more and more time to end.
            if self._stopping.wait(self._pause * 2**troubles):
                raise Enough("stopped")
            try:
                return self._calls.look(lane, call)
            except TooSoon as soon:
                self._wait(soon.seconds)
            except SlackApiError as error:
                answer, troubles = answer_of(error), troubles + 1
                if answer.code in TOKEN:
                    raise TokenGone(answer.code) from error
                if not answer.is_unclear or troubles >= _TRIES:
                    self._is_refused(_method(lane), answer)
                    return None
            except LOST as error:
                troubles += 1
                if troubles >= _TRIES:
                    raise CutShort(type(error).__name__) from error

    def _wait(self, seconds: float) -> None:
        self._waited += seconds
        if self._waited > self._waiting or self._stopping.wait(seconds):
            raise Enough("Slack asks for long pauses")

    def _is_refused(self, method: str, answer: Answer) -> None:
        """Say once what an admin could mend: a scope that lacks, or a place that the bot is not in any more."""
        why = answer.code or str(answer.status)
        if why not in self._refused:
            self._refused.add(why)
            log.warning("slack does not let us look back", method=method, error=why, needed=answer.needed)


def _method(lane: str) -> str:
    return lane.partition(":")[2]


def _made(row: dict[str, Any]) -> int:
    """When the place was made, which for direct messages is when they were opened."""
    created = row.get("created")
    return created if isinstance(created, int) else 0


def _order(ts: str) -> tuple[int, int]:
    whole, _, part = ts.partition(".")
    return (int(whole), int(part)) if whole.isdigit() and part.isdigit() else (0, 0)
