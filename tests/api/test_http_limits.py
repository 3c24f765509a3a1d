"""How much one client may send."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from http_house import House, running

from api.http.limits import MEGABYTE, RateLimit, body_limit
from handoff.models import Scope


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(scope="module")
def house(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with running(tmp_path_factory.mktemp("house"), sqlite_template) as running_house:
        yield running_house


def test_as_many_as_allowed_may_come_at_once_then_none() -> None:
    limit = RateLimit(rate=5, per=60, clock=Clock())
    assert [limit.wait("ada") for _ in range(5)] == [0] * 5
    assert limit.wait("ada") == 12


def test_waiting_as_told_is_enough() -> None:
    clock = Clock()
    limit = RateLimit(rate=5, per=60, clock=clock)
    for _ in range(5):
        limit.wait("ada")
    clock.now += limit.wait("ada")
    assert limit.wait("ada") == 0
    assert limit.wait("ada") > 0


def test_one_token_does_not_use_up_anothers() -> None:
    limit = RateLimit(rate=1, per=60, clock=Clock())
    limit.wait("ada")
    assert limit.wait("bob") == 0


def test_tokens_that_rest_are_forgotten() -> None:
    clock = Clock()
    limit = RateLimit(rate=5, per=60, clock=clock)
    for number in range(10_000):
        limit.wait(str(number))
    clock.now += 61
    limit.wait("ada")
    assert len(limit._free_at) == 1


def test_a_token_that_asks_too_often_is_told_to_wait(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(house.app.state, "rate_limit", RateLimit(rate=10))
    headers = house.token(Scope.READ)
    answers = [house.client.get("/api/v1/tickets/1", headers=headers) for _ in range(20)]
    refused = [answer for answer in answers if answer.status_code == 429]
    assert refused
    assert 1 <= int(refused[0].headers["retry-after"]) <= 60
    assert "300 a minute" in refused[0].json()["detail"]
    assert house.client.get("/api/v1/tickets", headers=house.token(Scope.READ)).status_code == 200


@pytest.mark.parametrize(
    ("path", "megabytes"),
    [
        ("/api/v1/chat/messages", 101),
        ("/api/v1/ask", 2),
        ("/console/tickets/1/replies", 101),
        ("/channels/slack/events", 5),
    ],
)
def test_every_address_has_its_limit(path: str, megabytes: int) -> None:
    assert body_limit(path) == megabytes * MEGABYTE


def test_a_body_that_announces_too_much_is_refused_in_words(house: House) -> None:
    refused = house.client.post("/api/v1/ask", content=b"x" * (3 * MEGABYTE), headers=house.token(Scope.READ))
    assert refused.status_code == 413
    assert refused.headers["content-type"] == "application/problem+json"
    assert "2 MB" in refused.json()["detail"]
    assert refused.headers["x-content-type-options"] == "nosniff"


def test_a_body_that_only_grows_too_large_is_refused_too(house: House) -> None:
    def pieces() -> Iterator[bytes]:
        for _ in range(3):
            yield b"x" * MEGABYTE

    headers = {**house.token(Scope.READ), "Content-Type": "application/json"}
    refused = house.client.post("/api/v1/ask", content=pieces(), headers=headers)
    assert refused.status_code == 413
    assert refused.headers["content-type"] == "application/problem+json"


def test_a_length_that_is_no_number_does_not_break(house: House) -> None:
    host, port = house.address.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as raw:
        raw.sendall(b"POST /api/v1/ask HTTP/1.1\r\nHost: x\r\nContent-Length: many\r\nConnection: close\r\n\r\n")
        assert raw.recv(1000).startswith((b"HTTP/1.1 4", b""))
