"""Fixtures of the checks of the Telegram stand-in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from standins.telegram import TelegramWorld
from standins_check.telegram_clients import AIOGRAM, PTB, Client, Loop, client_of, clients


@pytest.fixture(scope="package")
def loop() -> Iterator[Loop]:
    with Loop() as loop:
        yield loop


@pytest.fixture(scope="package")
def shared(loop: Loop) -> Iterator[dict[str, Any]]:
    """What the libraries need for as long as the checks run."""
    with clients(loop) as shared:
        yield shared


@pytest.fixture
def world() -> Iterator[TelegramWorld]:
    with TelegramWorld() as world:
        yield world


@pytest.fixture(params=[AIOGRAM, PTB])
def client(request: pytest.FixtureRequest, world: TelegramWorld, shared: dict[str, Any], loop: Loop) -> Client:
    return client_of(request.param, world, shared, loop)
