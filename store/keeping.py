"""A lease that a thread of its own renews for as long as a block of work takes, and gives back at the end."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import structlog
from sqlmodel import Session

from store import leases
from store.engine import Database, transaction
from store.errors import StoreError, Unavailable
from store.leases import Held

log = structlog.get_logger()
LASTS = timedelta(seconds=30)
Beside = Callable[[Session, datetime], None]
"""Something small to write with each renewal."""


def _nothing(_session: Session, _now: datetime) -> None: ...


class Keeper:
    """Renews ``held`` every third of ``lasts``, from ``start`` until ``stop``.

    While the database is away it tries on: the lease runs out meanwhile, and is taken again if nobody else has it.
    """

    def __init__(self, database: Database, held: Held, lasts: timedelta = LASTS, beside: Beside = _nothing) -> None:
        self._database = database
        self._held: Held | None = held
        self._name, self._owner = held.name, held.owner
        self._lasts = lasts
        self._beside = beside
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"lease {held.name}", daemon=True)

    @property
    def is_held(self) -> bool:
        """Whether it was ours when it was last renewed."""
        return self._held is not None

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Give it back. Twice does no harm."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()
        held, self._held = self._held, None
        if held is None:
            return
        try:
            with transaction(self._database) as session:
                leases.release(session, held, datetime.now(UTC))
        except StoreError as error:
            log.warning("lease not given back", lease=self._name, error=type(error).__name__)

    def renew(self, now: datetime) -> None:
        """Hold it for ``lasts`` from ``now`` on. Raises StoreError."""
        with transaction(self._database) as session:
            kept = leases.renew(session, self._held, now, self._lasts) if self._held else None
            kept = kept or leases.acquire(session, self._name, self._owner, now, self._lasts)
            if kept is not None:
                self._beside(session, now)
        if kept is None and self._held is not None:
            log.warning("lease lost", lease=self._name)
        self._held = kept

    def _run(self) -> None:
        while not self._stopping.wait(self._lasts.total_seconds() / 3):
            try:
                with self._database.absence.noticed(f"lease {self._name}"):
                    self.renew(datetime.now(UTC))
            except Unavailable:
                # Said already.
                continue
            except Exception as error:
                log.warning("lease not renewed", lease=self._name, error=type(error).__name__)


@contextmanager
def keeping(
    database: Database, name: str, owner: str, lasts: timedelta = LASTS, beside: Beside = _nothing
) -> Iterator[Keeper | None]:
    """Hold the lease ``name`` during the block; None if somebody else has it. Raises StoreError."""
    now = datetime.now(UTC)
    with transaction(database) as session:
        held = leases.acquire(session, name, owner, now, lasts)
        if held is not None:
            beside(session, now)
    if held is None:
        yield None
        return
    keeper = Keeper(database, held, lasts, beside)
    keeper.start()
    try:
        yield keeper
    finally:
        keeper.stop()
