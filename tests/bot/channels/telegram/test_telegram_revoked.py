"""A token that Telegram refuses while we run: everything waits, in order, and goes out once it is taken again."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import col, select
from standins.telegram import Person, TelegramWorld

from bot.channels.base import State, Status
from bot.channels.telegram.connection import TelegramConnection
from bot.channels.telegram.pacing import Limits, pacer_of
from bot.sending import Sender, send_due
from handoff.conversations import open_conversation, say
from handoff.customers import find_customer, find_thread
from handoff.models import Author, Delivery, DeliveryState
from store import Database, reading, transaction

Connects = Callable[..., AbstractContextManager[TelegramConnection]]
Becomes = Callable[..., State]


@pytest.fixture
def ada(world: TelegramWorld) -> Person:
    ada = world.person("Ada")
    ada.says("hello")
    return ada


def say_some(database: Database, thread: str, texts: list[str]) -> None:
    now = datetime.now(UTC)
    with transaction(database) as session:
        place, customer = find_thread(session, "telegram", thread, now), find_customer(session, "telegram", thread, now)
        conversation = open_conversation(session, place, customer, "en", now)
        for text in texts:
            say(session, conversation, text, Author.BOT, now)


def deliver(database: Database, connection: TelegramConnection) -> int:
    """One step of the loop, as if what was put off were due. Returns how many deliveries it took."""
    later = datetime.now(UTC) + timedelta(minutes=5)
    return send_due(database, {"telegram": connection.channel}, "worker", later)


def is_anything_tried(database: Database, connection: TelegramConnection) -> bool:
    """By the loop of a running server."""
    loop = Sender(database, {"telegram": connection.channel}, "worker", lambda: None)
    try:
        return loop.step(datetime.now(UTC) + timedelta(minutes=5))
    finally:
        loop.stop(10)


def states(database: Database) -> list[tuple[DeliveryState, int]]:
    with reading(database) as session:
        found = session.exec(select(Delivery).order_by(col(Delivery.id))).all()
    return [(delivery.state, delivery.attempts) for delivery in found]


def test_what_is_to_be_sent_waits_with_all_its_attempts_and_goes_out_in_order(
    world: TelegramWorld, connects: Connects, becomes: Becomes, ada: Person, database: Database
) -> None:
    with connects(database, pacer=pacer_of("1", limits=Limits(chat_span=0.0))) as connection:
        becomes(connection, Status.CONNECTED)
        say_some(database, str(ada.id), ["one", "two", "three"])
        world.revoke_token()
        assert deliver(database, connection) == 1
        reason = becomes(connection, Status.OFF).reason
        assert "what is to be sent waits" in reason
        assert "FIRSTLINE_TELEGRAM_TOKEN" in reason, "what to do about it"
        assert not connection.channel.is_open
        assert deliver(database, connection) == 0
        assert not is_anything_tried(database, connection)
        assert states(database) == [(DeliveryState.READY, 0)] * 3
        world.accept_token()
        becomes(connection, Status.CONNECTED)
        world.wait_for(lambda: connection.channel.is_open or None, what="the channel to open")
        while not all(state is DeliveryState.SENT for state, _ in states(database)):
            deliver(database, connection)
    assert [message.text for message in ada.private.from_bot] == ["one", "two", "three"]
    assert states(database) == [(DeliveryState.SENT, 1)] * 3


def test_a_refusal_that_only_a_send_met_is_looked_into_at_once(
    world: TelegramWorld, connects: Connects, becomes: Becomes, sqlite_database: Database
) -> None:
    with connects(sqlite_database) as connection:
        becomes(connection, Status.CONNECTED)
        connection._line.standing.refused()
        assert not connection.channel.is_open
        becomes(connection, Status.CONNECTED)
        world.wait_for(lambda: connection.channel.is_open or None, what="the channel to open")
