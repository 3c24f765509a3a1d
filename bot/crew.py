"""A few threads that work at once. There are never more jobs than threads: what waits, waits in the database."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait


class Crew:
    """``on_room`` is called when there is room again after ``free`` was 0. Give jobs from one thread; they must not
    raise."""

    def __init__(self, name: str, size: int, on_room: Callable[[], None]) -> None:
        self._size = size
        self._on_room = on_room
        self._pool = ThreadPoolExecutor(size, thread_name_prefix=name)
        self._lock = threading.Lock()
        self._under_way: set[Future[None]] = set()
        self._was_full = False

    @property
    def free(self) -> int:
        """How many jobs can be given now."""
        with self._lock:
            free = self._size - len(self._under_way)
            self._was_full = free == 0
            return free

    def do(self, job: Callable[[], None]) -> None:
        """Let a thread do it."""
        with self._lock:
            future = self._pool.submit(job)
            self._under_way.add(future)
        future.add_done_callback(self._done)

    def stop(self, timeout: float) -> None:
        """Wait for what is under way, at most ``timeout`` seconds."""
        with self._lock:
            under_way = set(self._under_way)
        wait(under_way, timeout)
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _done(self, future: Future[None]) -> None:
        with self._lock:
            self._under_way.discard(future)
            was_full, self._was_full = self._was_full, False
        if was_full:
            self._on_room()
