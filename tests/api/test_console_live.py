"""The live stream tells that something changed, loses nothing over a break, and says no word of what."""

from __future__ import annotations

from collections.abc import Iterator

import httpx2
import pytest
from console_fixtures import Office, an_office, served

from handoff import deliveries
from store import reading, transaction
from store.changes import latest_change

office = an_office


@pytest.fixture
def client(office: Office) -> Iterator[httpx2.Client]:
    browser = office.browser("bob")
    with (
        served(office) as address,
        httpx2.Client(base_url=address, cookies=dict(browser.cookies), timeout=60) as client,
    ):
        yield client


def newest(office: Office) -> int:
    with reading(office.database) as session:
        return latest_change(session)


def follow(lines: Iterator[str], count: int) -> list[tuple[str, str]]:
    """The next ``count`` events as (id, data)."""
    found: list[tuple[str, str]] = []
    event: dict[str, str] = {}
    while len(found) < count:
        name, _, value = next(lines).partition(": ")
        if name in ("event", "id", "data"):
            event[name] = value
        elif not name and "event" in event:
            assert event["event"] == "desk"
            found.append((event["id"], event["data"]))
            event = {}
    return found


def test_a_new_ticket_rings_at_the_inbox(office: Office, client: httpx2.Client) -> None:
    with client.stream("GET", f"/console/stream?after={newest(office)}") as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        office.escalate("my secret words")
        heard = follow(stream.iter_lines(), 5)
    assert {kind for _, kind in heard} == {"conversation", "message", "ticket"}
    assert "secret" not in str(heard)


def test_what_came_during_a_break_is_heard_after_it(office: Office, client: httpx2.Client) -> None:
    before = newest(office)
    office.escalate()
    with client.stream("GET", "/console/stream?after=999999", headers={"Last-Event-ID": str(before)}) as stream:
        assert int(follow(stream.iter_lines(), 1)[0][0]) > before


def test_a_conversations_page_hears_of_nothing_else(office: Office, client: httpx2.Client) -> None:
    mine, other = office.escalate(), office.escalate("other", "grace")
    begin = newest(office)
    with client.stream("GET", f"/console/stream?conversation=1&after={begin}") as stream:
        office.says(other, "not for this page")
        office.answer(1, "for this page")
        with transaction(office.database) as session:
            deliveries.claim(session, office.now, "w", 10)
        heard = follow(stream.iter_lines(), 3)
    assert mine == 1
    assert [kind for _, kind in heard].count("delivery") >= 1
    assert {kind for _, kind in heard} <= {"message", "conversation", "delivery"}


def test_the_inbox_does_not_move_for_deliveries(office: Office, client: httpx2.Client) -> None:
    office.escalate()
    office.answer(1, "words")
    begin = newest(office)
    with client.stream("GET", f"/console/stream?after={begin}") as stream:
        with transaction(office.database) as session:
            deliveries.claim(session, office.now, "w", 10)
        office.says(1, "and now something that moves it")
        assert follow(stream.iter_lines(), 1)[0][1] in ("message", "conversation")


@pytest.mark.parametrize("last", ["", "abc", "-1", "9" * 40, "1; drop"])
def test_a_strange_last_event_is_as_none(office: Office, client: httpx2.Client, last: str) -> None:
    with client.stream("GET", f"/console/stream?after={newest(office)}", headers={"Last-Event-ID": last}) as stream:
        office.escalate()
        assert follow(stream.iter_lines(), 1)


def test_strangers_hear_nothing(client: httpx2.Client) -> None:
    client.cookies.clear()
    assert client.get("/console/stream").status_code == 303
