"""The thread that serves: one event loop, one port, every path of the stand-in."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING

import aiohttp
from aiohttp import web

from . import authorize, downloads, drawing, responses, webapi

if TYPE_CHECKING:
    from .world import SlackWorld


class Serving:
    def __init__(self, world: SlackWorld, port: int) -> None:
        self._world = world
        self._port = port
        self._thread = threading.Thread(target=self._run, name="slack-standin", daemon=True)
        self._runner: web.AppRunner | None = None
        self._is_stopped = False

    def start(self) -> str:
        """Serve; returns host and port."""
        self._thread.start()
        return asyncio.run_coroutine_threadsafe(self._open(), self._world.loop).result(20)

    def _run(self) -> None:
        asyncio.set_event_loop(self._world.loop)
        self._world.loop.run_forever()

    async def _open(self) -> str:
        world = self._world
        world.session = aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(total=None), connector=aiohttp.TCPConnector(limit=0)
        )
        app = web.Application(client_max_size=64 * 1024 * 1024)
        webapi.mount(app, world)
        responses.mount(app, world)
        downloads.mount(app, world)
        authorize.mount(app, world)
        drawing.mount(app, world)
        app.router.add_get("/link/", world.sockets.serve)
        self._runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=0.2)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self._port)
        await site.start()
        host, port = self._runner.addresses[0][:2]
        return f"{host}:{port}"

    def stop(self) -> None:
        if self._is_stopped:
            return
        self._is_stopped = True
        loop = self._world.loop
        asyncio.run_coroutine_threadsafe(self._close(), loop).result(20)
        loop.call_soon_threadsafe(loop.stop)
        self._thread.join(20)
        loop.close()

    async def _close(self) -> None:
        world = self._world
        world.faults.release()
        await world.post_office.close()
        for connection in list(world.sockets.connections):
            connection.transport.abort()
        await world.session.close()
        if self._runner is not None:
            await self._runner.cleanup()
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
