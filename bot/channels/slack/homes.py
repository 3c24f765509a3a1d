"""Home tabs that somebody may be looking at: Slack shows what was drawn last, so they are drawn again on a change."""

from __future__ import annotations

import threading
from collections import OrderedDict

import structlog
from sqlmodel import func, select

from bot.channels.slack.home import Home
from bot.channels.slack.pages import Pages
from store import Database, reading
from store.errors import StoreError
from store.models import Change

log = structlog.get_logger()
REMEMBERED = 100
"""So many customers who looked last; for others the tab is drawn when they open it."""
PAUSE = 1.0
"""Seconds between looks: changes that come together are drawn together."""
ELSEWHERE = 5.0
"""Seconds after which it is looked at all the same: another process may have changed a ticket."""


class Homes:
    """Draws home tabs when they are opened, and again when a ticket on them changed. Safe for many threads."""

    def __init__(self, database: Database, pages: Pages, pause: float = PAUSE) -> None:
        self._database = database
        self._pages = pages
        self._pause = pause
        self._shown: OrderedDict[str, Home | None] = OrderedDict()
        self._seen = 0
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="slack-homes", daemon=True)

    def start(self) -> None:
        self._database.on_commit.append(self._changed)
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._wake.set()
        if self._changed in self._database.on_commit:
            self._database.on_commit.remove(self._changed)
        if self._thread.is_alive():
            self._thread.join(2)

    def draw(self, customer: str) -> None:
        """The customer looks at the tab, or something of theirs was just changed."""
        shown = self._pages.publish(customer)
        with self._lock:
            self._shown[customer] = shown
            self._shown.move_to_end(customer)
            while len(self._shown) > REMEMBERED:
                self._shown.popitem(last=False)

    def refresh(self) -> None:
        """Draw anew what is not as it was drawn. Raises StoreError."""
        with reading(self._database) as session:
            newest = session.exec(select(func.max(Change.id)).where(Change.kind == "ticket")).one() or 0
        if newest <= self._seen:
            return
        with self._lock:
            shown = list(self._shown.items())
        for customer, home in shown:
            if not self._stopping.is_set() and self._pages.home(customer) != home:
                self.draw(customer)
        self._seen = newest

    def _changed(self, _newest: int, kinds: frozenset[str]) -> None:
        if "ticket" in kinds:
            self._wake.set()

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._wake.wait(ELSEWHERE)
            self._wake.clear()
            try:
                self.refresh()
            except StoreError as error:
                log.warning("slack homes not looked at", error=type(error).__name__)
            self._stopping.wait(self._pause)
