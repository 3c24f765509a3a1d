"""Whoever keeps the process running asks two addresses."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from http_house import House, running
from refused import Refused


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


def test_while_it_stops_it_is_not_ready(house: House) -> None:
    house.product.is_draining = True
    assert house.client.get("/readyz").status_code == 503
