"""Every message has a deadline: whatever hangs, its customer gets a person by then and is told so.

A thread of its own that waits for no other: not for the knowledge base, not for the crew of the turns.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog

from bot import backlog, clocks, inbox
from bot.channels.base import Channel
from bot.crew import Crew
from bot.live import House
from bot.models import InboxRow, InboxState
from bot.parking import park
from store import Database, measures, reading, transaction
from store.errors import Unavailable

log = structlog.get_logger()
EVERY = 2.0
"""Seconds between two looks."""
_HEADS = 200
"""Rows that one look is about, the oldest first."""
_AT_ONCE = 20
"""Rows that one look hands over at most."""
_STEP = timedelta(seconds=5)
"""A clock that gains or loses as much between two looks was set."""
_AHEAD = timedelta(seconds=60)
"""What came while it was looked, or by another machine's clock, may lie so far ahead of the look. What lies further
ahead tells of a clock that was set back."""


@dataclass(frozen=True)
class Patience:
    """How long is waited for what."""

    deadline: timedelta = timedelta(seconds=120)
    """From a message's arrival to the end of its turn."""
    turn: timedelta = timedelta(seconds=30)
    """What a turn gets at least, however long its message waited before."""
    backlog: timedelta = timedelta(minutes=10)
    """Instead of ``deadline`` for what was never begun with, while turns come to an end: it will have its own."""
    moving: timedelta = timedelta(seconds=30)
    """So long after a turn's end turns count as coming to an end."""


def is_overdue(
    row: InboxRow, now: datetime, began: datetime, *, lasting: timedelta | None, is_moving: bool, patience: Patience
) -> bool:
    """Whether a person must take ``row``, for no turn came to an end with it in time.

    ``began``: when this worker did, from which it counts at the earliest. ``lasting``: how long the turn has been
    under way here, None where there is none. ``is_moving``: whether turns of other messages come to an end.
    """
    waited = now - waits_since(row, now, began)
    if lasting is not None:
        return waited > patience.deadline and lasting >= patience.turn
    is_elsewhere = row.state is InboxState.WORKING and row.lease_until is not None and row.lease_until >= now
    if is_elsewhere:
        # Whoever prolongs its lease looks after it; if nobody does, it is over soon.
        return False
    may_wait = is_moving and row.error is None
    return waited > (patience.backlog if may_wait else patience.deadline)


def waits_since(row: InboxRow, now: datetime, began: datetime) -> datetime:
    """From when its deadline counts, ``now`` at the latest."""
    moments = (row.received_at, row.waits_since, began)
    return min(max((at for at in moments if at is not None and at <= now + _AHEAD), default=began), now)


class Watchdog:
    """Takes messages away from turns that hang, and hands over what nobody begins with. ``look`` is one look."""

    def __init__(
        self,
        database: Database,
        house: House,
        channels: Mapping[str, Channel],
        worker: str,
        turns: Crew,
        patience: Patience | None = None,
        *,
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        """``turns``: the crew that has the turns of ``worker`` under way, by the ids of their rows. ``ticks``: the
        seconds of a clock that nobody sets."""
        self._database = database
        self._house = house
        self._channels = channels
        self._worker = worker
        self._turns = turns
        self._patience = patience or Patience()
        self._ticks = ticks
        self._began: datetime | None = None
        self._clocks: tuple[datetime, float] | None = None
        self._seen: list[int] = []
        self._moved_at: datetime | None = None
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watchdog", daemon=True)
        self._beat = time.monotonic()

    def start(self) -> None:
        """Begin to look; once."""
        if not self._thread.is_alive():
            self._thread.start()

    def stop(self, timeout: float = 5.0) -> None:
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(timeout)

    def beats(self) -> list[tuple[str, float]]:
        """Its name, and when of ``time.monotonic`` it last looked, while it runs."""
        return [("watchdog", self._beat)] if self._thread.is_alive() else []

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                with self._database.absence.noticed("watchdog"):
                    self.look(datetime.now(UTC))
            except Exception as error:
                if not isinstance(error, Unavailable):
                    log.warning("watchdog could not look", error=type(error).__name__)
                measures.loop_failures_total.labels("watchdog").inc()
            self._beat = time.monotonic()
            self._stopping.wait(min(EVERY, inbox.LEASE.total_seconds() / 4))

    def look(self, now: datetime) -> int:
        """Hand over what is overdue. Returns how many rows that were."""
        began = self._mind_the_clock(now)
        lasting = {key: timedelta(seconds=seconds) for key, seconds in self._turns.lasting().items()}
        with reading(self._database) as session:
            heads = backlog.heads(session, _HEADS)
            if backlog.finished_of(session, self._seen):
                self._moved_at = now
        self._seen = [row.id or 0 for row in heads]
        is_moving = self._moved_at is not None and now - self._moved_at <= self._patience.moving
        overdue = [row for row in heads if self._is_overdue(row, now, began, lasting, is_moving)]
        handed = sum(self._hand_over(row, now) for row in overdue[:_AT_ONCE])
        self._prolong([key for key, took in lasting.items() if took >= inbox.LEASE / 3], now)
        return handed

    def _is_overdue(
        self, row: InboxRow, now: datetime, began: datetime, lasting: Mapping[Hashable, timedelta], is_moving: bool
    ) -> bool:
        # What came for a channel that is switched off may wait for it, but not for ever.
        waits = is_moving or row.channel not in self._channels
        is_mine = row.state is InboxState.WORKING and row.worker == self._worker
        took = lasting.get(row.id or 0) if is_mine else None
        return is_overdue(row, now, began, lasting=took, is_moving=waits, patience=self._patience)

    def _hand_over(self, row: InboxRow, now: datetime) -> bool:
        why = _why(row)
        try:
            is_parked = park(
                self._database, self._channels.get(row.channel), row, why, now, self._house, is_in_time=False
            )
        except Exception as error:
            log.exception("not handed over", inbox_id=row.id, error=type(error).__name__)
            return False
        if is_parked:
            measures.watchdog_total.labels(row.channel).inc()
            log.error("message handed over", inbox_id=row.id, channel=row.channel, why=why)
            self._turns.give_up(row.id)
        return is_parked

    def _prolong(self, keys: Sequence[Hashable], now: datetime) -> None:
        """Keep the leases of turns that take long but are not given up: nobody else shall begin with them."""
        row_ids = [key for key in keys if isinstance(key, int)]
        if row_ids:
            with transaction(self._database) as session:
                inbox.renew(session, self._worker, row_ids, now)

    def _mind_the_clock(self, now: datetime) -> datetime:
        """When counting begins: at the first look, and anew where the clock was set, or the machine slept."""
        ticks, last = self._ticks(), self._clocks
        strayed = timedelta(0)
        if last is not None and self._began is not None:
            strayed = (now - last[0]) - timedelta(seconds=ticks - last[1])
            if abs(strayed) <= _STEP:
                self._clocks = now, ticks
                return self._began
        with transaction(self._database) as session:
            clocks.set_right(session, now)
        if strayed:
            log.warning("clock was set", seconds=round(strayed.total_seconds()))
        # Not before it is set right: while the database is away the next look sees the same step.
        self._began, self._clocks = now, (now, ticks)
        return now


def _why(row: InboxRow) -> str:
    if row.state is InboxState.WORKING:
        return "its turn did not come to an end in time"
    return (
        f"it was tried in vain until it was late: {row.error}" if row.error else "nobody came to deal with it in time"
    )
