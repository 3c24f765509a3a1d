"""Order after a gap: what comes in a thread waits until somebody has looked for what was said there before it.

Slack brings each event again by itself, at once, after a minute and after five more. What was said while we were away
may so come after what was said since, or not at all.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from queue import SimpleQueue
from typing import Any

import structlog

from bot import lateness
from bot.channels.base import Unreadable
from bot.channels.slack import envelopes
from bot.channels.slack.envelopes import Kind
from bot.channels.slack.history import Spoken
from bot.channels.slack.names import SLACK, Direct, InChannel, parse_place
from store import Database, transaction
from store.errors import StoreError

log = structlog.get_logger()
HELD = timedelta(seconds=15)
"""So long a message waits at most, however long it takes to look."""
LASTS = timedelta(minutes=10)
"""After a gap. Slack brings an event for the last time some six minutes after it was said."""
DOUBT = timedelta(seconds=5)
"""A thread is looked at once more when Slack brought something again, though no more often than this."""
LOOKERS = 3
"""Threads of Slack that are looked at at once."""
CROWD = 12
"""So many threads wait at most for a mere doubt: Slack also brings again what we were slow to acknowledge, and in a
busy hour that must not hold up everybody."""
_AGAIN = 0.5
"""Seconds until the database is tried again."""
Fetch = Callable[[Spoken, datetime], object]
"""Takes in what was said in a place from a moment on. May raise whatever it likes."""


class CatchUp:
    """``begin`` with each gap, ``end`` when all was looked at. Looks in threads of its own; safe for many threads."""

    def __init__(self, database: Database, now: Callable[[], datetime]) -> None:
        self._database = database
        self._now = now
        self._lock = threading.Lock()
        self._since: datetime | None = None
        self._until: datetime | None = None
        self._seen: set[str] = set()
        self._doubted_at: datetime | None = None
        self._is_sure = False
        self._asked: SimpleQueue[_Asked | None] = SimpleQueue()
        self._stopping = threading.Event()
        self._queued: set[str] = set()
        self._taken_over: dict[str, Spoken] = {}
        self._threads: list[threading.Thread] = []

    def start(self, fetch: Fetch) -> None:
        names = (f"slack-catch-up-{number}" for number in range(LOOKERS))
        self._threads = [threading.Thread(target=self._run, args=(fetch,), name=name, daemon=True) for name in names]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._stopping.set()
        for _ in self._threads:
            self._asked.put(None)
        for thread in self._threads:
            thread.join(2 / LOOKERS)

    def begin(self, since: datetime) -> None:
        """From ``since`` on something may have been missed, in any place."""
        self._begin(since, is_sure=True)

    def _begin(self, since: datetime, *, is_sure: bool) -> None:
        with self._lock:
            self._is_sure = is_sure or (self._is_sure and self._since is not None)
            self._since = min(since, self._since or since)
            self._until, self._seen = self._now() + LASTS, set()

    def doubt(self) -> None:
        """Slack brings something again, so other events may not have come either: to this process, or to another that
        is dead."""
        now = self._now()
        with self._lock:
            is_known = self._doubted_at is not None and now - self._doubted_at < DOUBT
            self._doubted_at = self._doubted_at if is_known else now
        if not is_known:
            self._begin(now - LASTS, is_sure=False)

    def end(self) -> None:
        with self._lock:
            self._since = None

    def awaited(self, thread: str, kind: Kind, body: dict[str, Any]) -> Spoken | None:
        """Where to look before this is dealt with; None where nothing can have been missed before it."""
        with self._lock:
            is_gap = self._since is not None and self._until is not None and self._now() < self._until
            is_crowded = not self._is_sure and len(self._queued) >= CROWD
            if not is_gap or is_crowded or thread in self._seen:
                return None
        return place_of(thread, kind, body)

    def fetch(self, thread: str, spoken: Spoken) -> None:
        """Look there, then let go what was held back in the thread. To be asked for once that is committed."""
        with self._lock:
            is_queued = thread in self._queued
            self._queued.add(thread)
        if not is_queued:
            self._asked.put(_Asked(thread, spoken, self._now() + HELD))

    def take_over(self) -> None:
        """What a process held back that is gone waits here once more, until ``go_on`` and a look in its thread."""
        try:
            with transaction(self._database) as session:
                until = self._now() + HELD
                for row in lateness.held_back(session, SLACK):
                    payload = json.loads(row.payload)
                    spoken = place_of(row.thread_key, Kind(payload["kind"]), payload["body"])
                    if spoken is not None:
                        lateness.hold_back(session, SLACK, row.event_key, until)
                        self._taken_over[row.thread_key] = spoken
        except StoreError as error:
            log.warning("slack messages not held back", error=type(error).__name__)

    def go_on(self) -> None:
        """Look where what was taken over waits: Slack can be asked now."""
        with self._lock:
            taken, self._taken_over = self._taken_over, {}
        for thread, spoken in taken.items():
            self.fetch(thread, spoken)

    def _run(self, fetch: Fetch) -> None:
        while (asked := self._asked.get()) is not None:
            with self._lock:
                # What comes from now on is asked for once more: this look may have passed it.
                self._queued.discard(asked.thread)
            try:
                self._catch_up(fetch, asked)
            except StoreError as error:
                # Our database is away, and with it whoever would deal with what was held back.
                log.warning("slack thread not caught up with", error=type(error).__name__)
                if self._now() < asked.until and not self._stopping.wait(_AGAIN):
                    self._asked.put(asked)

    def _catch_up(self, fetch: Fetch, asked: _Asked) -> None:
        with self._lock:
            since, seen = self._since, self._seen
        if since is not None and asked.thread not in seen and self._now() < asked.until:
            try:
                fetch(asked.spoken, since)
            except StoreError:
                raise
            except Exception as error:
                # One try: a Slack that does not answer must not hold up everything that is said.
                log.warning("slack thread not caught up with", error=type(error).__name__)
            seen.add(asked.thread)
        with transaction(self._database) as session:
            lateness.let_go(session, SLACK, asked.thread, self._now())


@dataclass(frozen=True)
class _Asked:
    """``until``: then what was held back is dealt with, whether or not anybody has looked."""

    thread: str
    spoken: Spoken
    until: datetime


def place_of(thread: str, kind: Kind, body: dict[str, Any]) -> Spoken | None:
    """Where in Slack the thread of this is; None where it begins the thread, or is in none. Pure."""
    try:
        place = parse_place(thread)
    except Unreadable:
        return None
    if isinstance(place, InChannel):
        begins = kind is Kind.EVENT and envelopes.message_of(body) == place.root
        return None if begins else Spoken(place, place.channel, place.root)
    return Spoken(place, *_spot(kind, body)) if isinstance(place, Direct) else None


def _spot(kind: Kind, body: dict[str, Any]) -> tuple[str | None, str | None]:
    """Which direct messages, and which thread of them, where it says so."""
    channel = envelopes.place_of(kind, body)
    if not channel.startswith("D"):
        return None, None
    return channel, envelopes.root_of(body) or None
