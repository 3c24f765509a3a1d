"""Bring a backup into a database, all or nothing: what cannot be finished leaves what was there."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection
from sqlmodel import Session

from store.backup.errors import BackupError
from store.backup.filling import Report, fill, migrate_to
from store.backup.manifest import Backup
from store.backup.parts import check
from store.backup.places import into_postgresql, into_sqlite
from store.backup.pool import bring_back, faults
from store.counting import counted
from store.engine import parse_url
from store.sentences import sentences

Settle = Callable[[Session], Mapping[str, int]]
"""What is done to the restored rows before anybody sees them. Returns how many of what."""


@dataclass(frozen=True)
class Restored:
    """What became of a restore.

    ``files``: how many were copied into the data folder; ``left_out``: the damaged ones, by SHA-256; ``replaced``:
    where the database lies that was there before (SQLite only).
    """

    backup: Backup
    files: int
    left_out: tuple[str, ...]
    settled: Mapping[str, int]
    replaced: Path | None


def restore(
    url: str,
    backup: Backup,
    files: Path,
    now: datetime,
    *,
    ours: Collection[str],
    settle: Settle,
    is_forced: bool = False,
    skip_damaged_files: bool = False,
    report: Report = lambda sentence: None,
) -> Restored:
    """Bring ``backup`` into the database at ``url`` and the data folder's ``files``, migrated to the newest.

    ``ours``: the names of all tables that Firstline may have there. Raises BackupDamaged, BackupNewer, ServerRuns,
    StrangeTables, or NotEmpty unless ``is_forced``.
    """
    left_out: tuple[str, ...] = ()
    settled: dict[str, int] = {}
    brought = 0

    def work(connection: Connection) -> None:
        nonlocal left_out, brought
        check_parts(backup, report)
        left_out = _usable_files(backup, skip_damaged_files, report)
        fill(connection, backup, report)
        migrate_to(connection)
        with Session(connection) as session:
            settled.update(settle(session))
            session.flush()
        # Before the rows can be seen: a row must never outlive its bytes.
        brought = bring_back(backup, files, left_out, report)

    with sentences():
        if parse_url(url).get_backend_name() == "sqlite":
            replaced = into_sqlite(url, work, now, is_forced=is_forced)
        else:
            replaced = None
            into_postgresql(url, work, ours, is_forced=is_forced)
    return Restored(backup, brought, left_out, settled, replaced)


def check_parts(backup: Backup, report: Report = lambda sentence: None) -> None:
    """Hold every part against its hash. Raises BackupDamaged, which names it."""
    report(f"checking {backup.path.name}")
    for part in backup.manifest.parts:
        check(backup.path, part)


def _usable_files(backup: Backup, skip_damaged: bool, report: Report) -> tuple[str, ...]:
    """The damaged files, to be left out. Raises BackupError for them unless that is wanted."""
    found = tuple(faults(backup, report))
    if found and not skip_damaged:
        others = f" (and {counted(len(found) - 1, 'other')})" if len(found) > 1 else ""
        raise BackupError(
            f"The file {found[0]}{others} is missing from {backup.pool} or is not what it was. Bring that folder "
            "beside the backup, or restore the rest with --skip-damaged-files."
        )
    return found
