"""The inbox under load: claims stay quick whatever it holds, and what can wait outside is left there."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from bot import backlog, inbox
from bot.backlog import Valve
from bot.models import InboxRow, InboxState
from store import Database, reading, transaction

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
WEB = ("web",)
NUMBERS = {
    "sqlite": "(WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :many) SELECT i FROM n) AS n",
    "postgresql": "generate_series(1, :many) AS n(i)",
}


def fill(database: Database, many: int, state: str, threads: int) -> None:
    """So many rows of this state, spread over so many threads."""
    numbers = NUMBERS[database.writer.dialect.name]
    insert = (
        "INSERT INTO inbox (channel, event_key, thread_key, payload, received_at, state, attempts, not_before) "
        "SELECT 'web', :state || CAST(i AS TEXT), 't' || CAST(i % :threads AS TEXT), '{}', :now, :state, 0, :now "
        f"FROM {numbers}"
    )
    now = NOW.replace(tzinfo=None) if database.is_sqlite else NOW
    values = {"many": many, "state": state, "threads": threads, "now": str(now) if database.is_sqlite else now}
    with transaction(database) as session:
        session.execute(text(insert), values)


def accept(database: Database, key: str, thread: str = "ada", now: datetime = NOW) -> None:
    with transaction(database) as session:
        inbox.accept(session, "web", key, thread, {"text": key}, now)


def plan_of(database: Database, statement: str, values: Any) -> str:
    how = "EXPLAIN QUERY PLAN" if database.is_sqlite else "EXPLAIN"
    with database.writer.connect() as connection:
        return "\n".join(str(row) for row in connection.exec_driver_sql(f"{how} {statement}", values))


def test_a_claim_looks_at_few_rows_whatever_the_inbox_holds(database: Database) -> None:
    fill(database, 20_000, "done", threads=20)
    fill(database, 2_000, "new", threads=200)
    with database.writer.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE inbox")
    with transaction(database) as session:
        rows = inbox.claim_some(session, "one", NOW, 4, channels=WEB)
        wanted = {"now": NOW, "channels": WEB, "most": 4, "by": "one", "until": NOW}
        query, values = inbox.CLAIM.given(session, **wanted)
    assert len({row.thread_key for row in rows}) == 4
    plan = plan_of(database, query, values)
    assert "ix_inbox_unfinished_id" in plan, plan
    assert "Seq Scan" not in plan, plan
    assert "SORT" not in plan.upper().replace("SORT KEY", ""), plan
    assert "TEMP B-TREE" not in plan, plan


def test_a_burst_is_drained_without_loss_and_in_order(database: Database) -> None:
    fill(database, 400, "new", threads=25)
    taken: list[tuple[str, int]] = []
    while True:
        with transaction(database) as session:
            rows = inbox.claim_some(session, "one", NOW, 50, channels=WEB)
            for row in rows:
                assert inbox.finish(session, row.id or 0, "one")
        if not rows:
            break
        taken += [(row.thread_key, row.id or 0) for row in rows]
    assert len(taken) == 400
    for thread in {thread for thread, _ in taken}:
        ids = [row_id for key, row_id in taken if key == thread]
        assert ids == sorted(ids)


def test_figures_tell_what_waits_and_for_how_long(database: Database) -> None:
    for number in range(3):
        accept(database, str(number), f"thread-{number}", NOW + timedelta(seconds=number))
    with transaction(database) as session:
        first = inbox.claim(session, "one", NOW, channels=WEB)
        assert first is not None
        inbox.take_away(session, first, "trouble")
    with transaction(database) as session:
        assert inbox.claim(session, "one", NOW + timedelta(seconds=1), channels=WEB) is not None
    with reading(database) as session:
        figures = inbox.figures(session, NOW + timedelta(seconds=31))
    assert (figures.new, figures.working, figures.parked, figures.oldest_seconds) == (1, 1, 1, 30.0)


def test_an_empty_inbox_has_no_age(sqlite_database: Database) -> None:
    with reading(sqlite_database) as session:
        assert inbox.figures(session, NOW).oldest_seconds == 0.0


def test_a_valve_closes_when_it_is_full_and_opens_at_half(database: Database) -> None:
    valve = Valve(most=4)

    def is_open() -> bool:
        with reading(database) as session:
            return valve.is_open(session)

    seen = []
    for number in range(4):
        seen.append(is_open())
        accept(database, str(number), f"thread-{number}")
    for _ in range(4):
        seen.append(is_open())
        with transaction(database) as session:
            row = inbox.claim(session, "one", NOW, channels=WEB)
            assert row is not None
            inbox.finish(session, row.id or 0, "one")
    assert seen == [True, True, True, True, False, False, False, True]


def test_the_heads_are_what_everything_waits_for(database: Database) -> None:
    for key, thread in (("a1", "ada"), ("b1", "bea"), ("a2", "ada"), ("b2", "bea"), ("c1", "cy")):
        accept(database, key, thread)
    with reading(database) as session:
        assert [row.event_key for row in backlog.heads(session, 10)] == ["a1", "b1", "c1"]


def test_a_replayed_message_waits_until_a_later_one_of_its_thread_is_done(database: Database) -> None:
    accept(database, "poison")
    accept(database, "later")
    with transaction(database) as session:
        poison = inbox.claim(session, "one", NOW, channels=WEB)
        assert poison is not None
        inbox.take_away(session, poison, "trouble")
    with transaction(database) as session:
        later = inbox.claim(session, "one", NOW, channels=WEB)
    assert later is not None
    with transaction(database) as session:
        assert inbox.give_again(session, poison.id or 0, NOW)
        assert inbox.claim(session, "two", NOW, channels=WEB) is None
        inbox.finish(session, later.id or 0, "one")
    with transaction(database) as session:
        again = inbox.claim(session, "two", NOW, channels=WEB)
    assert again is not None
    assert (again.event_key, again.attempts) == ("poison", 1)


@pytest.mark.parametrize("meanwhile", ["finished", "taken by another"])
def test_what_changed_since_it_was_looked_at_is_not_taken_away(database: Database, meanwhile: str) -> None:
    accept(database, "a")
    with transaction(database) as session:
        row = inbox.claim(session, "one", NOW, channels=WEB)
    assert row is not None
    with transaction(database) as session:
        seen = session.get_one(InboxRow, row.id)
        session.expunge(seen)
        if meanwhile == "finished":
            inbox.finish(session, row.id or 0, "one")
        else:
            assert inbox.claim(session, "two", NOW + timedelta(minutes=2), channels=WEB) is not None
    with transaction(database) as session:
        assert not inbox.take_away(session, seen, "too late")


def test_a_worker_whose_row_was_taken_away_records_nothing(database: Database) -> None:
    accept(database, "a")
    with transaction(database) as session:
        row = inbox.claim(session, "one", NOW, channels=WEB)
    assert row is not None
    with transaction(database) as session:
        assert inbox.take_away(session, row, "too slow")
    with transaction(database) as session:
        assert not inbox.finish(session, row.id or 0, "one")
        assert not inbox.put_back(session, row, "one", "late", NOW)
        assert not inbox.hold(session, row, "one", NOW, 0)
        assert session.get_one(InboxRow, row.id).state is InboxState.PARKED
