"""PostgreSQL tells a watch of what others commit; when it cannot, looking does, and nothing is missed."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

import pytest
from sqlalchemy import text

from store import Database, open_database, reading, transaction
from store.changes import note_change
from store.listening import NOTHING, Ear
from store.watch import Watch

PATIENCE = 60
NEVER = 3600.0


@contextmanager
def elsewhere(url: str) -> Iterator[Database]:
    """The same database as another process has it open."""
    database = open_database(url)
    try:
        yield database
    finally:
        database.close()


@pytest.fixture
def other(postgresql_url: str) -> Iterator[Database]:
    with elsewhere(postgresql_url) as database:
        yield database


def change(database: Database, now: datetime, kind: str = "ticket") -> None:
    with transaction(database) as session:
        note_change(session, kind, 1, now)


def change_and_fail(database: Database, now: datetime) -> None:
    with transaction(database) as session:
        note_change(session, "ticket", 1, now)
        session.flush()
        raise KeyError


def until(is_so: Callable[[], bool]) -> None:
    for _ in range(PATIENCE * 100):
        if is_so():
            return
        threading.Event().wait(0.01)
    raise AssertionError("it never became so")


def cut_listeners(database: Database) -> int:
    """End every connection that listens, as a fail-over would. Returns how many there were."""
    listens = "application_name LIKE 'firstline%' AND datname = current_database()"
    with transaction(database) as session:
        found = session.execute(text(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {listens}"))
        return len(found.all())


def test_what_another_process_commits_is_told_without_looking(
    postgresql_database: Database, other: Database, now: datetime
) -> None:
    with Watch(postgresql_database, poll_seconds=NEVER, look_seconds=NEVER) as watch:
        until(lambda: watch.is_told)
        seen = watch.latest
        for kind in ("release", "message", "inbox", "delivery"):
            change(other, now, kind)
            newest = watch.wait(seen, PATIENCE)
            assert newest > seen, f"nobody told of the {kind}"
            seen = newest


def test_what_is_rolled_back_is_not_told(postgresql_database: Database, other: Database, now: datetime) -> None:
    with Watch(postgresql_database, poll_seconds=NEVER, look_seconds=NEVER) as watch:
        until(lambda: watch.is_told)
        with pytest.raises(KeyError):
            change_and_fail(other, now)
        change(other, now)
        assert watch.wait(0, PATIENCE) == latest(other)


def test_two_processes_hear_each_other(postgresql_database: Database, other: Database, now: datetime) -> None:
    with Watch(postgresql_database, look_seconds=NEVER) as one, Watch(other, look_seconds=NEVER) as two:
        until(lambda: one.is_told and two.is_told)
        change(postgresql_database, now)
        heard = two.wait(0, PATIENCE)
        change(other, now)
        assert one.wait(heard, PATIENCE) == heard + 1


def test_a_connection_that_is_cut_comes_back_and_misses_nothing(
    postgresql_database: Database, other: Database, now: datetime
) -> None:
    with Watch(postgresql_database, poll_seconds=0.02, look_seconds=NEVER) as watch:
        for _ in range(3):
            until(lambda: watch.is_told)
            assert cut_listeners(other) == 1
            seen = watch.latest
            change(other, now)
            assert watch.wait(seen, PATIENCE) == latest(other)
        until(lambda: watch.is_told)
        seen = watch.latest
        change(other, now)
        assert watch.wait(seen, PATIENCE) == latest(other)


def test_a_database_that_tells_nothing_is_looked_at_instead(
    postgresql_database: Database, other: Database, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As behind a pooler that forgets the LISTEN: the connection is well, and silent."""
    monkeypatch.setattr("store.watch.GRACE_SECONDS", 0.05)
    monkeypatch.setattr("store.listening.CHANNEL", "somewhere_else")
    with Watch(postgresql_database, poll_seconds=0.02, look_seconds=0.02) as watch:
        until(lambda: watch.is_told)
        change(other, now)
        assert watch.wait(0, PATIENCE) == latest(other)
        until(lambda: not watch.is_told)
        change(other, now)
        assert watch.wait(latest(other) - 1, PATIENCE) == latest(other)


def test_an_ear_that_cannot_connect_says_so_and_does_not_try_at_once_again(postgresql_url: str) -> None:
    with elsewhere("postgresql://ada@127.0.0.1:1/none") as nowhere:
        ear = Ear(nowhere.writer)
        assert [ear.open(), ear.open(), ear.hear(NEVER)] == [False, False, NOTHING]
        ear.close()


def test_a_stop_does_not_wait_for_the_next_look(postgresql_database: Database) -> None:
    watch = Watch(postgresql_database, poll_seconds=NEVER, look_seconds=NEVER)
    until(lambda: watch.is_told)
    watch.stop()
    assert not watch.is_told
    watch.stop()


def test_sqlite_has_nobody_who_tells(sqlite_database: Database) -> None:
    with Watch(sqlite_database) as watch:
        assert not watch.is_told


def latest(database: Database) -> int:
    with reading(database) as session:
        return int(session.execute(text("SELECT max(id) FROM change")).scalar() or 0)
