from __future__ import annotations

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest

from store import Database, timers, transaction

MINUTE = timedelta(minutes=1)


def set_timer(database: Database, subject_id: int, due_at: datetime, kind: str = "sla") -> None:
    with transaction(database) as session:
        timers.set_timer(session, kind, subject_id, due_at)


def claim(database: Database, now: datetime, **options: int) -> list[int]:
    with transaction(database) as session:
        return [timer.subject_id for timer in timers.claim_due(session, now, **options)]  # type: ignore[arg-type]


def test_a_timer_goes_off_once_and_not_before_it_is_due(database: Database, now: datetime) -> None:
    set_timer(database, 1, now)
    assert claim(database, now - MINUTE) == []
    assert claim(database, now) == [1]
    assert claim(database, now + MINUTE) == []


def test_what_became_due_while_nobody_ran_goes_off_with_the_most_overdue_first(
    database: Database, now: datetime
) -> None:
    for subject_id, minutes in ((1, 10), (2, 30), (3, 20), (4, -1)):
        set_timer(database, subject_id, now - minutes * MINUTE)
    assert claim(database, now, limit=2) == [2, 3]
    assert claim(database, now) == [1]


def test_setting_a_timer_again_moves_it(database: Database, now: datetime) -> None:
    set_timer(database, 1, now)
    set_timer(database, 1, now + MINUTE)
    assert claim(database, now) == []
    assert claim(database, now + MINUTE) == [1]


def test_doing_the_same_thing_again_after_it_went_off_does_not_set_it_off_again(
    database: Database, now: datetime
) -> None:
    set_timer(database, 1, now)
    assert claim(database, now) == [1]
    set_timer(database, 1, now)
    assert claim(database, now) == []
    set_timer(database, 1, now + MINUTE)
    assert claim(database, now + MINUTE) == [1]


def test_a_cancelled_timer_does_not_go_off_until_it_is_set_again(database: Database, now: datetime) -> None:
    set_timer(database, 1, now)
    with transaction(database) as session:
        assert timers.cancel(session, "sla", 1)
        assert not timers.cancel(session, "sla", 1)
        assert not timers.cancel(session, "sla", 2)
    assert claim(database, now) == []
    set_timer(database, 1, now)
    assert claim(database, now) == [1]


def test_one_thing_may_have_several_timers_under_their_own_keys(database: Database, now: datetime) -> None:
    with transaction(database) as session:
        timers.set_timer(session, "survey", 1, now, dedup_key="survey:1:first")
        timers.set_timer(session, "survey", 1, now, dedup_key="survey:1:second")
        timers.cancel(session, "survey", 1, dedup_key="survey:1:first")
    assert claim(database, now) == [1]


def test_a_loop_claims_only_the_kinds_it_knows(database: Database, now: datetime) -> None:
    set_timer(database, 1, now, kind="sla")
    set_timer(database, 2, now, kind="survey")
    with transaction(database) as session:
        assert [timer.subject_id for timer in timers.claim_due(session, now, kinds={"survey"})] == [2]
    with transaction(database) as session:
        assert timers.claim_due(session, now, kinds=()) == []


def test_a_timer_whose_deed_failed_is_due_again(database: Database, now: datetime) -> None:
    def fail() -> None:
        with transaction(database) as session:
            assert len(timers.claim_due(session, now)) == 1
            raise KeyError

    set_timer(database, 1, now)
    with pytest.raises(KeyError):
        fail()
    assert claim(database, now) == [1]


def test_many_claim_at_once_and_each_timer_goes_off_once(database: Database, now: datetime) -> None:
    for subject_id in range(30):
        set_timer(database, subject_id, now)

    def claim_until_none_is_left(_: int) -> list[int]:
        claimed: list[int] = []
        while found := claim(database, now, limit=2):
            claimed += found
        return claimed

    with ThreadPoolExecutor(4) as pool:
        claimed = [subject_id for part in pool.map(claim_until_none_is_left, range(4)) for subject_id in part]
    assert Counter(claimed) == Counter(range(30))


def test_a_slow_deed_holds_nobody_else_up(postgresql_database: Database, now: datetime) -> None:
    """On SQLite deeds wait for each other, there is one writer."""
    claimed, may_end = threading.Event(), threading.Event()

    def be_slow() -> None:
        with transaction(postgresql_database) as session:
            timers.claim_due(session, now, limit=1)
            claimed.set()
            assert may_end.wait(60)

    set_timer(postgresql_database, 1, now - MINUTE)
    set_timer(postgresql_database, 2, now)
    with ThreadPoolExecutor(1) as pool:
        done = pool.submit(be_slow)
        assert claimed.wait(60)
        assert claim(postgresql_database, now) == [2]
        may_end.set()
        done.result()
