"""Slots to write: booked in this process where it is the only one, else in the database that all of them share."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from typing import Protocol

import structlog
from sqlmodel import Session

from store import Database, rates, transaction
from store.errors import StoreError

log = structlog.get_logger()
_MANY = 1000
_UNTIL_THE_DATABASE_IS_BACK = 2.0
# What a moment loses by being added up from floats.
_A_MICROSECOND = 1e-6


@dataclass(frozen=True)
class Lane:
    """One limit that a message counts against: ``burst`` at once, then one every so many seconds."""

    key: str
    every: float
    burst: int = 1
    ahead: float = 0.0
    """A slot may be booked so many seconds ahead; who has it waits for it."""

    @classmethod
    def within(cls, key: str, most: int, span: float, burst: int, ahead: float = 0.0) -> Lane:
        """At most ``most`` in any ``span`` seconds, ``burst`` of them at once."""
        return cls(key, span / (most - burst), burst, ahead)


class TooSoon(Exception):
    """It cannot be sent now, and nothing was counted: ask again after ``seconds``. ``lane``: the one that is full."""

    def __init__(self, seconds: float, lane: Lane | None = None) -> None:
        super().__init__(f"in {seconds:.1f} s")
        self.seconds = seconds
        self.lane = lane


class OutOfReach(TooSoon):
    """Nobody knows whether there is a slot: the database does not answer."""


class Book(Protocol):
    """Where slots are booked. Safe for many threads."""

    def book(self, lanes: Sequence[Lane], gates: Sequence[str]) -> float:
        """Book a slot in all ``lanes`` or in none, and return the seconds until it comes.

        A lane that is waited for stands first: the others count from then on. Raises TooSoon, also while one of
        ``gates`` is closed.
        """
        ...

    def close(self, gate: str, seconds: float) -> None:
        """Tell all others that book here. A shorter pause does not end a longer one."""
        ...


class MemoryBook:
    """For a process that has nobody to tell of what is closed: its pacer knows."""

    def __init__(self, seconds: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._lock = threading.Lock()
        self._full_at: dict[str, float] = {}

    def book(self, lanes: Sequence[Lane], gates: Sequence[str]) -> float:
        with self._lock:
            now = at = self._seconds()
            booked: dict[str, float] = {}
            for lane in lanes:
                full_at = max(self._full_at.get(lane.key, at), at)
                slot = max(at, full_at - (lane.burst - 1) * lane.every)
                if slot - at > lane.ahead + _A_MICROSECOND:
                    raise TooSoon(slot - now, lane)
                booked[lane.key], at = full_at + lane.every, slot
            self._full_at |= booked
            if len(self._full_at) > _MANY:
                self._full_at = {key: full_at for key, full_at in self._full_at.items() if full_at > now}
            return at - now

    def close(self, gate: str, seconds: float) -> None:
        pass


class KeptBook(MemoryBook):
    """For the only process on a database: slots in memory, while what is closed is written down as well, for whoever
    comes after this process."""

    def __init__(self, database: Database, seconds: Callable[[], float] = time.monotonic) -> None:
        super().__init__(seconds)
        self._database = database
        self._closed_before: dict[str, float] | None = None

    def book(self, lanes: Sequence[Lane], gates: Sequence[str]) -> float:
        before, now = self._before(), self._seconds()
        if (left := max((before[gate] - now for gate in gates if gate in before), default=0.0)) > 0:
            raise TooSoon(left)
        return super().book(lanes, gates)

    def close(self, gate: str, seconds: float) -> None:
        _write_down(self._database, gate, seconds)

    def _before(self) -> dict[str, float]:
        """Until when what the process before this one was told of is closed."""
        if self._closed_before is None:
            try:
                with transaction(self._database) as session:
                    now = rates.clock(session)
                    rates.forget(session, now)
                    closed = rates.closed(session, now)
            except StoreError as error:
                raise _out_of_reach(error) from error
            began = self._seconds()
            self._closed_before = {gate: began + (until - now).total_seconds() for gate, until in closed.items()}
        return self._closed_before


class TableBook:
    """For all processes on one PostgreSQL. Each booking is a transaction of its own, timed by the database's clock."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._booked = count(1)

    def book(self, lanes: Sequence[Lane], gates: Sequence[str]) -> float:
        try:
            with transaction(self._database) as session:
                found = self._book(session, lanes, gates)
        except StoreError as error:
            raise _out_of_reach(error) from error
        if isinstance(found, TooSoon):
            raise found
        return found

    def close(self, gate: str, seconds: float) -> None:
        _write_down(self._database, gate, seconds)

    def _book(self, session: Session, lanes: Sequence[Lane], gates: Sequence[str]) -> float | TooSoon:
        """TooSoon is returned where nothing was booked: that is no fault, for which the transaction would be undone."""
        now, closed = rates.clock_and_closed(session, gates)
        at = now
        if closed is not None:
            return TooSoon((closed - now).total_seconds())
        for number, lane in enumerate(lanes):
            every, ahead = timedelta(seconds=lane.every), timedelta(seconds=lane.ahead)
            slot = rates.book(session, lane.key, at, every, lane.burst, ahead)
            if not slot.is_booked:
                refused = TooSoon((slot.at - now).total_seconds(), lane)
                if number == 0:
                    return refused
                # What the lanes before it booked is rolled back.
                raise refused
            at = slot.at
        if next(self._booked) % _MANY == 0:
            rates.forget(session, now)
        return (at - now).total_seconds()


def book_of(database: Database) -> Book:
    """SQLite has one server, PostgreSQL may have several."""
    return KeptBook(database) if database.is_sqlite else TableBook(database)


def _write_down(database: Database, gate: str, seconds: float) -> None:
    try:
        with transaction(database) as session:
            now = rates.clock(session)
            rates.close(session, gate, now + timedelta(seconds=seconds), now)
    except StoreError as error:
        # This process keeps quiet all the same; another hears it from the platform.
        log.warning("a pause could not be shared", error=type(error).__name__)


def _out_of_reach(error: StoreError) -> OutOfReach:
    """Without it nobody knows what the others send, and what became of this could not be written down."""
    log.warning("no slot to write could be booked", error=type(error).__name__)
    return OutOfReach(_UNTIL_THE_DATABASE_IS_BACK)
