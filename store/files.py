"""Files that people send: the bytes under a folder, named by their SHA-256, and a row with the name they had.

Nothing of what a sender says about a file is believed: the name is only shown, the media type only told.
"""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Protocol

from sqlmodel import Session

from store.errors import FileMissing, FileTooLarge, StoreError
from store.models import StoredFile
from store.sentences import sentences

MAX_BYTES = 20 * 1024 * 1024
_CHUNK = 256 * 1024
_MEDIA_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]*/[a-z0-9][a-z0-9!#$&^_.+-]*")
_UNKNOWN_TYPE = "application/octet-stream"
# They turn the direction of what follows: "photo<U+202E>gpj.exe" shows as "photoexe.jpg".
_DIRECTIONS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


class Stream(Protocol):
    """Anything to read bytes from: an upload, a download, an open file."""

    def read(self, size: int, /) -> bytes: ...


@dataclass(frozen=True)
class Kept:
    """Bytes that lie in the folder, without a row yet."""

    sha256: str
    size: int


def keep(folder: Path, stream: Stream) -> Kept:
    """Read ``stream`` to its end into ``folder``, safe from a power cut when this returns; needs no transaction.

    Raises FileTooLarge as soon as more than MAX_BYTES came, or DiskFull; nothing is left behind then. The same bytes
    are kept once.
    """
    with sentences():
        folder.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(prefix="incoming-", dir=folder)
        incoming = Path(name)
        try:
            with os.fdopen(descriptor, "wb") as file:
                kept = _copy(stream, file)
            _move(incoming, place(folder, kept.sha256))
        finally:
            incoming.unlink(missing_ok=True)
    return kept


def save(
    folder: Path, session: Session, name: str, media_type: str, stream: Stream | Kept, now: datetime
) -> StoredFile:
    """The row of a file, flushed, so that it has its id.

    Reading a stream here holds the transaction open meanwhile: where it comes over a network, ``keep`` it first and
    hand in what that returned. Bytes whose row was rolled back stay behind, found by nobody.
    """
    kept = stream if isinstance(stream, Kept) else keep(folder, stream)
    return enter(session, name, media_type, kept, now)


def enter(session: Session, name: str, media_type: str, kept: Kept, now: datetime) -> StoredFile:
    """The row of bytes that ``keep`` brought into the folder, flushed, so that it has its id."""
    row = StoredFile(
        name=clean_name(name),
        media_type=clean_media_type(media_type),
        size=kept.size,
        sha256=kept.sha256,
        created_at=now,
    )
    session.add(row)
    session.flush()
    return row


def open_file(folder: Path, row: StoredFile) -> BinaryIO:
    """The bytes of ``row``, to be closed by the caller. Raises FileMissing."""
    try:
        return place(folder, row.sha256).open("rb")
    except FileNotFoundError:
        raise FileMissing from None


def place(folder: Path, sha256: str) -> Path:
    """Where the bytes with this hash lie. In folders by its first two digits, so that none grows too long to list."""
    if not re.fullmatch("[0-9a-f]{64}", sha256):
        raise StoreError("This is not the SHA-256 of a file.")
    return folder / sha256[:2] / sha256


def clean_name(name: str) -> str:
    """A name that can be shown, offered and stored: no folders, nothing invisible that misleads, ≤ 255 characters."""
    base = re.split(r"[/\\]", unicodedata.normalize("NFC", name))[-1]
    shown = "".join(char for char in base if not _is_hidden(char)).strip()
    if not shown.strip("."):
        return "file"
    stem, dot, extension = shown.rpartition(".")
    if len(shown) > 255 and dot and len(extension) <= 16:
        return stem[: 254 - len(extension)] + dot + extension
    return shown[:255]


def clean_media_type(media_type: str) -> str:
    """``type/subtype`` in lower case without parameters, or the type of anything."""
    plain = media_type.partition(";")[0].strip().lower()
    return plain if len(plain) <= 120 and _MEDIA_TYPE.fullmatch(plain) else _UNKNOWN_TYPE


def _is_hidden(char: str) -> bool:
    return char in _DIRECTIONS or unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp")


def _copy(stream: Stream, file: BinaryIO) -> Kept:
    digest, size = hashlib.sha256(), 0
    while chunk := stream.read(_CHUNK):
        size += len(chunk)
        if size > MAX_BYTES:
            raise FileTooLarge
        digest.update(chunk)
        file.write(chunk)
    file.flush()
    os.fsync(file.fileno())
    return Kept(digest.hexdigest(), size)


def _move(incoming: Path, target: Path) -> None:
    """Into place at once, and the folder's entry on the disk too: a row must never outlive its bytes."""
    target.parent.mkdir(exist_ok=True)
    os.replace(incoming, target)
    for folder in (target.parent, target.parent.parent):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
