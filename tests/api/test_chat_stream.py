"""The live stream (SSE) of the web chat, over a real socket."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2
import pytest
from http_house import Customer, House, events, running

from api.http.stream import visitors_of
from bot import web_chat
from handoff.models import Scope
from store import reading
from store.changes import changes_after
from store.errors import DatabaseUnreachable

STREAM = "/api/v1/chat/stream"


@pytest.fixture
def house(sqlite_template: Path, tmp_path: Path) -> Iterator[House]:
    with running(tmp_path / "house", sqlite_template) as running_house:
        yield running_house


@contextmanager
def listening(customer: Customer, after: int = 0, last_event_id: str = "") -> Iterator[Iterator[dict[str, Any]]]:
    options: dict[str, Any] = {
        "params": {"after": after},
        "headers": {**customer.headers, "Last-Event-ID": last_event_id},
    }
    with (
        httpx2.Client(base_url=customer.house.address, timeout=60) as client,
        client.stream("GET", STREAM, **options) as response,
    ):
        assert response.status_code == 200
        assert response.headers["content-type"].startswith("text/event-stream")
        assert response.headers["cache-control"] == "no-cache"
        yield events(response.iter_lines())


def test_a_message_and_its_answer_appear_live(house: House) -> None:
    ada = house.visitor()
    with listening(ada) as heard:
        ada.says("password", client_id="mine")
        own, answer = next(heard), next(heard)
    assert own["event"] == "message"
    assert (own["data"]["client_id"], own["id"]) == ("mine", str(own["data"]["id"]))
    assert answer["data"]["decision"] == "answer"
    assert answer["data"]["citations"]


def test_an_agents_words_appear_live(house: House) -> None:
    ada, number = house.ticket()
    with listening(ada, after=ada.reads()[-1]["id"]) as heard:
        house.client.post(f"/api/v1/tickets/{number}/replies", json={"text": "Hello"}, headers=house.token(Scope.AGENT))
        assert next(heard)["data"]["text"] == "Hello"


def test_a_stream_begins_where_the_reader_left_off(house: House) -> None:
    ada = house.visitor()
    ada.says("password")
    first, answer = [message["id"] for message in (ada.hears() and ada.reads())]
    with listening(ada, after=first) as heard:
        assert next(heard)["data"]["id"] == answer
    with listening(ada, last_event_id=str(first)) as heard:
        assert next(heard)["data"]["id"] == answer
    with listening(ada, last_event_id="nonsense") as heard:
        assert next(heard)["data"]["id"] == first


def test_eventsource_clients_may_put_the_token_into_the_address(house: House) -> None:
    ada = house.visitor()
    ada.says("password")
    with house.client.stream("GET", STREAM, params={"token": ada.token}) as response:
        assert next(events(response.iter_lines()))["data"]["text"] == "password"


def test_nobody_hears_anothers_words(house: House) -> None:
    ada, eve = house.visitor(), house.visitor()
    eve.says("password")
    eve.hears()
    with listening(ada) as heard:
        ada.says("person")
        assert next(heard)["data"]["text"] == "person"


def test_only_the_streams_that_a_change_concerns_are_woken(house: House) -> None:
    ada, eve = house.visitor(), house.visitor()
    with reading(house.product.database) as session:
        before = changes_after(session, 0)[-1].id or 0
    ada.says("password")
    ada.hears()
    with reading(house.product.database) as session:
        woken = visitors_of(session, changes_after(session, before))
        now = datetime.now(UTC)
        names = [getattr(web_chat.visitor_of(session, one.token, now), "visitor", None) for one in (ada, eve)]
    assert woken == {names[0]}


def test_many_streams_leave_room_for_requests(house: House) -> None:
    """Forty threads serve requests; a stream that held one would starve them."""
    ada = house.visitor()
    limits = httpx2.Limits(max_connections=100)
    with httpx2.Client(base_url=house.address, timeout=60, limits=limits) as client:
        open_streams = [
            client.send(client.build_request("GET", STREAM, headers=ada.headers), stream=True) for _ in range(60)
        ]
        assert house.client.get("/readyz").status_code == 200
        ada.says("password")
        for response in open_streams[::20]:
            assert next(events(response.iter_lines()))["data"]["text"] == "password"
        for response in open_streams:
            response.close()


def test_a_stopping_server_does_not_wait_for_open_streams(house: House) -> None:
    ada = house.visitor()
    ada.says("password")
    hears, ended = threading.Event(), threading.Event()

    def listen() -> None:
        with listening(ada) as heard:
            for _ in heard:
                hears.set()
        # Only a stream that the server ended by itself comes here: one that was cut off raises.
        ended.set()

    thread = threading.Thread(target=listen)
    thread.start()
    assert hears.wait(30)
    assert house.stop()
    assert ended.wait(30)
    thread.join()


def test_a_stream_whose_database_goes_away_ends_and_the_next_one_says_why(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = house.visitor()

    def gone(*_: object, **__: object) -> list[dict[str, Any]]:
        raise DatabaseUnreachable

    with monkeypatch.context() as broken, listening(ada) as heard:
        broken.setattr("bot.web_chat.visible_messages", gone)
        ada.says("password")
        assert list(heard) == []
    with monkeypatch.context() as broken:
        broken.setattr("bot.web_chat.visitor_of", gone)
        refused = house.client.get(STREAM, headers=ada.headers)
    assert refused.status_code == 503
    with listening(ada) as heard:
        assert next(heard)["data"]["text"] == "password"
