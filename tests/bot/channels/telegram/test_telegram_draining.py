"""A server is told to stop while Telegram takes its time: what was begun is finished, the rest is the next one's."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from sqlmodel import select
from standins.telegram import TelegramWorld

from bot.channels.telegram.channel import TelegramChannel
from bot.live import House, Live
from bot.sending import SLOTS
from bot.worker import Worker
from handoff.conversations import open_conversation, say
from handoff.customers import find_customer, find_thread
from handoff.models import Author, Delivery, DeliveryState
from store import Database, reading, transaction
from store.watch import Watch

MANY = 3 * SLOTS
PATIENCE = 60.0


@pytest.fixture
def worker(database: Database, channels: Callable[..., TelegramChannel]) -> Iterator[Worker]:
    with Watch(database) as watch:
        yield Worker(database, watch, Live(House("http://firstline.test")), {"telegram": channels()})


def write_to(database: Database, world: TelegramWorld, count: int) -> None:
    now = datetime.now(UTC)
    for number in range(count):
        person = world.person(f"Ada {number}")
        person.starts()
        with transaction(database) as session:
            thread = find_thread(session, "telegram", str(person.id), now)
            customer = find_customer(session, "telegram", str(person.id), now)
            conversation = open_conversation(session, thread, customer, "en", now)
            for text in ("one", "two"):
                say(session, conversation, text, Author.AGENT, now)


def test_a_stop_in_the_middle_of_many_sends_leaves_no_doubt(
    worker: Worker, world: TelegramWorld, database: Database
) -> None:
    write_to(database, world, MANY)
    slow = world.hold("sendMessage")
    worker.start(follows=False)
    slow.wait_for_arrival(SLOTS, PATIENCE)
    stopping = threading.Thread(target=worker.stop, args=(PATIENCE,))
    stopping.start()
    while not worker._stop.is_set():
        threading.Event().wait(0.01)
    slow.release()
    stopping.join(PATIENCE)
    assert not stopping.is_alive()
    with reading(database) as session:
        found = session.exec(select(Delivery)).all()
    by_state = {state: [one for one in found if one.state is state] for state in DeliveryState}
    assert len(by_state[DeliveryState.SENT]) == len(world.from_bot) == SLOTS
    assert len(by_state[DeliveryState.READY]) == 2 * MANY - SLOTS
    assert {(one.attempts, one.doubts, one.worker) for one in by_state[DeliveryState.READY]} == {(0, 0, None)}
