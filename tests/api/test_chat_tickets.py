"""The web chat's visitor and their own tickets over HTTP, and their e-mail address. Never anybody else's."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import httpx2
import pytest
from http_house import Customer, House, running

from handoff.copies import use_mail
from handoff.models import Scope
from store import transaction

CHAT = "/api/v1/chat"


@pytest.fixture(scope="module")
def house(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with running(tmp_path_factory.mktemp("house"), sqlite_template) as running_house:
        yield running_house


def own(customer: Customer, language: str = "en") -> dict[str, Any]:
    found = customer.house.client.get(f"{CHAT}/tickets", params={"language": language}, headers=customer.headers)
    assert found.status_code == 200, found.text
    return cast(dict[str, Any], found.json())


def does(customer: Customer, number: int, deed: str, **body: Any) -> httpx2.Response:
    return customer.house.client.post(f"{CHAT}/tickets/{number}/{deed}", json=body, headers=customer.headers)


def status_of(house: House, number: int) -> str:
    found = house.client.get(f"/api/v1/tickets/{number}", headers=house.token(Scope.READ))
    return cast(str, found.json()["status"])


def test_a_visitor_reads_their_own_tickets_in_the_language_of_the_page(house: House) -> None:
    customer, number = house.ticket()
    (ticket,) = own(customer)["tickets"]
    assert (ticket["number"], ticket["status"], ticket["words"]) == (number, "open", "with our team")
    assert ticket["may"] == ["add_to_ticket", "close_ticket"]
    assert own(customer, "zh")["tickets"][0]["words"] == "团队处理中"


def test_a_visitor_closes_rates_and_opens_their_ticket(house: House) -> None:
    customer, number = house.ticket()
    closed = does(customer, number, "close").json()
    assert (closed["status"], closed["may"]) == ("closed", ["reopen_ticket", "csat"])
    rated = does(customer, number, "rating", score=4, words="Quick!").json()
    assert (rated["score"], rated["may"]) == (4, ["reopen_ticket"])
    assert does(customer, number, "rating", score=6).status_code == 422
    assert does(customer, number, "reopen").json()["status"] == "open"
    assert status_of(house, number) == "open"


def test_what_is_added_from_the_page_goes_to_its_ticket(house: House) -> None:
    customer, number = house.ticket()
    does(customer, number, "close")
    last = customer.reads()[-1]["id"]
    customer.says("It came back", about=number)
    (heard,) = customer.hears(after=last)
    assert f"#{number}" in heard["text"]
    assert status_of(house, number) == "open"


@pytest.mark.parametrize("deed", ["close", "reopen", "rating"])
def test_a_stranger_finds_no_ticket_and_changes_none(house: House, deed: str) -> None:
    _, number = house.ticket()
    for stranger in (house.visitor(), house.ticket()[0]):
        assert does(stranger, number, deed, score=1).status_code == 404
        assert number not in [ticket["number"] for ticket in own(stranger)["tickets"]]
    assert status_of(house, number) == "open"


def test_who_has_no_session_has_no_tickets(house: House) -> None:
    for method, path in (("GET", "tickets"), ("POST", "tickets/1/close"), ("PUT", "email"), ("DELETE", "email")):
        assert house.client.request(method, f"{CHAT}/{path}", json={"address": "a@b.example"}).status_code == 401


def test_a_visitor_leaves_an_address_and_takes_it_back(house: House) -> None:
    with transaction(house.product.database) as session:
        use_mail(session, True)
    customer = house.visitor()
    assert own(customer)["mail"] == {"can_mail": True, "address": None}
    kept = house.client.put(f"{CHAT}/email", json={"address": "Ada@Example.COM"}, headers=customer.headers)
    assert kept.json() == {"can_mail": True, "address": "ada@example.com"}
    assert own(house.visitor())["mail"]["address"] is None
    assert house.client.delete(f"{CHAT}/email", headers=customer.headers).status_code == 204
    assert own(customer)["mail"]["address"] is None


@pytest.mark.parametrize(
    "address",
    ["ada", "ada@", "@b.example", "a b@c.example", "staff:bob@firm.example", "a@b", "a\r\nBcc: x@y.example", "<a@b.c>"],
)
def test_what_is_no_address_is_refused_in_a_sentence(house: House, address: str) -> None:
    refused = house.client.put(f"{CHAT}/email", json={"address": address}, headers=house.visitor().headers)
    assert refused.status_code == 422
    assert refused.json()["detail"]


def test_a_promise_is_a_sentence_beside_the_ticket(house: House) -> None:
    from handoff.sla.defaults import lay_out

    with transaction(house.product.database) as session:
        lay_out(session, datetime.now(UTC))
    customer, _ = house.ticket()
    assert own(customer)["tickets"][0]["promise"].startswith("You will hear from us by ")
    assert own(customer, "zh")["tickets"][0]["promise"].startswith("我们会在")
