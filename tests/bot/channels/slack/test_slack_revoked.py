"""A token that Slack refuses while we run: everything waits, in order, and goes out once it is taken again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from slack_house import SlackHouse, settled, slack_house
from sqlmodel import col, select
from standins.slack.server import Http, SlackWorld

from bot.channels.base import Status
from bot.channels.slack.socket import Patience
from bot.sending import send_due
from handoff.conversations import open_conversation, say
from handoff.customers import find_customer, find_thread
from handoff.models import Author, Delivery, DeliveryState
from store import Database, reading, transaction


@pytest.fixture
def house(world: SlackWorld, database: Database, tmp_path: Path) -> Iterator[SlackHouse]:
    with slack_house(world, database, tmp_path, http=True, patience=Patience(refused=0.05, between=0.0)) as house:
        house.is_connected()
        yield house


def say_some(house: SlackHouse, thread: str, texts: list[str]) -> None:
    now = datetime.now(UTC)
    with transaction(house.database) as session:
        place, customer = find_thread(session, "slack", thread, now), find_customer(session, "slack", thread, now)
        conversation = open_conversation(session, place, customer, "en", now)
        for text in texts:
            say(session, conversation, text, Author.BOT, now)


def deliver(house: SlackHouse) -> int:
    """One step of the loop, as if what was put off were due. Returns how many deliveries it took."""
    later = datetime.now(UTC) + timedelta(minutes=5)
    return send_due(house.database, {"slack": house.connection.channel}, "worker", later)


def states(house: SlackHouse) -> list[tuple[DeliveryState, int]]:
    with reading(house.database) as session:
        found = session.exec(select(Delivery).order_by(col(Delivery.id))).all()
    return [(delivery.state, delivery.attempts) for delivery in found]


@pytest.mark.parametrize("refusal", ["token_revoked", "account_inactive", "invalid_auth"])
def test_what_is_to_be_sent_waits_with_all_its_attempts_and_goes_out_in_order(house: SlackHouse, refusal: str) -> None:
    team = house.world.teams[0]
    ann = team.add_person("ann")
    say_some(house, f"T1:@{ann.id}", ["one", "two", "three"])
    house.world.fail_next("*", refusal, times=10_000)
    assert deliver(house) == 1
    reason = house.is_now(Status.OFF)
    assert "FIRSTLINE_SLACK_BOT_TOKEN" in reason
    assert "Install the app" in reason, "what to do about it"
    settled(lambda: not house.connection.channel.is_open, lambda: "the channel is still open")
    assert deliver(house) == 0, "nothing is even tried"
    assert states(house) == [(DeliveryState.READY, 0)] * 3
    # An admin installs the app again, and Slack gives it the same token.
    house.world.faults.forget()
    house.is_connected()
    settled(lambda: house.connection.channel.is_open, lambda: "the channel is still closed")
    while not all(state is DeliveryState.SENT for state, _ in states(house)):
        deliver(house)
    assert [message.text for message in ann.dm.bot_messages] == ["one", "two", "three"]
    assert states(house) == [(DeliveryState.SENT, 1)] * 3


def test_what_was_said_while_the_token_was_refused_is_fetched_once_it_is_taken_again(house: SlackHouse) -> None:
    world = house.world
    ann = world.teams[0].add_person("ann")
    say_some(house, f"T1:@{ann.id}", ["one"])
    world.fail_next("*", "account_inactive", times=10_000)
    deliver(house)
    house.is_now(Status.OFF)
    settled(lambda: not house.connection.channel.is_open, lambda: "the channel is still open")
    way, world.deliver_by = world.deliver_by, Http("http://127.0.0.1:9/", "secret")
    ann.says("is anybody there?", ann.dm)
    world.wait_for(lambda: all(delivery.is_done for delivery in world.deliveries))
    world.deliver_by = way
    world.faults.forget()
    house.kept(1)
    assert house.texts() == ["is anybody there?"]


def test_after_the_app_was_removed_and_installed_again_all_goes_on(house: SlackHouse) -> None:
    team = house.world.teams[0]
    ann = team.add_person("ann")
    team.uninstalls()
    house.is_now(Status.OFF)
    settled(lambda: not house.connection.channel.is_open, lambda: "the channel is still open")
    say_some(house, f"T1:@{ann.id}", ["still there"])
    assert deliver(house) == 0
    team.installs(token=team.bot_token)
    house.is_connected()
    settled(lambda: house.connection.channel.is_open, lambda: "the channel is still closed")
    deliver(house)
    assert [message.text for message in ann.dm.bot_messages] == ["still there"]


def test_a_token_that_is_refused_at_the_start_is_tried_again(
    world: SlackWorld, sqlite_database: Database, tmp_path: Path
) -> None:
    team = world.teams[0]
    team.revokes_token(tells=False)
    with slack_house(world, sqlite_database, tmp_path, http=True, patience=Patience(refused=0.05)) as house:
        house.is_now(Status.OFF)
        team.installs(token=team.bot_token)
        house.is_connected()
        settled(lambda: house.connection.channel.is_open, lambda: "the channel is still closed")
