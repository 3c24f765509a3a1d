"""When more waits here than can be answered soon, Telegram keeps what is new."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime

import pytest
from standins.telegram import TelegramWorld

from bot import backlog, inbox
from bot.channels.base import State, Status
from bot.channels.telegram.connection import TelegramConnection
from bot.models import InboxRow
from store import Database, transaction

NOW = datetime.now(UTC)


def waits(database: Database, many: int) -> None:
    """So many messages of the web chat wait for a turn."""
    with transaction(database) as session:
        for number in range(many):
            inbox.accept(session, "web", str(number), f"visitor-{number}", {}, NOW)


def works(database: Database, many: int) -> None:
    with transaction(database) as session:
        for row in inbox.claim_some(session, "test", NOW, many, channels=("web",)):
            inbox.finish(session, row.id or 0, "test")


def test_telegram_keeps_what_is_new_until_half_of_what_waits_is_done(
    world: TelegramWorld,
    connects: Callable[..., AbstractContextManager[TelegramConnection]],
    becomes: Callable[..., State],
    rows: Callable[[Database], list[InboxRow]],
    sqlite_database: Database,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(backlog, "MOST", 6)
    waits(sqlite_database, 6)
    with connects(sqlite_database) as connection:
        becomes(connection, Status.CONNECTED, "Telegram keeps what is new")
        world.person("Ada").says("hello")
        works(sqlite_database, 3)
        assert [row.channel for row in rows(sqlite_database)] == ["web"] * 6
        assert len(world.pending) == 1
        works(sqlite_database, 1)
        world.wait_until_confirmed()
        assert not becomes(connection, Status.CONNECTED).reason.startswith("More messages")
    assert [row.channel for row in rows(sqlite_database)] == ["web"] * 6 + ["telegram"]
