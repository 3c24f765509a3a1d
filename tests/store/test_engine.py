from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from datetime import datetime
from pathlib import Path

import postgres
import pytest
from sqlalchemy import event, make_url, text
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from store import Database, engine, glancing, open_database, reading, transaction
from store.changes import note_change
from store.errors import DatabaseBusy, DatabaseDamaged, DatabaseReadOnly, DatabaseUnreachable, DiskFull, StoreError
from store.models import Setting
from store.sentences import sentences


def write(database: Database, name: str, value: str = "") -> Setting:
    with transaction(database) as session:
        row = Setting(name=name, value={"text": value})
        session.add(row)
    return row


def names(database: Database) -> list[str]:
    with reading(database) as session:
        return list(session.exec(select(Setting.name).order_by(col(Setting.name))))


def fail_after_writing(database: Database, name: str, now: datetime) -> None:
    with transaction(database) as session:
        session.add(Setting(name=name, value={}))
        note_change(session, "setting", 1, now)
        session.flush()
        raise KeyError(name)


def read_from_many_connections(database: Database, connections: int) -> None:
    with ExitStack() as blocks:
        for _ in range(connections):
            blocks.enter_context(reading(database)).exec(select(Setting)).all()
        write(database, f"beside {connections} readers")


def test_a_block_that_ends_is_committed_and_one_that_raises_leaves_nothing(database: Database, now: datetime) -> None:
    write(database, "kept")
    with pytest.raises(KeyError):
        fail_after_writing(database, "lost", now)
    assert names(database) == ["kept"]


def test_rows_stay_readable_after_their_block(database: Database) -> None:
    assert write(database, "a", "words").value == {"text": "words"}
    with reading(database) as session:
        row = session.exec(select(Setting)).one()
    assert (row.name, row.value) == ("a", {"text": "words"})


def test_reading_cannot_write(database: Database) -> None:
    with pytest.raises(DatabaseReadOnly), reading(database) as session:
        session.execute(text("INSERT INTO setting (name, value) VALUES ('a', '{}')"))
    assert names(database) == []
    write(database, "the pool was not left read-only")


def test_reading_sees_one_snapshot(database: Database) -> None:
    with reading(database) as session:
        assert session.exec(select(Setting)).all() == []
        write(database, "meanwhile")
        assert session.exec(select(Setting)).all() == []
    assert names(database) == ["meanwhile"]


def test_a_transaction_inside_another_is_refused_instead_of_waiting_for_ever(database: Database) -> None:
    with pytest.raises(RuntimeError, match="already open"), transaction(database), transaction(database):
        pass
    write(database, "and the next one works")


def test_what_many_threads_write_at_once_is_all_there(database: Database) -> None:
    def count_up(_: int) -> None:
        with transaction(database) as session:
            row = session.exec(select(Setting).where(Setting.name == "counter").with_for_update()).one()
            row.value = {"n": row.value["n"] + 1}

    with transaction(database) as session:
        session.add(Setting(name="counter", value={"n": 0}))
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(count_up, range(40)))
    with reading(database) as session:
        assert session.exec(select(Setting)).one().value == {"n": 40}


def test_sqlite_readers_never_queue_for_a_connection(sqlite_database: Database) -> None:
    read_from_many_connections(sqlite_database, 60)
    assert names(sqlite_database) == ["beside 60 readers"]


def test_too_many_at_once_on_postgresql_hear_that_it_is_busy(
    postgresql_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgresql_database.writer.pool, "_timeout", 0.05)
    with pytest.raises(DatabaseBusy):
        read_from_many_connections(postgresql_database, 20)
    read_from_many_connections(postgresql_database, 19)


def test_listeners_are_woken_after_a_commit_with_changes_and_only_then(database: Database, now: datetime) -> None:
    woken: list[list[str]] = []
    database.on_commit.append(lambda _newest, _kinds: woken.append(names(database)))
    write(database, "silent")
    with pytest.raises(KeyError):
        fail_after_writing(database, "lost", now)
    assert woken == []
    with transaction(database) as session:
        session.add(Setting(name="told", value={}))
        note_change(session, "ticket", 1, now)
    assert woken == [["silent", "told"]]


