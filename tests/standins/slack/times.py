"""What Slack's clock says, and how long Slack is patient. Both belong to the test."""

from __future__ import annotations

import asyncio
import threading
import time
from dataclasses import dataclass


@dataclass
class Times:
    """Seconds, as Slack has them. Tests shorten what they wait for, or move the clock."""

    ack: float = 3.0
    """How long an app may take to acknowledge anything."""
    retries: tuple[float, ...] = (0.0, 60.0, 300.0)
    """Waits before the second, third and fourth delivery of an event."""
    trigger: float = 3.0
    response_url: float = 1800.0
    response_uses: int = 5
    oauth_code: float = 600.0
    access_token: float = 43_200.0
    warning: float = 10.0
    """Between Socket Mode's warning and the refresh."""
    status: float = 120.0
    """How long an assistant's status stays without a message."""

    @classmethod
    def patient(cls) -> Times:
        """As real, but for the seconds that an app has, for a busy machine may take them all."""
        return cls(ack=60.0, trigger=60.0)

    @classmethod
    def quick(cls) -> Times:
        """Deliveries are repeated at once, and an app has time; all else is as real."""
        return cls(ack=60.0, trigger=60.0, retries=(0.02, 0.05, 0.1))


class Clock:
    """Real time plus what tests added. ``stamp()`` gives message ids, which are times and never twice the same."""

    def __init__(self) -> None:
        self._ahead = 0.0
        self._last = 0
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._moved: set[asyncio.Event] = set()

    def bind(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop

    def now(self) -> float:
        return time.time() + self._ahead

    @property
    def is_waited_for(self) -> bool:
        """Whether anything sleeps until a later time: a repetition, a patience."""
        return bool(self._moved)

    def advance(self, seconds: float) -> None:
        """Let this much time pass at once: for expiry, for repeated deliveries, for limits."""
        self._ahead += seconds
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._wake)

    def _wake(self) -> None:
        for event in self._moved:
            event.set()

    def stamp(self) -> str:
        with self._lock:
            self._last = max(self._last + 1, int(self.now() * 1_000_000))
            return f"{self._last // 1_000_000}.{self._last % 1_000_000:06d}"

    async def sleep(self, seconds: float) -> None:
        """Until the clock has moved on by so much, by itself or by ``advance``."""
        until = self.now() + seconds
        moved = asyncio.Event()
        self._moved.add(moved)
        try:
            while (left := until - self.now()) > 0:
                moved.clear()
                try:
                    await asyncio.wait_for(moved.wait(), left)
                except TimeoutError:
                    continue
        finally:
            self._moved.discard(moved)
