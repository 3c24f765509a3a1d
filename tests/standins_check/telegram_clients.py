"""Two clients that the stand-in was not written for, behind the few words that its checks need.

They are read when the first check needs them: that takes seconds, and most processes that share the tests never do.
"""

from __future__ import annotations

import asyncio
import json
import re
import threading
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Coroutine, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, TypeVar

import pytest
from standins.telegram import TelegramWorld

T = TypeVar("T")
AIOGRAM, PTB = "aiogram", "python-telegram-bot"
PATIENCE = 20.0


@dataclass
class Loop:
    """An event loop in a thread: the tests stay plain functions."""

    loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.new_event_loop)

    def __enter__(self) -> Loop:
        self._thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(PATIENCE)
        self.loop.close()

    def begin(self, work: Coroutine[Any, Any, T]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self.loop)

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        result: T = self.begin(work).result(PATIENCE)
        return result


@dataclass
class Client:
    """``client("send_message", chat_id=5, text="hi")`` by either library; both name methods and arguments alike."""

    name: str
    bot: Any
    loop: Loop

    def __call__(self, method: str, **arguments: Any) -> Any:
        return self.loop.run(getattr(self.bot, method)(**arguments))

    def begin(self, method: str, **arguments: Any) -> Any:
        return self.loop.begin(getattr(self.bot, method)(**arguments))

    def file(self, data: bytes, name: str) -> Any:
        import aiogram
        import telegram

        if self.name == AIOGRAM:
            return aiogram.types.BufferedInputFile(data, filename=name)
        return telegram.InputFile(data, filename=name)

    def reaction(self, emoji: str) -> Any:
        import aiogram

        return emoji if self.name == PTB else [aiogram.types.ReactionTypeEmoji(emoji=emoji)]

    def download(self, file_id: str) -> bytes:
        found = self("get_file", file_id=file_id)
        if self.name == AIOGRAM:
            return bytes(self.loop.run(self.bot.download_file(found.file_path)).read())
        return bytes(self.loop.run(found.download_as_bytearray()))


def errors() -> tuple[type[Exception], ...]:
    """What either raises where the stand-in refuses a call."""
    import telegram
    from aiogram.exceptions import TelegramAPIError

    return TelegramAPIError, telegram.error.TelegramError


def refused(words: str) -> AbstractContextManager[Any]:
    """The call inside is refused with these words. python-telegram-bot changes their first letter."""
    return pytest.raises(errors(), match=f"(?i){re.escape(words)}")


def button(**fields: Any) -> dict[str, Any]:
    """A keyboard of one button."""
    return {"inline_keyboard": [[fields]]}


def ask(world: TelegramWorld, method: str, *, token: str = "", **arguments: Any) -> tuple[int, dict[str, Any]]:
    """A call with plain HTTP: arguments of any kind, also ones that no library would send."""
    data = urllib.parse.urlencode(
        {name: value if isinstance(value, str) else json.dumps(value) for name, value in arguments.items()}
    )
    address = f"{world.base_url}/bot{token or world.token}/{method}"
    try:
        with urllib.request.urlopen(address, data.encode() or None, timeout=60) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


@contextmanager
def clients(loop: Loop) -> Iterator[dict[str, Any]]:
    """What both need for as long as the module's tests run: aiogram's session takes a while to close."""
    session = loop.run(_session())
    request = loop.run(_request())
    yield {AIOGRAM: session, PTB: request}
    loop.run(session.close())
    loop.run(request.shutdown())


async def _session() -> Any:
    from aiogram.client.session.aiohttp import AiohttpSession

    return AiohttpSession()


async def _request() -> Any:
    from telegram.request import HTTPXRequest

    request = HTTPXRequest(connection_pool_size=16, httpx_kwargs={"trust_env": False})
    await request.initialize()
    return request


def client_of(name: str, world: TelegramWorld, shared: dict[str, Any], loop: Loop, token: str = "") -> Client:
    import aiogram
    import telegram
    from aiogram.client.telegram import TelegramAPIServer

    token = token or world.token
    if name == AIOGRAM:
        shared[AIOGRAM].api = TelegramAPIServer.from_base(world.base_url)
        return Client(name, aiogram.Bot(token, session=shared[AIOGRAM]), loop)
    base = f"{world.base_url}/bot"
    bot = telegram.Bot(
        token,
        base_url=base,
        base_file_url=f"{world.base_url}/file/bot",
        request=shared[PTB],
        get_updates_request=shared[PTB],
    )
    return Client(name, bot, loop)
