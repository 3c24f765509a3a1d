"""Updates by getUpdates: they are in the database before Telegram is told that we have them."""

from __future__ import annotations

from concurrent.futures import Future
from typing import Any

from bot.backlog import Valve
from bot.channels.base import State, Status
from bot.channels.telegram.client import Garbled
from bot.channels.telegram.intake import keep_all, update_id
from bot.channels.telegram.line import ALLOWED_UPDATES, LEASE, Line
from store import leases, reading, transaction
from store.crashpoints import reach

MOST_UPDATES = 100
FULL = State(
    Status.CONNECTED,
    "More messages wait here than can be answered soon: Telegram keeps what is new until half of them are dealt with.",
)


class LeaseLost(Exception):
    """Another process polls by now; what this one fetched is not kept, and not confirmed."""


class Polling:
    def __init__(self, line: Line, valve: Valve | None = None) -> None:
        """While ``valve`` is closed nothing is fetched: Telegram holds it for a day."""
        self._line = line
        self._valve = valve or Valve()
        self._offset: int | None = None
        self._under_way: Future[Any] | None = None

    def prepare(self) -> None:
        """Telegram gives updates to a webhook or to who polls, never to both; none that waits is dropped."""
        info = self._line.webhook_info()
        if info.get("url"):
            self._line.client.ask("deleteWebhook", drop_pending_updates=False)

    def step(self) -> None:
        """Wait for news once, keep them, and only then move the offset that confirms them."""
        if not self._has_room():
            self._line.standing.set(FULL)
            self._line.stopping.wait(self._line.waits.first)
            return
        try:
            updates = self._fetch()
            self._keep(updates)
        except LeaseLost:
            self._line.standing.held = None
            return
        self._line.standing.set(State(Status.CONNECTED))
        self._move_on(updates)

    def cancel(self) -> None:
        """End the wait that is under way. What came meanwhile is not confirmed and comes again."""
        if self._under_way is not None:
            self._under_way.cancel()

    def _has_room(self) -> bool:
        with reading(self._line.database) as session:
            return self._valve.is_open(session)

    def _fetch(self) -> list[Any]:
        waits, is_connected = self._line.waits, self._line.standing.state.status is Status.CONNECTED
        # After trouble ask without waiting, to know soon that it is over.
        seconds = waits.poll if is_connected or self._line.standing.is_contested else 0.0
        offset = {} if self._offset is None else {"offset": self._offset}
        updates = self._line.client.ask(
            "getUpdates",
            self._started,
            timeout=int(seconds),
            limit=MOST_UPDATES,
            allowed_updates=list(ALLOWED_UPDATES),
            read_timeout=seconds + 10.0,
            **offset,
        )
        if not isinstance(updates, list):
            raise Garbled("Telegram's answer could not be read.")
        return updates

    def _started(self, future: Future[Any]) -> None:
        self._under_way = future
        if self._line.stopping.is_set():
            future.cancel()

    def _keep(self, updates: list[Any]) -> None:
        line, held, now = self._line, self._line.standing.held, self._line.now()
        if not updates or held is None:
            return
        with transaction(line.database) as session:
            renewed = leases.renew(session, held, now, LEASE)
            if renewed is None:
                raise LeaseLost
            presses = keep_all(session, updates, line.me, now)
        reach("inbox.after_commit")
        line.standing.held = renewed
        line.answer_presses(presses)

    def _move_on(self, updates: list[Any]) -> None:
        numbers = [number for number in map(update_id, updates) if number is not None]
        if numbers:
            self._offset = max(numbers) + 1
        elif updates:
            # Nothing to confirm them by: they come again at once, and are known by then.
            self._line.stopping.wait(self._line.waits.first)
        else:
            # All is confirmed. After a quiet week Telegram numbers anew, and an old offset would hide what comes.
            self._offset = None
