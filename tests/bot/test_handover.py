"""What a process writes it begins with itself, in the order of each thread and never before it is committed."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlmodel import Session, col, select

from bot import inbox
from bot.channels.base import Later, OnPart, Outgoing, unrecorded
from bot.channels.mailbox import WEB, Mailbox
from bot.handover import Handover
from bot.models import InboxRow, InboxState
from bot.sending import Sender
from handoff import deliveries
from handoff.conversations import open_conversation, say
from handoff.customers import find_customer, find_thread
from handoff.models import Author, Delivery, DeliveryState
from store import Database, reading, transaction
from store.changes import changes_after
from store.errors import DatabaseUnreachable

ME, LONG = "server", 30.0


@dataclass
class Slow(Mailbox):
    """A channel on which nothing arrives before ``may_go`` is set. It looks whether what it sends was committed."""

    name: str = WEB
    database: Database | None = None
    may_go: threading.Event = field(default_factory=threading.Event)
    began: threading.Event = field(default_factory=threading.Event)
    states: list[DeliveryState] = field(default_factory=list)
    refuses: bool = False
    """It asks for a pause, that is over at once, before it takes anything."""
    loses_answers: bool = False
    """What becomes of the first is recorded, and nobody hears that it is."""

    def send(self, outgoing: Outgoing, on_part: OnPart = unrecorded) -> tuple[str, ...]:
        assert self.database is not None
        with reading(self.database) as session:
            self.states.append(session.get_one(Delivery, outgoing.delivery_id).state)
        is_first = len(self.states) == 1
        if is_first and self.loses_answers:
            lose_next_answer(self.database, threading.get_ident())
        if is_first and self.refuses:
            raise Later("Not now.", datetime.now(UTC))
        self.began.set()
        assert self.may_go.wait(LONG)
        return super().send(outgoing, on_part)


def lose_next_answer(database: Database, thread: int) -> None:
    """The next transaction of this thread is committed, and the connection breaks before anybody hears of it."""
    dialect = database.writer.dialect
    commits = dialect.do_commit

    def commit(connection: Any) -> None:
        commits(connection)
        if threading.get_ident() == thread:
            dialect.do_commit = commits
            raise dialect.loaded_dbapi.OperationalError("the connection is lost")

    dialect.do_commit = commit


@contextmanager
def lost_answer(database: Database) -> Iterator[None]:
    lose_next_answer(database, threading.get_ident())
    with pytest.raises(DatabaseUnreachable):
        yield


@dataclass
class House:
    database: Database
    channel: Slow
    handover: Handover
    sender: Sender
    begun: list[str]
    dropped: list[str]
    made_room: threading.Event
    room: int | None = 4

    def hears(self, *texts: str) -> None:
        with transaction(self.database) as session:
            for text in texts:
                payload = {"visitor": "ada", "text": text}
                inbox.accept(session, WEB, text, "ada", payload, datetime.now(UTC))

    def says(self, text: str, at: datetime | None = None, to: str = "ada") -> None:
        now = datetime.now(UTC)
        with transaction(self.database) as session:
            thread, customer = find_thread(session, WEB, to, now), find_customer(session, WEB, to, now)
            say(session, open_conversation(session, thread, customer, "en", now), text, Author.BOT, at or now)

    def deliveries(self) -> list[tuple[DeliveryState, int, int]]:
        """The state of each, how often it was begun with, and how often nobody knew what became of it."""
        with reading(self.database) as session:
            found = session.exec(select(Delivery).order_by(col(Delivery.id))).all()
            return [(each.state, each.attempts, each.doubts) for each in found]

    def rows(self) -> list[InboxState]:
        with reading(self.database) as session:
            return list(session.exec(select(InboxRow.state).order_by(col(InboxRow.id))))

    def words(self) -> list[DeliveryState]:
        with reading(self.database) as session:
            return list(session.exec(select(Delivery.state).order_by(col(Delivery.id))))

    def told(self) -> list[str]:
        """The kinds of changes that a loop would be woken by."""
        with reading(self.database) as session:
            return [each.kind for each in changes_after(session, 0) if each.kind in ("inbox", "delivery")]


@pytest.fixture
def house(database: Database) -> Iterator[House]:
    channel, begun, dropped, made_room = Slow(database=database), list[str](), list[str](), threading.Event()
    sender = Sender(database, {WEB: channel}, ME, made_room.set)
    handover = Handover(
        database,
        ME,
        (WEB,),
        sender,
        room=lambda: house.room,
        begin=lambda row: begun.append(row.event_key),
        drop=lambda row: dropped.append(row.event_key),
    )
    house = House(database, channel, handover, sender, begun, dropped, made_room)
    handover.open()
    yield house
    handover.close(LONG)
    channel.may_go.set()
    sender.stop(LONG)


def test_words_leave_once_they_are_committed_though_nobody_looks_for_them(house: House) -> None:
    house.says("Here is how.")
    assert house.channel.began.wait(LONG)
    assert house.channel.states == [DeliveryState.SENDING], "claimed, and that is committed"
    assert house.told() == [], "there is nothing to wake anybody for"
    house.channel.may_go.set()
    house.sender.stop(LONG)
    assert house.words() == [DeliveryState.SENT]


def test_words_behind_others_of_their_thread_are_left_to_the_loop(house: House) -> None:
    house.says("First.")
    house.says("Second.")
    assert house.words() == [DeliveryState.SENDING, DeliveryState.READY]
    assert house.told() == ["delivery"]


def test_words_that_are_put_off_are_left_to_the_loop(house: House) -> None:
    house.says("Later.", at=datetime.now(UTC) + timedelta(minutes=5))
    assert (house.words(), house.told()) == ([DeliveryState.READY], ["delivery"])


def test_what_was_tried_before_is_left_to_the_loop(house: House) -> None:
    house.handover.close(LONG)
    house.says("Once more.")
    now = datetime.now(UTC)
    with transaction(house.database) as session:
        (claimed,) = deliveries.claim(session, now, ME, 1)
    house.handover.open()
    with transaction(house.database) as session:
        deliveries.mark_ready(session, claimed.delivery.id or 0, ME, now, "no answer", now)
    assert house.words() == [DeliveryState.READY]


def test_what_was_claimed_and_then_not_committed_is_neither_sent_nor_begun(house: House) -> None:
    def fails(_session: Session) -> None:
        raise LookupError

    house.database.before_commit.append(fails)
    with pytest.raises(LookupError):
        house.says("Never.")
    with pytest.raises(LookupError):
        house.hears("never")
    house.sender.stop(LONG)
    assert (house.rows(), house.words(), house.begun, house.channel.states) == ([], [], [], [])


def test_a_message_that_was_begun_before_is_left_to_the_loop(house: House) -> None:
    house.hears("one")
    with transaction(house.database) as session:
        row = session.exec(select(InboxRow)).one()
        # Its turn took long, so it is due again at once; but that turn is under way still, and not to be begun twice.
        inbox.put_back(session, row, ME, "busy", row.received_at - timedelta(minutes=1))
    assert (house.rows(), house.begun) == ([InboxState.NEW], ["one"])


def test_a_message_is_begun_with_by_who_kept_it_and_the_next_of_its_thread_waits(house: House) -> None:
    house.hears("one", "two")
    assert house.rows() == [InboxState.WORKING, InboxState.NEW]
    assert (house.begun, house.told()) == (["one"], ["inbox"])


def test_who_keeps_a_message_does_not_begin_with_it_before_one_that_another_just_keeps(house: House) -> None:
    kept, may_commit = threading.Event(), threading.Event()

    def last(session: Session) -> None:
        kept.set()
        assert may_commit.wait(LONG)

    house.database.before_commit.append(last)
    first = threading.Thread(target=house.hears, args=("one",))
    first.start()
    assert kept.wait(LONG)
    house.database.before_commit.remove(last)
    second = threading.Thread(target=house.hears, args=("two",))
    second.start()
    waits_its_turn(house.database, second)
    assert house.begun == []
    may_commit.set()
    first.join(LONG)
    second.join(LONG)
    with reading(house.database) as session:
        assert session.exec(select(InboxRow.event_key).order_by(col(InboxRow.id))).all() == ["one", "two"]
    assert (house.rows(), house.begun) == ([InboxState.WORKING, InboxState.NEW], ["one"])


def waits_its_turn(database: Database, writer: threading.Thread) -> None:
    """Return once ``writer`` waits for another's lock, or is through; SQLite lets one write at a time anyway."""
    here = "database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    waits = text(f"SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'advisory' AND {here}")
    while writer.is_alive() and not database.is_sqlite:
        with reading(database) as session:
            if session.execute(waits).scalar_one():
                return


