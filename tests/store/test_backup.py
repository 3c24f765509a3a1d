"""A backup comes back: every row of every table, on either kind of database, or not at all and with a sentence."""

from __future__ import annotations

import gzip
import json
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import every_table
import postgres
import pytest
from sqlalchemy import func, select, text, update
from sqlmodel import Session

from store import Database, files, fulltext, lock, migrate, open_database, reading, transaction
from store.backup import Backup, backups, make, open_backup, restore
from store.backup.errors import (
    BackupBusy,
    BackupDamaged,
    BackupError,
    BackupNewer,
    NoBackup,
    NotEmpty,
    NothingToBackUp,
    ServerRuns,
    StrangeTables,
)
from store.backup.making import alone_in
from store.backup.parts import sha256_of
from store.models import Audit, Change, Setting, StoredFile


@pytest.fixture(autouse=True)
def _no_waiting_for_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests need not survive a power cut."""
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "backups"


@pytest.fixture
def uploads(tmp_path: Path) -> Path:
    return tmp_path / "files"


@pytest.fixture(params=["sqlite", "postgresql"])
def target_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database without tables, to restore into."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/new/firstline.db"
        return
    with postgres.new_database(request.getfixturevalue("postgres_server")) as url:
        yield url


def back_up(database: Database, folder: Path, uploads: Path, now: datetime, **others: Any) -> Backup:
    return make(database.url, folder, uploads, now, version="0.1.0", **others)


def bring_back(url: str, backup: Backup, uploads: Path, now: datetime, **others: Any) -> Any:
    settle: Callable[[Session], dict[str, int]] = others.pop("settle", lambda session: {})
    return restore(url, backup, uploads, now, ours=every_table.names(), settle=settle, **others)


@contextmanager
def opened(url: str) -> Iterator[Database]:
    database = open_database(url)
    try:
        yield database
    finally:
        database.close()


def test_every_row_of_every_table_comes_back_on_either_kind_of_database(
    database: Database, target_url: str, folder: Path, uploads: Path, now: datetime
) -> None:
    every_table.fill(database)
    before = every_table.everything(database)
    assert all(before.values()), "a table without a row would show nothing"
    backup = back_up(database, folder, uploads, now)
    assert backup.manifest.rows == {name: len(rows) for name, rows in before.items()}
    bring_back(target_url, backup, uploads, now)
    with opened(target_url) as restored:
        assert every_table.everything(restored) == before
        assert migrate.is_at_head(target_url)
        with reading(restored) as session:
            assert fulltext.search(session, "message", "密码") == [1]
            assert fulltext.search(session, "message", "invoice") == [2]
        with transaction(restored) as session:
            fulltext.index(session, "message", 1, "changed")
            assert fulltext.search(session, "message", "密码") == []
        with pytest.raises(Exception, match="audit rows are never changed"), transaction(restored) as session:
            session.execute(update(Audit).values(actor="somebody else"))


def test_a_server_in_another_time_zone_changes_no_moment(
    postgresql_database: Database, folder: Path, uploads: Path, tmp_path: Path, now: datetime
) -> None:
    every_table.fill(postgresql_database)
    before = every_table.everything(postgresql_database)
    name = postgres.name_of(postgresql_database.url)
    postgres.command(postgresql_database.url, f"ALTER DATABASE {name} SET timezone = 'Asia/Shanghai'")
    postgresql_database.close()
    backup = back_up(postgresql_database, folder, uploads, now)
    bring_back(postgresql_database.url, backup, uploads, now, is_forced=True)
    assert every_table.everything(postgresql_database) == before
    url = f"sqlite:///{tmp_path}/new.db"
    bring_back(url, backup, uploads, now)
    with opened(url) as restored:
        assert every_table.everything(restored) == before


def test_what_is_written_afterwards_gets_an_id_that_nobody_can_hold_yet(
    database: Database, folder: Path, uploads: Path, now: datetime
) -> None:
    """A browser that saw change 9 before the restore must hear of what changes after it."""
    every_table.fill(database)
    backup = back_up(database, folder, uploads, now)
    with transaction(database) as session:
        lost = Change(kind="message", subject_id=1, at=now)
        session.add(lost)
    database.close()
    bring_back(database.url, backup, uploads, now, is_forced=True)
    with transaction(database) as session:
        change = Change(kind="message", subject_id=1, at=now)
        session.add(change)
        session.flush()
        assert (change.id or 0) > (lost.id or 0)
        session.add(Audit(at=now, actor="a", action="b", kind="c"))
        session.flush()


def test_a_backup_beside_writers_holds_one_moment(
    database: Database, folder: Path, uploads: Path, now: datetime
) -> None:
    """Writers always write a change and its audit row together, so no backup may hold more of one than of the other."""
    stop = threading.Event()
    begun = threading.Barrier(3)

    def write() -> None:
        begun.wait()
        while not stop.is_set():
            with transaction(database) as session:
                session.add(Change(kind="pair", subject_id=1, at=now))
                session.flush()
                session.add(Audit(at=now, actor="pair", action="a", kind="k"))

    threads = [threading.Thread(target=write) for _ in range(2)]
    for thread in threads:
        thread.start()
    begun.wait()
    try:
        made = [back_up(database, folder, uploads, now + timedelta(seconds=number)) for number in range(3)]
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    pairs = [(backup.manifest.rows["change"], backup.manifest.rows["audit"]) for backup in made]
    assert all(changes == audits for changes, audits in pairs), pairs
    with reading(database) as session:
        total = session.execute(select(func.count()).select_from(Change)).scalar_one()
    assert total > pairs[-1][0] > 0, "they went on writing"


def test_a_file_that_was_sent_is_kept_once_and_comes_back(
    database: Database, folder: Path, uploads: Path, tmp_path: Path, now: datetime
) -> None:
    with transaction(database) as session:
        for name in ("a.txt", "the same.txt"):
            row = files.save(uploads, session, name, "text/plain", BytesIO(b"a picture"), now)
    files.keep(uploads, BytesIO(b"of an upload that was rolled back"))
    first = back_up(database, folder, uploads, now)
    second = back_up(database, folder, uploads, now + timedelta(days=1))
    assert (first.manifest.files.count, first.manifest.files.bytes) == (1, 9)
    kept = [path for path in first.pool.rglob("*") if path.is_file()]
    assert [path.name for path in kept] == [row.sha256]
    assert second.pool == first.pool
    elsewhere = tmp_path / "elsewhere"
    database.close()
    assert bring_back(database.url, second, elsewhere, now, is_forced=True).files == 1
    with files.open_file(elsewhere, row) as stream:
        assert stream.read() == b"a picture"


def test_nothing_of_it_can_be_read_by_others(
    sqlite_database: Database, folder: Path, uploads: Path, now: datetime
) -> None:
    with transaction(sqlite_database) as session:
        files.save(uploads, session, "a.txt", "text/plain", BytesIO(b"bytes"), now)
    backup = back_up(sqlite_database, folder, uploads, now)
    assert folder.stat().st_mode & 0o777 == 0o700
    assert backup.path.stat().st_mode & 0o777 == 0o700
    assert backup.pool.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in backup.path.iterdir()} == {0o600}


def test_a_file_that_is_gone_or_changed_is_left_out_and_said(
    sqlite_database: Database, folder: Path, uploads: Path, now: datetime
) -> None:
    with transaction(sqlite_database) as session:
        gone = files.save(uploads, session, "a", "text/plain", BytesIO(b"gone"), now)
        changed = files.save(uploads, session, "b", "text/plain", BytesIO(b"changed"), now)
    files.place(uploads, gone.sha256).unlink()
    files.place(uploads, changed.sha256).write_bytes(b"CHANGED")
    said: list[str] = []
    backup = back_up(sqlite_database, folder, uploads, now, report=said.append)
    assert set(backup.manifest.files.missing) == {gone.sha256, changed.sha256}
    assert backup.manifest.files.count == 0
    assert any(sentence.startswith("2 files") for sentence in said)


def test_a_damaged_part_is_refused_by_its_name_and_what_was_there_stays(
    database: Database, folder: Path, uploads: Path, now: datetime
) -> None:
    every_table.fill(database)
    backup = back_up(database, folder, uploads, now)
    with transaction(database) as session:
        session.add(Setting(name="since", value={}))
    before = every_table.everything(database)
    url = database.url
    database.close()
    part = backup.path / "message.jsonl.gz"
    held = part.read_bytes()
    for wrong in (None, held[:-20], held[:60] + bytes([held[60] ^ 1]) + held[61:], b"", other_part(backup)):
        part.unlink(missing_ok=True)
        if wrong is not None:
            part.write_bytes(wrong)
        with pytest.raises(BackupDamaged, match=r"message\.jsonl\.gz"):
            bring_back(url, backup, uploads, now, is_forced=True)
    assert every_table.everything(database) == before


def test_rows_that_are_not_those_of_the_manifest_are_refused(
    database: Database, folder: Path, uploads: Path, now: datetime
) -> None:
    """Somebody wrote the part anew, and its hash with it."""
    every_table.fill(database)
    before = every_table.everything(database)
    backup = back_up(database, folder, uploads, now)
    part = next(table for table in backup.manifest.tables if table.name == "audit").part
    with gzip.open(backup.path / part.file, "ab") as file:
        file.write(b'[99,"2026-01-01 00:00:00.000000","a","b","c",null,"{}"]\n')
    manifest = backup.path / "manifest.json"
    manifest.write_text(manifest.read_text().replace(part.sha256, sha256_of(backup.path / part.file)))
    database.close()
    with pytest.raises(BackupDamaged, match=r"audit\.jsonl\.gz does not hold the rows"):
        bring_back(database.url, open_backup(backup.path), uploads, now, is_forced=True)
    assert every_table.everything(database) == before


def other_part(backup: Backup) -> bytes:
    return (backup.path / "thread.jsonl.gz").read_bytes()


def test_a_damaged_manifest_is_refused(sqlite_database: Database, folder: Path, uploads: Path, now: datetime) -> None:
    backup = back_up(sqlite_database, folder, uploads, now)
    manifest = backup.path / "manifest.json"
    manifest.chmod(0o600)
    for wrong in ("{", "[]", '{"format": 1}', manifest.read_text().replace('"file": "', '"file": "../')):
        manifest.write_text(wrong)
        with pytest.raises(BackupDamaged, match=r"manifest\.json"):
            open_backup(backup.path)
    manifest.unlink()
    with pytest.raises(NoBackup, match="is no backup"):
        open_backup(backup.path)
    assert backups(folder) == []


def test_a_backup_of_a_newer_firstline_is_refused(
    sqlite_database: Database, folder: Path, uploads: Path, tmp_path: Path, now: datetime
) -> None:
    backup = back_up(sqlite_database, folder, uploads, now)
    manifest = backup.path / "manifest.json"
    values = json.loads(manifest.read_text())
    manifest.write_text(json.dumps(values | {"revision": "9999"}))
    with pytest.raises(BackupNewer, match="newer Firstline"):
        bring_back(f"sqlite:///{tmp_path}/new.db", open_backup(backup.path), uploads, now)
    assert not (tmp_path / "new.db").exists()
    manifest.write_text(json.dumps(values | {"format": 2}))
    with pytest.raises(BackupNewer):
        open_backup(backup.path)


def test_a_file_that_the_backup_lost_stops_a_restore_unless_it_is_left_out(
    sqlite_database: Database, folder: Path, uploads: Path, tmp_path: Path, now: datetime
) -> None:
    with transaction(sqlite_database) as session:
        row = files.save(uploads, session, "a", "text/plain", BytesIO(b"bytes"), now)
    backup = back_up(sqlite_database, folder, uploads, now)
    files.place(backup.pool, row.sha256).write_bytes(b"BYTES")
    url, elsewhere = f"sqlite:///{tmp_path}/new/firstline.db", tmp_path / "elsewhere"
    with pytest.raises(BackupError, match=f"(?s){row.sha256}.*--skip-damaged-files"):
        bring_back(url, backup, elsewhere, now)
    assert not (tmp_path / "new" / "firstline.db").exists()
    assert bring_back(url, backup, elsewhere, now, skip_damaged_files=True).left_out == (row.sha256,)
    with opened(url) as restored, reading(restored) as session:
        assert session.get(StoredFile, row.id) is not None


def test_a_database_with_something_in_it_is_replaced_only_by_force(
    database: Database, folder: Path, uploads: Path, now: datetime
) -> None:
    every_table.fill(database)
    before = every_table.everything(database)
    backup = back_up(database, folder, uploads, now)
    with transaction(database) as session:
        session.add(Setting(name="since", value={}))
    url = database.url
    database.close()
    with pytest.raises(NotEmpty, match="--force"):
        bring_back(url, backup, uploads, now)
    done = bring_back(url, backup, uploads, now, is_forced=True)
    assert every_table.everything(database) == before
    if database.is_sqlite:
        assert done.replaced is not None
        with opened(f"sqlite:///{done.replaced}") as old, reading(old) as session:
            assert session.get(Setting, "since") is not None, "what was replaced lies beside"


def test_an_empty_database_with_tables_needs_no_force(
    database: Database, folder: Path, uploads: Path, now: datetime
) -> None:
    backup = back_up(database, folder, uploads, now)
    url = database.url
    database.close()
    bring_back(url, backup, uploads, now)
    assert migrate.is_at_head(url)


def test_a_database_that_somebody_uses_is_left_alone(
    database: Database, folder: Path, uploads: Path, now: datetime
) -> None:
    every_table.fill(database)
    backup = back_up(database, folder, uploads, now)
    with reading(database) as session:
        session.execute(text("SELECT 1"))
        with pytest.raises(ServerRuns, match="Stop it, then restore"):
            bring_back(database.url, backup, uploads, now, is_forced=True)
    with reading(database) as session:
        assert session.execute(select(func.count()).select_from(Audit)).scalar_one() == 3


def test_a_server_on_sqlite_is_not_overtaken(
    sqlite_database: Database, folder: Path, uploads: Path, now: datetime
) -> None:
    backup = back_up(sqlite_database, folder, uploads, now)
    file = lock.beside(sqlite_database.url)
    assert file is not None
    with lock.hold(file), pytest.raises(ServerRuns, match="A Firstline server runs"):
        bring_back(sqlite_database.url, backup, uploads, now, is_forced=True)


def test_a_damaged_database_is_replaced(sqlite_database: Database, folder: Path, uploads: Path, now: datetime) -> None:
    every_table.fill(sqlite_database)
    before = every_table.everything(sqlite_database)
    backup = back_up(sqlite_database, folder, uploads, now)
    sqlite_database.close()
    file = Path(sqlite_database.url.removeprefix("sqlite:///"))
    file.write_bytes(b"\0" * file.stat().st_size)
    with pytest.raises(NotEmpty):
        bring_back(sqlite_database.url, backup, uploads, now)
    bring_back(sqlite_database.url, backup, uploads, now, is_forced=True)
    assert every_table.everything(sqlite_database) == before


def test_the_tables_of_others_are_not_touched(
    postgresql_database: Database, folder: Path, uploads: Path, now: datetime
) -> None:
    backup = back_up(postgresql_database, folder, uploads, now)
    with transaction(postgresql_database) as session:
        session.execute(text("CREATE TABLE invoices (id int)"))
    postgresql_database.close()
    with pytest.raises(StrangeTables, match="invoices"):
        bring_back(postgresql_database.url, backup, uploads, now, is_forced=True)
    with transaction(postgresql_database) as session:
        session.execute(text("SELECT * FROM invoices, message"))


def test_a_backup_of_an_older_migration_is_migrated_on(
    empty_url: str, folder: Path, uploads: Path, tmp_path: Path, now: datetime
) -> None:
    """As old as 0004, with a conversation in it; and one of the newest is made from what came of it."""
    from store.backup.filling import migrate_to

    with migrate.alone(empty_url) as connection:
        migrate_to(connection, "0004")
        for statement in OLD_ROWS:
            connection.execute(text(statement))
    backup = make(empty_url, folder, uploads, now, version="0.0.9", probe=lambda session: {"never": "asked"})
    assert (backup.manifest.revision, backup.manifest.probe) == ("0004", {})
    restored = f"sqlite:///{tmp_path}/restored.db"
    bring_back(restored, backup, uploads, now)
    if not empty_url.startswith("sqlite"):
        bring_back(empty_url, backup, uploads, now, is_forced=True)
    for url in {restored, restored if empty_url.startswith("sqlite") else empty_url}:
        assert migrate.is_at_head(url)
        with opened(url) as database, reading(database) as session:
            assert session.execute(text("SELECT external_id, created_at IS NULL FROM thread")).all() == [("T1", False)]
            assert session.execute(text("SELECT digest, glossary FROM kb_release")).all()


OLD_ROWS = (
    "INSERT INTO thread (id, channel, external_id, created_at) VALUES (7, 'web', 'T1', '2026-01-02 03:04:05')",
    "INSERT INTO kb_release (id, state, created_at, digest, intents, gold, figures, source) "
    "VALUES (1, 'live', '2026-01-02 03:04:05', 'd', '[]', '[]', '{}', '')",
)


def test_a_database_without_tables_has_nothing_to_back_up(
    empty_url: str, folder: Path, uploads: Path, now: datetime
) -> None:
    with pytest.raises(NothingToBackUp, match="nothing to back up"):
        make(empty_url, folder, uploads, now, version="0.1.0")
    assert [path.name for path in folder.iterdir()] == [".lock"]


def test_two_at_once_in_one_folder_are_one_and_a_sentence(
    sqlite_database: Database, folder: Path, uploads: Path, now: datetime
) -> None:
    with alone_in(folder), pytest.raises(BackupBusy, match="Wait until it is done"):
        back_up(sqlite_database, folder, uploads, now)


def test_two_within_a_second_are_two(sqlite_database: Database, folder: Path, uploads: Path, now: datetime) -> None:
    names = [back_up(sqlite_database, folder, uploads, now).path.name for _ in range(2)]
    assert names == ["20260304T093000Z", "20260304T093000Z-2"]
    assert [path.name for path in backups(folder)] == names
