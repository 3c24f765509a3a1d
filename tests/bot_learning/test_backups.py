"""A backup is verified by restoring it: what is wrong with it is said, and what is live is never touched."""

from __future__ import annotations

import json
import os
import sqlite3
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path

import postgres
import pytest
import structlog
from answered import Archive
from slack_house import settled
from sqlalchemy import make_url, text
from sqlmodel import select

from bot.learning.backups import Place, make, verify
from bot.learning.nightly import AGAIN, BACKUP, Done, Nightly, carry_out, is_tried_again, look_at_once
from bot.learning.publish import Fit
from bot.learning.upkeep import REFIT, TOPICS, Upkeep, claim, next_time
from store import Database, files, fulltext, measures, reading, transaction
from store.backup import MAKE, VERIFY, Backup, Standing, backups, note_made, open_backup, status
from store.models import StoredFile, Timer

pytestmark = pytest.mark.usefixtures("quiet")


@pytest.fixture(autouse=True)
def _no_waiting_for_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests need not survive a power cut."""
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path / "backups", tmp_path / "files")


@pytest.fixture
def archive(database: Database, place: Place) -> Archive:
    return filled(Archive(database), place)


@pytest.fixture
def plain(sqlite_database: Database, place: Place) -> Archive:
    """For claims that do not depend on the kind of database."""
    return filled(Archive(sqlite_database), place)


def filled(archive: Archive, place: Place) -> Archive:
    archive.publish()
    archive.judged(2, 1)
    with transaction(archive.database) as session:
        files.save(place.files, session, "a.png", "image/png", BytesIO(b"a picture"), archive.now)
        fulltext.index(session, "ticket", 7, "忘记密码了登不上去")
    return archive


def made(archive: Archive, place: Place) -> Backup:
    return make(archive.database.url, place, archive.now, silent)


def silent(sentence: str) -> None:
    """Nobody listens."""


def changed(backup: Backup, **others: object) -> Backup:
    """The same backup with another manifest."""
    manifest = backup.path / "manifest.json"
    manifest.write_text(json.dumps(json.loads(manifest.read_text()) | others))
    return open_backup(backup.path)


def test_a_good_one_is_restored_compared_and_leaves_nothing_behind(archive: Archive, place: Place) -> None:
    backup = made(archive, place)
    search = backup.manifest.probe["search"]
    assert (search["kind"], search["found"]) == ("ticket", [7])
    assert "密码" in search["query"]
    assert backup.manifest.probe["release"]["articles"] == 5
    found = verify(archive.database.url, backup, place, silent)
    assert found.differences == ()
    assert found.kind == ("sqlite" if archive.database.is_sqlite else "postgresql")
    assert {path.name for path in place.folder.iterdir()} == {".lock", "files", backup.path.name}
    if not archive.database.is_sqlite:
        with reading(archive.database) as session:
            assert (
                session.execute(text("SELECT datname FROM pg_database WHERE datname LIKE 'firstline_verify%'")).all()
                == []
            )


def test_a_role_that_may_make_no_database_has_it_checked_in_sqlite(postgresql_database: Database, place: Place) -> None:
    archive = filled(Archive(postgresql_database), place)
    backup = made(archive, place)
    url = make_url(postgresql_database.url)
    administrator = url.set(database="postgres").render_as_string(hide_password=False)
    postgres.command(administrator, "DROP ROLE IF EXISTS plain_role")
    postgres.command(administrator, "CREATE ROLE plain_role LOGIN NOCREATEDB")
    found = verify(url.set(username="plain_role").render_as_string(hide_password=False), backup, place, silent)
    assert (found.differences, found.kind) == ((), "sqlite")
    assert any("permission denied to create database" in note for note in found.notes)


def test_a_file_that_is_not_what_it_was_is_named(plain: Archive, place: Place) -> None:
    backup = made(plain, place)
    with reading(plain.database) as session:
        row = session.get_one(StoredFile, 1)
    files.place(backup.pool, row.sha256).write_bytes(b"A PICTURE")
    (difference,) = verify(plain.database.url, backup, place, silent).differences
    assert row.sha256 in difference
    tonight = plain.now + timedelta(days=1)
    assert [(done.deed, done.problem is None) for done in nightly_deeds(plain, place, tonight, is_careful=False)] == [
        (MAKE, True),
        (VERIFY, False),
    ]
    assert all(
        done.problem is None for done in nightly_deeds(plain, place, tonight + timedelta(hours=1), is_careful=True)
    ), "the next one copied it again"


def nightly_deeds(archive: Archive, place: Place, now: datetime, *, is_careful: bool) -> list[Done]:
    return list(carry_out(archive.database.url, place, now, is_careful=is_careful))


def test_a_damaged_part_is_named(plain: Archive, place: Place) -> None:
    backup = made(plain, place)
    (backup.path / "ticket.jsonl.gz").write_bytes(b"")
    (difference,) = verify(plain.database.url, backup, place, silent).differences
    assert "ticket.jsonl.gz" in difference


def test_a_search_that_finds_something_else_is_a_difference(plain: Archive, place: Place) -> None:
    backup = made(plain, place)
    probe = {**backup.manifest.probe, "search": {**backup.manifest.probe["search"], "found": [8]}}
    (difference,) = verify(plain.database.url, changed(backup, probe=probe), place, silent).differences
    assert "search" in difference
    probe = {**backup.manifest.probe, "release": {"id": 9, "digest": "other", "articles": 5}}
    (difference,) = verify(plain.database.url, changed(backup, probe=probe), place, silent).differences
    assert "release" in difference


def test_what_cannot_be_asked_is_said_and_is_no_difference(plain: Archive, place: Place) -> None:
    """This release was put live without vectors: the first start after a restore would build it anew."""
    found = verify(plain.database.url, made(plain, place), place, silent)
    assert any(note.startswith("the knowledge base was not asked") for note in found.notes)


def test_a_failure_is_tried_again_soon_unless_every_try_leaves_a_backup() -> None:
    assert is_tried_again(MAKE, Standing())
    assert is_tried_again(MAKE, Standing(problem_in=MAKE))
    assert is_tried_again(VERIFY, Standing())
    assert not is_tried_again(VERIFY, Standing(problem_in=VERIFY))


def due_at(database: Database) -> datetime:
    with reading(database) as session:
        return session.exec(select(Timer.due_at).where(Timer.kind == BACKUP)).one()


def test_a_start_without_a_recent_backup_has_one_within_the_hour(plain: Archive) -> None:
    database, now = plain.database, plain.now
    look_at_once(database, now)
    assert due_at(database) == now + AGAIN
    look_at_once(database, now + timedelta(minutes=30))
    assert due_at(database) == now + AGAIN, "restarts do not put it off"
    with transaction(database) as session:
        note_made(session, "one", now)
    claim(database, now + AGAIN, (TOPICS, REFIT, BACKUP))
    tonight = next_time(BACKUP, now + AGAIN)
    assert (due_at(database), tonight.astimezone().hour) == (tonight, 4)
    look_at_once(database, now + timedelta(hours=2))
    assert due_at(database) == tonight


def test_a_clock_that_was_a_year_ahead_leaves_no_year_without_backups(plain: Archive) -> None:
    database, now, wrong = plain.database, plain.now, plain.now + timedelta(days=365)
    claim(database, wrong, (TOPICS, REFIT, BACKUP))
    with transaction(database) as session:
        note_made(session, "one", wrong)
    look_at_once(database, now)
    assert due_at(database) == now + AGAIN, "one of a day that has not come is no recent one"
    claim(database, wrong, (TOPICS, REFIT, BACKUP))
    claim(database, now, (TOPICS, REFIT, BACKUP))
    assert due_at(database) == next_time(BACKUP, now), "nor does who runs on wait for it"


def test_one_that_could_not_even_be_noted_is_known_and_tried_again_once_it_can(plain: Archive, place: Place) -> None:
    """The disk is full: of the backups and of the database."""
    database = plain.database
    place.folder.write_text("in the way")
    other = sqlite3.connect(database.writer.url.database or "", isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    # Waits for half a second instead of ten.
    database.hurry()
    nightly = Nightly(database, place, patience=0.05)
    # Here it is what we listen for.
    structlog.reset_defaults()
    with structlog.testing.capture_logs() as told:
        nightly.begin()
        settled(lambda: "backup not noted yet" in [line["event"] for line in told], lambda: str(told))
        other.close()
        nightly.wait(240)
    with reading(database) as session:
        found = status(session)
    assert (found.problem_in, found.problem_at is not None) == (MAKE, True)
    assert due_at(database) > datetime.now(UTC)
    assert due_at(database) <= datetime.now(UTC) + AGAIN
    assert [line["event"] for line in told] == ["backup failed", "backup not noted yet"]
    nightly.stop()


def test_one_replica_makes_it_at_night_and_says_what_became_of_it(plain: Archive, place: Place) -> None:
    database = plain.database
    nightly = Nightly(database, place)
    upkeep = Upkeep(database, Fit(), nightly=nightly)
    before = measures.value("backups_total", deed="verify", outcome="done")
    upkeep.step(plain.now)
    night = next_time(BACKUP, plain.now)
    assert BACKUP in upkeep.step(night)
    assert BACKUP not in claim(database, night, (TOPICS, REFIT, BACKUP)), "another replica comes too late"
    nightly.wait(240)
    (path,) = backups(place.folder)
    with reading(database) as session:
        found = status(session)
    assert (found.made, found.verified, found.problem) == (path.name, path.name, None)
    assert measures.value("backups_total", deed="verify", outcome="done") == before + 1


def test_one_that_fails_is_known_and_tried_again_in_an_hour(plain: Archive, place: Place) -> None:
    place.folder.write_text("in the way")
    nightly = Nightly(plain.database, place)
    nightly.begin()
    nightly.wait(240)
    with reading(plain.database) as session:
        found = status(session)
    assert (found.made, found.problem_in) == (None, MAKE)
    assert found.problem == f"File exists ({place.folder}). Check that the place exists and may be written."
    assert found.problem_at is not None
    assert due_at(plain.database) >= found.problem_at + AGAIN
    nightly.stop()
