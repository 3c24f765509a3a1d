from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import pytest

from store import Database, open_database, transaction
from store.changes import note_change
from store.watch import Watch

COMMAND = """
import sys
from datetime import UTC, datetime
from store import open_database, transaction
from store.changes import note_change
database = open_database(sys.argv[1])
with transaction(database) as session:
    note_change(session, "release", 1, datetime.now(UTC))
database.close()
"""


@pytest.fixture
def watch(database: Database) -> Iterator[Watch]:
    with Watch(database) as watch:
        yield watch


def change(database: Database, now: datetime) -> None:
    with transaction(database) as session:
        note_change(session, "ticket", 1, now)


def test_a_change_in_this_process_wakes_everybody_at_once(database: Database, now: datetime) -> None:
    with Watch(database, poll_seconds=60) as watch, ThreadPoolExecutor(5) as pool:
        waiting = [pool.submit(watch.wait, watch.latest, 30) for _ in range(5)]
        change(database, now)
        assert {done.result() for done in waiting} == {watch.latest}
        assert watch.latest > 0


def test_a_command_beside_the_server_is_noticed(database_url: str, database: Database, watch: Watch) -> None:
    subprocess.run([sys.executable, "-c", COMMAND, database_url], check=True)
    assert watch.wait(0, 30) == 1


def test_what_changed_before_is_not_waited_for(database: Database, now: datetime) -> None:
    change(database, now)
    with Watch(database) as watch:
        assert watch.wait(0, 30) == 1


def test_nothing_new_ends_with_the_time(watch: Watch) -> None:
    assert watch.wait(0, 0.05) == 0


def test_a_loop_that_is_to_end_can_be_woken_without_a_change(watch: Watch) -> None:
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(watch.wait, 0, 30)
        while not waiting.done():
            watch.wake()
    assert waiting.result() == 0


def test_stopping_lets_everybody_go_and_leaves_nothing_behind(database: Database) -> None:
    threads = set(threading.enumerate())
    watch = Watch(database)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(watch.wait, 0, 30)
        watch.stop()
        watch.stop()
        assert waiting.result() == 0
    assert watch.is_stopped
    assert watch.wait(0, 30) == 0
    assert (set(threading.enumerate()) - threads, database.on_commit) == (set(), [])


def test_a_database_that_fails_for_a_while_is_asked_again(
    sqlite_url: str, sqlite_database: Database, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    from store import watch as module
    from store.errors import DatabaseUnreachable

    def fail(_: Database) -> None:
        raise DatabaseUnreachable

    with Watch(sqlite_database, poll_seconds=0.02) as watch:
        with monkeypatch.context() as patch:
            patch.setattr(module, "glancing", fail)
            elsewhere = open_database(sqlite_url)
            change(elsewhere, now)
            elsewhere.close()
            assert watch.wait(0, 0.2) == 0
        assert watch.wait(0, 60) == 1


def test_who_waits_for_one_kind_sleeps_through_the_others(database: Database, now: datetime) -> None:
    with Watch(database, poll_seconds=60) as watch, ThreadPoolExecutor(2) as pool:
        waiting = pool.submit(watch.wait, watch.latest, 60, ("release", "inbox"))
        anything = pool.submit(watch.wait, watch.latest, 60)
        change(database, now)
        first = anything.result()
        assert not waiting.done()
        with transaction(database) as session:
            note_change(session, "inbox", 1, now)
        assert waiting.result() == watch.latest > first


def test_a_wake_up_for_a_kind_is_kept_for_who_is_about_to_wait(watch: Watch) -> None:
    watch.wake("turn")
    assert watch.wait(0, 60, ("turn",)) == 0
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(watch.wait, 0, 60, ("turn",))
        watch.wake("turn")
        assert waiting.result() == 0
