"""What Prometheus gets: figures of what really happened, for a token or on a port of this machine, and never a 500."""

from __future__ import annotations

import socket
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from http_house import House, running
from ports import quiet_ports
from prometheus_client.parser import text_string_to_metric_families
from refused import Refused
from sqlalchemy import text as sql

from api.gauges import Gauges
from api.http.metrics import MetricsPortTaken, Shown, beside
from bot.channels.base import State, Status
from handoff.models import Scope
from store import measures
from store.errors import DatabaseUnreachable


@pytest.fixture(scope="module")
def house(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with running(tmp_path_factory.mktemp("house") / "data", sqlite_template) as running_house:
        yield running_house


def scraped(text: str) -> dict[str, float]:
    """Every sample by its name, with its labels' values behind it."""
    return {
        " ".join((sample.name, *sample.labels.values())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def figures(house: House) -> dict[str, float]:
    answer = house.client.get("/metrics", headers=house.token(Scope.READ))
    assert answer.status_code == 200, answer.text
    return scraped(answer.text)


def test_an_answer_is_counted_on_its_whole_way(house: House) -> None:
    before = figures(house)
    for _ in range(3):
        customer = house.visitor()
        customer.says("I forgot my password")
        customer.hears()
    # What is under way is finished, and so is its counting. No other test here needs the worker.
    house.worker.stop()
    after = figures(house)
    risen = {name: after[name] - before.get(name, 0) for name in after if not name.startswith("process_")}
    assert risen["firstline_accepted_total web yes"] == 3
    assert risen["firstline_turns_total web answer"] == 3
    assert risen["firstline_turn_seconds_count web"] == 3
    assert risen["firstline_stage_seconds_count read"] == 3
    assert risen["firstline_sent_total web sent"] == 3
    assert risen["firstline_answer_seconds_count web"] == 3
    assert 0 < risen["firstline_answer_seconds_sum web"] < 300


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer fl_nobody"}])
def test_strangers_see_nothing(house: House, headers: dict[str, str]) -> None:
    refused = house.client.get("/metrics", headers=headers)
    assert refused.status_code == 401
    assert "firstline_" not in refused.text


def test_what_the_database_knows_is_told_as_it_is(house: House) -> None:
    with house.product.database.writer.begin() as connection:
        connection.execute(
            sql(
                "INSERT INTO inbox (channel, event_key, thread_key, payload, received_at, state, attempts, not_before)"
                " VALUES ('web', 'k', 't', '{}', '2026-01-01 00:00:00', 'parked', 5, '2026-01-01 00:00:00')"
            )
        )
    found = scraped_gauges(house)
    assert found["firstline_inbox_depth parked"] == 1
    assert found["firstline_database_up"] == 1
    assert found["firstline_release"] == found["firstline_serving_release"] == 1
    assert found["firstline_backup_verified_timestamp_seconds"] == 0
    assert found["firstline_dead_loops"] == 0


def scraped_gauges(house: House) -> dict[str, float]:
    """As a process that begins now would tell it."""
    collected = Gauges(house.product).collect()
    return {
        " ".join((sample.name, *sample.labels.values())): sample.value
        for metric in collected
        for sample in metric.samples
    }


def test_whether_backups_are_made_at_all_is_told(house: House) -> None:
    before = house.product.settings
    assert scraped_gauges(house)["firstline_backup_days"] == 30
    house.product.settings = before.model_copy(update={"backup_days": 0})
    try:
        assert scraped_gauges(house)["firstline_backup_days"] == 0
    finally:
        house.product.settings = before


def test_a_channel_that_works_but_is_to_be_mended_warns_and_what_waits_outside_is_counted(house: House) -> None:
    telegram, slack, email = (Refused("") for _ in range(3))
    telegram.state = State(Status.CONNECTED, "Telegram could not deliver to https://x.example: no.", waiting=3)
    slack.state = State(Status.CONNECTED, "Another process takes in what comes.", is_fine=True)
    email.state = State(Status.OFF, "The mail server refused.")
    before = dict(house.product.connections)
    house.product.connections.update(telegram=telegram, slack=slack, email=email)
    try:
        found = {name: value for name, value in scraped_gauges(house).items() if "channel_wa" in name}
    finally:
        house.product.connections.clear()
        house.product.connections.update(before)
    assert found == {
        "firstline_channel_warns telegram": 1,
        "firstline_channel_warns slack": 0,
        # One that is off is told by channel_up.
        "firstline_channel_warns email": 0,
        "firstline_channel_waiting telegram": 3,
    }


def test_a_database_that_is_down_is_a_figure_and_no_error(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.gauges.KEPT_SECONDS", 0.0)
    house.app.state.metrics = Shown(house.product)
    known, unknown = house.token(Scope.READ), house.token(Scope.READ)
    assert house.client.get("/metrics", headers=known).status_code == 200

    def gone(_: object) -> None:
        raise DatabaseUnreachable

    monkeypatch.setattr("api.http.parts.reading", gone)
    monkeypatch.setattr("api.gauges.reading", gone)
    answer = house.client.get("/metrics", headers=known)
    assert answer.status_code == 200
    found = scraped(answer.text)
    assert found["firstline_database_up"] == 0
    assert "firstline_inbox_oldest_seconds" not in found
    assert "firstline_disk_free_bytes" in found
    assert "firstline_accepted_total web yes" in found
    refused = house.client.get("/metrics", headers=unknown)
    assert refused.status_code == 503
    assert "nobody can say whose token this is" in refused.json()["detail"]


def test_on_its_own_port_this_machine_needs_no_token(house: House) -> None:
    (port,) = quiet_ports(1)
    with beside(house.product, port):
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=60) as answer:
            assert "firstline_inbox_depth" in answer.read().decode()
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=60) as answer:
            assert answer.read() == b'{"status":"ok"}'
        house.product.dead_loops = lambda: ["turns"]
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=60)
        assert refused.value.code == 503
        assert b"turns" in refused.value.read()
        refused.value.close()
    house.product.dead_loops = tuple


def test_a_port_that_is_taken_is_said_in_a_sentence(house: House) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with (
            pytest.raises(MetricsPortTaken, match="Set FIRSTLINE_METRICS_PORT to a free port"),
            beside(house.product, port),
        ):
            pass


def test_counters_begin_at_nothing_rather_than_nowhere(house: House) -> None:
    # A channel of this test alone: others share the process, and its counters.
    measures.expect(["pigeon"])
    assert measures.REGISTRY.get_sample_value("firstline_parked_total", {"channel": "pigeon"}) == 0.0
    assert measures.value("sent_total", channel="pigeon", outcome="uncertain") == 0.0
