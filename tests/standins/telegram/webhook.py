"""Delivery by webhook: every pending update is posted, several at once and in no order, until a 2xx answers it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import aiohttp

if TYPE_CHECKING:
    from standins.telegram.world import TelegramWorld

HEADER = "X-Telegram-Bot-Api-Secret-Token"
PATIENCE = 30.0

Reply = Callable[[str, dict[str, Any]], Awaitable[Any]]
"""Carries out a method that the webhook named in its answer."""


@dataclass
class Webhook:
    """As setWebhook left it; an empty url means none."""

    url: str = ""
    secret_token: str = ""
    max_connections: int = 40
    last_error: str = ""
    last_error_at: float = 0.0


class Deliverer:
    """Lives in the server's loop. ``look()`` after every change; ``close()`` at the end."""

    def __init__(self, world: TelegramWorld, reply: Reply) -> None:
        self._world = world
        self._reply = reply
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._session: aiohttp.ClientSession | None = None

    def look(self) -> None:
        """Start a post for each pending update that has none, as far as max_connections allows."""
        with self._world.lock:
            hook = self._world.webhook
            waiting = [update for update in self._world.updates.pending if id(update) not in self._tasks]
            free = hook.max_connections - len(self._tasks) if hook.url else 0
        for update in waiting[: max(free, 0)]:
            task = asyncio.ensure_future(self._deliver(hook, update))
            self._tasks[id(update)] = task
            task.add_done_callback(partial(self._finish, id(update)))

    def _finish(self, key: int, task: asyncio.Task[None]) -> None:
        self._tasks.pop(key, None)
        self.look()

    async def close(self) -> None:
        for task in list(self._tasks.values()):
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)
        if self._session is not None:
            await self._session.close()

    async def _deliver(self, hook: Webhook, update: dict[str, Any]) -> None:
        for attempt in range(10**6):
            with self._world.lock:
                if self._world.webhook is not hook or all(update is not one for one in self._world.updates.pending):
                    return
                self._world.updates.hand_out(update)
            status = await self._post(hook, update)
            with self._world.changing():
                self._world.webhook_posts.append((update["update_id"], status))
                if 200 <= status < 300:
                    self._world.updates.confirm(update)
                    return
                hook.last_error = f"Wrong response from the webhook: {status}" if status else "Connection failed"
                hook.last_error_at = self._world.clock()
            waits = self._world.webhook_backoff
            await asyncio.sleep(waits[min(attempt, len(waits) - 1)])

    async def _post(self, hook: Webhook, update: dict[str, Any]) -> int:
        """The status of the answer; 0 where none came."""
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=PATIENCE))
        headers = {"Content-Type": "application/json"} | ({HEADER: hook.secret_token} if hook.secret_token else {})
        try:
            async with self._session.post(hook.url, data=json.dumps(update), headers=headers) as answer:
                body = await answer.read()
                if 200 <= answer.status < 300:
                    await self._obey(body)
                return answer.status
        except (aiohttp.ClientError, TimeoutError, OSError):
            return 0

    async def _obey(self, body: bytes) -> None:
        """A webhook may answer with a method to call; nobody hears what becomes of it."""
        try:
            wanted = json.loads(body)
        except ValueError:
            return
        if isinstance(wanted, dict) and isinstance(method := wanted.pop("method", None), str):
            await self._reply(method, wanted)
