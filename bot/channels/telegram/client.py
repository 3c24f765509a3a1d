"""The one line to Telegram: a ``telegram.Bot`` in an asyncio loop of its own thread, called from any other thread; and
for words another one without a loop, whose calls are made by the thread that asks.

Nothing that this module raises holds the token: the library's own messages may quote an address, so ours never do.
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
import threading
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import CancelledError, Future
from typing import Any, TypeVar
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode, urlsplit
from urllib.request import getproxies

import httpx
from telegram import Bot
from telegram.error import NetworkError, TelegramError, TimedOut
from telegram.request import BaseRequest, HTTPXRequest, RequestData

from bot.channels.lines import Lines, NotConnected
from bot.channels.pacing import LONGEST_PAUSE

T = TypeVar("T")
OFFICIAL = "https://api.telegram.org"
CONNECTIONS = 32
LONGEST_CALL = 120.0
"""Seconds after which a call is given up, whatever the connection's own limits say."""
CONNECT, ANSWER = 5.0, 20.0
"""Seconds for a connection, and for each thing that is waited for on it."""
LOOK_EVERY = 10.0
MOST_WAITING = 100
MOST_PASSING = 8
FLOOD_SECONDS = 30.0
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}
_PROXIES = {"http", "https", "all"}
_WORD = re.compile(r"(?<!^)(?=[A-Z])")


class Flood(TelegramError):
    """429: too much was asked for. ``seconds`` is how long to keep quiet."""

    def __init__(self, seconds: float) -> None:
        super().__init__("Telegram asks to wait.")
        self.seconds = seconds


class Refused(TelegramError):
    """401: the token is not, or no longer, that of a bot."""


class ServerTrouble(TelegramError):
    """A 5xx, of Telegram itself or of something on the way."""

    def __init__(self, code: int) -> None:
        super().__init__(f"Telegram has trouble of its own ({code}).")


class Garbled(TelegramError):
    """What came back is no answer of the Bot API."""


class Stopped(Exception):
    """The line is closed: nothing leaves any more."""


class CutOff(Stopped):
    """The line was closed, or the call taken back, while it was under way: it may have had its effect."""


class Request(HTTPXRequest):
    """Telegram's errors as we tell them apart. The library's own 429 warns of its future whenever it is made."""

    async def do_request(self, *args: Any, **kwargs: Any) -> tuple[int, bytes]:
        return _checked(*await super().do_request(*args, **kwargs))

    @staticmethod
    def parse_json_payload(payload: bytes) -> dict[str, Any]:
        return _read(payload)


class PlainRequest(BaseRequest):
    """The same without a loop: nothing in it waits for anything but its own connection, so a call is over when it was
    begun. That takes a third of what the way by the loop takes, and no thread waits for another. For words, not for
    files; where a proxy stands between, it is not for us."""

    def __init__(self, lines: Lines) -> None:
        self._lines = lines

    @property
    def read_timeout(self) -> float:
        return ANSWER

    async def initialize(self) -> None:
        """Connections are made when they are needed."""

    async def shutdown(self) -> None:
        """They close with whoever has the lines."""

    async def do_request(
        self, url: str, method: str, request_data: RequestData | None = None, *_: Any, **__: Any
    ) -> tuple[int, bytes]:
        fields = request_data.json_parameters if request_data else {}
        try:
            said = self._lines.post(url, urlencode(fields).encode(), _FORM, ANSWER)
        except HTTPError as refused:
            return _checked(refused.code, refused.read())
        except TimeoutError as error:
            raise TimedOut from error
        except URLError as error:
            # In the words of the other way.
            is_unsent = isinstance(error.reason, NotConnected)
            raise NetworkError("No connection.") from (httpx.ConnectError("") if is_unsent else error)
        except Exception as error:
            raise NetworkError("No answer.") from error
        return _checked(said.status, said.body)

    @staticmethod
    def parse_json_payload(payload: bytes) -> dict[str, Any]:
        return _read(payload)


