"""Fixtures of the checks of the Slack stand-in."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from slack_sdk import WebClient
from standins.slack.server import Channel, Person, SlackWorld, Team


@pytest.fixture
def world() -> Iterator[SlackWorld]:
    with SlackWorld() as world:
        yield world
        assert world.complaints == []


@pytest.fixture
def team(world: SlackWorld) -> Team:
    return world.add_team("T1", bot_token="xoxb-one")


@pytest.fixture
def ann(team: Team) -> Person:
    return team.add_person("ann", real_name="Ann Lee", email="ann@acme.example", tz="Europe/Berlin", locale="de-DE")


@pytest.fixture
def room(team: Team, ann: Person) -> Channel:
    return team.add_channel("general", members=[ann])


@pytest.fixture
def client(world: SlackWorld, team: Team) -> WebClient:
    return WebClient(team.bot_token, base_url=world.api_url)
