"""That the bot is at it is shown only where an answer takes its time: most are out before anybody could see it."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import structlog

from bot.channels.base import Channel, Inbound

log = structlog.get_logger()
LATER = 0.3
"""Seconds after which somebody who waits is shown that the bot is at it."""
TICK = 0.1


@dataclass(slots=True)
class _Begun:
    due: float
    channel: Channel
    inbound: Inbound
    is_over: bool = False


class Hinter:
    """One thread for the hints of all turns; it begins with the first and rests while there is none. ``stop`` it."""

    def __init__(self, later: float = LATER, tick: float = TICK) -> None:
        self._later, self._tick = later, tick
        self._begun: deque[_Begun] = deque()
        self._some = threading.Event()
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    @contextmanager
    def around(self, channel: Channel, inbound: Inbound) -> Iterator[None]:
        """The hint is given unless the block ends before."""
        begun = _Begun(time.monotonic() + self._later, channel, inbound)
        self._begun.append(begun)
        self._wake()
        try:
            yield
        finally:
            begun.is_over = True

    def stop(self) -> None:
        """Give no more hints."""
        self._stopping.set()
        self._some.set()
        with self._lock:
            thread = self._thread
        if thread is not None:
            thread.join()

    def _wake(self) -> None:
        if self._some.is_set():
            return
        self._some.set()
        with self._lock:
            if self._thread is None and not self._stopping.is_set():
                self._thread = threading.Thread(target=self._run, name="hints", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        while self._some.wait() and not self._stopping.wait(self._tick):
            self._hint_due()
            if not self._begun:
                self._some.clear()
                # One that was added meanwhile saw it set.
                if self._begun:
                    self._some.set()

    def _hint_due(self) -> None:
        now = time.monotonic()
        while self._begun and (self._begun[0].is_over or self._begun[0].due <= now):
            begun = self._begun.popleft()
            if begun.is_over:
                continue
            try:
                begun.channel.hint(begun.inbound)
            except Exception as error:
                # Cosmetic: the next may do better.
                log.info("hint failed", error=type(error).__name__)