class Client:
    """Start it before the first call; ``close`` lets what is under way finish for a moment."""

    def __init__(self, token: str, base_url: str | None) -> None:
        # At INFO httpx writes each address into the log, and the address holds the token.
        for name in ("httpx", "httpcore", "telegram"):
            logging.getLogger(name).setLevel(logging.WARNING)
        self.base_url = (base_url or OFFICIAL).rstrip("/")
        self.trust_env = urlsplit(self.base_url).hostname not in _LOOPBACK
        # What stands before the colon is no secret; without one it is no token, and nothing of it is shown.
        number = token.partition(":")[0]
        self.bot_id = number if number.isdecimal() else ""
        self._files_url = f"{self.base_url}/file/bot{token}"
        self._requests = (self._request(2), self._request(CONNECTIONS))
        self.bot = Bot(
            token,
            base_url=f"{self.base_url}/bot",
            base_file_url=f"{self.base_url}/file/bot",
            get_updates_request=self._requests[0],
            request=self._requests[1],
        )
        self._lines = _lines(self.base_url)
        plain = PlainRequest(self._lines)
        is_direct = not (self.trust_env and _PROXIES & getproxies().keys())
        self._words = (
            Bot(token, f"{self.base_url}/bot", request=plain, get_updates_request=plain) if is_direct else None
        )
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()
        self._waiting = 0
        self._passing: set[asyncio.Task[Any]] = set()
        self._few = asyncio.Semaphore(MOST_PASSING)
        self._is_closed = False

    def start(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="telegram-line", daemon=True)
        self._thread.start()
        self._loop.call_soon_threadsafe(self._end_endless)

    def close(self, patience: float = 5.0) -> None:
        """Take no more calls, wait up to ``patience`` seconds for those under way, and end the thread."""
        with self._lock:
            is_closed, self._is_closed = self._is_closed, True
        if is_closed or self._loop is None or self._thread is None:
            return
        until = time.monotonic() + patience
        asyncio.run_coroutine_threadsafe(self._wind_up(patience), self._loop).result(patience + 5.0)
        self._lines.wait(max(until - time.monotonic(), 0))
        self._lines.cut()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(patience)
        self._loop.close()

    def call(self, work: Coroutine[Any, Any, T], on_start: Callable[[Future[T]], None] | None = None) -> T:
        """The result of ``work``, which runs on the line. Raises TelegramError, TimeoutError, Stopped, CutOff.

        ``on_start`` gets the future, for another thread to cancel.
        """
        future = self._submit(work)
        if on_start:
            on_start(future)
        try:
            return future.result(LONGEST_CALL)
        except CancelledError:
            raise CutOff("The line to Telegram was closed.") from None
        except TimeoutError:
            future.cancel()
            raise

    def say(self, work: Callable[[Bot], Coroutine[Any, Any, T]]) -> T:
        """The result of ``work``, which sends words by the bot that it gets. Raises what ``call`` raises."""
        if self._words is None:
            return self.call(work(self.bot))
        with self._lock:
            if self._is_closed:
                raise Stopped("The line to Telegram is closed.")
        return _at_once(work(self._words))

    def ask(self, method: str, on_start: Callable[[Future[Any]], None] | None = None, **arguments: Any) -> Any:
        """What ``method`` returns, as Telegram sent it: an object that the library cannot read stays readable.

        ``read_timeout`` in seconds is for the call itself. Raises what ``call`` raises.
        """
        read_timeout = arguments.pop("read_timeout", ANSWER)
        # Under the method's usual spelling the library would warn that it has a way of its own, which parses.
        spelled = _WORD.sub("_", method)
        work = self.bot.do_api_request(spelled, api_kwargs=arguments, read_timeout=read_timeout)
        return self.call(work, on_start)

    def soon(self, work: Callable[[], Coroutine[Any, Any, Any]]) -> None:
        """Do something that may be lost, and return at once. Dropped while too much waits; its errors are swallowed."""
        with self._lock:
            if self._waiting >= MOST_WAITING or self._is_closed:
                return
            self._waiting += 1
        try:
            self._submit(self._in_passing(work)).add_done_callback(self._done_waiting)
        except Stopped:
            self._done_waiting(None)

    def file_url(self, path: str) -> str:
        """Where a file lies. It holds the token: never show it, never log it."""
        return f"{self._files_url}/{path}"

    def _submit(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        with self._lock:
            if self._is_closed or self._loop is None:
                work.close()
                raise Stopped("The line to Telegram is closed.")
            return asyncio.run_coroutine_threadsafe(work, self._loop)

    def _end_endless(self) -> None:
        """Words have no deadline of their own: who sends a little again and again would keep them for ever."""
        assert self._loop is not None
        self._lines.cut(LONGEST_CALL)
        self._loop.call_later(LOOK_EVERY, self._end_endless)

    def _done_waiting(self, future: Future[Any] | None) -> None:
        with self._lock:
            self._waiting -= 1
        if future is not None and not future.cancelled():
            future.exception()

    async def _in_passing(self, work: Callable[[], Coroutine[Any, Any, Any]]) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._passing.add(task)
        try:
            # A few at a time: the connections are there for what must be sent.
            async with self._few:
                await work()
        finally:
            self._passing.discard(task)

    async def _wind_up(self, patience: float) -> None:
        for task in self._passing:
            task.cancel()
        under_way = asyncio.all_tasks() - {asyncio.current_task()}
        if under_way:
            _, late = await asyncio.wait(under_way, timeout=patience)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        for request in self._requests:
            await request.shutdown()
        await asyncio.get_running_loop().shutdown_asyncgens()

    def _request(self, connections: int) -> Request:
        return Request(
            connection_pool_size=connections,
            connect_timeout=CONNECT,
            pool_timeout=CONNECT,
            read_timeout=ANSWER,
            write_timeout=ANSWER,
            media_write_timeout=60.0,
            httpx_kwargs={"trust_env": self.trust_env},
        )


def _lines(base_url: str) -> Lines:
    """They trust whom the other way trusts."""
    trust = httpx.create_ssl_context() if urlsplit(base_url).scheme == "https" else None
    return Lines(base_url, trust=trust, connecting=CONNECT)


def _at_once(work: Coroutine[Any, Any, T]) -> T:
    """The result of what waits for no loop."""
    try:
        work.send(None)
    except StopIteration as done:
        result: T = done.value
        return result
    work.close()
    raise AssertionError("it waits for a loop")


def _checked(code: int, body: bytes) -> tuple[int, bytes]:
    if code == 429:
        raise Flood(_seconds(body))
    if code == 401:
        raise Refused("Telegram refused the token.")
    if code >= 500:
        raise ServerTrouble(code)
    return code, body


def _read(payload: bytes) -> dict[str, Any]:
    # The library's own would write the whole answer, with what people said, into the log.
    read = _object(payload)
    if not read:
        raise Garbled("Telegram's answer could not be read.")
    return read


def _object(body: bytes) -> dict[str, Any]:
    """The JSON object in ``body``; empty for anything else."""
    try:
        read = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return read if isinstance(read, dict) else {}


def _seconds(body: bytes) -> float:
    parameters = _object(body).get("parameters")
    told = parameters.get("retry_after") if isinstance(parameters, dict) else None
    return float(min(told, LONGEST_PAUSE)) if isinstance(told, int | float) and told > 0 else FLOOD_SECONDS
