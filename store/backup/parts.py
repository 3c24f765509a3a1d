"""The compressed files of a backup: lines written and read one at a time, however many there are."""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from store.backup.errors import BackupDamaged
from store.backup.manifest import Part, private

_LEVEL = 6
_CHUNK = 1024 * 1024


class Digest:
    """Names a set of lines in whatever order they came: the sum of their SHA-256."""

    def __init__(self) -> None:
        self.count = 0
        self._sum = 0

    def add(self, line: bytes) -> None:
        self.count += 1
        self._sum = (self._sum + int.from_bytes(hashlib.sha256(line).digest())) % 2**256

    @property
    def text(self) -> str:
        return f"{self._sum:064x}"


class Writer:
    """Takes the lines of one part; ``part`` says what was written once it is closed."""

    def __init__(self, path: Path, out: gzip.GzipFile, raw: _Counting) -> None:
        self._path, self._out, self._raw = path, out, raw

    def write(self, line: bytes) -> None:
        self._out.write(line + b"\n")

    @property
    def part(self) -> Part:
        return Part(self._path.name, self._raw.sha256.hexdigest(), self._raw.size)


@contextmanager
def writing(path: Path) -> Iterator[Writer]:
    """A new part at ``path``, on the disk when the block ends."""
    with open(path, "xb", opener=private) as file:
        raw = _Counting(file)
        # Without a name and a time inside, the same lines make the same bytes.
        with gzip.GzipFile("", "wb", _LEVEL, raw, mtime=0) as out:
            writer = Writer(path, out, raw)
            yield writer
        file.flush()
        os.fsync(file.fileno())


def lines(path: Path) -> Iterator[bytes]:
    """The lines of the part at ``path``, without their ends. Raises BackupDamaged."""
    try:
        with gzip.open(path, "rb") as file:
            for line in file:
                yield line.removesuffix(b"\n")
    except (OSError, EOFError, zlib.error):
        raise BackupDamaged(path.name, "cannot be read to its end") from None


def check(folder: Path, part: Part) -> None:
    """Hold the bytes of ``part`` against its hash. Raises BackupDamaged."""
    path = folder / part.file
    if not path.is_file():
        raise BackupDamaged(part.file, "is missing")
    try:
        found = sha256_of(path)
    except OSError:
        raise BackupDamaged(part.file, "cannot be read") from None
    if found != part.sha256:
        raise BackupDamaged(part.file, "is not what was written")


def sha256_of(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


class _Counting(io.RawIOBase):
    """Passes bytes on to ``file`` and keeps their hash and number."""

    def __init__(self, file: Any) -> None:
        self._file = file
        self.sha256 = hashlib.sha256()
        self.size = 0

    def writable(self) -> bool:
        return True

    def write(self, chunk: Any, /) -> int:
        self.sha256.update(chunk)
        self.size += len(chunk)
        self._file.write(chunk)
        return len(chunk)
