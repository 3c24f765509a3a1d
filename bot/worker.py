"""The loops of a running Firstline: turns, deliveries, and the watch for a new release."""

from __future__ import annotations

import os
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial

import structlog

from bot import inbox
from bot.channels.base import Channel
from bot.crew import Crew
from bot.live import Live
from bot.models import InboxRow
from bot.sending import Sender
from bot.turns import handle
from handoff import deliveries
from store import Database, reading, transaction
from store.watch import Watch

log = structlog.get_logger()
TURNS = 4
"""At once. More than there are cores: a turn may wait for a file or a profile of its channel."""
POLL = 1.0
LEASES_EVERY = 5.0
SERVER = "server"


class Worker:
    """Turns and deliveries in threads of this process. ``start`` once, ``stop`` to finish what is under way."""

    def __init__(self, database: Database, watch: Watch, live: Live, channels: Mapping[str, Channel]) -> None:
        self.database = database
        self.watch = watch
        self.live = live
        self.channels = channels
        # SQLite has one server at a time: under the same name it finds what its dead predecessor held.
        self.name = SERVER if database.is_sqlite else f"{SERVER}-{os.getpid()}-{secrets.token_hex(3)}"
        self.sender = Sender(database, channels, self.name, watch.wake)
        self.turns = Crew("turn", TURNS, watch.wake)
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        with transaction(self.database) as session:
            inbox.release(session, self.name)
            deliveries.release_worker(session, self.name, datetime.now(UTC), safe_channels=self._safe())
        loops: dict[str, tuple[Callable[[], bool], Callable[[int], int]]] = {
            "release": (self._refresh, self._pause),
            "leases": (self._release_lost, self._pause_long),
            "delivery": (self._deliver, self._until_due),
            "turns": (self._take_turns, self._until_next),
        }
        for name, (step, rest) in loops.items():
            thread = threading.Thread(target=self._loop, args=(name, step, rest), name=name, daemon=True)
            thread.start()
            self._threads.append(thread)

    def stop(self, timeout: float = 20.0) -> None:
        """Take nothing new, finish what is under way, wait for it at most ``timeout`` seconds in all."""
        self._stop.set()
        self.watch.wake()
        until = time.monotonic() + timeout
        for thread in self._threads:
            thread.join(max(until - time.monotonic(), 0))
        self.turns.stop(max(until - time.monotonic(), 0))
        self.sender.stop(max(until - time.monotonic(), 0))

    def _loop(self, name: str, step: Callable[[], bool], rest: Callable[[int], int]) -> None:
        """Run ``step`` while it finds work, then ``rest``. A failing step is logged and tried again."""
        seen = 0
        while not self._stop.is_set():
            try:
                while not self._stop.is_set() and step():
                    pass
                seen = rest(seen)
            except Exception as error:
                log.exception("loop failed", loop=name, error=type(error).__name__)
                self._stop.wait(POLL)

    def _until_next(self, seen: int) -> int:
        """Until something changes, or a message that waits for more, or for another try, becomes due."""
        now = datetime.now(UTC)
        with reading(self.database) as session:
            due = inbox.next_due(session, now, tuple(self.channels))
        seconds = POLL if due is None else min(max((due - now).total_seconds(), 0.01), POLL)
        return self.watch.wait(seen, seconds)

    def _until_due(self, seen: int) -> int:
        return self.watch.wait(seen, self.sender.wait_until(datetime.now(UTC), POLL))

    def _pause(self, seen: int) -> int:
        self._stop.wait(POLL)
        return seen

    def _pause_long(self, seen: int) -> int:
        self._stop.wait(LEASES_EVERY)
        return seen

    def _safe(self) -> list[str]:
        return [name for name, channel in self.channels.items() if channel.is_safe_to_resend]

    def _refresh(self) -> bool:
        if self.live.refresh(self.database):
            log.info("release live", release=self.live.serving.release_id if self.live.serving else None)
        return False

    def _release_lost(self) -> bool:
        """Deliveries that outlived their lease: whoever had them is gone."""
        with reading(self.database) as session:
            has_lost = deliveries.has_outlived(session, datetime.now(UTC))
        if has_lost:
            with transaction(self.database) as session:
                deliveries.release_worker(session, None, datetime.now(UTC), safe_channels=self._safe())
        return False

    def _take_turns(self) -> bool:
        if self.live.serving is None and self.live.problem is None:
            # Still starting: the message waits for the knowledge base rather than for a person.
            return False
        now, names, free = datetime.now(UTC), tuple(self.channels), self.turns.free
        if not free:
            return False
        with reading(self.database) as session:
            if not inbox.has_due(session, now, names):
                return False
        with transaction(self.database) as session:
            rows = inbox.claim_some(session, self.name, now, free, channels=names)
        for row in rows:
            self.turns.do(partial(self._take_turn, row))
        return bool(rows)

    def _take_turn(self, row: InboxRow) -> None:
        try:
            handle(self.database, self.live, self.channels[row.channel], row, self.name, datetime.now(UTC))
        except Exception as error:
            # Its lease runs out, and the row is taken again.
            log.exception("turn not recorded", inbox=row.id, error=type(error).__name__)

    def _deliver(self) -> bool:
        return self.sender.step(datetime.now(UTC))
