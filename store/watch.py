"""Wake whoever waits for a change: at once for one made in this process, within a second for another's."""

from __future__ import annotations

import threading
from types import TracebackType

from sqlalchemy.exc import SQLAlchemyError

from store.changes import latest_change
from store.engine import Database, reading
from store.errors import StoreError

POLL_SECONDS = 0.5


class Watch:
    """One thread that knows the id of the newest change, for any number of threads that wait for the next.

    A database that does not answer is asked again; meanwhile nobody is woken. ``stop`` it (or use it as a context
    manager) before the database is closed.
    """

    def __init__(self, database: Database, poll_seconds: float = POLL_SECONDS) -> None:
        self._database = database
        self._poll_seconds = poll_seconds
        self._latest = 0
        self._wakes = 0
        self._stopped = False
        self._moved = threading.Condition()
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

    def wait(self, after_id: int, timeout: float) -> int:
        """The newest id, as soon as it is above ``after_id``, or as it is after ``timeout`` seconds or a ``wake``."""
        with self._moved:
            wakes = self._wakes
            self._moved.wait_for(lambda: self._latest > after_id or self._stopped or self._wakes != wakes, timeout)
            return self._latest

    def wake(self) -> None:
        """Let everybody go who waits now, though nothing changed: a loop that is to end, say."""
        with self._moved:
            self._wakes += 1
            self._moved.notify_all()

    def stop(self) -> None:
        """Let everybody go who waits, now and later, and end the thread. Stopping twice does no harm."""
        self._stopped = True
        self.wake()
        self._stopping.set()
        self._thread.join()
        if self._hear in self._database.on_commit:
            self._database.on_commit.remove(self._hear)

    def __enter__(self) -> Watch:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _run(self) -> None:
        while not self._stopping.wait(self._poll_seconds):
            self._refresh()

    def _refresh(self) -> None:
        try:
            with reading(self._database) as session:
                latest = latest_change(session)
        except (StoreError, SQLAlchemyError):
            # Whatever it is, the next look may succeed; a thread that ended would leave everybody asleep.
            return
        self._hear(latest)

    def _hear(self, latest: int) -> None:
        with self._moved:
            if latest > self._latest:
                self._latest = latest
                self._moved.notify_all()
