"""Tickets over the API beside talking: opened, paused, rated, moved up, sorted, linked, merged and split."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from http_house import House, running

from handoff.models import Scope


@pytest.fixture(scope="module")
def house(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with running(tmp_path_factory.mktemp("house"), sqlite_template) as running_house:
        yield running_house


@pytest.fixture(scope="module")
def agent(house: House) -> dict[str, str]:
    token: dict[str, str] = house.token(Scope.AGENT, "night shift")
    return token


@pytest.fixture
def does(house: House, agent: dict[str, str]) -> Any:
    """``does(7, "snooze", until=…)``: the ticket as it is afterwards; another status than 200 as (status, detail)."""

    def act(number: int, deed: str, **body: Any) -> Any:
        response = house.client.post(f"/api/v1/tickets/{number}/{deed}", json=body, headers=agent)
        told: Any = response.json()
        return told if response.is_success else (response.status_code, told["detail"])

    return act


def test_a_ticket_tells_what_agents_know_of_it(house: House, agent: dict[str, str]) -> None:
    _, number = house.ticket()
    ticket = house.client.get(f"/api/v1/tickets/{number}", headers=agent).json()
    assert (ticket["source"], ticket["waits_for"], ticket["is_priority_confirmed"]) == ("channel", None, False)
    assert (ticket["tags"], ticket["links"], ticket["merged_into"]) == ([], [], None)
    assert (ticket["impact"], ticket["urgency"]) == ("one", "normal")


def test_a_ticket_rests_and_says_for_what(house: House, does: Any) -> None:
    _, number = house.ticket()
    assert does(number, "wait")[0] == 409
    does(number, "replies", text="Which version?")
    waiting = does(number, "wait")
    assert (waiting["status"], waiting["waits_for"], waiting["owner"]) == ("pending", "customer", "human")
    snoozed = does(number, "snooze", until="2099-01-01T00:00:00Z")
    assert snoozed == (409, "This moment is not in the time to come. Choose a later one, at most a year from now.")
    assert does(number, "snooze", until="not a time")[0] == 422


def test_priority_and_tier_are_set_with_their_reasons(house: House, does: Any) -> None:
    _, number = house.ticket()
    rated = does(number, "priority", impact="all", urgency="high")
    assert (rated["priority"], rated["impact"]) == ("P0", "all")
    assert does(number, "tier", tier=3, reason="a bug") == (
        409,
        "A ticket goes to tier 3 with a diagnosis. Write what was found so far.",
    )
    moved = does(number, "tier", tier=3, reason="a bug", diagnosis="The index is broken")
    assert moved["tier"] == 3
    assert [line["text"] for line in moved["messages"] if line["text"] == "The index is broken"]


def test_a_ticket_is_sorted_and_linked(house: House, agent: dict[str, str], does: Any) -> None:
    (_, number), (_, other) = house.ticket(), house.ticket()
    assert does(number, "tags", tags=["Billing", "vip"])["tags"] == ["billing", "vip"]
    assert does(number, "category", category="invoices")["category"] == "invoices"
    page = "https://tracker.example/ABC-1"
    assert does(number, "external-link", url=page)["external_url"] == page
    assert does(number, "external-link", url="ABC-1")[0] == 409
    assert does(number, "links", other=other)["links"] == [{"number": other, "kind": "related"}]
    gone = house.client.delete(f"/api/v1/tickets/{number}/links/{other}", headers=agent)
    assert gone.json()["links"] == []


def test_other_peoples_tickets_are_not_merged(house: House, does: Any) -> None:
    (_, number), (_, other) = house.ticket(), house.ticket()
    assert does(number, "merge", into=other)[0] == 409
    assert does(number, "merge", into=number)[0] == 409


def test_a_part_of_a_ticket_becomes_one_and_comes_back_by_a_merge(
    house: House, agent: dict[str, str], does: Any
) -> None:
    customer, number = house.ticket()
    customer.says("And the invoice is wrong")
    ticket = house.ticket_with("And the invoice is wrong", number, agent)
    said = next(line["id"] for line in ticket["messages"] if line["text"] == "And the invoice is wrong")
    rest = does(number, "split", messages=[said], subject="Invoice")
    (link,) = rest["links"]
    assert link["kind"] == "split_from"
    merged = does(link["number"], "merge", into=number)
    assert (merged["number"], merged["links"][0]["kind"]) == (number, "duplicate")
    seen = [message["text"] for message in customer.reads()]
    assert f"We deal with one part of this separately from now on, as ticket #{link['number']}: Invoice" in seen
    assert f"it goes on as #{number}." in seen[-1]


def test_an_agents_words_are_marked(house: House, does: Any) -> None:
    _, number = house.ticket()
    line = does(number, "replies", text="Use a private window")["messages"][-1]
    assert does(number, "marks", message=line["id"], mark="workaround")["number"] == number
    assert does(number, "marks", message=1, mark="diagnosis")[0] == 409


def test_a_call_becomes_a_ticket(house: House, agent: dict[str, str]) -> None:
    told = {"source": "phone", "subject": "Cannot print", "note": "It hums", "name": "Mr Grey"}
    response = house.client.post("/api/v1/tickets", json=told, headers=agent)
    ticket = response.json()
    assert (response.status_code, ticket["source"], ticket["customer"], ticket["owner"]) == (
        201,
        "phone",
        "Mr Grey",
        "human",
    )
    nobody = house.client.post("/api/v1/tickets", json={**told, "name": ""}, headers=agent)
    assert (nobody.status_code, nobody.json()["detail"]) == (409, "Give the customer's name or e-mail address.")
    lost = house.client.post("/api/v1/tickets", json={**told, "customer_id": 999_999}, headers=agent)
    assert lost.status_code == 404


def test_reading_alone_changes_nothing(house: House) -> None:
    _, number = house.ticket()
    headers = house.token(Scope.READ)
    for deed, body in (("wait", None), ("tags", {"tags": []}), ("merge", {"into": 1}), ("priority", {})):
        answer = house.client.post(f"/api/v1/tickets/{number}/{deed}", json=body, headers=headers)
        assert answer.status_code == 403, deed
