"""Whatever hangs, the customer gets a person in time, is told so, and gets nothing twice."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial

import pytest
from slack_house import is_down
from sqlmodel import col, select
from talk import HOUSE, START, AgentAtTheDesk, CustomerOnTheWeb, World, conversations

from bot import inbox
from bot.channels.base import Inbound, Profile
from bot.channels.mailbox import WEB, Mailbox
from bot.crew import Crew
from bot.live import Live
from bot.models import InboxRow, InboxState
from bot.replies import say
from bot.turns import handle
from bot.watchdog import Watchdog
from handoff.models import Reason
from store import reading, transaction
from store.errors import DatabaseBusy, Unavailable

QUESTION = "I forgot my password, can't get in"
LONG = 30.0
"""Seconds after which a test gives up waiting; none takes as long."""


@dataclass
class Hanging(Mailbox):
    """A channel that leaves whoever asks about a customer without an answer, until ``end`` is set."""

    begun: threading.Event = field(default_factory=threading.Event)
    end: threading.Event = field(default_factory=threading.Event)
    name: str = WEB

    def profile(self, inbound: Inbound) -> Profile | None:
        self.begun.set()
        self.end.wait(LONG)
        return None


@dataclass
class Busy(Mailbox):
    """A channel whose profiles lie in a database that others keep for themselves."""

    name: str = WEB
    kept_from: str = "ada"

    def profile(self, inbound: Inbound) -> Profile | None:
        if inbound.customer == self.kept_from:
            raise DatabaseBusy
        return None


@dataclass
class Guard:
    """A watchdog beside a crew of one, in the world's time."""

    world: World
    crew: Crew
    watchdog: Watchdog
    strayed: float = 0.0
    """Seconds by which the world's clock was set."""

    def sets_the_clock(self, seconds: float) -> None:
        self.world.later(seconds=seconds)
        self.strayed += seconds

    def begins(self) -> None:
        """Take the next row and let the crew have it."""
        with transaction(self.world.database) as session:
            row = inbox.claim(session, "test", self.world.now, channels=(WEB,))
        assert row is not None
        world = self.world
        turn = partial(handle, world.database, world.live, world.channels[WEB], row, "test", world.now)
        self.crew.do(turn, key=row.id)

    def looks(self, after: float) -> int:
        """Look ``after`` seconds. Returns how many rows were handed over."""
        self.world.later(seconds=after)
        return self.watchdog.look(self.world.now)


@pytest.fixture
def guard(world: World) -> Iterator[Guard]:
    def ticks() -> float:
        return (world.now - START).total_seconds() - guard.strayed

    crew = Crew("test", 1, lambda: None, ticks=ticks)
    guard = Guard(world, crew, Watchdog(world.database, HOUSE, world.channels, "test", crew, ticks=ticks))
    guard.looks(0)
    yield guard
    crew.stop(LONG)


@pytest.fixture
def hanging(world: World) -> Iterator[Hanging]:
    channel = Hanging()
    world.channels[WEB] = channel
    yield channel
    channel.end.set()


def states(world: World) -> list[InboxState]:
    with reading(world.database) as session:
        return list(session.exec(select(InboxRow.state).order_by(col(InboxRow.id))).all())


def said_by(customer: CustomerOnTheWeb) -> list[str]:
    return [message["text"] for message in customer.transcript() if message["direction"] == "incoming"]


def test_a_turn_that_hangs_is_taken_away_and_what_is_behind_it_goes_on(
    ada: CustomerOnTheWeb, world: World, guard: Guard, hanging: Hanging
) -> None:
    world.accept("ada", text=QUESTION)
    world.accept("ada", text="hello?")
    guard.begins()
    assert hanging.begun.wait(LONG)
    assert guard.looks(119) == 0
    assert not world.tickets()
    assert guard.looks(2) == 1
    assert world.ticket().reason is Reason.BOT_STUCK
    assert guard.crew.free == 1, "another thread has the place of the one that hangs"
    hanging.begun.clear()
    guard.begins()
    hanging.end.set()
    guard.crew.stop(LONG)
    world.work()
    (told,) = ada.hears()
    assert "#1" in told["text"]
    assert said_by(ada) == [QUESTION, "hello?"], "each of her messages is there once, the late turn wrote nothing"
    assert states(world) == [InboxState.PARKED, InboxState.DONE]
    assert len(world.tickets()) == 1


@pytest.mark.parametrize(("text", "language"), [("how do I reset my password?", "en"), ("怎么重置密码？", "zh")])
def test_who_waits_for_a_knowledge_base_that_is_not_there_gets_a_person(
    ada: CustomerOnTheWeb, world: World, guard: Guard, text: str, language: str
) -> None:
    world.live = Live(HOUSE)
    world.accept("ada", text=text)
    assert guard.looks(100) == 0
    assert guard.looks(21) == 1
    world.work()
    (told,) = ada.hears()
    assert say("something_else", language) in [button["label"] for button in told["buttons"]]
    assert say("who", language) in told["text"]
    assert said_by(ada) == [text]
    assert world.ticket().subject == text


def test_a_backlog_that_drains_is_waited_for_and_one_that_stands_still_is_not(world: World, guard: Guard) -> None:
    for number in range(12):
        world.accept(f"visitor-{number}", text=QUESTION)
    for _ in range(8):
        world.take_turn()
        assert guard.looks(20) == 0
    assert guard.looks(31) == 4
    assert {ticket.reason for ticket in world.tickets()} == {Reason.BOT_STUCK}


