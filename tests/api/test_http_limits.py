"""How much one client may send."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx2
import pytest
from http_house import House, running
from sqlmodel import select

from api.http.limits import (
    CHATS_A_MINUTE,
    MEGABYTE,
    RateLimit,
    SharedLimit,
    SharedSignIns,
    body_limit,
    limit_of,
    source_of,
)
from handoff.errors import TooManySignIns
from handoff.models import Scope
from store import Database, open_database, reading
from store.models import Rate


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


def begins_chats(house: House, address: str, count: int) -> list[httpx2.Response]:
    """Through a proxy on this machine, which uvicorn believes."""
    headers = {"X-Forwarded-For": address}
    return [house.client.post("/api/v1/chat/sessions", headers=headers) for _ in range(count)]


def test_chats_are_begun_thirty_a_minute_from_one_address(house: House) -> None:
    answers = begins_chats(house, "203.0.113.7", CHATS_A_MINUTE + 5)
    assert {answer.status_code for answer in answers[:CHATS_A_MINUTE]} == {201}
    refused = answers[-1]
    assert refused.status_code == 429
    assert 1 <= int(refused.headers["retry-after"]) <= 60
    assert "your address" in refused.json()["detail"]
    assert begins_chats(house, "203.0.113.8", 1)[0].status_code == 201


def test_who_comes_from_this_machine_is_not_limited_with_everybody_else(house: House) -> None:
    answers = [house.client.post("/api/v1/chat/sessions") for _ in range(CHATS_A_MINUTE + 5)]
    assert {answer.status_code for answer in answers} == {201}


@pytest.mark.parametrize(
    ("host", "source"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("127.0.0.1", None),
        ("::1", None),
        ("", None),
        ("no address", "no address"),
    ],
)
def test_what_of_an_address_is_limited(host: str, source: str | None) -> None:
    assert source_of(host) == source


def test_processes_on_one_database_count_together(postgresql_database: Database) -> None:
    other = open_database(postgresql_database.url)
    one, two = SharedLimit(postgresql_database, "chat", 4), SharedLimit(other, "chat", 4)
    assert [each.wait("ada") for each in (one, two, one, two)] == [0] * 4
    assert 1 <= one.wait("ada") <= 15
    assert 1 <= two.wait("ada") <= 15
    assert two.wait("eve") == 0
    assert SharedLimit(other, "another", 4).wait("ada") == 0
    other.close()


def test_a_password_is_not_guessed_faster_through_several_processes(postgresql_database: Database) -> None:
    other, now = open_database(postgresql_database.url), datetime.now(UTC)
    paces = [SharedSignIns(each, "account", 5) for each in (postgresql_database, other)]
    for number in range(5):
        paces[number % 2].check("bob@example.com", now)
    for pace in paces:
        with pytest.raises(TooManySignIns):
            pace.check(" BOB@example.com", now)
    paces[0].check("eve@example.com", now)
    with reading(other) as session:
        assert not [key for key in session.exec(select(Rate.key)) if "example" in key], "no address is kept"
    other.close()


def test_on_sqlite_one_process_counts_for_itself(sqlite_database: Database) -> None:
    assert isinstance(limit_of(sqlite_database, "chat", 30), RateLimit)


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
    with socket.create_connection((host, int(port)), timeout=60) as raw:
        raw.sendall(b"POST /api/v1/ask HTTP/1.1\r\nHost: x\r\nContent-Length: many\r\nConnection: close\r\n\r\n")
        assert raw.recv(1000).startswith((b"HTTP/1.1 4", b""))
