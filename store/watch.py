"""Wake whoever waits for a change: at once for one made in this process, or on PostgreSQL in another's.

On SQLite, and while PostgreSQL cannot tell us (its connection is cut, or leads through a pooler), another process's
change is found by looking, every half second.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Collection
from dataclasses import dataclass, field
from types import TracebackType

from sqlalchemy.exc import SQLAlchemyError

from store.changes import latest_change
from store.engine import Database, glancing
from store.errors import StoreError
from store.listening import Ear, Told

POLL_SECONDS = 0.5
LOOK_SECONDS = 1.5
"""Between two looks while PostgreSQL tells us: what it did not tell is found by them."""
GRACE_SECONDS = 2.0
"""For what a look found already, and PostgreSQL is about to tell."""


class Watch:
    """One thread that knows the id of the newest change, for any number of threads that wait for the next.

    A database that does not answer is asked again; meanwhile nobody is woken. ``stop`` it (or use it as a context
    manager) before the database is closed. Seconds: ``poll_seconds`` between two looks while nobody tells us,
    ``look_seconds`` while PostgreSQL does.
    """

    def __init__(
        self, database: Database, poll_seconds: float = POLL_SECONDS, look_seconds: float = LOOK_SECONDS
    ) -> None:
        self._database = database
        self._poll_seconds = poll_seconds
        self._look_seconds = look_seconds
        self._look_at = 0.0
        self._ear = None if database.is_sqlite else Ear(database.writer)
        self._latest = 0
        # By kind; what a look found may be of any.
        self._newest: dict[str, int] = {}
        self._found = 0
        self._owed: set[str] = set()
        self._stopped = False
        self._lock = threading.Lock()
        self._waiting: set[_Waiting] = set()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watch", daemon=True)
        database.on_commit.append(self._hear)
        self._refresh()
        self._thread.start()

    @property
    def latest(self) -> int:
        """The id of the newest change that was seen, 0 before the first."""
        return self._latest

    @property
    def is_stopped(self) -> bool:
        return self._stopped

    @property
    def is_told(self) -> bool:
        """Whether the database tells us of changes, so that none waits for a look."""
        return self._ear is not None and self._ear.is_open

    def wait(self, after_id: int, timeout: float, kinds: Collection[str] | None = None) -> int:
        """The newest id, as soon as it is above ``after_id``, or as it is after ``timeout`` seconds or a ``wake``.

        With ``kinds`` only changes of these count, and those of which nobody told what they are.
        """
        with self._lock:
            newest, owed = self._newest_of(kinds), self._owed.intersection(kinds or ())
            self._owed -= owed
            if newest > after_id or self._stopped or owed:
                return newest
            waiting = _Waiting(None if kinds is None else frozenset(kinds))
            self._waiting.add(waiting)
        waiting.rung.wait(timeout)
        with self._lock:
            self._waiting.discard(waiting)
            return self._newest_of(kinds)

    def wake(self, kind: str | None = None) -> None:
        """Let everybody go who waits now, though nothing changed: a loop that is to end, say.

        With a ``kind`` only whoever waits for it; and where nobody does just now, whoever is the next to.
        """
        with self._lock:
            if not self._ring(None if kind is None else {kind}) and kind is not None:
                self._owed.add(kind)

    def stop(self) -> None:
        """Let everybody go who waits, now and later, and end the thread. Stopping twice does no harm."""
        self._stopped = True
        self.wake()
        self._stopping.set()
        if self._ear is not None and self._thread.is_alive():
            self._ear.ring()
        self._thread.join()
        if self._ear is not None:
            self._ear.close()
        if self._hear in self._database.on_commit:
            self._database.on_commit.remove(self._hear)

    def __enter__(self) -> Watch:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _run(self) -> None:
        ear = self._ear
        while not self._stopping.is_set():
            if ear is None:
                self._pause_and_look()
            elif ear.is_open:
                self._listen(ear)
            elif ear.open():
                # Nobody tells of what was committed before.
                self._look()
            else:
                self._pause_and_look()

    def _pause_and_look(self) -> None:
        if not self._stopping.wait(self._poll_seconds):
            self._refresh()

    def _look(self) -> None:
        self._refresh()
        self._look_at = time.monotonic() + self._look_seconds

    def _listen(self, ear: Ear) -> None:
        left = self._look_at - time.monotonic()
        if left > 0:
            self._hear_told(ear.hear(left))
            return
        before = self._latest
        self._look()
        if self._latest > before and not self._is_told_of(ear, self._latest):
            ear.doubt()

    def _is_told_of(self, ear: Ear, found: int) -> bool:
        """Whether the database tells us of change ``found`` too, be it a little late."""
        until = time.monotonic() + GRACE_SECONDS
        while (left := until - time.monotonic()) > 0 and ear.is_open and not self._stopping.is_set():
            told = ear.hear(left)
            self._hear_told(told)
            if told.newest >= found:
                return True
        return not ear.is_open or self._stopping.is_set()

    def _refresh(self) -> None:
        try:
            with glancing(self._database) as session:
                latest = latest_change(session)
        except (StoreError, SQLAlchemyError):
            # Whatever it is, the next look may succeed; a thread that ended would leave everybody asleep.
            return
        self._hear(latest)

    def _hear(self, latest: int, kinds: Collection[str] | None = None) -> None:
        """``latest`` is there now, with changes of ``kinds``; None where nobody knows of which kind they are."""
        with self._lock:
            if kinds is None:
                moved = latest > self._latest
                self._found = latest if moved else self._found
            else:
                fresh = [kind for kind in kinds if latest > self._newest.get(kind, 0)]
                self._newest.update(dict.fromkeys(fresh, latest))
                moved, kinds = bool(fresh), fresh
            self._latest = max(self._latest, latest)
            if moved:
                self._ring(kinds)

    def _hear_told(self, told: Told) -> None:
        if told.newest:
            self._hear(told.newest, told.kinds)

    def _ring(self, kinds: Collection[str] | None) -> bool:
        """Let go whoever waits for one of ``kinds``; whether there was anybody who named it."""
        was_named = False
        for waiting in self._waiting:
            if kinds is None or waiting.kinds is None:
                waiting.rung.set()
            elif not waiting.kinds.isdisjoint(kinds):
                was_named = True
                waiting.rung.set()
        return was_named

    def _newest_of(self, kinds: Collection[str] | None) -> int:
        if kinds is None:
            return self._latest
        return max(self._found, *(self._newest.get(kind, 0) for kind in kinds))


@dataclass(eq=False)
class _Waiting:
    """Somebody who waits for a change of ``kinds``, or for any."""

    kinds: frozenset[str] | None
    rung: threading.Event = field(default_factory=threading.Event)
