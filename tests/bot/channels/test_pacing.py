"""A pacer with its own clock, booking in memory or in the database; and several of them that share one."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from sqlalchemy import update

from bot.channels.booking import Book, KeptBook, Lane, MemoryBook, TableBook, TooSoon, book_of
from bot.channels.pacing import LONGEST_PAUSE, Manners, Pacer, Way
from store import Database, measures, rates, transaction
from store.models import Rate

ADA, EVE, BOB = "ada", "eve", "bob"
Makes = Callable[..., Pacer]


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now

    def passes(self, seconds: float) -> None:
        self.now += seconds


def way(place: str) -> Way:
    return Way(place, "bot", (Lane("bot", 0.001, 1000), Lane(place, 1.0)))


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def shared(postgresql_database: Database, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> TableBook:
    """A book in a real database, whose clock is ours meanwhile."""
    with transaction(postgresql_database) as session:
        began = rates.clock(session)

    def now() -> datetime:
        return began + timedelta(seconds=clock.now - 1000.0)

    monkeypatch.setattr(rates, "clock", lambda session: now())
    monkeypatch.setattr(
        rates, "clock_and_closed", lambda session, keys: (now(), rates.closed_until(session, keys, now()))
    )
    return TableBook(postgresql_database)


@pytest.fixture(params=["memory", "table"])
def makes(request: pytest.FixtureRequest, clock: Clock) -> Makes:
    """Makes pacers that book in one and the same book."""
    book: Book = MemoryBook(clock) if request.param == "memory" else request.getfixturevalue("shared")

    def make(manners: Manners | None = None) -> Pacer:
        return Pacer("telegram", way, book, manners, seconds=clock, sleep=clock.passes)

    return make


@pytest.fixture
def pacer(makes: Makes) -> Pacer:
    return makes()


def wait_of(pacer: Pacer, place: str) -> float:
    """0.0 if it was sent, else for how long to wait."""
    try:
        pacer.take(place)
    except TooSoon as soon:
        return round(soon.seconds, 3)
    return 0.0


def test_waiting_as_told_is_enough_and_asking_costs_nothing(pacer: Pacer, clock: Clock) -> None:
    pacer.take(ADA)
    clock.passes(0.25)
    assert wait_of(pacer, ADA) == 0.75
    assert wait_of(pacer, EVE) == 0.0
    clock.passes(0.75)
    assert wait_of(pacer, ADA) == 0.0


def test_many_that_wait_for_one_place_come_back_one_after_the_other(pacer: Pacer, clock: Clock) -> None:
    """Threads of one Slack channel, say: each is told a moment of its own, and goes then."""
    pacer.take(ADA)
    told = [wait_of(pacer, ADA) for _ in range(40)]
    assert told == [float(number + 1) for number in range(40)]
    for _ in told:
        clock.passes(1)
        assert wait_of(pacer, ADA) == 0.0


def test_asking_in_vain_again_and_again_puts_nobody_off_for_long(pacer: Pacer, clock: Clock) -> None:
    pacer.take(ADA)
    assert max(wait_of(pacer, ADA) for _ in range(100)) == 61
    clock.passes(1)
    assert wait_of(pacer, ADA) == 0.0


def test_after_a_refusal_the_place_is_quiet_for_as_long_as_told_and_a_little_more(pacer: Pacer, clock: Clock) -> None:
    assert pacer.close(ADA, 30.0) == 30.5
    clock.passes(30)
    assert wait_of(pacer, ADA) == 0.5
    assert wait_of(pacer, EVE) == 0.0
    clock.passes(0.5)
    assert wait_of(pacer, ADA) == 0.0


def test_a_refusal_is_heard_by_every_process(shared: TableBook, clock: Clock) -> None:
    one, other = (Pacer("telegram", way, shared, seconds=clock) for _ in range(2))
    one.close(ADA, 7200.0)
    assert wait_of(other, ADA) == 7200.5
    assert wait_of(other, EVE) == 0.0
    clock.passes(7200.5)
    assert wait_of(other, ADA) == 0.0


def test_two_places_refused_at_once_silence_the_bot_in_every_process(makes: Makes, clock: Clock) -> None:
    one = makes()
    other = makes() if isinstance(one._book, TableBook) else one
    one.close(ADA, 30.0)
    clock.passes(1)
    other.close(EVE, 30.0)
    assert [wait_of(each, BOB) for each in (one, other)] == [30.5, 30.5]


@pytest.mark.parametrize("told", [(1.0, 600.0), (600.0, 1.0)])
def test_two_places_refused_at_once_silence_the_bot_no_longer_than_both_were_told(
    pacer: Pacer, clock: Clock, told: tuple[float, float]
) -> None:
    """A group that may not be written to for ten minutes is no reason to keep everybody waiting for so long."""
    pacer.close(ADA, told[0])
    clock.passes(1)
    pacer.close(EVE, told[1])
    assert wait_of(pacer, BOB) == 1.5
    assert max(wait_of(pacer, ADA), wait_of(pacer, EVE)) >= 599


def test_two_places_refused_at_different_times_are_their_own_matter(pacer: Pacer, clock: Clock) -> None:
    pacer.close(ADA, 30.0)
    clock.passes(10)
    pacer.close(EVE, 30.0)
    assert wait_of(pacer, BOB) == 0.0


def test_one_place_refused_twice_is_its_own_matter(pacer: Pacer) -> None:
    """Two topics of a group, say, that were written to at the same time."""
    pacer.close(ADA, 30.0)
    pacer.close(ADA, 31.0)
    assert wait_of(pacer, ADA) == 31.5
    assert wait_of(pacer, BOB) == 0.0


def test_a_shorter_refusal_does_not_end_a_longer_one(pacer: Pacer, clock: Clock) -> None:
    pacer.close(ADA, 60.0)
    clock.passes(1)
    pacer.close(ADA, 1.0)
    clock.passes(9)
    assert wait_of(pacer, ADA) == 50.5


def test_a_pause_that_makes_no_sense_ends_after_a_day(pacer: Pacer) -> None:
    assert pacer.close(ADA, 1e18) <= LONGEST_PAUSE + 1


def test_what_is_closed_while_a_slot_is_waited_for_is_not_written_to(clock: Clock) -> None:
    slow = (Lane("bot", 1.0, ahead=5.0),)
    pacer = Pacer(
        "slack",
        lambda place: Way(place, "bot", slow),
        MemoryBook(clock),
        seconds=clock,
        sleep=lambda seconds: pacer.close(ADA, 30.0) and None,
    )
    pacer.take(ADA)
    with pytest.raises(TooSoon):
        pacer.take(ADA)


def test_what_is_cosmetic_has_a_small_budget_and_takes_none_from_words(pacer: Pacer, clock: Clock) -> None:
    assert [pacer.has_room_for_hint(ADA) for _ in range(7)] == [True] * 5 + [False] * 2
    assert wait_of(pacer, ADA) == 0.0
    clock.passes(20)
    assert pacer.has_room_for_hint(ADA)


def test_what_is_cosmetic_is_left_out_first_when_there_is_much_to_say(pacer: Pacer, clock: Clock) -> None:
    before = measures.value("cosmetic_dropped_total", channel="telegram")
    for place in range(20):
        pacer.take(str(place))
    assert not pacer.has_room_for_hint(BOB)
    assert measures.value("cosmetic_dropped_total", channel="telegram") == before + 1
    clock.passes(2)
    assert pacer.has_room_for_hint(BOB)


def test_what_is_cosmetic_is_left_out_where_words_were_refused(pacer: Pacer) -> None:
    pacer.close(ADA, 10.0)
    assert not pacer.has_room_for_hint(ADA)
    assert pacer.has_room_for_hint(BOB)


def test_a_refused_hint_ends_hints_and_no_words(pacer: Pacer, clock: Clock) -> None:
    pacer.close_hints(ADA, 10.0)
    assert not pacer.has_room_for_hint(ADA)
    assert not pacer.is_open_for_hints(BOB)
    assert wait_of(pacer, ADA) == 0.0
    clock.passes(11)
    assert pacer.has_room_for_hint(ADA)


# The table that all processes share


def test_sqlite_books_in_memory_and_postgresql_in_its_table(database: Database) -> None:
    assert isinstance(book_of(database), KeptBook if database.is_sqlite else TableBook)


def test_a_refusal_outlives_the_process_that_heard_it(sqlite_database: Database, clock: Clock) -> None:
    def begun() -> Pacer:
        return Pacer("telegram", way, KeptBook(sqlite_database, clock), seconds=clock)

    begun().close(ADA, 300.0)
    pacer = begun()
    assert wait_of(pacer, ADA) > 200
    assert wait_of(pacer, BOB) == 0.0
    clock.passes(301)
    assert wait_of(pacer, ADA) == 0.0


def test_of_several_processes_no_more_than_allowed_write(postgresql_database: Database) -> None:
    """Each has the chat and the bot to itself, or neither."""
    books = [TableBook(postgresql_database) for _ in range(4)]
    barrier = threading.Barrier(8)

    def send(number: int) -> int:
        barrier.wait()
        sent = 0
        for place in range(6):
            try:
                books[number % 4].book([Lane("bot", 10.0, 5), Lane(f"chat {place}", 60.0)], ())
            except TooSoon:
                continue
            sent += 1
        return sent

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(send, range(8))) == 5
    with transaction(postgresql_database) as session:
        now = rates.clock(session)
        free = [rates.take(session, f"chat {place}", now, timedelta(seconds=60), 1) is None for place in range(6)]
    assert sum(free) == 1, "one chat was never written to, and lost nothing by it"


def test_a_clock_that_was_wrong_silences_no_chat(shared: TableBook, clock: Clock) -> None:
    pacer = Pacer("telegram", way, shared, seconds=lambda: 0.0)
    clock.passes(3600)
    pacer.take(ADA)
    clock.passes(-3600)
    assert wait_of(pacer, ADA) == 0.0
    assert wait_of(pacer, ADA) == 1.0


def test_without_the_database_nothing_is_sent_and_nothing_breaks(
    shared: TableBook, clock: Clock, is_down: Callable[[], None]
) -> None:
    pacer = Pacer("telegram", way, shared, seconds=clock)
    is_down()
    assert wait_of(pacer, ADA) == 2.0
    assert pacer.close(EVE, 30.0) == 30.5
    assert wait_of(pacer, EVE) == 30.5
    assert pacer.has_room_for_hint(ADA)


@pytest.fixture
def is_down(postgresql_database: Database) -> Iterator[Callable[[], None]]:
    from sqlalchemy import create_engine

    writer = postgresql_database.writer

    def down() -> None:
        postgresql_database.writer = create_engine("postgresql+psycopg://nobody@127.0.0.1:9/none")

    yield down
    postgresql_database.writer.dispose()
    postgresql_database.writer = writer


def test_what_was_refused_is_left_alone_though_the_table_was_emptied(
    shared: TableBook, postgresql_database: Database, clock: Clock
) -> None:
    """PostgreSQL empties it after a crash."""
    pacer = Pacer("telegram", way, shared, seconds=clock)
    pacer.close(ADA, 30.0)
    with transaction(postgresql_database) as session:
        session.execute(update(Rate).values(closed_until=None))
    assert wait_of(pacer, ADA) == 30.5
