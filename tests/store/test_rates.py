"""Limits that all processes share: never more than allowed, never later than need be, whatever the clocks say."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime, timedelta
from itertools import count, pairwise
from threading import Barrier

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func
from sqlmodel import Session, select

from store import Database, rates, reading, transaction
from store.models import Rate

SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)
keys = (f"chat {number}" for number in count())


def taken(database: Database, now: datetime, key: str = "ada", every: timedelta = SECOND, burst: int = 1) -> bool:
    with transaction(database) as session:
        return rates.take(session, key, now, every, burst) is None


def waits_until(database: Database, now: datetime, key: str = "ada", burst: int = 1) -> datetime | None:
    with transaction(database) as session:
        return rates.take(session, key, now, SECOND, burst)


def closes(database: Database, until: datetime, now: datetime, key: str = "ada") -> None:
    with transaction(database) as session:
        rates.close(session, key, until, now)


class Bucket:
    """What a limit means, by brute force: tokens that come back one in ``every`` milliseconds, ``burst`` at most."""

    def __init__(self, every: int, burst: int) -> None:
        self.every, self.burst = every, burst
        self.milli_tokens, self.at = burst * every, 0

    def gives(self, at: int) -> bool:
        self.milli_tokens = min(self.burst * self.every, self.milli_tokens + at - self.at)
        self.at = at
        if self.milli_tokens < self.every:
            return False
        self.milli_tokens -= self.every
        return True


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    every=st.integers(1, 3000),
    burst=st.integers(1, 8),
    pauses=st.lists(st.one_of(st.just(0), st.integers(0, 40), st.integers(0, 9000)), min_size=1, max_size=40),
)
def test_slots_are_given_when_a_bucket_of_tokens_would_and_at_no_other_time(
    database: Database, now: datetime, every: int, burst: int, pauses: list[int]
) -> None:
    key, bucket, at, given_at = next(keys), Bucket(every, burst), 0, []
    with transaction(database) as session:
        for pause in pauses:
            at += pause
            when = rates.take(session, key, now + timedelta(milliseconds=at), timedelta(milliseconds=every), burst)
            assert (when is None) == bucket.gives(at)
            if when is None:
                given_at.append(at)
            else:
                assert at < (when - now) / timedelta(milliseconds=1) <= at + every, "late by one interval at most"
    for first in range(len(given_at)):
        for last in range(first, len(given_at)):
            assert last - first + 1 <= burst + (given_at[last] - given_at[first]) // every


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(every=st.integers(1, 3000), burst=st.integers(1, 8), ahead=st.integers(0, 5000), asked=st.integers(1, 30))
def test_booked_slots_are_as_far_apart_as_taken_ones(
    database: Database, now: datetime, every: int, burst: int, ahead: int, asked: int
) -> None:
    key, span = next(keys), timedelta(milliseconds=every)
    with transaction(database) as session:
        slots = [rates.book(session, key, now, span, burst, timedelta(milliseconds=ahead)) for _ in range(asked)]
    booked = [slot.at for slot in slots if slot.is_booked]
    assert booked == [now + max(number - burst + 1, 0) * span for number in range(len(booked))]
    assert len(booked) == min(asked, burst + ahead // every)


def test_waiting_as_told_is_enough(database: Database, now: datetime) -> None:
    for _ in range(10):
        while (at := waits_until(database, now, burst=3)) is not None:
            assert not taken(database, at - timedelta(milliseconds=1), burst=3)
            now = at


def test_limits_of_other_names_are_their_own(database: Database, now: datetime) -> None:
    assert taken(database, now)
    assert not taken(database, now)
    assert taken(database, now, "eve")


def test_what_is_rolled_back_was_not_taken(database: Database, now: datetime) -> None:
    with suppress(LookupError), transaction(database) as session:
        assert rates.take(session, "ada", now, SECOND, 1) is None
        raise LookupError
    assert taken(database, now)


def test_a_closed_limit_opens_when_it_was_told_to(database: Database, now: datetime) -> None:
    closes(database, now + 30 * SECOND, now)
    assert waits_until(database, now) == now + 30 * SECOND
    assert taken(database, now, "eve")
    assert taken(database, now + 30 * SECOND)


def test_a_shorter_pause_does_not_end_a_longer_one(database: Database, now: datetime) -> None:
    closes(database, now + 60 * SECOND, now)
    closes(database, now + 2 * SECOND, now + SECOND)
    assert waits_until(database, now + 10 * SECOND) == now + 60 * SECOND


def test_a_pause_of_hours_is_kept_as_told(database: Database, now: datetime) -> None:
    assert taken(database, now)
    closes(database, now + 2 * HOUR, now)
    assert not taken(database, now + 2 * HOUR - SECOND)
    assert taken(database, now + 2 * HOUR)


def test_which_of_several_is_closed_is_told_at_once(database: Database, now: datetime) -> None:
    closes(database, now + 5 * SECOND, now, "ada")
    closes(database, now + 9 * SECOND, now, "bot")
    with transaction(database) as session:
        assert rates.closed_until(session, ["ada", "bot", "eve"], now) == now + 9 * SECOND
        assert rates.closed_until(session, ["ada", "eve"], now) == now + 5 * SECOND
        assert rates.closed_until(session, ["ada", "bot"], now + 9 * SECOND) is None


# Clocks that were wrong


def test_a_clock_that_was_an_hour_ahead_silences_nobody(database: Database, now: datetime) -> None:
    wrong = now + HOUR
    assert [taken(database, wrong, burst=3) for _ in range(4)] == [True, True, True, False]
    assert [taken(database, now, burst=3) for _ in range(4)] == [True, True, True, False]
    assert taken(database, now + SECOND, burst=3)


@pytest.mark.parametrize("looks", ["take", "closed_until"])
def test_a_pause_measured_with_a_wrong_clock_lasts_as_long_as_told(
    database: Database, now: datetime, looks: str
) -> None:
    closes(database, now + HOUR + 30 * SECOND, now + HOUR)
    if looks == "take":
        assert waits_until(database, now) == now + 30 * SECOND
    with transaction(database) as session:
        assert rates.closed_until(session, ["ada"], now) == now + 30 * SECOND
    assert taken(database, now + 30 * SECOND)


def test_a_pause_after_one_by_a_wrong_clock_counts(database: Database, now: datetime) -> None:
    closes(database, now + HOUR + 5 * SECOND, now + HOUR)
    closes(database, now + 30 * SECOND, now)
    assert waits_until(database, now + SECOND) == now + 30 * SECOND


def test_a_clock_that_is_set_back_shortens_no_pause(database: Database, now: datetime) -> None:
    closes(database, now + 30 * SECOND, now)
    assert waits_until(database, now - HOUR) == now - HOUR + 30 * SECOND


def test_clocks_a_little_apart_are_no_mistake(database: Database, now: datetime) -> None:
    assert taken(database, now + 5 * SECOND)
    assert waits_until(database, now) == now + 6 * SECOND


# Many at once


def test_of_many_that_ask_at_once_no_more_than_allowed_go(postgresql_database: Database, now: datetime) -> None:
    threads, barrier = 8, Barrier(8)

    def ask(_: int) -> int:
        barrier.wait()
        return sum(taken(postgresql_database, now, every=HOUR / 60 / 60, burst=20) for _ in range(10))

    with ThreadPoolExecutor(threads) as pool:
        assert sum(pool.map(ask, range(threads))) == 20


def test_slots_booked_at_once_are_all_different(postgresql_database: Database, now: datetime) -> None:
    def ask(_: int) -> datetime:
        with transaction(postgresql_database) as session:
            return rates.book(session, "bot", now, SECOND, 2, timedelta(minutes=1)).at

    with ThreadPoolExecutor(8) as pool:
        at = sorted(pool.map(ask, range(24)))
    assert at[:3] == [now, now, now + SECOND]
    assert all(later - sooner == SECOND for sooner, later in pairwise(at[1:]))


def test_several_limits_are_taken_together_or_not_at_all(postgresql_database: Database, now: datetime) -> None:
    """Each of many askers wants its chat and the bot: what the bot refuses is not missing from the chats."""

    def ask(number: int) -> bool:
        try:
            with transaction(postgresql_database) as session:
                for key, burst in (("bot", 5), (f"chat {number}", 1)):
                    if rates.take(session, key, now, SECOND, burst) is not None:
                        raise LookupError
        except LookupError:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        went = list(pool.map(ask, range(16)))
    assert sum(went) == 5
    assert [taken(postgresql_database, now, f"chat {number}") for number in range(16)] == [not went_ for went_ in went]


# The rest


def test_limits_that_nobody_uses_are_forgotten_and_pauses_are_not(database: Database, now: datetime) -> None:
    taken(database, now)
    taken(database, now + HOUR, "eve")
    closes(database, now + 5 * HOUR, now, "banned")
    with transaction(database) as session:
        assert rates.forget(session, now + HOUR + 2 * SECOND) == 1
    with reading(database) as session:
        assert session.exec(select(Rate.key).order_by(Rate.key)).all() == ["banned", "eve"]


def test_a_limit_that_could_not_be_told_from_a_wrong_clock_is_refused(sqlite_database: Database, now: datetime) -> None:
    with transaction(sqlite_database) as session, pytest.raises(ValueError, match="no limit"):
        rates.take(session, "ada", now, timedelta(minutes=1), 3)


def test_all_processes_agree_on_the_time(database: Database) -> None:
    def clock(session: Session) -> datetime:
        return rates.clock(session)

    with transaction(database) as session:
        first = clock(session)
    with transaction(database) as session:
        assert clock(session) > first
        assert session.exec(select(func.count()).select_from(Rate)).one() == 0


def test_what_is_closed_is_closed_at_the_time_that_all_processes_agree_on(database: Database) -> None:
    with transaction(database) as session:
        before = rates.clock(session)
    closes(database, before + timedelta(minutes=1), before, "bot")
    closes(database, before, before - SECOND, "ada")
    with transaction(database) as session:
        now, until = rates.clock_and_closed(session, ["ada", "bot"])
        assert (now >= before, until) == (True, before + timedelta(minutes=1))
        assert rates.clock_and_closed(session, ["ada"])[1] is None
        assert rates.clock_and_closed(session, [])[1] is None