def test_a_commit_on_sqlite_is_on_the_disk_before_it_is_acknowledged(sqlite_url: str) -> None:
    """Asked of another process, because the tests of this one do not wait for the disk. PostgreSQL does by default."""
    program = (
        "import sys; from sqlalchemy import text; from store import *; from store import syncing\n"
        "syncing._flush = lambda descriptor: print('on the disk')\n"
        "database = open_database(sys.argv[1])\n"
        "with transaction(database) as session:\n"
        "    print(*[session.execute(text(f'PRAGMA {name}')).scalar() for name in sys.argv[2:]])\n"
        "    session.execute(text('CREATE TABLE lasting (words)'))\n"
        "print('acknowledged')\n"
        "with transaction(database, is_lasting=False) as session:\n"
        "    session.execute(text('CREATE TABLE passing (words)'))\n"
        "print('begun')\n"
        "database.close()"
    )
    line = [sys.executable, "-c", program, sqlite_url, "journal_mode", "foreign_keys", "trusted_schema"]
    printed = subprocess.run(line, check=True, capture_output=True, text=True).stdout
    assert printed.splitlines() == ["wal 1 0", "on the disk", "acknowledged", "begun"]


def test_a_glance_sees_what_is_committed_and_holds_nothing(database: Database) -> None:
    write(database, "first")
    with glancing(database) as session:
        assert session.scalars(select(Setting.name)).all() == ["first"]
        write(database, "second")
    with glancing(database) as session:
        assert len(session.scalars(select(Setting.name)).all()) == 2


def test_a_connection_that_died_while_it_rested_is_replaced_and_nobody_notices(
    postgresql_database: Database, postgres_server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "RESTS_SECONDS", 0.0)
    read_from_many_connections(postgresql_database, 3)
    ours = f"datname = '{postgres.name_of(postgresql_database.url)}'"
    postgres.command(postgres_server, f"SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE {ours}")
    for number in range(3):
        write(postgresql_database, f"after {number}")
    assert len(names(postgresql_database)) == 4


# What an operator must mend comes as a sentence.


def test_a_full_sqlite_database_is_a_full_disk_and_nothing_is_saved(sqlite_database: Database) -> None:
    write(sqlite_database, "before")
    with transaction(sqlite_database) as session:
        session.execute(text("PRAGMA max_page_count = 1"))
    with pytest.raises(DiskFull, match="nothing was saved"):
        write(sqlite_database, "too much", "x" * 1_000_000)
    assert names(sqlite_database) == ["before"]


def test_a_plain_copy_that_does_not_fit_is_a_full_disk(tmp_path: Path) -> None:
    """As a backup makes one of the whole file."""
    with closing(sqlite3.connect(tmp_path / "copy.db")) as copy:
        copy.execute("PRAGMA max_page_count = 1")
        with pytest.raises(DiskFull), sentences():
            copy.execute("CREATE TABLE setting (name text)")


def write_until_it_fails(file: Path) -> None:
    with file.open("wb", buffering=0) as stream:
        while stream.write(b"x" * 1024):
            pass


def write_much(database: Database) -> None:
    for number in range(200):
        write(database, f"row {number}", "x" * 4096)


def mount_small(folder: Path) -> None:
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "firstline-test", str(folder)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("only an account that may mount can test a disk that is really full")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    mount_small(folder)
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_disk_that_is_really_full_is_a_sentence_and_ends_when_there_is_space(
    small_disk: Path, sqlite_template: Path
) -> None:
    (small_disk / "firstline.db").write_bytes(sqlite_template.read_bytes())
    database = open_database(f"sqlite:///{small_disk}/firstline.db")
    try:
        ballast = small_disk / "ballast"
        with pytest.raises(OSError, match="No space"):
            write_until_it_fails(ballast)
        with pytest.raises(DiskFull):
            write_much(database)
        ballast.unlink()
        write(database, "saved again")
        assert "saved again" in names(database)
    finally:
        database.close()


def test_a_folder_that_cannot_be_opened_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "firstline.db").mkdir()
    database = open_database(f"sqlite:///{tmp_path}/firstline.db")
    with pytest.raises(DatabaseUnreachable, match="FIRSTLINE_DATABASE_URL"):
        names(database)
    database.close()