def test_a_busy_database_takes_none_of_the_tries_that_a_message_has(ada: CustomerOnTheWeb, world: World) -> None:
    world.channels[WEB] = channel = Busy()
    world.accept("ada", text=QUESTION)
    for _ in range(2 * inbox.STARTS):
        world.work()
        world.later(seconds=5)
    assert not world.tickets()
    channel.kept_from = ""
    world.work()
    (told,) = ada.hears()
    assert "Reset a forgotten password" in told["text"]


def test_what_was_begun_in_vain_is_not_waited_for_as_long_as_what_has_not_begun(world: World, guard: Guard) -> None:
    world.channels[WEB] = Busy()
    world.accept("ada", text=QUESTION)
    for number in range(6):
        world.accept(f"visitor-{number}", text=QUESTION)
        assert guard.looks(10) == 0
        world.work()
        assert guard.looks(10) == 0
    assert guard.looks(1) == 1
    assert states(world) == [InboxState.PARKED, *[InboxState.DONE] * 6]


def test_a_long_turn_that_lives_keeps_its_message(world: World, guard: Guard, hanging: Hanging) -> None:
    world.accept("ada", text=QUESTION)
    guard.begins()
    assert hanging.begun.wait(LONG)
    for _ in range(5):
        assert guard.looks(20) == 0
        with transaction(world.database) as session:
            assert inbox.claim(session, "another", world.now, channels=(WEB,)) is None
    hanging.end.set()
    guard.crew.stop(LONG)
    assert states(world) == [InboxState.DONE]


@pytest.mark.parametrize("first", ["the slow one", "the quick one"])
def test_a_message_that_two_workers_came_to_deal_with_has_one_effect(
    ada: CustomerOnTheWeb, world: World, first: str
) -> None:
    world.accept("ada", text=QUESTION)
    rows = []
    for worker in ("slow", "quick"):
        with transaction(world.database) as session:
            row = inbox.claim(session, worker, world.now, channels=(WEB,))
        assert row is not None
        rows.append((worker, row))
        world.later(seconds=61)
    for worker, row in rows if first == "the slow one" else reversed(rows):
        handle(world.database, world.live, world.channels[WEB], row, worker, world.now)
    world.work()
    assert len(ada.hears()) == 1
    assert said_by(ada) == [QUESTION]


@pytest.mark.parametrize(
    ("kills", "said", "end"),
    [
        (inbox.STARTS - 1, "Reset a forgotten password", InboxState.DONE),
        (inbox.STARTS, "#1", InboxState.PARKED),
    ],
)
def test_a_message_that_kills_its_process_every_time_is_set_aside(
    ada: CustomerOnTheWeb, world: World, kills: int, said: str, end: InboxState
) -> None:
    world.accept("ada", text=QUESTION)
    for _ in range(kills):
        with transaction(world.database) as session:
            assert inbox.claim(session, "killed", world.now, channels=(WEB,)) is not None
            inbox.release(session, "killed")
    world.work()
    (told,) = ada.hears()
    assert said in told["text"]
    assert states(world) == [end]


@pytest.mark.parametrize("minutes", [3, 11])
def test_what_comes_while_the_watchdog_looks_has_just_come(
    ada: CustomerOnTheWeb, world: World, guard: Guard, minutes: int
) -> None:
    guard.looks(60 * minutes)
    began = world.now
    world.later(seconds=0.2)
    world.accept("ada", text=QUESTION)
    assert guard.watchdog.look(began) == 0
    world.work()
    (told,) = ada.hears()
    assert "Reset a forgotten password" in told["text"]


def test_a_clock_that_is_set_makes_nobody_overdue(world: World, guard: Guard) -> None:
    world.accept("ada", text=QUESTION)
    guard.looks(1)
    guard.sets_the_clock(3_600)
    assert guard.looks(1) == 0
    assert guard.looks(119) == 0
    assert guard.looks(2) == 1


def puts_off(world: World) -> None:
    """A message comes, and its turn fails."""
    world.accept("ada", text="hello?")
    with transaction(world.database) as session:
        row = inbox.claim(session, "test", world.now, channels=(WEB,))
        assert row is not None
        inbox.put_back(session, row, "test", "trouble", world.now)


def test_what_was_put_off_before_the_clock_was_set_back_is_due_again(world: World, guard: Guard) -> None:
    puts_off(world)
    guard.sets_the_clock(-3_600)
    guard.looks(1)
    assert world.take_turn()


def test_a_clock_that_was_set_back_while_the_database_was_away_is_set_right_once_it_is_there(
    world: World, guard: Guard
) -> None:
    puts_off(world)
    guard.sets_the_clock(-3_600)
    with is_down(world.database), pytest.raises(Unavailable):
        guard.looks(1)
    guard.looks(1)
    assert world.take_turn()


def test_a_message_for_a_channel_that_is_switched_off_is_read_by_a_person_after_a_while(
    world: World, guard: Guard
) -> None:
    with transaction(world.database) as session:
        inbox.accept(session, "telegram", "1:1", "77", {"update": {"text": "hello"}}, world.now)
    assert guard.looks(599) == 0
    assert guard.looks(2) == 1
    assert world.ticket().reason is Reason.BOT_STUCK


def test_with_a_person_the_watchdog_only_brings_the_words(
    ada: CustomerOnTheWeb, bob: AgentAtTheDesk, world: World, guard: Guard
) -> None:
    ada.says("let me talk to a human")
    ticket = world.ticket()
    world.accept("ada", text="are you there?")
    world.later(seconds=1)
    assert guard.looks(121) == 1
    world.work()
    assert ada.hears() == []
    assert said_by(ada)[-1] == "are you there?"
    assert (world.ticket().reason, len(world.tickets())) == (ticket.reason, 1)
    assert len(conversations(world.database)) == 1
