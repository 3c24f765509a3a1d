"""A backup restored into a database that nobody else sees and that is gone afterwards: does it come back?"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, NullPool, create_engine, text
from sqlalchemy.exc import DBAPIError

from store.backup.filling import Report, fill, migrate_to
from store.backup.manifest import Backup
from store.backup.parts import Digest
from store.backup.places import fill_file
from store.backup.tables import encode, rows_of, tables_of
from store.counting import counted
from store.engine import parse_url
from store.migrate import alone
from store.sentences import sentences

_DATABASE = "firstline_verify_"


@dataclass(frozen=True)
class Scratch:
    """``url``: the restored database, migrated to the newest. ``kind``: which kind it is. ``differences``: sentences
    that say where its rows are not those that the manifest names. ``note``: what the operator should know."""

    url: str
    kind: str
    differences: tuple[str, ...]
    note: str | None = None


@contextmanager
def scratch(url: str, backup: Backup, folder: Path, report: Report) -> Iterator[Scratch]:
    """``backup`` in a database of its own, gone at the end of the block: a new one on the server of ``url``, or a file
    in ``folder`` for SQLite and where the role may make no database.

    Raises BackupDamaged or BackupNewer for a backup that cannot be restored.
    """
    with sentences():
        if parse_url(url).get_backend_name() == "sqlite":
            yield from _in_file(backup, folder, report, None)
            return
        name = f"{_DATABASE}{secrets.token_hex(8)}"
        why = _create(url, name)
        if why is not None:
            note = f"checked in SQLite, because PostgreSQL made no scratch database: {why}"
            yield from _in_file(backup, folder, report, note)
            return
        try:
            there = parse_url(url).set(database=name).render_as_string(hide_password=False)
            yield Scratch(there, "postgresql", _filled(there, backup, report))
        finally:
            _command(url, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def _in_file(backup: Backup, folder: Path, report: Report, note: str | None) -> Iterator[Scratch]:
    file = folder / "firstline.db"
    found: list[str] = []
    fill_file(file, lambda connection: found.extend(_fill(connection, backup, report)))
    url = URL.create("sqlite", database=str(file)).render_as_string()
    yield Scratch(url, "sqlite", tuple(found), note)


def _filled(url: str, backup: Backup, report: Report) -> tuple[str, ...]:
    with alone(url) as connection:
        return tuple(_fill(connection, backup, report))


def _fill(connection: Connection, backup: Backup, report: Report) -> list[str]:
    fill(connection, backup, report)
    report("comparing every row")
    found = list(_differences(connection, backup))
    migrate_to(connection)
    return found


def _differences(connection: Connection, backup: Backup) -> Iterator[str]:
    """Where the rows, read once more, are not those that were written."""
    held = {part.name: part for part in backup.manifest.tables}
    for table in tables_of(connection):
        part = held[table.name]
        digest = Digest()
        for row in rows_of(connection, table.ordered(part.columns)):
            digest.add(encode(row))
        if digest.count != part.rows:
            yield f"{table.name} has {counted(digest.count, 'row')} instead of {part.rows}."
        elif digest.text != part.digest and _is_same_kind(connection, backup):
            yield f"{table.name} has other rows than were written."


def _is_same_kind(connection: Connection, backup: Backup) -> bool:
    """Or the new one keeps all as the old one gave it: PostgreSQL writes the JSON of others in its own way."""
    return connection.dialect.name in ("sqlite", backup.manifest.database)


def _create(url: str, name: str) -> str | None:
    """Make a database, after those are gone that a verification left which was cut off. Returns why it cannot."""
    try:
        for left in _command(url, _LEFT):
            if re.fullmatch(f"{_DATABASE}[0-9a-f]{{16}}", left):
                _command(url, f"DROP DATABASE IF EXISTS {left}")
        _command(url, f"CREATE DATABASE {name}")
        with alone(parse_url(url).set(database=name).render_as_string(hide_password=False)):
            return None
    except DBAPIError as error:
        return str(getattr(getattr(error.orig, "diag", None), "message_primary", None) or type(error.orig).__name__)


_LEFT = f"""SELECT datname FROM pg_database
    WHERE datname LIKE '{_DATABASE}%' AND datdba = (SELECT oid FROM pg_roles WHERE rolname = current_user)
    AND NOT EXISTS (SELECT 1 FROM pg_stat_activity WHERE pg_stat_activity.datname = pg_database.datname)"""


def _command(url: str, statement: str) -> list[Any]:
    """Run one statement outside a transaction; the first column of what it gives."""
    settings = {"connect_timeout": 5, "prepare_threshold": None, "options": "-c statement_timeout=0"}
    engine = create_engine(
        parse_url(url), poolclass=NullPool, isolation_level="AUTOCOMMIT", hide_parameters=True, connect_args=settings
    )
    with engine.connect() as connection:
        found = connection.execute(text(statement))
        return list(found.scalars()) if found.returns_rows else []
