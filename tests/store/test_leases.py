from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

from store import Database, leases, transaction
from store.leases import Held

LASTS = timedelta(seconds=30)


def acquire(database: Database, owner: str, now: datetime) -> Held | None:
    with transaction(database) as session:
        return leases.acquire(session, "telegram", owner, now, LASTS)


def test_one_owner_has_it_until_it_ends(database: Database, now: datetime) -> None:
    assert acquire(database, "a", now) == Held("telegram", "a", 1, now + LASTS)
    assert acquire(database, "b", now + LASTS / 2) is None
    assert acquire(database, "b", now + LASTS) == Held("telegram", "b", 2, now + 2 * LASTS)


def test_leases_of_other_names_are_free(database: Database, now: datetime) -> None:
    acquire(database, "a", now)
    with transaction(database) as session:
        assert leases.acquire(session, "slack", "b", now, LASTS)


def test_a_renewed_lease_goes_on(database: Database, now: datetime) -> None:
    held = acquire(database, "a", now)
    assert held
    with transaction(database) as session:
        renewed = leases.renew(session, held, now + LASTS / 2, LASTS)
    assert renewed == Held("telegram", "a", 1, now + LASTS * 1.5)
    assert acquire(database, "b", now + LASTS) is None


def test_a_released_lease_is_free_at_once_and_its_epoch_is_not_used_again(database: Database, now: datetime) -> None:
    held = acquire(database, "a", now)
    assert held
    with transaction(database) as session:
        leases.release(session, held, now)
    taken = acquire(database, "b", now)
    assert taken
    assert taken.epoch == 2


def test_a_holder_that_slept_through_its_time_finds_out_and_disturbs_nobody(database: Database, now: datetime) -> None:
    late, sleeper = now + LASTS, acquire(database, "a", now)
    successor = acquire(database, "b", late)
    assert sleeper
    assert successor
    with transaction(database) as session:
        assert not leases.holds(session, sleeper, late)
        assert leases.renew(session, sleeper, late, LASTS) is None
        leases.release(session, sleeper, late)
        assert leases.holds(session, successor, late)


def test_a_lease_that_ended_is_lost_even_if_nobody_took_it(database: Database, now: datetime) -> None:
    held = acquire(database, "a", now)
    assert held
    with transaction(database) as session:
        assert leases.holds(session, held, now)
        assert not leases.holds(session, held, now + LASTS)
        assert leases.renew(session, held, now + LASTS, LASTS) is None


def test_an_owner_that_asks_again_makes_its_former_lease_void(database: Database, now: datetime) -> None:
    first, second = acquire(database, "a", now), acquire(database, "a", now)
    assert first
    assert second
    with transaction(database) as session:
        assert (leases.holds(session, first, now), leases.holds(session, second, now)) == (False, True)


def test_of_many_that_ask_at_once_one_gets_it(database: Database, now: datetime) -> None:
    with ThreadPoolExecutor(6) as pool:
        got = list(pool.map(lambda number: acquire(database, f"worker {number}", now), range(12)))
    assert len([held for held in got if held]) == 1