def test_a_file_that_is_no_database_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "firstline.db").write_bytes(b"something else entirely" * 100)
    database = open_database(f"sqlite:///{tmp_path}/firstline.db")
    with pytest.raises(DatabaseDamaged, match="restore the last backup"):
        names(database)
    database.close()


def test_a_database_that_another_process_keeps_writing_is_busy(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "SQLITE_WRITER", ("busy_timeout=50",))
    first, second = open_database(sqlite_url), open_database(sqlite_url)
    try:
        with transaction(first) as session:
            session.add(Setting(name="long", value={}))
            session.flush()
            with pytest.raises(DatabaseBusy), ThreadPoolExecutor(1) as pool:
                pool.submit(write, second, "other").result()
        write(second, "after")
    finally:
        first.close()
        second.close()


def test_who_is_to_end_waits_for_no_lock_for_long(sqlite_database: Database) -> None:
    """Each of many that wait for another program would else come after the one before."""
    with transaction(sqlite_database) as session:
        assert session.connection().exec_driver_sql("PRAGMA busy_timeout").scalar() == 10_000
    sqlite_database.hurry()
    waits: list[int] = []

    @event.listens_for(sqlite_database.writer, "checkout")
    def about_to_begin(connection: sqlite3.Connection, *_: object) -> None:
        waits.append(connection.execute("PRAGMA busy_timeout").fetchone()[0])

    other = sqlite3.connect(sqlite_database.writer.url.database or "", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(DatabaseBusy):
        write(sqlite_database, "while another has it")
    other.close()
    write(sqlite_database, "after")
    assert set(waits) == {engine.HURRIED_MS}


def test_a_row_that_another_transaction_keeps_locked_is_busy(postgresql_database: Database) -> None:
    def change(session: Session) -> None:
        session.exec(select(Setting).with_for_update()).one().value = {"text": "changed"}
        session.flush()

    def wait_in_vain() -> None:
        with transaction(postgresql_database) as session:
            session.execute(text("SET LOCAL lock_timeout = 50"))
            change(session)

    write(postgresql_database, "contested")
    with transaction(postgresql_database) as session:
        change(session)
        with pytest.raises(DatabaseBusy), ThreadPoolExecutor(1) as pool:
            pool.submit(wait_in_vain).result()


def lose_server(database: Database, cluster: postgres.Cluster) -> None:
    with transaction(database) as session:
        session.execute(text("SELECT 1"))
        cluster.stop()
        session.execute(text("SELECT 1"))


def test_a_lost_server_is_a_sentence_and_work_goes_on_when_it_is_back(postgres_server: str) -> None:
    """It crashes, so what was committed before must be there after."""
    assert postgres_server
    cluster = postgres.Cluster(postgres.DURABLE)
    try:
        cluster.start()
        database = open_database(cluster.url)
        try:
            with transaction(database) as session:
                session.execute(text("CREATE TABLE setting (name text, value jsonb)"))
            with pytest.raises(DatabaseUnreachable):
                lose_server(database, cluster)
            with pytest.raises(DatabaseUnreachable):
                write(database, "while it is down")
            cluster.start()
            write(database, "back")
            assert names(database) == ["back"]
        finally:
            database.close()
            cluster.stop()
    finally:
        cluster.remove()


def test_a_crash_costs_one_try_however_many_connections_it_broke(
    postgres_server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert postgres_server
    # None of them is asked first whether it lives, as when they were in use a moment ago.
    monkeypatch.setattr("store.engine.RESTS_SECONDS", 600.0)
    cluster = postgres.Cluster(postgres.DURABLE)
    with ExitStack() as stack:
        stack.callback(cluster.remove)
        cluster.start()
        stack.callback(cluster.stop)
        database = open_database(cluster.url)
        stack.callback(database.close)
        with transaction(database) as session:
            session.execute(text("CREATE TABLE setting (name text, value jsonb)"))
        with ExitStack() as busy:
            for _ in range(5):
                busy.enter_context(database.writer.connect()).execute(text("SELECT 1"))
        cluster.stop("immediate")
        cluster.start()
        with pytest.raises(DatabaseUnreachable):
            write(database, "the first")
        write(database, "the second")
        assert names(database) == ["the second"]


def test_a_disk_that_is_really_full_under_postgresql_is_a_sentence_and_ends_when_there_is_space(
    postgres_server: str,
) -> None:
    assert postgres_server
    cluster = postgres.Cluster()
    disk = cluster.folder / "disk"
    with ExitStack() as stack:
        stack.callback(cluster.remove)
        disk.mkdir()
        mount_small(disk)
        stack.callback(subprocess.run, ["umount", str(disk)], check=True)
        os.chown(disk, *owner_of(cluster.folder))
        cluster.start()
        stack.callback(cluster.stop)
        database = open_database(cluster.url)
        stack.callback(database.close)
        postgres.command(cluster.url, f"CREATE TABLESPACE small LOCATION '{disk}'")
        postgres.command(cluster.url, "CREATE TABLE setting (name text, value jsonb) TABLESPACE small")
        ballast = disk / "ballast"
        with pytest.raises(OSError, match="No space"):
            write_until_it_fails(ballast)
        with pytest.raises(DiskFull, match="nothing was saved"):
            write_much(database)
        ballast.unlink()
        write(database, "saved again")
        assert "saved again" in names(database)


def owner_of(folder: Path) -> tuple[int, int]:
    return folder.stat().st_uid, folder.stat().st_gid


# Addresses.


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_every_usual_way_to_write_a_postgresql_address_works(postgresql_url: str, scheme: str) -> None:
    address = make_url(postgresql_url).set(drivername=scheme, password="hunter2")
    database = open_database(address.render_as_string(hide_password=False))
    assert names(database) == []
    assert "hunter2" not in repr(database)
    database.close()


def test_a_server_that_went_without_a_word_is_noticed(postgresql_database: Database) -> None:
    """Its machine lost power, or another one has its address now: who waits for an answer would wait for two hours."""
    with postgresql_database.writer.connect() as connection:
        told = connection.connection.driver_connection.info.get_parameters()
    assert int(told["keepalives_idle"]) + 2 * int(told["keepalives_interval"]) <= 20
    assert told["keepalives_count"] == "2"
    assert 0 < int(told["tcp_user_timeout"]) <= 20_000


def test_no_password_is_shown_when_nobody_answers() -> None:
    database = open_database("postgres://ada:hunter2@127.0.0.1:1/firstline")
    with pytest.raises(DatabaseUnreachable) as caught:
        names(database)
    database.close()
    causes = [caught.value, caught.value.__cause__, caught.value.__cause__ and caught.value.__cause__.__cause__]
    assert not any("hunter2" in f"{cause}{cause!r}" for cause in causes)


def test_a_server_whose_name_nobody_can_look_up_does_not_answer() -> None:
    """As while the name server is away: it is not the fault of the message that was just dealt with."""
    database = open_database("postgresql://ada@database.invalid/firstline")
    with pytest.raises(DatabaseUnreachable):
        names(database)
    database.close()


@pytest.mark.parametrize(
    "address", ["", "no address hunter2", "mysql://ada:hunter2@host/name", "sqlite://", "sqlite:///:memory:"]
)
def test_an_address_that_cannot_be_used_is_a_sentence_without_its_password(address: str) -> None:
    with pytest.raises(StoreError, match="FIRSTLINE_DATABASE_URL") as caught:
        open_database(address)
    assert "hunter2" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_thread_that_waits_for_its_turn_gets_it(sqlite_database: Database) -> None:
    """PostgreSQL lets both in at once, so there is no turn."""
    other = threading.Thread(target=write, args=(sqlite_database, "second"))
    with transaction(sqlite_database) as session:
        session.add(Setting(name="first", value={}))
        other.start()
        other.join(0.1)
        assert other.is_alive()
    other.join(60)
    assert names(sqlite_database) == ["first", "second"]


def test_an_error_never_prints_what_was_to_be_stored(database: Database) -> None:
    statement = text("INSERT INTO lease (name, owner, epoch, expires_at) VALUES (:name, 'x', 1, :at)")
    values = {"name": "SECRET-4711", "at": "2026-11-23 09:00:00+00:00"}
    with transaction(database) as session:
        session.execute(statement, values)
    with pytest.raises(IntegrityError) as failed, transaction(database) as session:
        session.execute(statement, values)
    # PostgreSQL names the key that was there already; the rest of the row is not told.
    assert "SECRET-4711" not in str(failed.value).split("DETAIL")[0]
