"""A database as it was at one moment, read in peace while others go on writing."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from sqlalchemy import URL, Connection, Engine, NullPool, create_engine

from store.backup.errors import NothingToBackUp
from store.engine import parse_url, prepare_sqlite
from store.errors import DatabaseDamaged
from store.sentences import sentences

# A large table may take its time, and a slow disk as well.
_POSTGRES = "-c statement_timeout=0 -c idle_in_transaction_session_timeout=0 -c lock_timeout=120000"
_COPY = "snapshot.db"


@contextmanager
def snapshot(url: str, folder: Path) -> Iterator[Connection]:
    """A connection that reads one moment of the database at ``url`` and cannot write.

    SQLite is copied into ``folder`` first (and checked), which must have room for it; the copy is removed at the end.
    Raises NothingToBackUp, DatabaseDamaged, DiskFull or DatabaseUnreachable.
    """
    with sentences():
        if parse_url(url).get_backend_name() == "sqlite":
            with _copied(url, folder / _COPY) as copy:
                yield from _reading(_sqlite(copy))
        else:
            yield from _reading(_postgres(url))


@contextmanager
def reading_sqlite(path: Path) -> Iterator[Connection]:
    """A connection that only reads the SQLite file at ``path``."""
    yield from _reading(_sqlite(path))


def _reading(engine: Engine) -> Iterator[Connection]:
    with engine.begin() as connection:
        yield connection


@contextmanager
def _copied(url: str, copy: Path) -> Iterator[Path]:
    source = Path(parse_url(url).database or "")
    if not source.is_file():
        raise NothingToBackUp
    try:
        _copy(source, copy)
        yield copy
    finally:
        for path in copy.parent.glob(f"{copy.name}*"):
            path.unlink()


def _copy(source: Path, copy: Path) -> None:
    """All pages in one step: taken in several, the copy begins anew whenever somebody else writes."""
    # Nobody else's words, and ours alone to read.
    copy.touch(mode=0o600)
    with closing(sqlite3.connect(source, timeout=60)) as there, closing(sqlite3.connect(copy)) as here:
        there.backup(here, pages=-1)
        here.execute("PRAGMA journal_mode=DELETE")
        found = here.execute("PRAGMA integrity_check(1)").fetchone()[0]
    if found != "ok":
        raise DatabaseDamaged


def _sqlite(path: Path) -> Engine:
    engine = create_engine(URL.create("sqlite", database=str(path)), poolclass=NullPool)
    prepare_sqlite(engine, "BEGIN", ("query_only=ON", "trusted_schema=OFF"))
    return engine


def _postgres(url: str) -> Engine:
    parsed = parse_url(url)
    settings = {"connect_timeout": 5, "prepare_threshold": None, "options": _POSTGRES}
    engine = create_engine(
        parsed,
        poolclass=NullPool,
        hide_parameters=True,
        connect_args={name: value for name, value in settings.items() if name not in parsed.query},
    )
    return engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
