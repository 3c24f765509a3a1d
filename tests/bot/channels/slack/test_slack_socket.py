"""Socket Mode: the line is kept open whatever happens to it, and no event is lost in between."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from slack_house import SlackHouse, is_down, slack_house
from slack_sdk import WebClient
from standins.slack.server import SlackWorld, Times

from bot.channels.base import Status
from bot.channels.slack.socket import Line, Patience
from store import Database

HASTY = Patience(silence=timedelta(seconds=20), ping=timedelta(milliseconds=200), look=timedelta(milliseconds=50))
SHORT = 0.5
"""Seconds until Slack sends again what nobody acknowledged, where that is what is tried."""


@pytest.fixture
def world() -> Iterator[SlackWorld]:
    # As often as it takes: how long Slack tries is not what these tests are about.
    with SlackWorld(times=Times(ack=60.0, trigger=60.0, retries=(0.02, 0.05, *[0.1] * 60))) as world:
        world.add_team("T1")
        yield world
        assert world.complaints == []


@pytest.fixture
def house(world: SlackWorld, sqlite_database: Database, tmp_path: Path) -> Iterator[SlackHouse]:
    with slack_house(world, sqlite_database, tmp_path, patience=HASTY) as house:
        house.is_connected()
        # It may know it before Slack does.
        world.sockets.wait_connected()
        yield house


def test_what_comes_over_the_socket_is_kept_and_acknowledged(house: SlackHouse, ann: Any) -> None:
    ann.says("hello", ann.dm)
    assert house.world.deliveries[0].wait().acknowledged
    assert house.texts() == ["hello"]


def test_messages_are_kept_in_the_order_in_which_they_came(house: SlackHouse, ann: Any) -> None:
    said = [f"number {number}" for number in range(30)]
    for text in said:
        ann.says(text, ann.dm)
    house.kept(30)
    assert house.texts() == said


def test_two_processes_share_what_comes_and_each_message_is_kept_once(
    world: SlackWorld, postgresql_database: Database, tmp_path: Path, ann: Any
) -> None:
    with (
        slack_house(world, postgresql_database, tmp_path, patience=HASTY) as house,
        slack_house(world, postgresql_database, tmp_path, patience=HASTY) as other,
    ):
        house.is_connected()
        other.is_connected()
        world.sockets.wait_connected(2)
        said = [f"number {number}" for number in range(20)]
        for text in said:
            ann.says(text, ann.dm)
        house.kept(len(said))
        world.wait_for(lambda: not world.unacknowledged())
        assert sorted(house.texts()) == sorted(said)
        assert house.connection.channel.is_open
        assert other.connection.channel.is_open
        house.connection.stop()
        ann.says("and now?", ann.dm)
        other.kept(len(said) + 1)


def test_a_process_that_only_takes_things_in_opens_no_socket(
    world: SlackWorld, sqlite_database: Database, tmp_path: Path, ann: Any
) -> None:
    secret = world.app.signing_secret
    with slack_house(world, sqlite_database, tmp_path, signing_secret=secret, is_worker=False) as api:
        api.is_connected()
        event = {"type": "message", "channel": "D9", "channel_type": "im", "user": ann.id, "text": "hi", "ts": "1.01"}
        body = {"type": "event_callback", "team_id": "T1", "event_id": "Ev9", "event": event}
        assert api.posts(body).status == 200
        assert api.texts() == ["hi"]
        assert world.sockets.connections == []
        assert not api.connection.channel.is_open


def test_what_is_not_kept_is_not_acknowledged_and_comes_again(house: SlackHouse, ann: Any) -> None:
    house.world.times.ack = SHORT
    with is_down(house.database):
        ann.says("hello", ann.dm)
        [delivery] = house.world.deliveries
        house.world.wait_for(lambda: delivery.attempts)
        assert not delivery.acknowledged
    assert delivery.wait(60).acknowledged
    assert house.texts() == ["hello"]


def test_a_form_and_a_command_go_over_the_socket_too(house: SlackHouse, ann: Any) -> None:
    assert ann.runs("/support", "where is my invoice", ann.dm).answer == {
        "text": "I'm answering in our direct messages."
    }
    ann.runs("/support", "", ann.dm)
    sent = ann.submits(ann.modal, {"question": " "})
    assert sent.errors
    assert ann.submits(ann.modal, {"question": "Where?"}).errors == {}
    assert len(house.rows()) == 2


def test_slack_moves_us_to_another_connection(house: SlackHouse, ann: Any) -> None:
    [first] = house.world.sockets.connections
    house.world.sockets.refresh()
    house.world.wait_for(lambda: house.world.sockets.connections and first not in house.world.sockets.connections)
    ann.says("hello", ann.dm)
    house.kept(1)


def test_a_connection_that_breaks_is_made_anew_and_what_was_said_meanwhile_arrives(house: SlackHouse, ann: Any) -> None:
    house.world.sockets.refuse()
    house.world.sockets.abort()
    assert "Slack" in house.is_now(Status.TROUBLE)
    ann.says("said in the gap", ann.dm)
    house.world.sockets.accept()
    house.kept(1)
    house.is_connected()
    assert house.texts() == ["said in the gap"]


def test_a_connection_that_only_looks_open_is_given_up(
    world: SlackWorld, sqlite_database: Database, tmp_path: Path, ann: Any
) -> None:
    world.times.ack = SHORT
    with slack_house(world, sqlite_database, tmp_path, patience=replace(HASTY, silence=timedelta(seconds=1))) as house:
        house.is_connected()
        world.sockets.wait_connected()
        holes = list(world.sockets.connections)
        world.sockets.black_hole()
        ann.says("into the dark", ann.dm)
        world.wait_for(lambda: any(each not in holes for each in world.sockets.connections))
        house.kept(1)
        house.is_connected()


def test_a_refused_app_token_switches_slack_off_and_says_which(
    world: SlackWorld, sqlite_database: Database, tmp_path: Path
) -> None:
    with slack_house(world, sqlite_database, tmp_path, app_token="xapp-wrong") as house:
        assert "FIRSTLINE_SLACK_APP_TOKEN" in house.is_now(Status.OFF)
    assert len(world.calls_of("apps.connections.open")) == 1, "it is not tried again at once"


def test_an_app_token_that_slack_takes_again_opens_the_line(
    world: SlackWorld, sqlite_database: Database, tmp_path: Path, ann: Any
) -> None:
    world.fail_next("apps.connections.open", "invalid_auth", times=10_000)
    with slack_house(world, sqlite_database, tmp_path, patience=replace(HASTY, refused=0.05)) as house:
        house.is_now(Status.OFF)
        world.faults.forget()
        house.is_connected()
        world.sockets.wait_connected()
        ann.says("hello", ann.dm)
        house.kept(1)


def test_an_app_token_without_its_scope_is_named(world: SlackWorld, sqlite_database: Database, tmp_path: Path) -> None:
    world.app.app_scopes.clear()
    with slack_house(world, sqlite_database, tmp_path) as house:
        assert "connections:write" in house.is_now(Status.OFF)


def test_a_refused_app_token_beside_http_is_trouble_and_http_goes_on(
    world: SlackWorld, sqlite_database: Database, tmp_path: Path
) -> None:
    ann = world.teams[0].add_person("ann")
    with slack_house(world, sqlite_database, tmp_path, http=True, app_token="xapp-wrong") as house:
        assert "FIRSTLINE_SLACK_APP_TOKEN" in house.is_now(Status.TROUBLE)
        ann.says("hello", ann.dm)
        house.kept(1)


def test_slack_that_cannot_be_reached_is_trouble_and_is_tried_again(
    world: SlackWorld, sqlite_database: Database, tmp_path: Path
) -> None:
    world.sockets.refuse()
    with slack_house(world, sqlite_database, tmp_path, patience=HASTY) as house:
        house.is_now(Status.TROUBLE)
        world.sockets.accept()
        house.is_connected()


def test_nothing_is_acknowledged_once_we_stop(house: SlackHouse, ann: Any) -> None:
    house.connection.stop()
    ann.says("too late", ann.dm)
    house.world.wait_for(lambda: not house.world.sockets.connections or house.world.deliveries[0].attempts)
    assert not house.world.deliveries[0].acknowledged
    assert house.rows() == []


def test_a_quiet_line_is_up_and_a_cut_one_is_down(world: SlackWorld) -> None:
    web = WebClient(base_url=world.api_url)
    greeted = threading.Event()
    line = Line(world.app.app_token, web, lambda client, request: None, greeted.set, Patience())
    line.connect()
    try:
        assert greeted.wait(60)
        assert not line.is_down()
        world.sockets.abort()
        world.wait_for(line.is_down)
    finally:
        line.close()
