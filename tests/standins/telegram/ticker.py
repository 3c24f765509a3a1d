"""Wakes coroutines after each change of the world, from whichever thread made it."""

from __future__ import annotations

import asyncio
import contextlib


class Ticker:
    """Made inside the loop it serves."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._next: asyncio.Future[None] = self._loop.create_future()

    def time(self) -> float:
        return self._loop.time()

    def next(self) -> asyncio.Future[None]:
        """Done at the next change. Ask before looking, so that no change falls between."""
        return self._next

    def tick(self) -> None:
        """In the loop's own thread."""
        ticked, self._next = self._next, self._loop.create_future()
        ticked.set_result(None)

    async def wait(self, ticked: asyncio.Future[None], deadline: float) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(asyncio.shield(ticked), max(deadline - self.time(), 0.0))
