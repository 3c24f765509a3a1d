"""A few threads that work at once. There are never more jobs than threads: what waits, waits in the database.

A job that hangs can be given up: it keeps its thread, and another thread takes that one's place.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from itertools import count

import structlog

log = structlog.get_logger()
MOST_LOST = 16
"""Threads that may hang in jobs that were given up. With so many something is wrong that more threads do not mend."""


@dataclass(eq=False)
class Job:
    work: Callable[[], None]
    key: Hashable
    began: float


class Crew:
    """``on_room`` is called when there is room again after ``free`` was 0. Jobs must not raise. Several threads that
    ask for ``free`` at once may give one job more than there is room for: it gets a thread of its own."""

    def __init__(
        self,
        name: str,
        size: int,
        on_room: Callable[[], None],
        *,
        most_lost: int = MOST_LOST,
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        self._name = name
        self._size = size
        self._on_room = on_room
        self._most_lost = most_lost
        self._ticks = ticks
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._moved = threading.Condition()
        self._under_way: dict[Hashable, Job] = {}
        self._lost: set[Job] = set()
        self._idle = 0
        self._numbers = count()
        self._was_full = False

    @property
    def free(self) -> int:
        """How many jobs can be given now."""
        with self._moved:
            free = self._size - len(self._under_way)
            self._was_full = free <= 0
            return max(free, 0)

    @property
    def lost(self) -> int:
        """How many threads hang in jobs that were given up."""
        with self._moved:
            return len(self._lost)

    def lasting(self) -> dict[Hashable, float]:
        """The jobs under way by their keys, each with the seconds since it was given."""
        now = self._ticks()
        with self._moved:
            return {key: now - job.began for key, job in self._under_way.items()}

    def do(self, work: Callable[[], None], key: Hashable | None = None) -> None:
        """Let a thread do it. ``key`` names the job for ``lasting`` and ``give_up``."""
        job = Job(work, object() if key is None else key, self._ticks())
        with self._moved:
            if (same := self._under_way.get(job.key)) is not None:
                self._lost.add(same)
            self._under_way[job.key] = job
            if self._idle:
                self._idle -= 1
            else:
                # A daemon: a job that hangs must not keep the process from ending.
                name = f"{self._name}-{next(self._numbers)}"
                threading.Thread(target=self._run, name=name, daemon=True).start()
        self._jobs.put(job)

    def give_up(self, key: Hashable) -> bool:
        """Count no longer on the job of this name; another thread takes its place. False if there is none, or if as
        many hang already as may."""
        with self._moved:
            job = self._under_way.get(key)
            if job is None or len(self._lost) >= self._most_lost:
                return False
            del self._under_way[key]
            self._lost.add(job)
            self._was_full = False
            self._moved.notify_all()
        log.warning("job given up", crew=self._name)
        self._on_room()
        return True

    def stop(self, timeout: float) -> None:
        """Wait for what is under way, at most ``timeout`` seconds. Not for what was given up."""
        with self._moved:
            self._moved.wait_for(lambda: not self._under_way, timeout)
        for _ in range(self._size):
            self._jobs.put(None)

    def _run(self) -> None:
        while (job := self._jobs.get()) is not None:
            try:
                job.work()
            except Exception as error:
                log.exception("job failed", crew=self._name, error=type(error).__name__)
            if not self._done(job):
                return

    def _done(self, job: Job) -> bool:
        """Whether its thread goes on: not after a job that was given up, for another has its place."""
        with self._moved:
            if job in self._lost:
                self._lost.discard(job)
                return False
            del self._under_way[job.key]
            self._idle += 1
            was_full, self._was_full = self._was_full, False
            self._moved.notify_all()
        if was_full:
            self._on_room()
        return True
