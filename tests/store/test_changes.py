from __future__ import annotations

import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

from sqlalchemy import text

from store import Database, reading, transaction
from store.changes import changes_after, latest_change, note_change, trim_changes


def test_changes_are_read_in_order_after_the_last_one_seen(database: Database, now: datetime) -> None:
    for number in range(3):
        with transaction(database) as session:
            note_change(session, "ticket", number, now, version=number)
    with reading(database) as session:
        first, *rest = changes_after(session, 0)
        assert [row.subject_id for row in rest] == [1, 2]
        assert changes_after(session, first.id or 0, limit=1) == rest[:1]
        assert latest_change(session) == rest[-1].id


def test_a_thing_that_changed_twice_in_a_transaction_changed_once_to_the_last_version(
    database: Database, now: datetime
) -> None:
    with transaction(database) as session:
        note_change(session, "ticket", 7, now, version=1)
        note_change(session, "ticket", 7, now, version=2)
        note_change(session, "conversation", 7, now)
    with reading(database) as session:
        assert [(row.kind, row.version) for row in changes_after(session, 0)] == [("ticket", 2), ("conversation", 0)]


def test_a_watcher_that_reads_on_from_the_last_id_misses_nothing_while_many_write(
    database: Database, now: datetime
) -> None:
    """With a bare sequence, PostgreSQL would show id 8 before id 7 is committed, and 7 would never be read."""
    seen: list[int] = []
    written = threading.Event()

    def write(number: int) -> None:
        with transaction(database) as session:
            note_change(session, "ticket", number, now)
            session.execute(text("SELECT 1"))
            time.sleep(random.Random(number).random() / 200)

    def read_on() -> None:
        last = 0
        while True:
            is_last_look = written.is_set()
            with reading(database) as session:
                for row in changes_after(session, last):
                    last = row.id or 0
                    seen.append(row.subject_id)
            if is_last_look:
                return
            time.sleep(0.002)

    reader = threading.Thread(target=read_on)
    reader.start()
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(write, range(60)))
    written.set()
    reader.join(30)
    assert sorted(seen) == list(range(60))


def test_the_transaction_that_commits_first_has_the_lower_id(postgresql_database: Database, now: datetime) -> None:
    """SQLite has one writer at a time, so there the order is given."""
    slow_has_noted, fast_is_done = threading.Event(), threading.Event()

    def slow() -> None:
        with transaction(postgresql_database) as session:
            note_change(session, "ticket", 1, now)
            session.execute(text("SELECT 1"))
            slow_has_noted.set()
            assert fast_is_done.wait(60)

    with ThreadPoolExecutor(1) as pool:
        done = pool.submit(slow)
        assert slow_has_noted.wait(60)
        with transaction(postgresql_database) as session:
            note_change(session, "ticket", 2, now)
        fast_is_done.set()
        done.result()
    with reading(postgresql_database) as session:
        assert [row.subject_id for row in changes_after(session, 0)] == [2, 1]


def test_the_id_of_a_change_is_never_given_away_again(database: Database, now: datetime) -> None:
    with transaction(database) as session:
        note_change(session, "ticket", 1, now)
    with reading(database) as session:
        last = latest_change(session)
    with transaction(database) as session:
        session.execute(text("DELETE FROM change"))
    with transaction(database) as session:
        note_change(session, "ticket", 2, now)
    with reading(database) as session:
        assert latest_change(session) > last


def test_old_changes_are_forgotten_in_steps_and_the_newest_never(database: Database, now: datetime) -> None:
    for number in range(5):
        with transaction(database) as session:
            note_change(session, "ticket", number, now + timedelta(days=number))
    with transaction(database) as session:
        assert trim_changes(session, now + timedelta(days=3), most=2) == 2
        assert trim_changes(session, now + timedelta(days=3), most=2) == 1
        assert trim_changes(session, now + timedelta(days=3)) == 0
        assert [row.subject_id for row in changes_after(session, 0)] == [3, 4]
        assert trim_changes(session, now + timedelta(days=9)) == 1
        assert [row.subject_id for row in changes_after(session, 0)] == [4]
