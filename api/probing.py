"""Whether the database takes what is said: tried when somebody asks, and asked again only after a while."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime

from sqlalchemy.exc import SQLAlchemyError

from store import Database, transaction
from store.errors import DatabaseBusy, StoreError
from store.inserts import insert
from store.models import Setting

FRESH_SECONDS = 2.0
"""An answer counts for so long: those who ask every moment cost one small write each time it is over."""
PATIENCE_SECONDS = 1.0
"""Nobody waits longer for a try."""
BUSY_SECONDS = 3.0
"""A try that takes as long is the answer itself: in a burst, writing takes its time, and all is well."""
NAME = "write_probe"


class Probe:
    """Tries in a thread of its own, one at a time. Safe for many threads."""

    def __init__(
        self,
        write: Callable[[], None],
        *,
        fresh: float = FRESH_SECONDS,
        patience: float = PATIENCE_SECONDS,
        busy: float = BUSY_SECONDS,
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        self._write = write
        self._fresh = fresh
        self._patience = patience
        self._busy = busy
        self._ticks = ticks
        self._moved = threading.Condition()
        self._is_trying = False
        self._began_at = 0.0
        self._tried_at: float | None = None
        self._trouble = ""

    def trouble(self) -> str:
        """A sentence while nothing can be written; empty while all is well."""
        with self._moved:
            is_old = self._tried_at is None or self._ticks() - self._tried_at >= self._fresh
            if is_old and not self._is_trying:
                self._is_trying, self._began_at = True, self._ticks()
                threading.Thread(target=self._try, name="write-probe", daemon=True).start()
            # Who comes while a try hangs need not wait as long again.
            left = max(self._patience - (self._ticks() - self._began_at), 0.0)
            self._moved.wait_for(lambda: not self._is_trying, left)
            is_busy = self._is_trying and self._ticks() - self._began_at >= self._busy
            return str(DatabaseBusy()) if is_busy else self._trouble

    def _try(self) -> None:
        trouble = "The database cannot be written. Check FIRSTLINE_DATABASE_URL and run `firstline doctor`."
        try:
            self._write()
            trouble = ""
        except StoreError as error:
            trouble = str(error)
        except SQLAlchemyError:
            pass
        finally:
            with self._moved:
                self._trouble, self._tried_at, self._is_trying = trouble, self._ticks(), False
                self._moved.notify_all()


def write_something(database: Database) -> None:
    """A small change that nobody needs: it waits for no disk, and is gone with the next. Raises StoreError."""
    value = {"at": datetime.now(UTC).isoformat()}
    with transaction(database, is_lasting=False) as session:
        row = insert(session, Setting).values(name=NAME, value=value)
        session.execute(row.on_conflict_do_update(index_elements=["name"], set_={"value": value}))
