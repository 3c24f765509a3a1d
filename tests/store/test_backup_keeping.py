"""Thirty daily backups stay, and no file that one of them needs goes."""

from __future__ import annotations

import os
import shutil
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path

import pytest
from sqlalchemy import delete

from store import Database, files, reading, transaction
from store.backup import MAKE, VERIFY, Standing, backups, make, note_made, note_problem, note_verified, status, sweep
from store.backup.keeping import superfluous
from store.backup.manifest import name_at
from store.models import StoredFile

NIGHT = datetime(2026, 3, 4, 4, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _no_waiting_for_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests need not survive a power cut."""
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)


def nights(count: int, before: datetime = NIGHT) -> list[Path]:
    return [Path(name_at(before - timedelta(days=number))) for number in reversed(range(count))]


def test_thirty_nights_stay() -> None:
    made = nights(33)
    assert superfluous(made, NIGHT) == made[:3]
    assert superfluous(made[-30:], NIGHT) == []


def test_all_of_the_last_day_stay_and_of_a_day_before_the_newest() -> None:
    by_hand = [Path(name_at(NIGHT - timedelta(hours=hours))) for hours in (60, 58, 5, 3, 1)]
    assert superfluous([*nights(2), *by_hand], NIGHT) == [by_hand[0]]


def test_after_nights_without_one_the_old_ones_stay() -> None:
    """A house whose backups fail must not lose those that it has, nor one that was switched off for a year."""
    made = nights(30, NIGHT - timedelta(days=365))
    assert superfluous(made, NIGHT) == []
    assert superfluous([*made, *nights(1)], NIGHT) == made[:1]


def test_a_file_goes_with_the_last_backup_that_holds_it(sqlite_database: Database, tmp_path: Path) -> None:
    folder, uploads = tmp_path / "backups", tmp_path / "files"
    with transaction(sqlite_database) as session:
        old = files.save(uploads, session, "old", "text/plain", BytesIO(b"old"), NIGHT)
        both = files.save(uploads, session, "both", "text/plain", BytesIO(b"both"), NIGHT)
    first = make(sqlite_database.url, folder, uploads, NIGHT, version="0.1.0")
    with transaction(sqlite_database) as session:
        session.execute(delete(StoredFile).where(StoredFile.__table__.c.id == old.id))  # type: ignore[attr-defined]
    for days in range(1, 32):
        later = name_at(NIGHT + timedelta(days=days))
        if days == 31:
            make(sqlite_database.url, folder, uploads, NIGHT + timedelta(days=days), version="0.1.0")
        else:
            shutil.copytree(first.path, folder / later)
    now = NIGHT + timedelta(days=31)
    assert sweep(folder, now) == [first.path, folder / name_at(NIGHT + timedelta(days=1))]
    assert len(backups(folder)) == 30
    assert files.place(first.pool, old.sha256).is_file(), "older ones still hold it"
    sweep(folder, now + timedelta(days=2), days=1)
    assert [path.name for path in backups(folder)] == [name_at(now)]
    assert not files.place(first.pool, old.sha256).exists()
    assert files.place(first.pool, both.sha256).is_file()


def test_a_problem_is_known_until_the_same_deed_succeeds(sqlite_database: Database) -> None:
    def standing() -> Standing:
        with reading(sqlite_database) as session:
            return status(session)

    assert standing() == Standing()
    with transaction(sqlite_database) as session:
        note_made(session, "one", NIGHT)
        note_problem(session, VERIFY, "A part is damaged.", NIGHT + timedelta(minutes=1))
    later = NIGHT + timedelta(days=1)
    with transaction(sqlite_database) as session:
        note_made(session, "two", later)
    found = standing()
    assert (found.made, found.made_at, found.problem, found.problem_in) == ("two", later, "A part is damaged.", VERIFY)
    with transaction(sqlite_database) as session:
        note_verified(session, "two", later)
        note_problem(session, MAKE, "The disk is full.", later)
    found = standing()
    assert (found.verified, found.verified_at, found.problem) == ("two", later, "The disk is full.")
    with transaction(sqlite_database) as session:
        note_made(session, "three", later)
    assert standing().problem is None
