"""That the database takes nothing is said once in the log, and once that it does again, however many loops find out."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import structlog

from store.errors import Unavailable

log = structlog.get_logger()


class Absence:
    """Who in this process cannot get at the database just now. Each says under its own name how it fared."""

    def __init__(self, ticks: Callable[[], float] = time.monotonic) -> None:
        self._ticks = ticks
        self._lock = threading.Lock()
        self._missed_by: set[str] = set()
        self._since = 0.0
        self._found_at = float("-inf")

    @contextmanager
    def noticed(self, who: str) -> Iterator[None]:
        """The block does something with the database. What is not the database's fault is raised as it came, and so is
        Unavailable, after it was said."""
        begun = self._ticks()
        try:
            yield
        except Unavailable as error:
            self._missed(who, error, begun)
            raise
        self._found(who)

    def _missed(self, who: str, error: Unavailable, begun: float) -> None:
        with self._lock:
            is_news = not self._missed_by
            if is_news and begun <= self._found_at:
                # What it tried began before somebody else found the database back: its next try will tell.
                return
            self._missed_by.add(who)
            if is_news:
                self._since = self._ticks()
                log.warning("the database takes nothing", reason=str(error), error=type(error).__name__)

    def _found(self, who: str) -> None:
        if who not in self._missed_by:
            return
        with self._lock:
            self._missed_by.discard(who)
            if not self._missed_by:
                self._found_at = self._ticks()
                log.info("the database takes what is said again", seconds=round(self._ticks() - self._since))
