"""Whoever keeps the process running asks two addresses."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest
from anyio import to_thread
from http_house import House, running
from refused import Refused
from slack_house import settled

from api.probing import BUSY_SECONDS, FRESH_SECONDS, Probe, write_something
from bot.channels.base import Status
from store.errors import DatabaseBusy, DatabaseReadOnly, DiskFailing, DiskFull, StoreError


@pytest.fixture
def house(sqlite_template: Path, tmp_path: Path) -> Iterator[House]:
    with running(tmp_path / "house", sqlite_template) as running_house:
        yield running_house


def test_a_house_that_can_answer_is_ready(house: House) -> None:
    assert house.client.get("/healthz").status_code == 200
    ready = house.client.get("/readyz")
    assert ready.status_code == 200
    assert ready.json() == {"ready": True, "reasons": [], "channels": {"web": "connected"}}


def test_a_channel_that_is_off_is_listed_but_not_fatal(house: House) -> None:
    house.product.connections["telegram"] = Refused("Telegram refused the token.")
    ready = house.client.get("/readyz")
    assert ready.status_code == 200
    assert ready.json()["channels"]["telegram"] == "Telegram refused the token."


def test_without_knowledge_it_lives_but_is_not_ready(house: House) -> None:
    house.product.live.serving = None
    assert house.client.get("/healthz").status_code == 200
    answer = house.client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["ready"] is False
    assert answer.json()["reasons"] == ["The knowledge base is still being prepared."]


def test_without_its_database_it_is_not_ready(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    from store.errors import DatabaseUnreachable

    def gone(_: object) -> int:
        raise DatabaseUnreachable

    monkeypatch.setattr("api.http.health.latest_change", gone)
    answer = house.client.get("/readyz")
    assert answer.status_code == 503
    assert "does not answer" in answer.json()["reasons"][0]
    assert house.client.get("/healthz").status_code == 200


@contextmanager
def all_threads_taken(house: House) -> Iterator[None]:
    """Each thread for requests is busy, as when all of them wait for the database."""
    busy = [object() for _ in range(1000)]

    async def take() -> None:
        threads = to_thread.current_default_thread_limiter()
        del busy[int(threads.available_tokens) :]
        for one in busy:
            threads.acquire_on_behalf_of_nowait(one)

    async def give() -> None:
        for one in busy:
            to_thread.current_default_thread_limiter().release_on_behalf_of(one)

    for name, deed in (("take", take), ("give", give)):
        house.app.add_api_route(f"/threads/{name}", deed, methods=["GET"])
    assert house.client.get("/threads/take").status_code == 200
    try:
        yield
    finally:
        house.client.get("/threads/give")


def test_a_process_whose_requests_all_wait_for_the_database_is_still_said_to_live(house: House) -> None:
    with all_threads_taken(house):
        assert house.client.get("/healthz").status_code == 200


@contextmanager
def locked(house: House) -> Iterator[None]:
    """Another program keeps the database."""
    other = sqlite3.connect(house.product.settings.data_dir / "firstline.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        other.close()


def test_while_nothing_can_be_written_it_is_not_ready_and_each_channel_says_why(house: House) -> None:
    house.product.connections["slack"] = Refused("", Status.CONNECTED)
    house.product.probe = Probe(partial(write_something, house.product.database), fresh=0.0, patience=0.05, busy=0.05)
    with locked(house):
        answer = house.client.get("/readyz")
        assert answer.status_code == 503
        assert answer.json()["reasons"] == [str(DatabaseBusy())]
        assert house.client.get("/healthz").status_code == 200, "a restart would not help"
        said = answer.json()["channels"]
        assert set(said) == {"web", "slack"}
        assert all("Nothing that is said here can be kept. The database is busy" in words for words in said.values())
    settled(lambda: house.client.get("/readyz").status_code == 200, lambda: "it stays unready")
    assert house.client.get("/readyz").json()["channels"] == {"web": "connected", "slack": "connected"}


def test_however_often_readiness_is_asked_for_little_is_written(house: House) -> None:
    written: list[None] = []
    clock = [0.0]
    house.product.probe = Probe(lambda: written.append(None), patience=60.0, ticks=lambda: clock[0])
    assert {house.client.get("/readyz").status_code for _ in range(5)} == {200}
    assert len(written) == 1
    clock[0] += FRESH_SECONDS
    assert house.client.get("/readyz").status_code == 200
    assert len(written) == 2


def test_a_write_that_takes_its_time_is_no_trouble_until_it_takes_too_long(house: House) -> None:
    clock, is_over = [0.0], threading.Event()
    house.product.probe = Probe(lambda: is_over.wait(60) and None, patience=0.01, ticks=lambda: clock[0])
    assert house.client.get("/readyz").status_code == 200
    clock[0] += BUSY_SECONDS
    assert house.client.get("/readyz").json()["reasons"] == [str(DatabaseBusy())]
    is_over.set()
    settled(lambda: house.client.get("/readyz").status_code == 200, lambda: "it stays unready")


@pytest.mark.parametrize("error", [DiskFull, DatabaseReadOnly, DiskFailing])
def test_what_keeps_it_from_writing_is_said(house: House, error: type[StoreError]) -> None:
    def fail() -> None:
        raise error

    house.product.probe = Probe(fail, fresh=0.0, patience=60.0)
    answer = house.client.get("/readyz")
    assert (answer.status_code, answer.json()["reasons"]) == (503, [str(error())])


def test_while_it_stops_it_is_not_ready(house: House) -> None:
    house.product.is_draining = True
    assert house.client.get("/readyz").status_code == 503


def test_a_loop_that_stands_still_gets_the_process_restarted(house: House) -> None:
    house.product.dead_loops = lambda: house.worker.dead_loops(time.monotonic())
    assert house.client.get("/healthz").json() == {"status": "ok"}
    in_two_minutes = time.monotonic() + 120
    house.product.dead_loops = lambda: house.worker.dead_loops(in_two_minutes)
    answer = house.client.get("/healthz")
    assert answer.status_code == 503
    assert "turns" in answer.json()["status"]
    assert "delivery" in answer.json()["status"]
    # Loading a large release is one step, and may take longer.
    assert "release" not in answer.json()["status"].split(": ")[1]


def test_a_worker_that_was_told_to_stop_has_no_dead_loops(house: House) -> None:
    house.worker.stop()
    assert house.worker.dead_loops(time.monotonic() + 3600) == []


def test_every_response_says_which_request_it_answers(house: House) -> None:
    assert (
        house.client.get("/healthz", headers={"X-Request-ID": "from-a-proxy"}).headers["x-request-id"] == "from-a-proxy"
    )
    refused = house.client.post("/console/sign-in", headers={"Sec-Fetch-Site": "cross-site"})
    assert refused.status_code == 403
    assert len(refused.headers["x-request-id"]) == 16
