"""The world's lock, and waiting for it to change without ever sleeping."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

T = TypeVar("T")


class Waiting:
    """Everything that changes happens inside ``changing()``; whoever waits looks again afterwards."""

    def __init__(self, patience: float, ticked: Callable[[], None], story: Callable[[], str]) -> None:
        self.lock = threading.RLock()
        self.patience = patience
        self._changed = threading.Condition(self.lock)
        self._version = 0
        self._ticked = ticked
        self._story = story

    @contextmanager
    def changing(self) -> Iterator[None]:
        with self.lock:
            try:
                yield
            finally:
                self._version += 1
                self._changed.notify_all()
                self._ticked()

    def wait_for(self, predicate: Callable[[], T | None], timeout: float | None = None, what: str = "") -> T:
        """The first truthy value; looked at after every change. AssertionError when the time is up.

        The lock is not held while it looks, so it may take its time.
        """
        deadline = time.monotonic() + (self.patience if timeout is None else timeout)
        while True:
            seen = self._version
            if found := predicate():
                return found
            if not self._changes_after(seen, deadline):
                if found := predicate():
                    return found
                raise AssertionError(f"waited in vain for {what or predicate}; {self._story()}")

    def settle(self, quiet: float) -> None:
        seen = self._version
        while self._changes_after(seen, time.monotonic() + quiet):
            seen = self._version

    def _changes_after(self, seen: int, deadline: float) -> bool:
        with self._changed:
            return self._changed.wait_for(lambda: self._version != seen, max(deadline - time.monotonic(), 0.0))
