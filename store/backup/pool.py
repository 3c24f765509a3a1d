"""The files that people sent, in a folder beside the backups: each once, however many backups hold it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection

from store.backup.errors import BackupDamaged
from store.backup.manifest import Backup, FilesPart, open_backup
from store.backup.parts import lines, sha256_of, writing
from store.counting import counted
from store.errors import StoreError
from store.files import keep, place

Report = Callable[[str], None]
LIST = "files.txt.gz"
_TELL_EVERY = 1_000
_NAME = re.compile("[0-9a-f]{64}")
_QUERY = "SELECT sha256, max(size) FROM stored_file GROUP BY sha256"


@dataclass(frozen=True)
class Held:
    """A file that a backup holds."""

    sha256: str
    size: int


def keep_files(
    connection: Connection, making: Path, pool: Path, files: Path, report: Report, *, is_careful: bool = False
) -> FilesPart:
    """Bring what rows name from ``files`` into ``pool`` and list it in ``making``.

    What is there already counts by its size; ``is_careful``: by its bytes, so that a damaged file is copied again.
    Bytes that no row names stay out: an upload that was rolled back. What is gone from ``files``, or is not what it
    was, cannot be backed up; ``report`` hears how many those are.
    """
    pool.mkdir(mode=0o700, exist_ok=True)
    count = total = copied = 0
    missing: list[str] = []
    with writing(making / LIST) as part:
        for sha256, size in connection.exec_driver_sql(_QUERY, execution_options={"yield_per": 1000}):
            if not _is_there(place(pool, sha256), sha256, size, is_careful):
                if not _fetch(files, pool, sha256):
                    missing.append(sha256)
                    continue
                copied += 1
                if copied % _TELL_EVERY == 0:
                    report(f"files: {copied:,} copied")
            part.write(json.dumps([sha256, size]).encode())
            count, total = count + 1, total + size
    if missing:
        gone = counted(len(missing), "file that messages name is", "files that messages name are")
        report(f"{gone} gone from the data folder, or changed since.")
    return FilesPart(part.part, count, total, tuple(missing))


def held_by(backup: Backup) -> Iterator[Held]:
    """The files of ``backup`` as it lists them. Raises BackupDamaged."""
    for line in lines(backup.path / LIST):
        try:
            sha256, size = json.loads(line)
            yield Held(str(sha256), int(size))
        except (ValueError, TypeError):
            raise BackupDamaged(LIST, "does not say what it should") from None


def faults(backup: Backup, report: Report = lambda sentence: None) -> Iterator[str]:
    """The SHA-256 of every file of ``backup`` that is missing from the pool or is not what it was. Reads them all."""
    for number, held in enumerate(held_by(backup), start=1):
        path = place(backup.pool, held.sha256)
        try:
            is_whole = sha256_of(path) == held.sha256
        except OSError:
            is_whole = False
        if not is_whole:
            yield held.sha256
        if number % _TELL_EVERY == 0:
            report(f"files: {number:,} checked")


def bring_back(backup: Backup, files: Path, leave_out: Iterable[str], report: Report) -> int:
    """Copy the files of ``backup`` into the data folder, but for those to ``leave_out``. Returns how many came.

    Those that are there already stay. Raises BackupDamaged.
    """
    brought, without = 0, frozenset(leave_out)
    for held in held_by(backup):
        target = place(files, held.sha256)
        if held.sha256 in without or (target.is_file() and sha256_of(target) == held.sha256):
            continue
        if not _fetch(backup.pool, files, held.sha256):
            raise BackupDamaged(f"the file {held.sha256}", "is missing or is not what it was")
        brought += 1
        if brought % _TELL_EVERY == 0:
            report(f"files: {brought:,} brought back")
    return brought


def sweep_pool(pool: Path, kept: Iterable[Path]) -> int:
    """Delete from ``pool`` what none of the backups ``kept`` holds. Returns how many files went.

    Where one of them cannot be read nothing is deleted.
    """
    if not pool.is_dir():
        return 0
    try:
        wanted = {bytes.fromhex(held.sha256) for path in kept for held in held_by(open_backup(path))}
    except (StoreError, ValueError):
        return 0
    gone = 0
    for path in pool.glob("??/*"):
        if _NAME.fullmatch(path.name) and bytes.fromhex(path.name) not in wanted:
            path.unlink()
            gone += 1
    for path in pool.glob("incoming-*"):
        path.unlink()
    return gone


def _is_there(path: Path, sha256: str, size: int, is_careful: bool) -> bool:
    if not path.is_file() or path.stat().st_size != size:
        return False
    return not is_careful or sha256_of(path) == sha256


def _fetch(folder: Path, into: Path, sha256: str) -> bool:
    """Copy one file, safe from a power cut; False if it is gone or has other bytes than its name says."""
    source = place(folder, sha256)
    try:
        if sha256_of(source) != sha256:
            return False
        with source.open("rb") as stream:
            return keep(into, stream).sha256 == sha256
    except FileNotFoundError:
        return False