def test_a_message_of_which_nobody_knows_whether_its_claim_was_committed_is_picked_up_again(house: House) -> None:
    def vanishes(_session: Session) -> None:
        raise ConnectionResetError

    house.database.before_commit.append(vanishes)
    with pytest.raises(ConnectionResetError):
        house.hears("one")
    assert (house.begun, house.dropped) == ([], ["one"])


def test_words_of_which_nobody_knows_whether_they_were_written_leave_soon_and_in_no_doubt(house: House) -> None:
    with lost_answer(house.database):
        house.says("Here is how.")
    assert house.words() == [DeliveryState.SENDING], "as if the process that wrote them were at it"
    house.channel.may_go.set()
    house.sender.step(datetime.now(UTC))
    house.sender.stop(LONG)
    assert house.deliveries() == [(DeliveryState.SENT, 1, 0)]


def test_words_of_which_nobody_knows_whether_the_loop_claimed_them_leave_soon_and_in_no_doubt(house: House) -> None:
    house.handover.close(LONG)
    house.says("Here is how.")
    with lost_answer(house.database):
        house.sender.step(datetime.now(UTC))
    assert (house.words(), house.channel.states) == ([DeliveryState.SENDING], [])
    house.channel.may_go.set()
    house.sender.step(datetime.now(UTC))
    house.sender.stop(LONG)
    assert house.deliveries() == [(DeliveryState.SENT, 1, 0)]


