"""The drivers' words for a full disk, a lost server or a queue that is too long, turned into ours."""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnectionFree

from store.errors import (
    DatabaseBusy,
    DatabaseDamaged,
    DatabaseReadOnly,
    DatabaseUnreachable,
    DiskFailing,
    DiskFull,
    StoreError,
)

# By the beginning of the code, the longest first where one begins another.
_SQLITE: dict[str, type[StoreError]] = {
    "SQLITE_FULL": DiskFull,
    "SQLITE_IOERR_SHMSIZE": DiskFull,  # no space to share the write-ahead log
    "SQLITE_IOERR": DiskFailing,
    "SQLITE_BUSY": DatabaseBusy,
    "SQLITE_LOCKED": DatabaseBusy,
    "SQLITE_CANTOPEN": DatabaseUnreachable,
    "SQLITE_READONLY": DatabaseReadOnly,
    "SQLITE_CORRUPT": DatabaseDamaged,
    "SQLITE_NOTADB": DatabaseDamaged,
}
# SQLSTATE, https://www.postgresql.org/docs/current/errcodes-appendix.html
_POSTGRESQL: dict[str, type[StoreError]] = {
    "53100": DiskFull,
    "53300": DatabaseBusy,  # too many connections
    "55P03": DatabaseBusy,  # lock_timeout
    "57014": DatabaseBusy,  # statement_timeout
    "40P01": DatabaseBusy,  # deadlock
    "40001": DatabaseBusy,  # somebody else was first
    "25P03": DatabaseBusy,  # idle in a transaction for too long
    "25006": DatabaseReadOnly,
    "57P": DatabaseUnreachable,  # stopping, crashed, starting
    "08": DatabaseUnreachable,
    "58030": DiskFailing,
    "XX001": DatabaseDamaged,
    "XX002": DatabaseDamaged,
}


@contextmanager
def sentences() -> Iterator[None]:
    """Raise a StoreError whose words say what to do for what an operator must mend; all else stays as it came."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise DiskFull from error
        if error.errno == errno.EIO:
            raise DiskFailing from error
        raise
    except NoConnectionFree as error:
        raise DatabaseBusy from error
    except sqlite3.Error as error:
        # Of a copy of the whole file, which is made without SQLAlchemy.
        meaning = _look_up(_SQLITE, getattr(error, "sqlite_errorname", ""))
        if meaning is None:
            raise
        raise meaning from error
    except DBAPIError as error:
        meaning = _meaning(error)
        if meaning is None:
            raise
        raise meaning from error


def _meaning(error: DBAPIError) -> type[StoreError] | None:
    """What the driver's code means; None for a fault of ours, such as a constraint that was broken."""
    if name := getattr(error.orig, "sqlite_errorname", None):
        return _look_up(_SQLITE, name)
    if code := getattr(error.orig, "sqlstate", None):
        return _look_up(_POSTGRESQL, code)
    # Without a code psycopg did not get as far as the server, or lost it.
    is_lost = isinstance(error, OperationalError) or "connection" in str(error.orig).lower()
    return DatabaseUnreachable if is_lost or error.connection_invalidated else None


def _look_up(meanings: dict[str, type[StoreError]], code: str) -> type[StoreError] | None:
    return next((meaning for start, meaning in meanings.items() if code.startswith(start)), None)
