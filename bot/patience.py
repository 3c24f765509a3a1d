"""Waiting for the network only so long, whatever the other side does: stall, drip, or never let go."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import TimeoutError as NotYet
from typing import Any, TypeVar

T = TypeVar("T")
_GRACE = 0.5


class TooLate(Exception):
    """It took longer than anybody wants to wait."""


class Busy(Exception):
    """As many wait already as may."""


class Patience:
    """Runs coroutines on an event loop of its own, for callers in threads.

    A deadline over the whole of a coroutine can be kept only there: a socket's own time limit begins anew with each
    byte. The loop's thread starts with the first call.
    """

    def __init__(self, most_at_once: int) -> None:
        self._places = threading.BoundedSemaphore(most_at_once)
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    def within(self, seconds: float, begin: Callable[[], Awaitable[T]]) -> T:
        """What ``begin`` comes to. Raises TooLate after ``seconds``, Busy if too many wait, and what it raises."""
        if not self._places.acquire(blocking=False):
            raise Busy
        try:
            return self._run(_limited(seconds, begin), seconds + _GRACE)
        finally:
            self._places.release()

    def close(self, last: Callable[[], Awaitable[None]]) -> None:
        """Run ``last`` and end the loop, if it ever started."""
        with self._lock:
            loop, thread, self._loop, self._thread = self._loop, self._thread, None, None
        if loop is None or thread is None:
            return
        asyncio.run_coroutine_threadsafe(_limited(_GRACE, last), loop).exception()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()

    def _run(self, coroutine: Coroutine[Any, Any, T], seconds: float) -> T:
        future = asyncio.run_coroutine_threadsafe(coroutine, self._running())
        try:
            return future.result(seconds)
        except NotYet:
            future.cancel()
            raise TooLate from None

    def _running(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                self._thread = threading.Thread(target=self._loop.run_forever, name="language model", daemon=True)
                self._thread.start()
            return self._loop


async def _limited(seconds: float, begin: Callable[[], Awaitable[T]]) -> T:
    async with asyncio.timeout(seconds):
        return await begin()
