"""Where a backup is restored to: nobody else is there meanwhile, and it is replaced in one step or not at all."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable, Collection, Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection

from store import lock
from store.backup.errors import NotEmpty, ServerRuns, StrangeTables
from store.backup.manifest import name_at, sync_folder
from store.backup.snapshot import reading_sqlite
from store.backup.tables import VERSION_TABLE, has_rows, quoted, table_names, tables_of
from store.counting import counted
from store.engine import parse_url
from store.errors import AlreadyRunning, DatabaseDamaged
from store.migrate import alone

Work = Callable[[Connection], None]
_BESIDE = ".restoring"
_FUNCTIONS = ("refuse_audit_change()",)
"""What migrations make on PostgreSQL beside tables and what goes with them."""
_OTHERS = """SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"""


def into_postgresql(url: str, work: Work, ours: Collection[str], *, is_forced: bool) -> None:
    """Let ``work`` fill the database at ``url`` in one transaction: old tables go and new ones come, or neither.

    Raises ServerRuns, StrangeTables for tables that are not among ``ours``, or NotEmpty.
    """
    with alone(url) as connection:
        if others := connection.exec_driver_sql(_OTHERS).scalar():
            raise ServerRuns(
                f"{counted(others, 'other connection uses', 'other connections use')} this database: a Firstline "
                "server, most likely. Stop it, then restore."
            )
        there = table_names(connection)
        if strangers := sorted(there - {*ours, VERSION_TABLE}):
            raise StrangeTables(
                f"The database also holds tables that are not Firstline's ({', '.join(strangers[:5])}): "
                "restore into a database of its own."
            )
        if not is_forced and _holds_rows(connection):
            raise NotEmpty
        if there:
            connection.exec_driver_sql(f"DROP TABLE {', '.join(map(quoted, sorted(there)))}")
        for function in _FUNCTIONS:
            connection.exec_driver_sql(f"DROP FUNCTION IF EXISTS {function}")
        work(connection)


def into_sqlite(url: str, work: Work, now: datetime, *, is_forced: bool) -> Path | None:
    """Let ``work`` fill a file beside the one at ``url``, which takes its place when it is whole.

    Returns where the old one lies now; None if there was none. Raises ServerRuns or NotEmpty.
    """
    path = Path(parse_url(url).database or "")
    beside = path.with_name(path.name + _BESIDE)
    with _no_server(url):
        if path.exists() and not is_forced and _may_hold_rows(path):
            raise NotEmpty
        if path.exists():
            # Before the work, for somebody may have it open whom the lock does not name: pages alone, or a command.
            _quiet(path)
        try:
            fill_file(beside, work)
            return _swap(path, beside, now)
        finally:
            _remove(beside)


def fill_file(path: Path, work: Work) -> None:
    """Let ``work`` fill a new SQLite database at ``path``: afterwards one file, whole and on the disk."""
    _remove(path)
    with alone(parse_url("sqlite:///x").set(database=str(path)).render_as_string()) as connection:
        work(connection)
    with closing(sqlite3.connect(path)) as plain:
        plain.execute("PRAGMA journal_mode=DELETE")
        if plain.execute("PRAGMA integrity_check(1)").fetchone()[0] != "ok":
            raise DatabaseDamaged("The disk did not keep what was restored: nothing was replaced. Check the disk.")
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _no_server(url: str) -> Iterator[None]:
    file = lock.beside(url)
    assert file is not None
    try:
        with lock.hold(file):
            yield
    except AlreadyRunning:
        raise ServerRuns("A Firstline server runs on this database. Stop it, then restore.") from None


def _holds_rows(connection: Connection) -> bool:
    return any(has_rows(connection, table) for table in tables_of(connection))


def _may_hold_rows(path: Path) -> bool:
    """Whether anything is in the file; one that cannot be read may hold something."""
    try:
        with reading_sqlite(path) as connection:
            return _holds_rows(connection)
    except Exception:
        return True


def _swap(path: Path, new: Path, now: datetime) -> Path | None:
    """``new`` becomes ``path``; at no moment is there no database. Returns the name that the old one got."""
    old = None
    if path.exists():
        _quiet(path)
        old = path.with_name(f"{path.name}.replaced-{name_at(now)}")
        os.link(path, old)
        shutil.copymode(path, new)
        # Only a damaged one still has a log: it goes with it, for it would be read into the new one.
        for ending in ("-wal", "-shm"):
            if (log := Path(f"{path}{ending}")).exists():
                log.rename(f"{old}{ending}")
    os.replace(new, path)
    sync_folder(path.parent)
    return old


def _quiet(path: Path) -> None:
    """Write the old database's log into it. Raises ServerRuns while anybody else has it open."""
    with closing(sqlite3.connect(path, timeout=5)) as connection:
        try:
            connection.execute("PRAGMA journal_mode=DELETE")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorname.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
                raise ServerRuns from None
        except sqlite3.DatabaseError:
            # It is damaged, which is why somebody restores.
            return


def _remove(path: Path) -> None:
    for ending in ("", "-wal", "-shm", "-journal"):
        Path(f"{path}{ending}").unlink(missing_ok=True)
