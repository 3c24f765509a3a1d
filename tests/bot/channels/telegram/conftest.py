"""The channel and its connection, against the stand-in on a loopback socket."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, Protocol

import pytest
from sqlmodel import select
from standins.telegram import TelegramWorld

from bot.channels.base import Inbound, State, Status
from bot.channels.telegram.channel import TelegramChannel
from bot.channels.telegram.client import Client
from bot.channels.telegram.connection import TelegramConnection
from bot.channels.telegram.line import Waits
from bot.channels.telegram.pacing import Limits, pacer_of
from bot.models import InboxRow
from store import Database, open_database, reading

QUICK = Waits(poll=1, first=0.02, longest=0.05, conflict=0.02, refused=0.05, standby=0.02, webhook=0.02, stop=5)
UNHURRIED = Limits(chat_span=0.0, per_group=100_000, overall=100_000)
SECRET = "a-secret_of_our_own"
PATIENCE = 60.0
"""Seconds after which a test gives up waiting; none takes as long, however busy the machine is."""


class Connects(Protocol):
    def __call__(self, database: Database, **more: Any) -> AbstractContextManager[TelegramConnection]: ...


class Channels(Protocol):
    def __call__(self, **more: Any) -> TelegramChannel: ...


@pytest.fixture
def world() -> Iterator[TelegramWorld]:
    with TelegramWorld() as world:
        yield world


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "files"


@pytest.fixture
def channels(world: TelegramWorld, folder: Path) -> Iterator[Channels]:
    """Makes channels without a connection, for what is sent and fetched."""
    clients = []

    def make(**more: Any) -> TelegramChannel:
        client = Client(more.pop("token", world.token), more.pop("base_url", world.base_url))
        client.start()
        clients.append(client)
        return TelegramChannel(client, folder, **{"pacer": pacer_of("1", limits=UNHURRIED), **more})

    yield make
    for client in clients:
        client.close()


@pytest.fixture
def channel(channels: Channels) -> TelegramChannel:
    return channels()


@pytest.fixture
def connects(world: TelegramWorld, folder: Path) -> Connects:
    """Makes a connection that is started, and stopped at the end of the block."""

    @contextmanager
    def connected(database: Database, **more: Any) -> Iterator[TelegramConnection]:
        arguments = {
            "mode": "polling",
            "address": "http://127.0.0.1:1",
            "webhook_secret": SECRET,
            "staff_chats": frozenset(),
            "owner": "server",
            "waits": QUICK,
            **more,
        }
        token = arguments.pop("token", world.token)
        connection = TelegramConnection(token, world.base_url, folder, database=database, **arguments)
        connection.start()
        try:
            yield connection
        finally:
            connection.stop()
            assert not any(thread.name.startswith("telegram") for thread in _threads_of(connection))

    return connected


def _threads_of(connection: TelegramConnection) -> list[threading.Thread]:
    mine = (connection._thread, connection._line.client._thread)
    return [thread for thread in threading.enumerate() if thread in mine]


def until(is_so: Callable[[], Any], what: str) -> None:
    """Look again and again; what is looked at tells nobody when it changes."""
    deadline = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        threading.Event().wait(0.005)


@pytest.fixture
def becomes() -> Callable[..., State]:
    def wait(connection: TelegramConnection, status: Status, words: str = "") -> State:
        until(lambda: connection.state.status is status and words in connection.state.reason, f"{status} {words}")
        return connection.state

    return wait


@pytest.fixture
def rows() -> Callable[[Database], list[InboxRow]]:
    def read(database: Database) -> list[InboxRow]:
        with reading(database) as session:
            return list(session.exec(select(InboxRow).order_by(InboxRow.id)).all())  # type: ignore[arg-type]

    return read


@pytest.fixture
def parsed(world: TelegramWorld) -> Callable[..., Inbound]:
    """What the channel makes of the newest update that the world has for the bot."""

    def read(channel: TelegramChannel) -> Inbound:
        payload = {"update": world.pending[-1], "me": {"id": world.bot_id, "username": world.username}}
        event = channel.parse(json.loads(json.dumps(payload)))
        assert isinstance(event, Inbound), event
        return event

    return read


@pytest.fixture
def breaks(tmp_path: Path) -> Callable[[Database], AbstractContextManager[None]]:
    """The database cannot be written to meanwhile."""

    @contextmanager
    def broken(database: Database) -> Iterator[None]:
        lost = open_database(f"sqlite:///{tmp_path / 'gone' / 'lost.db'}")
        (tmp_path / "gone").rmdir()
        working, database.writer = database.writer, lost.writer
        try:
            yield
        finally:
            database.writer = working
            lost.close()

    return broken
