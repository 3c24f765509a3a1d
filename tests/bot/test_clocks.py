"""The clock is set back by an hour while the product runs: nothing waits for the hour."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import select

from bot import inbox
from bot.channels.mailbox import WEB
from bot.clocks import LONGEST_LEASE, LONGEST_PARK, set_right
from bot.models import InboxRow
from handoff import deliveries
from handoff.conversations import open_conversation, say
from handoff.customers import find_customer, find_thread
from handoff.models import Author, Delivery, DeliveryState
from store import Database, leases, reading, transaction
from store.timers import claim_due, set_timer

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
CHANNELS = (WEB,)


def tell(database: Database, visitor: str, now: datetime) -> None:
    with transaction(database) as session:
        thread, customer = find_thread(session, WEB, visitor, now), find_customer(session, WEB, visitor, now)
        say(session, open_conversation(session, thread, customer, "en", now), "words", Author.BOT, now)


def take(database: Database, now: datetime, worker: str = "one") -> list[Delivery]:
    with transaction(database) as session:
        return [one.delivery for one in deliveries.claim(session, now, worker, 10)]


@pytest.fixture
def busy(database: Database) -> Database:
    """At NOW: a message that waits for another try, a delivery that was put off, one that is being sent, a lease."""
    tell(database, "ada", NOW)
    (sending,) = take(database, NOW)
    tell(database, "bea", NOW)
    (put_off,) = take(database, NOW)
    with transaction(database) as session:
        deliveries.mark_ready(session, put_off.id or 0, "one", NOW + timedelta(seconds=256), "a hiccup", NOW)
        inbox.accept(session, WEB, "key", "cy", {"text": "hello"}, NOW)
        row = inbox.claim(session, "one", NOW, channels=CHANNELS)
        assert row
        inbox.put_back(session, row, "one", "a hiccup", NOW)
        leases.acquire(session, "telegram:1", "one", NOW, timedelta(seconds=30))
    assert sending.state is DeliveryState.SENDING
    return database


def right(database: Database, now: datetime) -> None:
    with transaction(database) as session:
        set_right(session, now)


def test_nothing_waits_for_the_hour_that_the_clock_was_set_back(busy: Database) -> None:
    back = NOW - HOUR
    assert take(busy, back) == []
    right(busy, back)
    assert [one.message_id for one in take(busy, back)] == [2], "what was put off is due, what is being sent is not"
    with transaction(busy) as session:
        assert inbox.claim(session, "one", back, channels=CHANNELS)
        soon = back + LONGEST_LEASE
        assert deliveries.has_outlived(session, soon + timedelta(seconds=1)), "if its worker died, it is seen soon"
        assert leases.acquire(session, "telegram:1", "another", back, LONGEST_LEASE) is None
        assert leases.acquire(session, "telegram:1", "another", soon, LONGEST_LEASE)


def test_a_clock_that_is_right_changes_nothing(busy: Database) -> None:
    before = everything(busy)
    for moment in (NOW, NOW + HOUR):
        right(busy, moment)
    assert everything(busy) == before


def test_what_is_due_at_an_hour_by_agreement_stays_so(database: Database) -> None:
    with transaction(database) as session:
        set_timer(session, "sla", 1, NOW + timedelta(minutes=30))
    right(database, NOW - HOUR)
    with transaction(database) as session:
        assert claim_due(session, NOW + timedelta(minutes=29)) == []
        assert claim_due(session, NOW + timedelta(minutes=30))


def test_no_pause_of_ours_is_longer_than_what_counts_as_far_off(busy: Database) -> None:
    put_off, _ = sorted(everything(busy)["delivery"], key=lambda one: one[0], reverse=True)
    assert put_off[0] - NOW < LONGEST_PARK


def everything(database: Database) -> dict[str, list[tuple[datetime, datetime | None]]]:
    with reading(database) as session:
        return {
            "delivery": [(one.not_before, one.lease_until) for one in session.exec(select(Delivery)).all()],
            "inbox": [(one.not_before, one.lease_until) for one in session.exec(select(InboxRow)).all()],
        }
