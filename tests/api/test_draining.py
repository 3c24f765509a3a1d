"""Told to stop, a server says at once that it is not ready, keeps what still comes, and ends when its loops have."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from http_house import House, running

PATIENCE = 60


@pytest.fixture
def house(sqlite_template: Path, tmp_path: Path) -> Iterator[House]:
    with running(tmp_path / "house", sqlite_template) as house:
        yield house


def test_while_it_finishes_it_is_not_ready_and_keeps_what_comes(house: House) -> None:
    slow = threading.Event()
    house.server._drain = lambda: slow.wait(PATIENCE) and None
    customer = house.visitor()
    house.server.handle_exit(signal.SIGTERM, None)
    said = house.client.get("/readyz")
    assert (said.status_code, said.json()["reasons"]) == (503, ["Firstline is stopping."])
    assert house.client.get("/healthz").status_code == 200, "it is not to be killed"
    customer.says("is anybody there?")
    assert house.thread.is_alive()
    slow.set()
    house.thread.join(PATIENCE)
    assert not house.thread.is_alive()


def test_told_twice_it_stops_at_once(house: House) -> None:
    never = threading.Event()
    house.server._drain = lambda: never.wait(PATIENCE) and None
    house.server.handle_exit(signal.SIGTERM, None)
    house.server.handle_exit(signal.SIGTERM, None)
    house.thread.join(PATIENCE / 2)
    assert not house.thread.is_alive()
    never.set()


def test_what_cannot_be_finished_does_not_keep_it(house: House) -> None:
    def fail() -> None:
        raise RuntimeError("a loop that cannot end")

    house.server._drain = fail
    house.server.handle_exit(signal.SIGTERM, None)
    house.thread.join(PATIENCE)
    assert not house.thread.is_alive()
