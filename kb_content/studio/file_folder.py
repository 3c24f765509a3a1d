"""The pictures and files of articles in the folder of a knowledge base: under ``files/``, written and read back."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlmodel import Session

from kb_content.file_names import FOLDER, UnknownKind, kind_of, safe_name
from kb_content.studio.files import files, put_file
from store.errors import StoreError
from store.files import Kept, keep, place

_BEGINNING = 1024


@dataclass(frozen=True)
class Found:
    """A file of a folder whose bytes are in the store now."""

    name: str
    beginning: bytes
    kept: Kept


def export_files(session: Session, store_folder: Path, folder: Path) -> int:
    """Write every file of articles into ``folder``; how many were written. One that is the same is not touched, one
    that was put there by somebody else stays."""
    written = 0
    for file in files(session):
        source, target = place(store_folder, file.sha256), folder / FOLDER / file.name
        if not source.is_file() or (target.is_file() and target.read_bytes() == source.read_bytes()):
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
        written += 1
    return written


def gather_files(store_folder: Path, folder: Path) -> tuple[list[Found], list[str]]:
    """The files of ``folder``, their bytes kept in the store, and the names of those that articles cannot show. Needs
    no transaction; nothing shows them before ``enter_files``."""
    found: list[Found] = []
    refused: list[str] = []
    for path in _paths(folder):
        try:
            beginning = _beginning(path)
            kind_of(path.name, beginning)
            with path.open("rb") as stream:
                found.append(Found(path.name, beginning, keep(store_folder, stream)))
        except (UnknownKind, StoreError):
            refused.append(path.name)
    return found, refused


def enter_files(session: Session, found: Iterable[Found], now: datetime, actor: str = "system") -> int:
    """Have articles show these, in place of others of the same name; how many are new or another than before."""
    return sum(put_file(session, one.name, one.beginning, one.kept, now, actor=actor) for one in found)


def _paths(folder: Path) -> Iterator[Path]:
    inside = folder / FOLDER
    if not inside.is_dir():
        return
    # A link may lead out of the folder.
    yield from sorted(path for path in inside.iterdir() if path.is_file() and not path.is_symlink() and _is_named(path))


def _is_named(path: Path) -> bool:
    return path.name == safe_name(path.name)


def _beginning(path: Path) -> bytes:
    with path.open("rb") as stream:
        return stream.read(_BEGINNING)
