"""Live streams (SSE): one watcher per process hears of changes and wakes the streams that they concern."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial

import anyio
import structlog
from anyio import CapacityLimiter, to_thread
from fastapi import Request
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session, col, select

from api.product import Product
from handoff.models import Conversation, Delivery, Message, Thread
from store import reading
from store.changes import changes_after, latest_change
from store.errors import StoreError
from store.models import Change

WATCH_SECONDS = 0.5
CHECK_SECONDS = 0.5
RECHECK_SECONDS = 15.0

log = structlog.get_logger()


@dataclass(eq=False)
class Listener:
    """One open stream. ``visitor`` is the web visitor whose words it waits for; None hears of every change."""

    visitor: str | None
    rung: asyncio.Event = field(default_factory=asyncio.Event)


class Bell:
    """Watches the changes while somebody listens. However many streams are open, each change is read once.

    Lives on the event loop; its blocking waits have a thread of their own, so that they never take one from requests.
    """

    def __init__(self, product: Product) -> None:
        self._product = product
        self._listeners: set[Listener] = set()
        self._watching: asyncio.Task[None] | None = None

    @property
    def is_closing(self) -> bool:
        return self._product.is_draining

    @contextmanager
    def listen(self, visitor: str | None = None) -> Iterator[Listener]:
        """A listener that is rung from now on; what happened before must be read by whoever listens."""
        listener = Listener(visitor)
        self._listeners.add(listener)
        if self._watching is None or self._watching.done():
            self._watching = asyncio.create_task(self._watch())
        try:
            yield listener
        finally:
            self._listeners.discard(listener)

    async def wait(self, listener: Listener, seconds: float) -> bool:
        """Wait until ``listener`` is rung (True), the time is over or the server stops (False)."""
        loop = asyncio.get_running_loop()
        until = loop.time() + seconds
        while not self.is_closing and loop.time() < until:
            with anyio.move_on_after(min(CHECK_SECONDS, max(until - loop.time(), 0.0))):
                await listener.rung.wait()
                listener.rung.clear()
                return True
        return False

    async def _watch(self) -> None:
        limiter, seen = CapacityLimiter(1), None
        while self._listeners and not self.is_closing:
            try:
                wait = partial(_news, self._product, seen)
                news = await to_thread.run_sync(wait, limiter=limiter, abandon_on_cancel=True)
            except (StoreError, SQLAlchemyError) as error:
                log.warning("the live streams wait for the database", error=str(error))
                await asyncio.sleep(WATCH_SECONDS)
                continue
            if news is not None:
                seen = news.last_id
                self._ring(news)

    def _ring(self, news: News) -> None:
        for listener in self._listeners:
            if listener.visitor is None or news.visitors is None or listener.visitor in news.visitors:
                listener.rung.set()


@dataclass(frozen=True)
class News:
    """Changes up to ``last_id`` and the web visitors whom they concern; None where they may concern anybody."""

    last_id: int
    visitors: frozenset[str] | None


def _news(product: Product, seen: int | None) -> News | None:
    """What came after change ``seen``, None if nothing did. To start with, anybody may have missed something."""
    if seen is None:
        return News(_latest(product), None)
    if product.watch.wait(seen, WATCH_SECONDS) <= seen:
        return None
    with reading(product.database) as session:
        changes = changes_after(session, seen)
        return News(changes[-1].id or seen, visitors_of(session, changes)) if changes else None


def visitors_of(session: Session, changes: Sequence[Change]) -> frozenset[str]:
    """The web visitors in whose threads the changed messages, deliveries and conversations are."""
    found: set[str] = set()
    for kind, table in (("message", Message), ("delivery", Delivery), ("conversation", Conversation)):
        ids = [change.subject_id for change in changes if change.kind == kind]
        if ids:
            query = select(Thread.external_id).join(table, col(table.thread_id) == Thread.id)
            found.update(session.exec(query.where(Thread.channel == "web", col(table.id).in_(ids))))
    return frozenset(found)


def bell(request: Request) -> Bell:
    """The bell of this app."""
    found: Bell = request.app.state.bell
    return found


async def where_to_begin(product: Product, after: int | None) -> int:
    """The change after which whoever has seen ``after`` (None: begins now) is to be told of changes."""
    newest = await to_thread.run_sync(_latest, product)
    # Higher than the newest: a backup was put back since, and its changes begin again below.
    return newest if after is None else min(after, newest)


async def follow_changes(product: Product, bell: Bell, last: int) -> AsyncIterator[Change | None]:
    """Every change with an id above ``last`` (``where_to_begin``), as it comes, until the server stops.

    None where nothing came for ``RECHECK_SECONDS``.
    """
    with bell.listen() as listener:
        while not bell.is_closing:
            changes = await to_thread.run_sync(_changes, product, last)
            for change in changes:
                yield change
                last = change.id or last
            if not changes and not await bell.wait(listener, RECHECK_SECONDS):
                yield None


def _latest(product: Product) -> int:
    with reading(product.database) as session:
        return latest_change(session)


def _changes(product: Product, after: int) -> list[Change]:
    with reading(product.database) as session:
        return list(changes_after(session, after))
