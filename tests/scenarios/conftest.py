"""People who talk: ada asks, bob and eve answer."""

from __future__ import annotations

import logging

import pytest
import structlog
from talk import HOUSE, AgentAtTheDesk, CustomerOnTheWeb, World, small_serving

from bot.live import Live, Serving
from store import Database


@pytest.fixture(scope="module", autouse=True)
def quiet() -> None:
    """What the product logs of the failures that these tests cause is no news."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))


@pytest.fixture(scope="session")
def serving() -> Serving:
    return small_serving()


@pytest.fixture
def world(database: Database, serving: Serving) -> World:
    live = Live(HOUSE)
    live.serving = serving
    return World(database, live)


@pytest.fixture
def ada(world: World) -> CustomerOnTheWeb:
    return CustomerOnTheWeb(world)


@pytest.fixture
def bob(world: World) -> AgentAtTheDesk:
    return AgentAtTheDesk(world, "bob")


@pytest.fixture
def eve(world: World) -> AgentAtTheDesk:
    return AgentAtTheDesk(world, "eve")
