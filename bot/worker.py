"""The loops of a running Firstline: turns, deliveries, the desk's own deeds, and the watch for a new release."""

from __future__ import annotations

import os
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial

import structlog
from structlog.contextvars import bind_contextvars, clear_contextvars

from bot import inbox
from bot.channels.base import Channel
from bot.crew import Crew
from bot.desk.loop import DeskLoop
from bot.handover import Handover
from bot.hinting import Hinter
from bot.live import Live
from bot.models import InboxRow
from bot.recovery import recover
from bot.sending import Sender
from bot.turns import handle
from bot.watchdog import Patience, Watchdog
from store import Database, measures, transaction
from store.errors import Unavailable
from store.watch import Watch

log = structlog.get_logger()
_UNKNOWN = 0
"""Stands for rows that were perhaps claimed: no row has this id."""
TURNS = 4
"""At once. More than there are cores: a turn may wait for a file or a profile of its channel."""
MANY = 100
POLL = 1.0
LEASES_EVERY = 5.0
COMMIT = 2.0
"""Seconds that are waited for transactions to end that have taken something. One that fails ends without a word."""
LONGEST_STEP = 60.0
"""Seconds without a step after which a loop counts as dead: every wait of ours, and of the databases, is shorter."""
PATIENCE = {"release": 600.0}
"""Loading a large release, or a model for the first time, is one step."""
SERVER = "server"
TURN_ENDED, SENT = "turn ended", "sent"
"""What wakes a loop beside the changes that concern it."""


