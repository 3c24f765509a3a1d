"""The loops of a running Firstline, with threads that really hang."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import col, select

from bot import inbox
from bot.channels.base import Inbound, Profile
from bot.channels.mailbox import WEB, Mailbox
from bot.live import House, Live
from bot.models import InboxRow, InboxState
from bot.watchdog import Patience
from bot.web_chat import visible_messages
from bot.worker import TURNS, Worker
from handoff import tickets
from handoff.conversations import open_conversation
from handoff.customers import find_customer, find_thread
from handoff.models import Reason
from handoff.sla.defaults import lay_out
from store import Database, reading, transaction
from store.watch import Watch

LONG = 60.0
"""Seconds after which a test gives up waiting; none takes as long."""
HASTY = Patience(deadline=timedelta(seconds=0.5), turn=timedelta(seconds=0.2), backlog=timedelta(seconds=20))
STUCK = ("ada", "bea", "cy", "dan")


@dataclass
class Hanging(Mailbox):
    """A channel that leaves whoever asks about some of its customers without an answer, until ``end`` is set."""

    name: str = WEB
    stuck: tuple[str, ...] = STUCK
    end: threading.Event = field(default_factory=threading.Event)
    hinted: threading.Event = field(default_factory=threading.Event)

    def hint(self, inbound: Inbound) -> None:
        if inbound.customer in self.stuck:
            self.hinted.set()

    def profile(self, inbound: Inbound) -> Profile | None:
        if inbound.customer in self.stuck:
            self.end.wait(LONG)
        return None


@dataclass
class Running:
    database: Database
    watch: Watch
    worker: Worker
    channel: Hanging

    def says(self, visitor: str, text: str) -> None:
        with transaction(self.database) as session:
            payload = {"visitor": visitor, "text": text, "client_id": text}
            inbox.accept(session, WEB, f"{visitor}:{text}", visitor, payload, datetime.now(UTC))

    def hears(self, visitor: str) -> list[str]:
        with reading(self.database) as session:
            said = visible_messages(session, visitor)
        return [message["text"] for message in said if message["direction"] == "outgoing"]

    def waits_until_heard(self, *visitors: str) -> None:
        """Until each of them was told something."""
        seen = 0
        for _ in range(int(LONG)):
            if all(self.hears(visitor) for visitor in visitors):
                return
            seen = self.watch.wait(seen, 1.0)
        raise AssertionError({visitor: self.hears(visitor) for visitor in visitors})


@pytest.fixture
def patience() -> Patience:
    """Of the watchdog, where it is not to come in between."""
    return Patience()


@pytest.fixture
def running(database: Database, monkeypatch: pytest.MonkeyPatch, patience: Patience) -> Iterator[Running]:
    monkeypatch.setattr(inbox, "LEASE", timedelta(seconds=1))
    live = Live(House(address="http://firstline.test"))
    live.problem = "There is no model here."
    channel = Hanging()
    with Watch(database) as watch:
        worker = Worker(database, watch, live, {WEB: channel}, patience)
        worker.start(follows=False)
        yield Running(database, watch, worker, channel)
        channel.end.set()
        worker.stop(LONG)


@pytest.mark.parametrize("patience", [HASTY])
def test_though_every_thread_hangs_each_customer_gets_a_person_once(running: Running) -> None:
    assert len(STUCK) == TURNS
    for visitor in (*STUCK, "eve"):
        running.says(visitor, "hello?")
    running.waits_until_heard(*STUCK, "eve")
    assert running.worker.turns.lost
    running.says("fay", "is anybody there?")
    running.waits_until_heard("fay")
    running.channel.end.set()
    running.worker.stop(LONG)
    assert [len(running.hears(visitor)) for visitor in (*STUCK, "eve", "fay")] == [1] * 6
    with reading(running.database) as session:
        found = tickets.tickets(session)
        states = session.exec(select(InboxRow.state).order_by(col(InboxRow.id))).all()
    assert [ticket.reason for ticket in found] == [Reason.BOT_STUCK] * 6
    assert list(states[: len(STUCK)]) == [InboxState.PARKED] * len(STUCK)


def test_who_waits_for_an_answer_is_shown_that_the_bot_is_at_it(running: Running) -> None:
    running.says("ada", "hello?")
    assert running.channel.hinted.wait(LONG)


def test_a_promise_that_was_missed_while_nobody_ran_is_made_up_for_at_the_start(running: Running) -> None:
    long_ago = datetime.now(UTC) - timedelta(days=60)
    with transaction(running.database) as session:
        lay_out(session, long_ago)
        ada = find_customer(session, WEB, "ada", long_ago)
        conversation = open_conversation(session, find_thread(session, WEB, "ada", long_ago), ada, "en", long_ago)
        tickets.open_ticket(session, conversation, Reason.ASKED_FOR_HUMAN, "Help", long_ago)
    running.waits_until_heard("ada")
    assert "We're sorry" in running.hears("ada")[0]


def test_a_worker_that_stops_leaves_its_turns_to_the_next(running: Running) -> None:
    running.says("ada", "hello?")
    seen = 0
    while not running.worker.turns.lasting():
        seen = running.watch.wait(seen, 0.05)
    running.worker.stop(0.1)
    with transaction(running.database) as session:
        row = inbox.claim(session, "next", datetime.now(UTC), channels=(WEB,))
    assert row is not None, "it need not wait until the lease is over"
    running.channel.end.set()
    running.worker.turns.stop(LONG)
    assert running.hears("ada") == [], "the turn that ended too late wrote nothing"
