"""Make a backup: what the database holds at one moment, and the files that it names."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection
from sqlmodel import Session

from store.backup.errors import BackupBusy, NothingToBackUp
from store.backup.manifest import (
    POOL,
    Backup,
    Manifest,
    TablePart,
    name_at,
    sync_folder,
    write_manifest,
)
from store.backup.parts import Digest, writing
from store.backup.pool import keep_files
from store.backup.snapshot import snapshot
from store.backup.tables import VERSION_TABLE, Table, encode, last_id, rows_of, table_names, tables_of
from store.migrate import revisions
from store.sentences import sentences

Report = Callable[[str], None]
Probe = Callable[[Session], Mapping[str, Any]]
MAKING = "making-"
"""How the folder of a backup begins that is not whole yet."""
SCRATCH = "scratch-"
_LOCK = ".lock"
_TELL_EVERY = 100_000


def make(
    url: str,
    folder: Path,
    files: Path,
    now: datetime,
    *,
    version: str,
    probe: Probe | None = None,
    is_careful: bool = False,
    report: Report = lambda sentence: None,
) -> Backup:
    """Back up the database at ``url`` and the ``files`` that people sent into a new folder within ``folder``.

    Others go on writing meanwhile. ``probe`` asks the snapshot something whose answers the manifest keeps, where its
    tables are as this Firstline knows them. ``is_careful``: files that lie among the backups already are read once
    more, and copied again where they are damaged. What is not finished leaves nothing behind that looks whole.
    Raises BackupBusy, NothingToBackUp, DatabaseDamaged, DiskFull and the like.
    """
    with sentences(), alone_in(folder):
        path = _free(folder, name_at(now))
        with _becoming(path) as making:
            with snapshot(url, making) as connection:
                manifest = Manifest(
                    version=version,
                    revision=_revision(connection),
                    database=connection.dialect.name,
                    created_at=now,
                    tables=tuple(dump(connection, table, making, report) for table in tables_of(connection)),
                    files=keep_files(connection, making, folder / POOL, files, report, is_careful=is_careful),
                    probe=_answers(connection, probe),
                )
            write_manifest(making, manifest)
    return Backup(path, manifest)


@contextmanager
def _becoming(path: Path) -> Iterator[Path]:
    """A folder that gets the name ``path`` when the block ends well, and is gone when it raises."""
    making = Path(tempfile.mkdtemp(prefix=MAKING, dir=path.parent))
    try:
        yield making
        sync_folder(making)
        making.rename(path)
    except BaseException:
        shutil.rmtree(making, ignore_errors=True)
        raise
    sync_folder(path.parent)


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Hold the folder of backups; what somebody left there who was cut off is removed. Raises BackupBusy."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BackupBusy from None
        for beginning in (MAKING, SCRATCH):
            for path in folder.glob(f"{beginning}*"):
                shutil.rmtree(path, ignore_errors=True)
        yield
    finally:
        os.close(descriptor)


def dump(connection: Connection, table: Table, folder: Path, report: Report) -> TablePart:
    """Write all rows of ``table`` into a part of their own."""
    digest = Digest()
    with writing(folder / f"{table.name}.jsonl.gz") as part:
        for row in rows_of(connection, table):
            line = encode(row)
            part.write(line)
            digest.add(line)
            if digest.count % _TELL_EVERY == 0:
                report(f"{table.name}: {digest.count:,} rows")
    return TablePart(table.name, table.columns, digest.count, digest.text, last_id(connection, table), part.part)


def _revision(connection: Connection) -> str:
    if VERSION_TABLE not in table_names(connection):
        raise NothingToBackUp
    found = connection.exec_driver_sql(f"SELECT version_num FROM {VERSION_TABLE}").scalar()
    if found is None:
        raise NothingToBackUp
    return str(found)


def _answers(connection: Connection, probe: Probe | None) -> Mapping[str, Any]:
    if probe is None or _revision(connection) != revisions()[-1]:
        return {}
    with Session(connection) as session:
        return probe(session)


def _free(folder: Path, name: str) -> Path:
    """A name that no backup has yet: two may be made within a second."""
    path, number = folder / name, 1
    while path.exists():
        number += 1
        path = folder / f"{name}-{number}"
    return path
