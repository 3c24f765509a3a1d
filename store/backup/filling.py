"""Read a backup into an empty database: tables of its own migration, rows, and then the migrations since."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from sqlalchemy import Connection, text
from sqlmodel import Session

from store.backup.errors import BackupDamaged, BackupNewer
from store.backup.manifest import MANIFEST, Backup, TablePart
from store.backup.parts import Digest, lines
from store.backup.tables import (
    Row,
    Table,
    decode,
    has_rows,
    is_sqlite,
    last_id,
    move_ids,
    put_rows,
    quoted,
    tables_of,
)
from store.errors import StoreError
from store.fulltext import rebuild
from store.migrate import alembic_config, revisions

Report = Callable[[str], None]
SPARE_IDS = 100_000
"""What was done after the backup took ids that others may still name: new things begin so far above them."""
_TELL_EVERY = 100_000


def fill(connection: Connection, backup: Backup, report: Report) -> None:
    """Read ``backup`` into the database of ``connection``, which has no tables, in its transaction.

    Everything is held against the manifest while it is read. Raises BackupDamaged or BackupNewer.
    """
    migrate_to(connection, backup.manifest.revision)
    tables = tables_of(connection)
    held = _matched(backup, tables)
    for table in reversed(tables):
        # A migration may bring rows of its own; those of the backup count.
        if has_rows(connection, table):
            connection.execute(text(f"DELETE FROM {quoted(table.name)}"))
    for table in tables:
        part = held[table.name]
        put_rows(connection, table.ordered(part.columns), _rows(backup, part, report))
        spare_ids(connection, table, part.last_id)
    with Session(connection) as session:
        rebuild(session)
    _check_references(connection)


def migrate_to(connection: Connection, revision: str = "head") -> None:
    """Run the migrations up to ``revision``. Raises BackupNewer for one that this Firstline does not have."""
    from alembic import command

    if revision != "head" and revision not in revisions():
        raise BackupNewer
    command.upgrade(alembic_config(connection), revision)


def spare_ids(connection: Connection, table: Table, given: int | None) -> None:
    """Let new ids of ``table`` begin well above ``given``, the last one that is known."""
    known = [one for one in (given, last_id(connection, table)) if one is not None]
    if known:
        move_ids(connection, table, max(known) + SPARE_IDS)


def _matched(backup: Backup, tables: list[Table]) -> dict[str, TablePart]:
    """The tables of the backup by name. Raises BackupDamaged where they are not those of its migration."""
    held = {part.name: part for part in backup.manifest.tables}
    here = {table.name: set(table.columns) for table in tables}
    if here != {name: set(part.columns) for name, part in held.items()}:
        raise BackupDamaged(MANIFEST, "does not name the tables that its migration makes")
    return held


def _rows(backup: Backup, part: TablePart, report: Report) -> Iterator[Row]:
    digest = Digest()
    for line in lines(backup.path / part.part.file):
        digest.add(line)
        try:
            yield decode(line, len(part.columns))
        except ValueError:
            raise BackupDamaged(part.part.file, f"has a line {digest.count} that is no row") from None
        if digest.count % _TELL_EVERY == 0:
            report(f"{part.name}: {digest.count:,} of {part.rows:,} rows")
    if (digest.count, digest.text) != (part.rows, part.digest):
        raise BackupDamaged(part.part.file, "does not hold the rows that were written")


def _check_references(connection: Connection) -> None:
    """SQLite reads rows in without looking; PostgreSQL looked already."""
    if is_sqlite(connection):
        broken = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
        if broken:
            raise StoreError(f"A row of {broken[0]} points to one of {broken[2]} that is not in the backup.")
