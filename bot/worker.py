"""The loops of a running Firstline: turns, deliveries, and the watch for a new release."""

from __future__ import annotations

import os
import secrets
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

import structlog

from bot import inbox
from bot.channels.base import Channel
from bot.live import Live
from bot.sending import Sender
from bot.turns import handle
from handoff import deliveries
from store import Database, reading, transaction
from store.watch import Watch

log = structlog.get_logger()
TURN_LOOPS = 4
"""More than there are cores: a turn may wait for a file or a profile of its channel."""
POLL = 1.0
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
        self.sender = Sender(database, channels, self.name)
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        with transaction(self.database) as session:
            inbox.release(session, self.name)
            deliveries.release_worker(session, self.name, datetime.now(UTC), safe_channels=self._safe())
        loops: list[tuple[str, Callable[[], bool]]] = [("release", self._refresh), ("delivery", self._deliver)]
        loops += [(f"turn-{number}", self._take_turn) for number in range(TURN_LOOPS)]
        for name, step in loops:
            thread = threading.Thread(target=self._loop, args=(name, step), name=name, daemon=True)
            thread.start()
            self._threads.append(thread)

    def stop(self, timeout: float = 20.0) -> None:
        """Take nothing new, finish what is under way, wait for it at most ``timeout`` seconds in all."""
        self._stop.set()
        self.watch.wake()
        for thread in self._threads:
            thread.join(timeout / (len(self._threads) + 1))
        self.sender.stop(timeout / (len(self._threads) + 1))

    def _loop(self, name: str, step: Callable[[], bool]) -> None:
        """Run ``step`` while it finds work, then wait for a change. A failing step is logged and tried again."""
        seen = 0
        while not self._stop.is_set():
            try:
                while not self._stop.is_set() and step():
                    pass
                patience = self.sender.wait_until(datetime.now(UTC), POLL) if name == "delivery" else POLL
            except Exception as error:
                log.exception("loop failed", loop=name, error=type(error).__name__)
                self._stop.wait(POLL)
                patience = POLL
            seen = self.watch.wait(seen, patience)

    def _safe(self) -> list[str]:
        return [name for name, channel in self.channels.items() if channel.is_safe_to_resend]

    def _refresh(self) -> bool:
        if self.live.refresh(self.database):
            log.info("release live", release=self.live.serving.release_id if self.live.serving else None)
        return False

    def _take_turn(self) -> bool:
        if self.live.serving is None and self.live.problem is None:
            # Still starting: the message waits for the knowledge base rather than for a person.
            return False
        now, names = datetime.now(UTC), tuple(self.channels)
        with reading(self.database) as session:
            if not inbox.has_due(session, now, names):
                return False
        with transaction(self.database) as session:
            row = inbox.claim(session, self.name, now, channels=names)
        if row is None:
            return False
        handle(self.database, self.live, self.channels[row.channel], row, self.name, now)
        return True

    def _deliver(self) -> bool:
        now = datetime.now(UTC)
        with reading(self.database) as session:
            has_lost = deliveries.has_outlived(session, now)
        if has_lost:
            with transaction(self.database) as session:
                deliveries.release_worker(session, None, now, safe_channels=self._safe())
        return self.sender.step(now)
