"""Invariants 1 and 2: what was accepted is kept once, and dealt with in order."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import col, select

from bot import inbox
from bot.models import InboxRow, InboxState
from store import Database, reading, transaction

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
WEB = ("web",)


def accept(database: Database, key: str, thread: str = "ada") -> bool:
    with transaction(database) as session:
        return inbox.accept(session, "web", key, thread, {"text": key}, NOW)


def claim(database: Database, worker: str = "one", now: datetime = NOW) -> InboxRow | None:
    with transaction(database) as session:
        return inbox.claim(session, worker, now, channels=WEB)


def finish(database: Database, row: InboxRow, worker: str = "one") -> bool:
    with transaction(database) as session:
        return inbox.finish(session, row.id or 0, worker)


def test_a_redelivered_event_is_one_row(database: Database) -> None:
    assert accept(database, "a")
    assert not accept(database, "a")
    with reading(database) as session:
        assert len(session.exec(select(InboxRow)).all()) == 1


def test_the_payload_survives_whatever_it_holds(database: Database) -> None:
    nasty = {"text": "nul \x00, half a pair \ud83d, العربية, 密码, " + "x" * 40_000}
    with transaction(database) as session:
        inbox.accept(session, "web", "nasty", "ada", nasty, NOW)
    row = claim(database)
    assert row is not None
    assert json.loads(row.payload) == nasty


def test_a_threads_rows_are_dealt_with_one_after_the_other(database: Database) -> None:
    for key in ("first", "second"):
        accept(database, key)
    accept(database, "other", thread="bea")
    first, other, nothing = claim(database), claim(database, "two"), claim(database, "three")
    assert first is not None
    assert other is not None
    assert (first.event_key, other.event_key, nothing) == ("first", "other", None)
    finish(database, first)
    second = claim(database)
    assert second is not None
    assert second.event_key == "second"


def test_two_workers_never_take_the_same_row(database: Database) -> None:
    for number in range(20):
        accept(database, f"k{number}", thread=f"t{number}")
    taken: list[int] = []
    gate = threading.Barrier(4)

    def work(name: str) -> None:
        gate.wait()
        while (row := claim(database, name)) is not None:
            taken.append(row.id or 0)
            finish(database, row, name)

    workers = [threading.Thread(target=work, args=(f"w{number}",)) for number in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    left = claim(database)
    while left is not None:
        # A worker that found every free row locked by others went home early: what it left is still there.
        taken.append(left.id or 0)
        finish(database, left)
        left = claim(database)
    assert sorted(taken) == sorted(set(taken))
    assert len(taken) == 20


def test_a_dead_workers_row_is_taken_again_when_its_lease_ends(database: Database) -> None:
    accept(database, "a")
    lost = claim(database, "dead")
    assert lost is not None
    assert claim(database, "alive") is None
    again = claim(database, "alive", NOW + inbox.LEASE + timedelta(seconds=1))
    assert again is not None
    assert again.attempts == 2
    assert not finish(database, lost, "dead"), "the dead worker's late finish has no effect"
    assert finish(database, again, "alive")


def test_a_restarted_server_takes_its_rows_back_at_once(database: Database) -> None:
    accept(database, "a")
    claim(database, "server")
    with transaction(database) as session:
        inbox.release(session, "server")
    assert claim(database, "server") is not None


@pytest.mark.parametrize(("attempt", "seconds"), [(1, 1), (2, 2), (3, 4)])
def test_a_failed_row_waits_longer_each_time(database: Database, attempt: int, seconds: int) -> None:
    accept(database, "a")
    now = NOW
    for _ in range(attempt):
        row = claim(database, now=now)
        assert row is not None
        with transaction(database) as session:
            inbox.put_back(session, row, "one", "trouble", now)
        failed_at, now = now, now + timedelta(hours=1)
    assert claim(database, now=failed_at + timedelta(seconds=seconds - 0.5)) is None
    assert claim(database, now=failed_at + timedelta(seconds=seconds)) is not None


def test_a_parked_row_releases_its_thread(database: Database) -> None:
    accept(database, "poison")
    accept(database, "good")
    row = claim(database)
    assert row is not None
    with transaction(database) as session:
        inbox.take_away(session, row, "unreadable")
    following = claim(database)
    assert following is not None
    assert following.event_key == "good"
    with reading(database) as session:
        parked = session.exec(select(InboxRow).where(col(InboxRow.state) == InboxState.PARKED)).one()
        assert parked.error == "unreadable"


def test_only_who_has_a_row_prolongs_it(database: Database) -> None:
    accept(database, "a")
    lost, later = claim(database, "slow"), NOW + inbox.LEASE + timedelta(seconds=1)
    again = claim(database, "quick", later)
    assert lost is not None
    assert again is not None
    with transaction(database) as session:
        inbox.renew(session, "slow", [lost.id or 0], later + timedelta(seconds=30))
    assert claim(database, "third", later + inbox.LEASE + timedelta(seconds=1)) is not None


def test_what_was_begun_with_anew_meanwhile_is_not_taken_away(database: Database) -> None:
    """By a worker of the same name, too, as the next life of a server on SQLite has."""
    accept(database, "a")
    seen = claim(database, "server")
    assert seen is not None
    with transaction(database) as session:
        inbox.release(session, "server")
    again = claim(database, "server")
    assert again is not None
    with transaction(database) as session:
        assert not inbox.take_away(session, seen, "it hangs")
    assert finish(database, again, "server")
