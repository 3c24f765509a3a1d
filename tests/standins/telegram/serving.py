"""The socket: /bot<token>/<method>, /file/bot<token>/<path>, and pages to look at. A thread with its own loop."""

from __future__ import annotations

import asyncio
import json
import threading
from typing import TYPE_CHECKING, Any

from aiohttp import web

from standins.telegram import view
from standins.telegram.arguments import Arguments, Upload
from standins.telegram.dispatch import Broken, Caller, Cut, call, check_token
from standins.telegram.refusals import NOT_FOUND, TOO_LARGE, Refusal, bad_request
from standins.telegram.ticker import Ticker
from standins.telegram.webhook import Deliverer

if TYPE_CHECKING:
    from standins.telegram.world import TelegramWorld

START = 10.0


class Server:
    def __init__(self, world: TelegramWorld, port: int) -> None:
        self.port = port
        self._world = world
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ticker: Ticker | None = None
        self._deliverer: Deliverer | None = None
        self._stopping: asyncio.Event | None = None
        self._thread: threading.Thread | None = None
        self._ready = threading.Event()
        self._failed: BaseException | None = None

    def start(self) -> None:
        self._thread = threading.Thread(target=self._run, name="telegram-stand-in", daemon=True)
        self._thread.start()
        assert self._ready.wait(START), "the stand-in did not start"
        if self._failed is not None:
            raise self._failed

    def stop(self) -> None:
        if self._loop is not None and self._stopping is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._stopping.set)
        if self._thread is not None:
            self._thread.join(START)
            assert not self._thread.is_alive(), "the stand-in did not stop"

    def tick(self) -> None:
        """The world changed: polls and the webhook look again."""
        loop = self._loop
        if loop is not None and not loop.is_closed():
            try:
                loop.call_soon_threadsafe(self._look)
            except RuntimeError:
                return  # it closed just now

    def _look(self) -> None:
        if self._ticker is not None and self._deliverer is not None:
            self._ticker.tick()
            self._deliverer.look()

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as error:
            self._failed = error
        finally:
            self._ready.set()

    async def _serve(self) -> None:
        self._stopping = asyncio.Event()
        self._ticker = Ticker()
        self._deliverer = Deliverer(self._world, self._reply)
        # Not 0.0: to aiohttp that means to wait for ever for a poll that is under way.
        runner = web.AppRunner(self._app(), access_log=None, handler_cancellation=True, shutdown_timeout=0.1)
        await runner.setup()
        try:
            site = web.TCPSite(runner, "127.0.0.1", self.port, reuse_address=True)
            await site.start()
            self.port = runner.addresses[0][1]
            self._loop = asyncio.get_running_loop()
            self._look()
            self._ready.set()
            await self._stopping.wait()
        finally:
            self._loop = None
            await self._deliverer.close()
            await runner.cleanup()

    def _app(self) -> web.Application:
        app = web.Application(client_max_size=4 * self._world.sizes.upload)
        app.router.add_get("/file/bot{token}/{path:.+}", self._file)
        app.router.add_route("*", "/bot{token}/{method}", self._method)
        view.add_routes(app, self._world)
        app.router.add_route("*", "/{anything:.*}", self._nothing)
        return app

    async def _method(self, request: web.Request) -> web.StreamResponse:
        token, method = request.match_info["token"], request.match_info["method"]
        try:
            arguments = await _read(request)
            caller = Caller(token, lambda: request.transport is None or request.transport.is_closing())
            assert self._ticker is not None
            result = await call(self._world, self._ticker, caller, method, arguments)
        except Refusal as refusal:
            return _json(refusal.code, refusal.body)
        except web.HTTPRequestEntityTooLarge:
            return _json(TOO_LARGE.code, TOO_LARGE.body)
        except Broken:
            return web.Response(text="<html><body>gateway</body></html>", content_type="text/html")
        except Cut:
            if request.transport is not None:
                request.transport.abort()
            return web.Response(status=500)
        return _json(200, {"ok": True, "result": result})

    async def _reply(self, method: str, values: dict[str, Any]) -> None:
        assert self._ticker is not None
        try:
            caller = Caller(self._world.token, lambda: False)
            await call(self._world, self._ticker, caller, method, Arguments(values))
        except (Refusal, Broken, Cut):
            return

    async def _file(self, request: web.Request) -> web.StreamResponse:
        try:
            check_token(self._world, request.match_info["token"])
            with self._world.lock:
                found = self._world.paths.get(request.match_info["path"])
            if found is None:
                raise NOT_FOUND
        except Refusal as refusal:
            return _json(refusal.code, refusal.body)
        return web.Response(body=found.data, content_type="application/octet-stream")

    async def _nothing(self, request: web.Request) -> web.StreamResponse:
        return _json(NOT_FOUND.code, NOT_FOUND.body)


async def _read(request: web.Request) -> Arguments:
    """Arguments from the query and from the body, in whichever of the four forms."""
    if request.method not in ("GET", "POST"):
        raise Refusal(405, "Method Not Allowed")
    values: dict[str, Any] = dict(request.query)
    uploads: dict[str, Upload] = {}
    if request.method == "GET" or not request.can_read_body:
        return Arguments(values)
    if request.content_type == "application/json":
        values |= _object(await request.text())
    elif request.content_type in ("application/x-www-form-urlencoded", "multipart/form-data"):
        for name, value in (await request.post()).items():
            if isinstance(value, web.FileField):
                uploads[name] = Upload(value.filename, value.content_type, value.file.read())
                value.file.close()
            else:
                values[name] = value.decode() if isinstance(value, bytes | bytearray) else value
    return Arguments({name: value for name, value in values.items() if value is not None}, uploads)


def _object(body: str) -> dict[str, Any]:
    if not body.strip():
        return {}
    try:
        found = json.loads(body)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise bad_request("can't parse JSON object")
    return found


def _json(status: int, body: dict[str, Any]) -> web.Response:
    return web.json_response(body, status=status)