def test_words_that_are_under_way_are_not_taken_for_those_that_nobody_sends(house: House) -> None:
    house.says("Here is how.")
    assert house.channel.began.wait(LONG)
    with lost_answer(house.database):
        house.says("For somebody else.", to="bea")
    house.sender.step(datetime.now(UTC))
    house.channel.may_go.set()
    house.sender.stop(LONG)
    assert house.deliveries() == [(DeliveryState.SENT, 1, 0)] * 2
    assert len(house.channel.states) == 2, "each once"


def test_an_outcome_of_which_nobody_knows_whether_it_was_recorded_is_not_sent_again(house: House) -> None:
    house.channel.loses_answers = True
    house.channel.may_go.set()
    house.says("Here is how.")
    house.sender.stop(LONG)
    house.sender.step(datetime.now(UTC))
    assert house.deliveries() == [(DeliveryState.SENT, 1, 0)]
    assert len(house.channel.states) == 1


def test_an_outcome_that_is_told_again_says_nothing_of_the_attempt_after_it(house: House) -> None:
    house.channel.loses_answers = house.channel.refuses = True
    house.handover.close(LONG)
    house.says("Here is how.")
    house.says("And then?")
    while not house.channel.began.is_set():
        # Until it is found that the channel takes it now.
        house.sender.step(datetime.now(UTC))
    assert house.made_room.wait(LONG), "the first attempt is over"
    assert house.words()[0] is DeliveryState.SENDING, "the second one is under way"
    house.channel.may_go.set()
    house.sender.stop(LONG)
    assert house.deliveries()[0] == (DeliveryState.SENT, 1, 0)
    assert len(house.channel.states) == 2


def test_without_room_a_message_waits_for_who_makes_some(house: House) -> None:
    house.room = 0
    house.hears("one")
    is_woken_now = not house.database.is_sqlite
    assert (house.rows(), house.begun, house.told()) == ([InboxState.NEW], [], ["inbox"] * is_woken_now)


def test_while_nothing_may_begin_a_message_waits_for_the_loop(house: House) -> None:
    house.room = None
    house.hears("one")
    assert (house.rows(), house.begun, house.told()) == ([InboxState.NEW], [], ["inbox"])


def test_a_stopping_process_begins_with_nothing_more(house: House) -> None:
    house.handover.close(LONG)
    house.hears("one")
    house.says("Later.")
    assert (house.rows(), house.words()) == ([InboxState.NEW], [DeliveryState.READY])


def test_closing_waits_for_what_was_taken_and_is_not_committed_yet(house: House) -> None:
    taken, may_commit, closed = threading.Event(), threading.Event(), threading.Event()

    def last(session: Session) -> None:
        taken.set()
        assert may_commit.wait(LONG)

    def close() -> None:
        house.handover.close(LONG)
        closed.set()

    # It looks after the hand-over did: what was taken is about to be committed.
    house.database.before_commit.append(last)
    writing = threading.Thread(target=house.says, args=("hello",))
    writing.start()
    assert taken.wait(LONG)
    closing = threading.Thread(target=close)
    closing.start()
    assert not closed.wait(0.1)
    may_commit.set()
    assert closed.wait(LONG)
    house.channel.may_go.set()
    house.sender.stop(LONG)
    writing.join()
    closing.join()
    house.database.before_commit.remove(last)
    assert house.words() == [DeliveryState.SENT]
