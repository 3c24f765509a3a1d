"""Two weeks in minutes: a clock that jumps from one thing to the next, and the real loops that do what is due."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from sqlmodel import Session, col, select

from bot import inbox
from bot.channels.base import Channel, Inbound
from bot.channels.mailbox import WEB, Mailbox
from bot.desk.loop import DeskLoop
from bot.live import Live
from bot.sending import send_due
from bot.turns import handle
from store import Database, reading, transaction
from store.models import Timer, TimerState

NAME = "demo"
WORKSPACE = "T0DEMO"
PATIENT = ("outcome", "nps")
"""Timers that may wait for the next thing that happens: they come often, whether there is something or not."""
Scene = Iterator[timedelta]
"""Something that takes time: it yields how long until it goes on."""


class SlackLike(Mailbox):
    """Direct messages in Slack, without Slack: what is sent is there."""

    def parse(self, payload: dict[str, Any]) -> Inbound:
        read, who = super().parse(payload), payload["visitor"]
        return Inbound(**{**vars(read), "thread": f"{WORKSPACE}:@{who}", "customer": f"{WORKSPACE}:{who}"})


def stand_ins() -> dict[str, Channel]:
    """Channels that need no token and no platform."""
    return {WEB: Mailbox(WEB), "telegram": Mailbox("telegram"), "slack": SlackLike("slack")}


@dataclass
class Stage:
    """Where the scenes are played. ``now`` only ever moves on."""

    database: Database
    live: Live
    now: datetime
    channels: Mapping[str, Channel] = field(default_factory=stand_ins)
    _waiting: list[tuple[datetime, int, Scene]] = field(default_factory=list)
    _order: Iterator[int] = field(default_factory=count)
    _events: Iterator[int] = field(default_factory=count)

    def __post_init__(self) -> None:
        self._desk = DeskLoop(self.database, self.live.house)

    def begin(self, at: datetime, scene: Scene) -> None:
        """Let ``scene`` begin at a moment."""
        heapq.heappush(self._waiting, (max(at, self.now), next(self._order), scene))

    def play(self, until: datetime) -> None:
        """Everything that happens before ``until``; scenes that would go on later stay where they are."""
        while self._waiting and self._waiting[0][0] < until:
            at, _, scene = heapq.heappop(self._waiting)
            self._wait_until(at)
            pause = next(scene, None)
            self._work()
            if pause is not None:
                self.begin(self.now + pause, scene)
        self._wait_until(until)

    def accept(self, channel: str, key: str, **payload: Any) -> None:
        """Put what somebody wrote or pressed into the inbox, as a channel does."""
        client_id = f"demo-{next(self._events)}"
        with transaction(self.database) as session:
            payload = {"visitor": key, "client_id": client_id, **payload}
            inbox.accept(session, channel, f"{key}:{client_id}", key, payload, self.now)
        self._work()

    def _wait_until(self, moment: datetime) -> None:
        """Do what becomes due until then, each thing at its time."""
        while (due := self._next_due()) is not None and due < moment:
            self.now = max(self.now, due)
            if not self._work():
                break
        self.now = max(self.now, moment)

    def _work(self) -> bool:
        """Everything that is due now: turns, what the desk does by itself, deliveries. Whether there was anything."""
        is_busy = False
        while self._take_turn() or self._desk.step(self.now) or send_due(self.database, self.channels, NAME, self.now):
            is_busy = True
        return is_busy

    def _take_turn(self) -> bool:
        with transaction(self.database) as session:
            row = inbox.claim(session, NAME, self.now, channels=tuple(self.channels))
        if row is not None:
            handle(self.database, self.live, self.channels[row.channel], row, NAME, self.now)
        return row is not None

    def _next_due(self) -> datetime | None:
        with reading(self.database) as session:
            words = inbox.next_due(session, self.now, tuple(self.channels))
            timers = self._next_timer(session)
        return min((one for one in (words, timers) if one is not None), default=None)

    def _next_timer(self, session: Session) -> datetime | None:
        due = (Timer.state == TimerState.WAITING, col(Timer.kind).in_(set(self._desk.deeds) - set(PATIENT)))
        return session.exec(select(Timer.due_at).where(*due).order_by(col(Timer.due_at)).limit(1)).first()
