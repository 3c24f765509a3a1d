"""A backup as it lies on the disk: a folder with one part per table and a manifest that says what they hold.

The rows are JSON, one array a line, the same for both kinds of database: either restores into either. Files that
people sent lie beside all backups in a pool, once each, named by their SHA-256.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from store.backup.errors import BackupDamaged, BackupNewer, NoBackup

FORMAT = 1
MANIFEST = "manifest.json"
POOL = "files"
NAME = re.compile(r"\d{8}T\d{6}Z(-\d+)?")
_PART = re.compile(r"[A-Za-z0-9_]+\.(jsonl|txt)\.gz")


@dataclass(frozen=True)
class Part:
    """One compressed file of a backup, by its name in the folder."""

    file: str
    sha256: str
    size: int


@dataclass(frozen=True)
class TablePart:
    """The rows of one table. ``digest`` names them in whatever order; ``last_id`` is the highest id ever given out."""

    name: str
    columns: tuple[str, ...]
    rows: int
    digest: str
    last_id: int | None
    part: Part


@dataclass(frozen=True)
class FilesPart:
    """The files that rows name: how many, their bytes in all, and those that were gone from the data folder."""

    part: Part
    count: int
    bytes: int
    missing: tuple[str, ...] = ()


@dataclass(frozen=True)
class Manifest:
    """What a backup holds. ``revision``: the migration that its tables have; ``probe``: what its maker asked it."""

    version: str
    revision: str
    database: str
    created_at: datetime
    tables: tuple[TablePart, ...]
    files: FilesPart
    probe: Mapping[str, Any] = field(default_factory=dict)

    @property
    def rows(self) -> dict[str, int]:
        """The number of rows by table."""
        return {table.name: table.rows for table in self.tables}

    @property
    def parts(self) -> tuple[Part, ...]:
        return (*(table.part for table in self.tables), self.files.part)


@dataclass(frozen=True)
class Backup:
    """A backup that was made whole."""

    path: Path
    manifest: Manifest

    @property
    def pool(self) -> Path:
        """The folder of files that it shares with its neighbours."""
        return self.path.parent / POOL

    @property
    def bytes(self) -> int:
        """The size of its own parts, without the files."""
        return sum(part.size for part in self.manifest.parts)


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write ``manifest`` into ``folder``, on the disk when this returns."""
    values = {"format": FORMAT, **asdict(manifest), "created_at": manifest.created_at.isoformat()}
    with open(folder / MANIFEST, "x", encoding="utf8", opener=private) as file:
        json.dump(values, file, ensure_ascii=False, indent=1)
        file.flush()
        os.fsync(file.fileno())


def open_backup(path: Path) -> Backup:
    """The backup in the folder ``path``, its parts not looked at. Raises NoBackup, BackupNewer or BackupDamaged."""
    try:
        values = json.loads((path / MANIFEST).read_bytes())
    except FileNotFoundError:
        raise NoBackup(f"{path} is no backup: it has no {MANIFEST}.") from None
    except (OSError, ValueError):
        raise BackupDamaged(MANIFEST, "cannot be read") from None
    if isinstance(values, dict) and isinstance(values.get("format"), int) and values["format"] > FORMAT:
        raise BackupNewer
    try:
        return Backup(path, _manifest_from(values))
    except (KeyError, TypeError, ValueError):
        raise BackupDamaged(MANIFEST, "does not say what it should") from None


def backups(folder: Path) -> list[Path]:
    """The folders of all whole backups in ``folder``, oldest first."""
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if NAME.fullmatch(path.name) and (path / MANIFEST).is_file())


def name_at(moment: datetime) -> str:
    """The name of a backup that was begun at ``moment``: names sort as the moments do."""
    return moment.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def moment_of(path: Path) -> datetime:
    """When the backup in ``path`` was begun, by its name."""
    return datetime.strptime(path.name[:16], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)


def private(path: str, flags: int) -> int:
    """Opens a new file for its owner alone: there are customers' words in it."""
    return os.open(path, flags, 0o600)


def sync_folder(folder: Path) -> None:
    """Let the entries of ``folder`` be on the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _manifest_from(values: dict[str, Any]) -> Manifest:
    files = values["files"]
    return Manifest(
        version=str(values["version"]),
        revision=str(values["revision"]),
        database=str(values["database"]),
        created_at=datetime.fromisoformat(values["created_at"]),
        tables=tuple(_table_from(table) for table in values["tables"]),
        files=FilesPart(_part_from(files["part"]), int(files["count"]), int(files["bytes"]), tuple(files["missing"])),
        probe=dict(values["probe"]),
    )


def _table_from(values: dict[str, Any]) -> TablePart:
    last_id = values["last_id"]
    return TablePart(
        name=str(values["name"]),
        columns=tuple(map(str, values["columns"])),
        rows=int(values["rows"]),
        digest=str(values["digest"]),
        last_id=None if last_id is None else int(last_id),
        part=_part_from(values["part"]),
    )


def _part_from(values: dict[str, Any]) -> Part:
    # The name must not lead anywhere else.
    if not _PART.fullmatch(values["file"]):
        raise ValueError("not the name of a part")
    return Part(values["file"], str(values["sha256"]), int(values["size"]))
