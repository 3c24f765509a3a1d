"""How a channel keeps within its platform's limits: words wait for their slot, what is only cosmetic is left out.

A place that said no is left alone for as long as it asked, by every process: who ignores that is shut out for hours.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

import structlog

from bot.channels.booking import Book, Lane, MemoryBook, OutOfReach, TooSoon
from store import measures

log = structlog.get_logger()
_MANY = 1000
_SPREAD = 60.0
"""Seconds that one who waits is put off at most for the sake of others."""
LONGEST_PAUSE = 86_400.0
"""Seconds. No platform asks for more than a day; a number that is larger is none."""


@dataclass(frozen=True)
class Way:
    """What a message to one place counts against, and what is closed when it is refused."""

    place: str
    whole: str
    """What all places of one bot or workspace have in common."""
    lanes: tuple[Lane, ...]

    @property
    def gates(self) -> tuple[str, str]:
        return self.whole, self.place


@dataclass(frozen=True)
class Manners:
    """Seconds and counts."""

    margin: float = 0.5
    """How much longer than told we keep quiet."""
    together: float = 2.0
    """Two places refused within so many seconds: it is the whole bot that writes too much."""
    hints: int = 5
    """Cosmetic calls per place, refilled evenly in ``hint_span``."""
    hint_span: float = 20.0
    busy: int = 15
    """From so many messages of this process in ``busy_span`` on, cosmetic calls are left out."""
    busy_span: float = 1.0


@dataclass
class _Closed:
    """What this process was told to leave alone. It knows that without asking, and when the database is gone."""

    until: dict[str, float] = field(default_factory=dict)

    def close(self, gate: str, until: float, now: float) -> float:
        """Returns until when it is closed: a shorter pause does not end a longer one."""
        if len(self.until) > _MANY:
            self.until = {each: at for each, at in self.until.items() if at > now}
        self.until[gate] = max(until, self.until.get(gate, until))
        return self.until[gate]

    def left(self, gates: tuple[str, ...], now: float) -> float:
        """Seconds until all of them are open; 0.0 if they are."""
        return max((self.until.get(gate, now) - now for gate in gates), default=0.0)


@dataclass(frozen=True)
class _Refused:
    """The refusal that this process heard last."""

    place: str
    quiet: float
    at: float

    def is_just(self, now: float, manners: Manners) -> bool:
        return now - self.at <= manners.together


class Pacer:
    """The pace of one channel in this process. ``way`` finds what a message to a place counts against."""

    def __init__(
        self,
        channel: str,
        way: Callable[[str], Way],
        book: Book,
        manners: Manners | None = None,
        *,
        seconds: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """``seconds``: a clock that is never set."""
        self._channel, self._way, self._book = channel, way, book
        self._manners = manners or Manners()
        self._seconds, self._sleep = seconds, sleep
        self._lock = threading.Lock()
        self._closed = _Closed()
        self._told: dict[str, float] = {}
        self._refused = _Refused("", 0.0, float("-inf"))
        self._sent: deque[float] = deque(maxlen=self._manners.busy)
        # A hint is nothing that other processes need to know of: whoever has the message shows it.
        self._hints = MemoryBook(seconds)

    def take(self, place: str) -> None:
        """Return when it is time to send one message to ``place``, which is counted: at once, or after the moment that
        its lanes allow to be waited for. Raises TooSoon."""
        way = self._way(place)
        self.check(place)
        try:
            wait = self._book.book(way.lanes, way.gates)
        except TooSoon as soon:
            raise TooSoon(self._spread(soon)) from None
        if wait > 0:
            self._sleep(wait)
            self.check(place)
        with self._lock:
            self._sent.append(self._seconds())

    def check(self, place: str) -> None:
        """Raises TooSoon while ``place`` is closed. Counts nothing and asks nobody."""
        if (left := self._left(self._way(place).gates)) > 0:
            raise TooSoon(left)

    def close(self, place: str, seconds: float) -> float:
        """``place`` refused a message and said for how long: nothing goes there, nor anywhere if several places were
        refused together: for no longer than both were told. Returns for how many seconds."""
        way, manners = self._way(place), self._manners
        measures.rate_limited_total.labels(self._channel).inc()
        quiet = min(seconds, LONGEST_PAUSE) + manners.margin
        was_open, left = self._shut(way.place, quiet)
        with self._lock:
            now, before = self._seconds(), self._refused
            self._refused = _Refused(way.place, quiet, now)
        self._book.close(way.place, quiet)
        if was_open and self._floods(way):
            shared = min(quiet, before.quiet) if before.place != way.place and before.is_just(now, manners) else quiet
            log.warning("several places refused, all wait", channel=self._channel, seconds=round(shared, 1))
            self._shut(way.whole, shared)
            self._book.close(way.whole, shared)
        return left

    def has_room_for_hint(self, place: str) -> bool:
        """Whether something cosmetic may be shown now; counted if so. It never waits, and no word waits for it."""
        lane = Lane(place, self._manners.hint_span / self._manners.hints, self._manners.hints)
        try:
            if not self._is_busy() and self.is_open_for_hints(place):
                self._hints.book([lane], ())
                return True
        except TooSoon:
            pass
        measures.cosmetic_dropped_total.labels(self._channel).inc()
        return False

    def is_open_for_hints(self, place: str) -> bool:
        """Whether a hint that had room is welcome still. Counts nothing."""
        way = self._way(place)
        return self._left((*way.gates, _hints(way))) <= 0

    def close_hints(self, place: str, seconds: float) -> None:
        """A cosmetic call was refused: no more of them anywhere, while words go on."""
        measures.rate_limited_total.labels(self._channel).inc()
        self._shut(_hints(self._way(place)), min(seconds, LONGEST_PAUSE) + self._manners.margin)

    def _spread(self, soon: TooSoon) -> float:
        """In how many seconds to ask again. Several that wait for one lane are told moments of their own: else all of
        them would come back at once, and all but one in vain."""
        if soon.lane is None:
            return soon.seconds
        with self._lock:
            now, lane = self._seconds(), soon.lane
            if len(self._told) > _MANY:
                self._told = {key: at for key, at in self._told.items() if at > now}
            first = now + soon.seconds
            after = self._told.get(lane.key, first - lane.every) + lane.every
            self._told[lane.key] = min(max(first, after), first + _SPREAD)
            return self._told[lane.key] - now

    def _shut(self, gate: str, seconds: float) -> tuple[bool, float]:
        """Whether it was open, and for how many seconds it is closed now."""
        with self._lock:
            now = self._seconds()
            was_open = self._closed.left((gate,), now) <= 0
            return was_open, self._closed.close(gate, now + seconds, now) - now

    def _floods(self, way: Way) -> bool:
        """Whether another place was refused just before, here or in another process."""
        try:
            self._book.book([Lane(f"{way.whole}:refusals", self._manners.together)], ())
        except TooSoon as soon:
            return not isinstance(soon, OutOfReach)
        return False

    def _left(self, gates: tuple[str, ...]) -> float:
        with self._lock:
            return self._closed.left(gates, self._seconds())

    def _is_busy(self) -> bool:
        with self._lock:
            return len(self._sent) == self._sent.maxlen and self._sent[0] > self._seconds() - self._manners.busy_span


def _hints(way: Way) -> str:
    return f"{way.whole}:hints"
