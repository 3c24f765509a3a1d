"""Bring a database to the newest migration, and say where it stands.

Migrations are numbered scripts in ``store/migrations/versions``, one line without branches and without a way down:
a step back is a restored backup. ``autogenerate`` writes the next one from the rooms' models.
"""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, NullPool, create_engine, inspect, text

from store.engine import parse_url, prepare_sqlite
from store.errors import NewerDatabase, StoreError
from store.sentences import sentences

MIGRATIONS = Path(__file__).parent / "migrations"
VERSIONS = MIGRATIONS / "versions"
# Foreign keys are off: rebuilding a table drops the old one, which would delete the rows that point to it.
_SQLITE = ("busy_timeout=60000", "journal_mode=WAL", "synchronous=FULL", "foreign_keys=OFF", "trusted_schema=OFF")
# A migration may take its time, and so may another process that waits for it.
_POSTGRES = "-c statement_timeout=0 -c lock_timeout=120000"
_LOCK = 7_301_945


def upgrade(url: str) -> None:
    """Bring the database at ``url`` to the newest migration, all or nothing; nothing happens when it is there.

    Two processes may start at once: the second waits for the first. A SQLite file and its folder are created.
    Raises NewerDatabase, or DiskFull, DatabaseBusy, DatabaseUnreachable.
    """
    if is_at_head(url):
        return
    with alone(url) as connection:
        found = _revision(connection)
        if found not in (None, *revisions()):
            raise NewerDatabase
        run_alembic(connection)
        _check_references(connection)


def current(url: str) -> str | None:
    """The number of the newest migration that the database has, None for an empty or absent one."""
    parsed = parse_url(url)
    if parsed.get_backend_name() == "sqlite" and not Path(parsed.database or "").is_file():
        return None
    with _connection(url, "BEGIN") as connection:
        return _revision(connection)


def is_at_head(url: str) -> bool:
    """Whether the database has all migrations of this Firstline. Cheap: alembic is not even imported."""
    return current(url) == revisions()[-1]


def revisions() -> list[str]:
    """The numbers of all migrations, oldest first."""
    return sorted(script.name.partition("_")[0] for script in VERSIONS.glob("[0-9]*_*.py"))


def run_alembic(connection: Connection, versions: Path = VERSIONS) -> None:
    """Run what is missing of ``versions`` on ``connection``, in its transaction."""
    from alembic import command

    command.upgrade(alembic_config(connection, versions), "head")


def alembic_config(connection: Connection, versions: Path = VERSIONS, **attributes: Any) -> Any:
    """An alembic Config (untyped there) for ``connection``; ``attributes`` reach ``migrations/env.py``."""
    from alembic.config import Config

    config = Config()
    for name, value in {
        "script_location": str(MIGRATIONS),
        "version_locations": str(versions),
        "path_separator": "newline",
        "file_template": "%(rev)s_%(slug)s",
    }.items():
        config.set_main_option(name, value.replace("%", "%%"))
    config.attributes.update(attributes, connection=connection)
    config.cmd_opts = Namespace(quiet=True)
    return config


@contextmanager
def alone(url: str) -> Iterator[Connection]:
    """A connection in a transaction that no other migration can be in at the same time."""
    parsed = parse_url(url)
    if parsed.get_backend_name() == "sqlite":
        Path(parsed.database or "").parent.mkdir(parents=True, exist_ok=True)
    with _connection(url, "BEGIN IMMEDIATE") as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        yield connection


@contextmanager
def _connection(url: str, begin: str) -> Iterator[Connection]:
    """A connection of its own, closed at the end: one left in a pool would keep the next migration waiting."""
    parsed = parse_url(url)
    is_sqlite = parsed.get_backend_name() == "sqlite"
    arguments = {"timeout": 60} if is_sqlite else {"connect_timeout": 5, "options": _POSTGRES}
    engine = create_engine(parsed, poolclass=NullPool, connect_args=arguments)
    if is_sqlite:
        prepare_sqlite(engine, begin, _SQLITE)
    with sentences(), engine.begin() as connection:
        yield connection


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def _check_references(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        broken = connection.execute(text("PRAGMA foreign_key_check")).first()
        if broken:
            raise StoreError(
                f"The migration was undone: a row of {broken[0]} points to one of {broken[2]} that is gone."
            )
