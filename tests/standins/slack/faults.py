"""What goes wrong on the way, on order of a test."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aiohttp import web

if TYPE_CHECKING:
    from .world import SlackWorld

BEFORE = ("ratelimited", "http_500", "hang", "drop_before")
AFTER = ("hang_after", "drop_after", "http_500_after", "slow_after")


@dataclass
class Fault:
    method: str
    kind: str
    """One of BEFORE or AFTER; any other word is answered as Slack's error."""
    times: int = 1
    after: int = 0
    """So many calls pass first."""
    retry_after: int = 1
    team: str | None = None
    channel: str | None = None
    seconds: float = 0.3
    """How slow ``slow_after`` is."""


class Faults:
    def __init__(self, world: SlackWorld) -> None:
        self._world = world
        self._orders: list[Fault] = []
        self._release = asyncio.Event()

    def order(self, fault: Fault) -> None:
        with self._world.moving():
            self._orders.append(fault)

    def forget(self) -> None:
        """What was ordered and has not hit anything yet never will."""
        with self._world.moving():
            self._orders.clear()

    def next(self, method: str, team: str | None, channel: str | None = None) -> Fault | None:
        """The fault that hits this call, if any; it is used up."""
        for order in self._orders:
            if order.method in (method, "*") and order.team in (None, team) and order.channel in (None, channel):
                if order.after > 0:
                    order.after -= 1
                    return None
                order.times -= 1
                if order.times <= 0:
                    self._orders.remove(order)
                return order
        return None

    def release(self) -> None:
        """Everything that hangs is cut. Called in the server's loop."""
        self._release.set()
        self._release = asyncio.Event()

    async def suffer(self, fault: Fault | None, request: web.Request, run: Callable[[], web.Response]) -> web.Response:
        """``run`` the call, or let happen what was ordered instead, before or after it."""
        if fault is None:
            return run()
        if fault.kind == "ratelimited":
            body = {"ok": False, "error": "ratelimited"}
            return web.json_response(body, status=429, headers={"Retry-After": str(fault.retry_after)})
        if fault.kind == "http_500":
            return web.Response(status=500, text="Internal Server Error")
        if fault.kind not in (*BEFORE, *AFTER):
            return web.json_response({"ok": False, "error": fault.kind})
        if fault.kind == "slow_after":
            await asyncio.sleep(fault.seconds)
            return run()
        answer = run() if fault.kind in AFTER else web.Response(status=500)
        if fault.kind == "http_500_after":
            return web.Response(status=500, text="Internal Server Error")
        if fault.kind.startswith("hang"):
            await self._release.wait()
        if request.transport is not None:
            request.transport.abort()
        return answer
