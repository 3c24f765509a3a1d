"""The API as a client of it sees it: tokens, asking, tickets, and errors that are sentences."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx2
import pytest
from http_house import House, running
from sqlmodel import select

from handoff.models import ApiToken, Role, Scope
from handoff.staff import add_staff
from handoff.tokens import revoke_token
from store import reading, transaction


@pytest.fixture(scope="module")
def house(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with running(tmp_path_factory.mktemp("house"), sqlite_template) as running_house:
        yield running_house


@pytest.fixture(scope="module")
def reader(house: House) -> dict[str, str]:
    return house.token(Scope.READ)


@pytest.fixture(scope="module")
def agent(house: House) -> dict[str, str]:
    return house.token(Scope.AGENT, "night shift")


def assert_problem(response: httpx2.Response, status: int, words: str = "") -> None:
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    told = response.json()
    assert told["status"] == status
    assert told["type"].startswith("/api/docs#")
    assert told["title"]
    assert words in told["detail"]
    assert "Traceback" not in response.text


def test_asking_gives_the_answer_of_the_command_line(house: House, reader: dict[str, str]) -> None:
    answer = house.client.post("/api/v1/ask", json={"text": "I forgot my password"}, headers=reader).json()
    assert answer["decision"] == "answer"
    assert answer["citations"][0]["article"] == "reset-password"
    assert {"confidence", "intent", "text", "language"} <= answer.keys()
    assert "reason" not in answer
    assert "options" not in answer


def test_an_intent_is_named_only_where_one_is_likely(house: House, reader: dict[str, str]) -> None:
    def intent_of(text: str) -> object:
        return house.client.post("/api/v1/ask", json={"text": text}, headers=reader).json()["intent"]

    assert intent_of("I forgot my password") == "account"
    assert intent_of("a person please") == "asks-for-human"
    assert intent_of("how many moons does Jupiter have") is None


def test_the_language_of_a_question_can_be_given(house: House, reader: dict[str, str]) -> None:
    question = {"text": "password", "language": "zh"}
    answer = house.client.post("/api/v1/ask", json=question, headers=reader).json()
    assert answer["citations"][0]["url"].startswith(f"{house.address}/kb/zh/reset-password")


def test_an_escalation_says_why(house: House, reader: dict[str, str]) -> None:
    answer = house.client.post("/api/v1/ask", json={"text": "a person please"}, headers=reader).json()
    assert (answer["decision"], answer["reason"]) == ("escalate", "asked_for_human")


def test_without_knowledge_asking_says_so(house: House, reader: dict[str, str]) -> None:
    serving, house.product.live.serving = house.product.live.serving, None
    try:
        response = house.client.post("/api/v1/ask", json={"text": "password"}, headers=reader)
    finally:
        house.product.live.serving = serving
    assert_problem(response, 503, "knowledge base")
    assert response.headers["retry-after"]


@pytest.mark.parametrize(
    "headers", [{}, {"Authorization": "Bearer fl_nobody"}, {"Authorization": "Basic Zm9vOmJhcg=="}]
)
def test_nobody_comes_in_without_a_token(house: House, headers: dict[str, str]) -> None:
    for response in (
        house.client.post("/api/v1/ask", json={"text": "hi"}, headers=headers),
        house.client.get("/api/v1/tickets", headers=headers),
        house.client.post("/api/v1/tickets/1/claim", headers=headers),
    ):
        assert_problem(response, 401)
        assert response.headers["www-authenticate"] == "Bearer"


def test_a_revoked_token_is_no_token(house: House) -> None:
    headers = house.token(Scope.READ, "short-lived")
    with transaction(house.product.database) as session:
        token = session.exec(select(ApiToken).where(ApiToken.name == "short-lived")).one()
        assert token.id
        revoke_token(session, token.id, datetime.now(UTC))
    assert_problem(house.client.get("/api/v1/tickets", headers=headers), 401, "revoked")


def test_a_used_token_shows_when(house: House) -> None:
    house.client.get("/api/v1/tickets", headers=house.token(Scope.READ, "seen"))
    with reading(house.product.database) as session:
        assert session.exec(select(ApiToken).where(ApiToken.name == "seen")).one().last_used_at


@pytest.mark.parametrize("scope", [Scope.READ, Scope.EDITOR])
def test_reading_scopes_look_but_do_not_act(house: House, scope: Scope) -> None:
    _, number = house.ticket()
    headers = house.token(scope)
    assert house.client.get(f"/api/v1/tickets/{number}", headers=headers).status_code == 200
    for deed in ("claim", "resolve", "reopen", "take-over", "hand-back"):
        assert_problem(house.client.post(f"/api/v1/tickets/{number}/{deed}", headers=headers), 403, scope.value)
    words = {"text": "hello"}
    assert_problem(house.client.post(f"/api/v1/tickets/{number}/replies", json=words, headers=headers), 403)
    assert_problem(house.client.post(f"/api/v1/tickets/{number}/notes", json=words, headers=headers), 403)


def test_a_ticket_has_what_the_interface_promises(house: House, reader: dict[str, str]) -> None:
    _, number = house.ticket()
    ticket = house.client.get(f"/api/v1/tickets/{number}", headers=reader).json()
    assert set(ticket) >= {
        "number", "status", "priority", "tier", "reason", "owner", "channel", "customer", "messages",
    }  # fmt: skip
    assert ticket["reason"] == "asked_for_human"
    assert (ticket["status"], ticket["owner"], ticket["channel"]) == ("open", "human", "web")
    for message in ticket["messages"]:
        assert set(message) == {"id", "direction", "private", "author", "text", "at", "delivery"}
    assert ticket["messages"][0]["text"] == "Let me talk to a person"


def test_the_list_can_be_narrowed_to_a_status(house: House, agent: dict[str, str]) -> None:
    _, number = house.ticket()
    house.client.post(f"/api/v1/tickets/{number}/resolve", headers=agent)
    resolved = house.client.get("/api/v1/tickets", params={"status": "resolved"}, headers=agent).json()["tickets"]
    opened = house.client.get("/api/v1/tickets?status=open", headers=agent).json()["tickets"]
    assert number in [ticket["number"] for ticket in resolved]
    assert number not in [ticket["number"] for ticket in opened]
    assert_problem(house.client.get("/api/v1/tickets?status=lost", headers=agent), 422, "status")


def test_an_agents_reply_reaches_the_customer_and_silences_the_bot(house: House, agent: dict[str, str]) -> None:
    customer, number = house.ticket()
    seen = customer.reads()[-1]["id"]
    answer = house.client.post(f"/api/v1/tickets/{number}/replies", json={"text": "I am Bob."}, headers=agent)
    assert answer.status_code == 201
    assert answer.json()["messages"][-1]["text"] == "I am Bob."
    heard = customer.hears(seen)[0]
    assert (heard["author"], heard["text"]) == ("agent", "I am Bob.")
    customer.says("I forgot my password")
    house.client.post(f"/api/v1/tickets/{number}/replies", json={"text": "One moment."}, headers=agent)
    assert [message["text"] for message in customer.hears(heard["id"])] == ["One moment."]


def test_a_note_never_reaches_the_customer(house: House, agent: dict[str, str]) -> None:
    customer, number = house.ticket()
    before = customer.reads()
    noted = house.client.post(f"/api/v1/tickets/{number}/notes", json={"text": "smells fishy"}, headers=agent)
    assert noted.status_code == 201
    assert (noted.json()["messages"][-1]["private"], noted.json()["messages"][-1]["delivery"]) == (True, None)
    assert customer.reads() == before


def test_a_token_claims_a_ticket_for_the_agent_who_works_on_it(house: House, agent: dict[str, str]) -> None:
    _, number = house.ticket()
    with transaction(house.product.database) as session:
        add_staff(session, "ann@example.com", "Ann", Role.AGENT, datetime.now(UTC))
    place = f"/api/v1/tickets/{number}/claim"
    unknown = house.client.post(place, json={"agent": "nobody@example.com"}, headers=agent)
    assert_problem(unknown, 409, "Nobody with the address nobody@example.com works here")
    assert house.client.post(place, json={"agent": "ann@example.com"}, headers=agent).json()["assignee"] == "Ann"
    assert_problem(house.client.post(place, headers=agent), 409)


def test_a_ticket_goes_through_its_life(house: House, agent: dict[str, str]) -> None:
    customer, number = house.ticket()

    def does(deed: str) -> tuple[str, str]:
        ticket = house.client.post(f"/api/v1/tickets/{number}/{deed}", headers=agent).json()
        return ticket["status"], ticket["owner"]

    assert does("claim") == ("open", "human")
    assert does("hand-back") == ("pending", "bot")
    assert does("take-over") == ("open", "human")
    seen = customer.reads()[-1]["id"]
    assert does("resolve") == ("resolved", "bot")
    asked = customer.hears(seen)[-1]
    assert [button["action"] for button in asked["buttons"]] == ["solved", "not_yet"]
    assert does("reopen") == ("open", "human")


def test_what_the_state_forbids_is_a_conflict(house: House, agent: dict[str, str]) -> None:
    _, number = house.ticket()
    assert_problem(house.client.post(f"/api/v1/tickets/{number}/reopen", headers=agent), 409, "not possible")


def test_a_ticket_that_is_none_is_not_found(house: House, agent: dict[str, str]) -> None:
    assert_problem(house.client.get("/api/v1/tickets/999999", headers=agent), 404, "no ticket")
    assert_problem(house.client.post("/api/v1/tickets/999999/claim", headers=agent), 404)
    assert_problem(house.client.get("/api/v1/tickets/99999999999999999999", headers=agent), 422)


@pytest.mark.parametrize("text", ["", "   \n\t ", "x" * 10_001, 7, None])
def test_a_reply_that_cannot_be_sent_is_refused_in_words(house: House, agent: dict[str, str], text: object) -> None:
    _, number = house.ticket()
    refused = house.client.post(f"/api/v1/tickets/{number}/replies", json={"text": text}, headers=agent)
    assert_problem(refused, 422, "text")


@pytest.mark.parametrize("text", ["\x00 and more", "half \ud83d", "‮right to left", "😀" * 50, "\x1b[31mred", "​​"])
def test_strange_texts_are_taken_or_refused_but_never_break(house: House, agent: dict[str, str], text: str) -> None:
    _, number = house.ticket()
    body = json.dumps({"text": text}).encode()
    headers = {**agent, "Content-Type": "application/json"}
    for address in ("/api/v1/ask", f"/api/v1/tickets/{number}/replies", f"/api/v1/tickets/{number}/notes"):
        assert house.client.post(address, content=body, headers=headers).status_code in (200, 201, 422)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"text"', b"null", b'{"text": ["a"]}', b"\xff\xfe"])
def test_a_body_that_cannot_be_read_is_refused_in_words(house: House, reader: dict[str, str], body: bytes) -> None:
    headers = {**reader, "Content-Type": "application/json"}
    response = house.client.post("/api/v1/ask", content=body, headers=headers)
    assert_problem(response, response.status_code)
    assert response.status_code in (400, 422)


def test_unknown_addresses_and_methods_are_problems(house: House, reader: dict[str, str]) -> None:
    assert_problem(house.client.get("/api/v1/nothing", headers=reader), 404, "/api/docs")
    refused = house.client.delete("/api/v1/tickets", headers=reader)
    assert_problem(refused, 405)
    assert refused.headers["allow"] == "GET, POST"
    assert house.client.delete("/api/v1/chat/messages", headers=reader).headers["allow"] == "GET, POST"


def test_a_person_who_browses_to_nowhere_gets_a_page(house: House) -> None:
    lost = house.client.get("/nowhere", headers={"Accept": "text/html", "Accept-Language": "zh-CN,zh;q=0.9"})
    assert lost.status_code == 404
    assert lost.headers["content-type"].startswith("text/html")
    assert "找不到" in lost.text


def test_what_nobody_foresaw_is_a_problem_without_a_traceback(
    house: House, reader: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("secret words of the inside")

    monkeypatch.setattr("handoff.views.ticket_list", broken)
    response = house.client.get("/api/v1/tickets", headers=reader)
    assert_problem(response, 500, "try again")
    assert "secret" not in response.text
    assert response.headers["content-security-policy"]


def test_the_description_is_there_for_programs_and_for_people(house: House) -> None:
    described = house.client.get("/api/openapi.json").json()
    assert described["openapi"].startswith("3.")
    deeds = (
        *("claim", "replies", "notes", "resolve", "reopen", "take-over", "hand-back", "wait", "snooze", "priority"),
        *("tier", "tags", "category", "external-link", "links", "links/{other}", "merge", "split", "marks"),
    )
    expected = {f"/api/v1/tickets/{{number}}/{deed}" for deed in deeds} | {
        "/healthz", "/readyz", "/api/v1/ask", "/api/v1/tickets", "/api/v1/tickets/{number}",
        "/api/v1/chat/sessions", "/api/v1/chat/messages", "/api/v1/chat/stream", "/api/v1/chat/files/{file_id}",
        "/api/v1/chat/tickets", *(f"/api/v1/chat/tickets/{{number}}/{deed}" for deed in ("close", "reopen", "rating")),
        "/api/v1/chat/email", "/api/v1/chat/user", "/api/v1/kb/publications", "/api/v1/kb/publications/{number}",
    }  # fmt: skip
    assert set(described["paths"]) == expected
    shown = house.client.get("/api/docs")
    assert shown.status_code == 200
    for path in expected:
        assert path in shown.text
    assert "<script" not in shown.text
    assert 'id="too-many-requests"' in shown.text
