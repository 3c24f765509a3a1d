"""Carrying payloads to the app, again and again where Slack does, by whichever way is switched on."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from .registry import Json

if TYPE_CHECKING:
    from .world import SlackWorld


@dataclass(frozen=True)
class Attempt:
    """One try. ``reason``: why it failed (http_timeout, http_error, connection_failed, timeout), None if it did not."""

    number: int
    at: float
    status: int | None
    reason: str | None
    answer: Any = None
    seconds: float = 0.0
    headers: dict[str, str] = field(default_factory=dict)
    is_last: bool = False
    """The app asked not to be told again (X-Slack-No-Retry)."""


@dataclass(eq=False)
class Delivery:
    """One payload on its way. ``kind``: events_api, interactive or slash_commands."""

    world: SlackWorld
    kind: str
    payload: Json
    on_done: Callable[[Delivery], None] | None = None
    attempts: list[Attempt] = field(default_factory=list)
    is_done: bool = False

    @property
    def acknowledged(self) -> bool:
        return any(attempt.reason is None for attempt in self.attempts)

    @property
    def answer(self) -> Any:
        """What the app said with its acknowledgement: a dict, a text, or None for nothing."""
        return next((attempt.answer for attempt in self.attempts if attempt.reason is None), None)

    @property
    def event_id(self) -> str | None:
        return self.payload.get("event_id")

    @property
    def name(self) -> str:
        event = self.payload.get("event", self.payload)
        return str(event.get("type", event.get("command", self.kind)))

    def wait(self, timeout: float | None = None) -> Delivery:
        """Until it is acknowledged or given up; for as long as one attempt may take, and some."""
        self.world.wait_for(
            lambda: self.is_done, timeout or self.world.times.ack + 60, lambda: f"{self} was not answered"
        )
        return self

    def __repr__(self) -> str:
        state = "acknowledged" if self.acknowledged else "given up" if self.is_done else "under way"
        return f"<Delivery {self.name} {self.event_id or ''} {state} after {len(self.attempts)}>"


class Way(Protocol):
    """How payloads reach the app."""

    async def carry(self, world: SlackWorld, delivery: Delivery, number: int, reason: str | None) -> Attempt: ...


class PostOffice:
    """Sends deliveries in the order they were given; each goes on by itself from there, so order is not promised."""

    def __init__(self, world: SlackWorld) -> None:
        self._world = world
        self._tasks: set[asyncio.Task[None]] = set()

    def send(self, delivery: Delivery) -> None:
        """Thread-safe; returns at once."""
        self._world.deliveries.append(delivery)
        self._world.loop.call_soon_threadsafe(self._begin, delivery)

    def _begin(self, delivery: Delivery) -> None:
        task = asyncio.get_running_loop().create_task(self._carry(delivery))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _carry(self, delivery: Delivery) -> None:
        waits = self._world.times.retries if delivery.kind == "events_api" else ()
        reason: str | None = None
        for number in range(len(waits) + 1):
            if number:
                await self._world.clock.sleep(waits[number - 1])
            attempt = await self._world.deliver_by.carry(self._world, delivery, number, reason)
            with self._world.moving():
                delivery.attempts.append(attempt)
            reason = attempt.reason
            if reason is None or attempt.is_last:
                break
        with self._world.moving():
            delivery.is_done = True
            if delivery.on_done is not None:
                delivery.on_done(delivery)

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


def body_of(text: str) -> Any:
    """An answer's body as data where it is data, else as text; None for nothing."""
    if not text.strip():
        return None
    try:
        return json.loads(text)
    except ValueError:
        return text
