"""The stand-in as tests hold it: workspaces and people, what was called, what was delivered. Thread-safe."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, TypeVar
from urllib.parse import parse_qs, urlsplit

import aiohttp

from . import authorize, events
from .calls import Call
from .channels import Channel
from .delivery import Delivery, PostOffice, Way
from .faults import Fault, Faults
from .interactions import ResponseUrl, Trigger
from .limits import Limits
from .model import File, Message, View
from .people import Person
from .posting import change
from .registry import Json
from .serving import Serving
from .signed import Http
from .sockets import Socket, Sockets
from .teams import BOT_SCOPES, DEFAULT_SCOPES, App, Bot, Grant, Team
from .times import Clock, Times

T = TypeVar("T")
PATIENCE = 60.0
"""Seconds after which a test gives up waiting; none takes as long, however busy the machine is."""


class SlackWorld:
    """Serves from the moment it is made until ``close``; ``with SlackWorld() as world`` does both."""

    def __init__(
        self,
        *,
        port: int = 0,
        times: Times | None = None,
        limits: Limits | None = None,
        deliver_by: Way | None = None,
        app: App | None = None,
    ) -> None:
        self.changed = threading.Condition()
        self.clock = Clock()
        self.times = times or Times()
        self.limits = limits or Limits.none()
        self.deliver_by: Way = deliver_by or Socket()
        self.app = app or App()
        self.teams: list[Team] = []
        self.grants: dict[str, Grant] = {self.app.app_token: Grant(None, "app")}
        self.calls: list[Call] = []
        self.deliveries: list[Delivery] = []
        self.complaints: list[str] = []
        self.views: dict[str, View] = {}
        self.files: dict[str, File] = {}
        self.triggers: dict[str, Trigger] = {}
        self.response_urls: dict[str, ResponseUrl] = {}
        self.codes: dict[str, authorize.Code] = {}
        self.uploads: dict[str, File] = {}
        self._count = 0
        self.loop = asyncio.new_event_loop()
        self.clock.bind(self.loop)
        self.post_office = PostOffice(self)
        self.sockets = Sockets(self)
        self.faults = Faults(self)
        self.session: aiohttp.ClientSession
        self._serving = Serving(self, port)
        self.address = self._serving.start()

    def __enter__(self) -> SlackWorld:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Stop serving; cuts every connection. Twice does nothing."""
        self._serving.stop()

    @property
    def url(self) -> str:
        return f"http://{self.address}"

    @property
    def api_url(self) -> str:
        """For SLACK_BASE_URL and ``WebClient(base_url=…)``."""
        return f"{self.url}/api/"

    # People and places

    def add_team(
        self,
        id: str = "T1",
        *,
        bot_token: str | None = None,
        scopes: Iterable[str] | None = None,
        name: str = "",
        domain: str = "",
        bot_name: str = "firstline",
        installed: bool = True,
    ) -> Team:
        """A workspace; with ``installed`` the app is in it, with these scopes (all that it could want)."""
        with self.moving():
            bot = Bot(self.new_id("U"), self.new_id("B"), bot_name)
            unknown = set(scopes or ()) - BOT_SCOPES
            if unknown:
                raise ValueError(f"no such scopes here: {sorted(unknown)}")
            kept = set(DEFAULT_SCOPES if scopes is None else scopes)
            team = Team(self, id, name or f"Team {id}", domain or id.lower(), bot, kept)
            self.teams.append(team)
            if installed:
                team.installs(token=bot_token)
            return team

    def person(self, id: str) -> Person | None:
        return next((one for team in self.teams for one in team.people if one.id == id), None)

    def person_or_bot(self, id: str) -> bool:
        return self.person(id) is not None or any(team.bot.user_id == id for team in self.teams)

    # What happened

    @contextmanager
    def moving(self) -> Iterator[None]:
        """Hold the world still, change it, and wake who waits for a change."""
        with self.changed:
            try:
                yield
            finally:
                self.changed.notify_all()

    def wait_for(
        self, predicate: Callable[[], T | None], timeout: float = PATIENCE, says: Callable[[], str] | None = None
    ) -> T:
        """The first true value of ``predicate``, which is asked again at every change.

        Raises:
            AssertionError: it never came.
        """
        with self.changed:
            value = self.changed.wait_for(predicate, timeout)
            if not value:
                told = says() if says is not None else "what was waited for did not happen"
                raise AssertionError(f"{told}\nlast calls: {self.calls[-8:]}\nlast deliveries: {self.deliveries[-8:]}")
            return value

    def calls_of(self, *methods: str) -> list[Call]:
        with self.changed:
            return [call for call in self.calls if call.method in methods]

    def unacknowledged(self) -> list[Delivery]:
        """Deliveries that are not acknowledged (yet)."""
        with self.changed:
            return [delivery for delivery in self.deliveries if not delivery.acknowledged]

    def complain(self, words: str) -> None:
        with self.moving():
            self.complaints.append(words)

    # Telling the app

    def emit(self, event: Json, team: Team, is_shared: bool = False) -> Delivery | None:
        """Send an event, if the app is installed, subscribed and allowed to hear it."""
        name = events.subscription(event)
        scope = events.SCOPE_OF.get(name)
        if not team.is_installed or name not in self.app.subscribed or (scope and scope not in team.scopes):
            return None
        return self.inject_event(event, team, is_ext_shared_channel=is_shared)

    def inject_event(self, event: Json, team: Team | None = None, **fields: Any) -> Delivery:
        """Send any event, whatever it is; ``fields`` go into the envelope and may replace its own."""
        with self.moving():
            event_id = self.new_id("Ev")
            body = events.envelope(event, team or self.teams[0], event_id, self.clock.now())
            return self.send("events_api", {**body, **fields})

    def send(self, kind: str, payload: Json, on_done: Callable[[Delivery], None] | None = None) -> Delivery:
        with self.moving():
            delivery = Delivery(self, kind, payload, on_done)
            self.post_office.send(delivery)
            return delivery

    def deliver_again(self, delivery: Delivery) -> Delivery:
        """The same payload once more, as after an acknowledgement that got lost."""
        return self.send(delivery.kind, delivery.payload)

    def verify_url(self) -> bool:
        """url_verification to the HTTP address: whether the app gives the challenge back."""
        way = self.deliver_by
        if not isinstance(way, Http):
            raise ValueError("deliver_by is no Http")
        return self.in_loop(way.verify(self))

    def unfurl(self, message: Message, title: str = "A page") -> None:
        """Slack adds a preview to a link: message_changed, though nobody edited anything."""
        with self.moving():
            change(message, attachments=[{"id": 1, "title": title, "fallback": title}])

    # Trouble

    def fail_next(
        self,
        method: str,
        kind: str,
        *,
        times: int = 1,
        after: int = 0,
        retry_after: int = 1,
        team: Team | None = None,
        channel: Channel | None = None,
    ) -> None:
        """Order a fault: ratelimited, http_500, hang, hang_after, drop_before, drop_after, or an error of Slack.

        ``method``: of the Web API, or upload, download, response_url, or * for all.
        ``after``: so many calls pass first.
        """
        fault = Fault(method, kind, times, after, retry_after)
        fault.team = team.id if team is not None else None
        fault.channel = channel.id if channel is not None else None
        self.faults.order(fault)

    def release(self) -> None:
        """Cut what hangs."""
        self.loop.call_soon_threadsafe(self.faults.release)

    # OAuth

    def approve(self, url: str, person: Person, deny: bool = False) -> str:
        """She follows a link to the authorize page and presses Allow (or Cancel): where her browser is sent.

        Raises:
            ValueError: the page shows an error instead.
        """
        query = {name: values[0] for name, values in parse_qs(urlsplit(url).query, keep_blank_values=True).items()}
        with self.moving():
            return authorize.decide(self, query, person, deny)

    # Small things

    def new_id(self, prefix: str) -> str:
        with self.changed:
            self._count += 1
            return f"{prefix}0{self._count:07d}"

    def clock_words(self, ts: str) -> str:
        """The time of a message as people see it, in UTC."""
        return datetime.fromtimestamp(float(ts), UTC).strftime("%H:%M")

    def new_hash(self) -> str:
        stamp = self.clock.stamp()
        return f"{stamp.partition('.')[0]}.{self.new_id('h')}"

    def in_loop(self, work: Coroutine[Any, Any, T], waits: bool = True) -> T:
        """Run something in the server's thread; with ``waits``, until it is done."""
        running = asyncio.run_coroutine_threadsafe(work, self.loop)
        return running.result(20) if waits else None  # type: ignore[return-value]
