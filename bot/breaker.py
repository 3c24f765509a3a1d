"""A breaker for what may be down: after a few failures in a row nobody waits for it for a while."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

FAILURES = 3
PAUSE = 60.0


class Breaker:
    """Safe to use from several threads. ``clock``: seconds that only grow."""

    def __init__(self, clock: Callable[[], float] = time.monotonic, failures: int = FAILURES, pause: float = PAUSE):
        self._clock, self._most, self._pause = clock, failures, pause
        self._lock = threading.Lock()
        self._failures = 0
        self._closed_again = 0.0

    def allows(self) -> bool:
        """Whether to try now. After a pause one caller may, and the others wait for what comes of it."""
        with self._lock:
            if self._failures < self._most:
                return True
            if self._clock() < self._closed_again:
                return False
            self._closed_again = self._clock() + self._pause
            return True

    def succeeded(self) -> None:
        with self._lock:
            self._failures = 0

    def failed(self) -> None:
        with self._lock:
            self._failures += 1
            self._closed_again = self._clock() + self._pause