class Worker:
    """Turns and deliveries in threads of this process. ``start`` once, ``stop`` to finish what is under way."""

    def __init__(
        self,
        database: Database,
        watch: Watch,
        live: Live,
        channels: Mapping[str, Channel],
        patience: Patience | None = None,
    ) -> None:
        self.database = database
        self.watch = watch
        self.live = live
        self.channels = channels
        # SQLite has one server at a time: under the same name it finds what its dead predecessor held.
        self.name = SERVER if database.is_sqlite else f"{SERVER}-{os.getpid()}-{secrets.token_hex(3)}"
        self.sender = Sender(database, channels, self.name, partial(watch.wake, SENT))
        self.hinter = Hinter()
        self.turns = Crew("turn", TURNS, partial(watch.wake, TURN_ENDED))
        self.handover = Handover(
            database,
            self.name,
            tuple(channels),
            self.sender,
            room=self._room,
            begin=self._begin_turn,
            drop=lambda row: self._dropped.add(row.id or _UNKNOWN),
        )
        self.desk = DeskLoop(database, live.house)
        self.watchdog = Watchdog(database, live.house, channels, self.name, self.turns, patience)
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []
        self._beats: dict[str, float] = {}
        self._due_at: datetime | None = None
        self._some_wait = False
        self._dropped: set[int] = set()

    def start(self, *, follows: bool = True) -> None:
        """Begin. Without ``follows`` no release is taken up until ``follow``: messages wait for it, and get a person
        at their deadline; what the desk writes goes out."""
        recover(self.database, self.name, self.sender, datetime.now(UTC))
        self.watchdog.start()
        self._begin("leases", self._keep_leases, self._pause_long)
        self._begin("delivery", self._deliver, self._until_due)
        self._begin("turns", self._take_turns, self._until_next)
        self._begin("desk", self._mind_the_desk, self._pause)
        self.handover.open()
        if follows:
            self.follow()

    def follow(self) -> None:
        """Take up releases as they go live."""
        self._begin("release", self._refresh, self._pause)

    def _begin(self, name: str, step: Callable[[], bool], rest: Callable[[int], int]) -> None:
        thread = threading.Thread(target=self._loop, args=(name, step, rest), name=name, daemon=True)
        thread.start()
        self._threads.append(thread)

    def stop(self, timeout: float = 20.0) -> None:
        """Take nothing new, finish what is under way, wait for it at most ``timeout`` seconds in all."""
        self._stop.set()
        until = time.monotonic() + timeout
        self.handover.close(min(timeout, COMMIT))
        self.watch.wake()
        for thread in self._threads:
            thread.join(max(until - time.monotonic(), 0))
        self.turns.stop(max(until - time.monotonic(), 0))
        self.hinter.stop()
        self.watchdog.stop(max(until - time.monotonic(), 0))
        self.sender.stop(max(until - time.monotonic(), 0))
        self._let_go()

    def _let_go(self) -> None:
        """Turns that did not end in time are another worker's at once; should they still end, they record nothing."""
        try:
            with transaction(self.database) as session:
                inbox.release(session, self.name)
        except Exception as error:
            log.warning("turns not released", error=type(error).__name__)

    def dead_loops(self, now: float) -> list[str]:
        """The loops that have not moved for too long, at ``now`` of ``time.monotonic``; none once it is to stop."""
        beats = [] if self._stop.is_set() else [*self._beats.items(), *self.watchdog.beats()]
        return [name for name, at in beats if now - at > PATIENCE.get(name, LONGEST_STEP)]

    def _loop(self, name: str, step: Callable[[], bool], rest: Callable[[int], int]) -> None:
        """Run ``step`` while it finds work, then ``rest``. A failing step is logged and tried again; of
        a database that is away, all loops together say it once."""
        seen = 0
        while not self._stop.is_set():
            self._beats[name] = time.monotonic()
            try:
                with self.database.absence.noticed(name):
                    while not self._stop.is_set() and step():
                        self._beats[name] = time.monotonic()
                seen = rest(seen)
            except Exception as error:
                if not isinstance(error, Unavailable):
                    log.exception("loop failed", loop=name, error=type(error).__name__)
                measures.loop_failures_total.labels(name).inc()
                self._stop.wait(POLL)

    def _until_next(self, seen: int) -> int:
        """Until something comes, a turn ends, or a message that waits for more, or for another try, becomes due."""
        due, now = self._due_at, datetime.now(UTC)
        seconds = POLL if due is None else min(max((due - now).total_seconds(), 0.01), POLL)
        return self.watch.wait(seen, seconds, ("inbox", TURN_ENDED))

    def _until_due(self, seen: int) -> int:
        return self.watch.wait(seen, self.sender.wait_until(datetime.now(UTC), POLL), ("delivery", SENT))

    def _pause(self, seen: int) -> int:
        self._stop.wait(POLL)
        return seen

    def _pause_long(self, seen: int) -> int:
        self._stop.wait(LEASES_EVERY)
        return seen

    def _refresh(self) -> bool:
        if self.live.refresh(self.database):
            log.info("release live", release=self.live.serving.release_id if self.live.serving else None)
        return False

    def _mind_the_desk(self) -> bool:
        return self.desk.step(datetime.now(UTC))

    def _keep_leases(self) -> bool:
        self.sender.keep_leases(datetime.now(UTC))
        return False

    def _take_turns(self) -> bool:
        """Begin with all that may begin, as far as there is room. What comes next, or makes room, wakes the loop."""
        now, names, free = datetime.now(UTC), tuple(self.channels), self._room()
        if not free:
            return False
        self._pick_up(now)
        # Set before it is looked: a turn that ends meanwhile, and is not seen to have ended, wakes the loop too.
        self._some_wait = True
        try:
            with transaction(self.database, is_lasting=False) as session:
                rows = inbox.claim_some(session, self.name, now, free, channels=names)
                outlook = inbox.outlook(session, now, names, MANY)
        except BaseException:
            # It may be committed all the same, and nobody heard of which.
            self._dropped.add(_UNKNOWN)
            raise
        self._due_at = outlook.next_due
        for row in rows:
            self._begin_turn(row)
        self._some_wait = outlook.waiting > 0
        return False

    def _room(self) -> int | None:
        """How many turns may begin now. None while we are still starting: a message waits for the knowledge base rather
        than for a person."""
        return None if self.live.is_awaited else self.turns.free

    def _begin_turn(self, row: InboxRow) -> None:
        self.turns.do(partial(self._take_turn, row), key=row.id)

    def _pick_up(self, now: datetime) -> None:
        """Let go of rows that are this worker's though no turn is under way with them: the database was away when they
        were claimed, or when their turn was to be recorded."""
        dropped = set(self._dropped)
        if not dropped:
            return
        save = [key for key in self.turns.lasting() if isinstance(key, int) and key not in dropped]
        with transaction(self.database) as session:
            inbox.release(session, self.name, save=save, not_before=now)
        self._dropped -= dropped

    def _take_turn(self, row: InboxRow) -> None:
        clear_contextvars()
        bind_contextvars(inbox_id=row.id)
        try:
            with measures.turn_seconds.labels(row.channel).time():
                channel, now = self.channels[row.channel], datetime.now(UTC)
                handle(self.database, self.live, channel, row, self.name, now, self.hinter)
        except Exception as error:
            # Not even put back: the loop picks it up.
            log.exception("turn not recorded", error=type(error).__name__)
            self._dropped.add(row.id or 0)
        if self._some_wait:
            # Maybe for this one's end, in its thread.
            self.watch.wake(TURN_ENDED)

    def _deliver(self) -> bool:
        self.sender.step(datetime.now(UTC))
        return False
