from __future__ import annotations

import errno
import hashlib
import io
from datetime import datetime
from pathlib import Path

import pytest

from store import Database, files, reading, transaction
from store.errors import DiskFull, FileMissing, FileTooLarge, StoreError
from store.files import clean_media_type, clean_name
from store.models import StoredFile


def left_behind(folder: Path) -> list[str]:
    return [str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()]


class Breaks(io.RawIOBase):
    """Sends some bytes, then fails."""

    def __init__(self, error: OSError) -> None:
        self._chunks = iter([b"some bytes"])
        self._error = error

    def read(self, size: int = -1, /) -> bytes:
        for chunk in self._chunks:
            return chunk
        raise self._error


def test_a_saved_file_is_read_again_under_the_name_it_had(database: Database, tmp_path: Path, now: datetime) -> None:
    with transaction(database) as session:
        row = files.save(tmp_path, session, "C:\\日志\\报告.pdf", "Application/PDF", io.BytesIO(b"bytes"), now)
        file_id = row.id
    with reading(database) as session:
        row = session.get_one(StoredFile, file_id)
    assert (row.name, row.media_type, row.size, row.created_at) == ("报告.pdf", "application/pdf", 5, now)
    with files.open_file(tmp_path, row) as stream:
        assert stream.read() == b"bytes"


def test_bytes_lie_under_their_hash_once_however_often_they_are_sent(tmp_path: Path) -> None:
    for _ in range(2):
        kept = files.keep(tmp_path, io.BytesIO(b"twice"))
    digest = hashlib.sha256(b"twice").hexdigest()
    assert (kept.sha256, kept.size) == (digest, 5)
    assert left_behind(tmp_path) == [f"{digest[:2]}/{digest}"]


def test_a_file_can_be_kept_before_the_transaction_begins(
    sqlite_database: Database, tmp_path: Path, now: datetime
) -> None:
    kept = files.keep(tmp_path, io.BytesIO(b"slowly received"))
    with transaction(sqlite_database) as session:
        row = files.save(tmp_path, session, "a.txt", "text/plain", kept, now)
    assert (row.sha256, row.size) == (kept.sha256, kept.size)


def test_twenty_megabytes_are_taken_and_one_byte_more_is_not(tmp_path: Path) -> None:
    assert files.keep(tmp_path, io.BytesIO(bytes(files.MAX_BYTES))).size == 20 * 1024 * 1024
    before = left_behind(tmp_path)
    with pytest.raises(FileTooLarge, match="20 MB"):
        files.keep(tmp_path, io.BytesIO(bytes(files.MAX_BYTES + 1)))
    assert left_behind(tmp_path) == before


def test_a_stream_without_end_is_refused_as_soon_as_it_is_too_long(tmp_path: Path) -> None:
    with Path("/dev/zero").open("rb") as endless, pytest.raises(FileTooLarge):
        files.keep(tmp_path, endless)
    assert left_behind(tmp_path) == []


def test_a_full_disk_is_a_sentence_and_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(DiskFull):
        files.keep(tmp_path, Breaks(OSError(errno.ENOSPC, "No space left on device")))
    assert left_behind(tmp_path) == []


def test_a_sender_that_goes_away_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(ConnectionResetError):
        files.keep(tmp_path, Breaks(ConnectionResetError()))
    assert left_behind(tmp_path) == []


def test_bytes_that_are_gone_are_a_sentence(tmp_path: Path, now: datetime) -> None:
    row = StoredFile(name="a", media_type="a/b", size=1, sha256="0" * 64, created_at=now)
    with pytest.raises(FileMissing, match="Restore"):
        files.open_file(tmp_path, row)


@pytest.mark.parametrize("sha256", ["", "../../etc/passwd", "0" * 63, "G" * 64, "0" * 64 + "\n"])
def test_only_a_hash_leads_to_bytes(tmp_path: Path, sha256: str) -> None:
    with pytest.raises(StoreError):
        files.place(tmp_path, sha256)


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("report.pdf", "report.pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\fakepath\\a b.txt", "a b.txt"),
        ("报告 📎.xlsx", "报告 📎.xlsx"),
        ("cafe\u0301.txt", "café.txt"),
        ("a\r\nSet-Cookie: x\x00.txt", "aSet-Cookie: x.txt"),
        ("photo\u202egpj.exe", "photogpj.exe"),
        ("half\ud800.txt", "half.txt"),
        ("  ", "file"),
        ("", "file"),
        ("..", "file"),
        ("folder/", "file"),
        ("x" * 300 + ".pdf", "x" * 251 + ".pdf"),
        ("x" * 300, "x" * 255),
        ("a." + "y" * 300, "a." + "y" * 253),
    ],
)
def test_names_keep_what_is_shown_and_lose_what_misleads(sent: str, kept: str) -> None:
    assert clean_name(sent) == kept


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("image/png", "image/png"),
        ("Text/HTML; charset=utf-8", "text/html"),
        ("", "application/octet-stream"),
        ("nonsense", "application/octet-stream"),
        ("text/html\r\nX: y", "application/octet-stream"),
        ("a/" + "b" * 200, "application/octet-stream"),
    ],
)
def test_media_types(sent: str, kept: str) -> None:
    assert clean_media_type(sent) == kept
