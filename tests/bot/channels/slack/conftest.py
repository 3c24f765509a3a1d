"""Slack as a stand-in with one workspace, and the channel's way in by HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from slack_house import SlackHouse, slack_house
from slack_scene import Scene
from standins.slack.server import SlackWorld, Times

from store import Database


@pytest.fixture
def world() -> Iterator[SlackWorld]:
    with SlackWorld(times=Times.quick()) as world:
        world.add_team("T1")
        yield world
        assert world.complaints == []


@pytest.fixture
def house(world: SlackWorld, sqlite_database: Database, tmp_path: Path) -> Iterator[SlackHouse]:
    with slack_house(world, sqlite_database, tmp_path, http=True) as house:
        house.is_connected()
        yield house


@pytest.fixture
def ann(world: SlackWorld) -> Any:
    return world.teams[0].add_person("ann")


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    with SlackWorld() as world:
        yield Scene(world, tmp_path / "files")
        assert world.complaints == []
