"""The web chat's interface: sessions, messages, files."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from http_house import Customer, House, running
from sqlalchemy import func
from sqlalchemy.exc import OperationalError
from sqlmodel import Session, col, select

from api.http.limits import FILE_BYTES
from api.http.parts import now
from bot.models import InboxRow
from handoff import desk
from handoff.actors import Actor
from handoff.models import Message, Scope
from store import files, reading, transaction
from store.errors import DatabaseUnreachable, DiskFull
from store.models import StoredFile

SESSIONS = "/api/v1/chat/sessions"
MESSAGES = "/api/v1/chat/messages"


@pytest.fixture(scope="module")
def house(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with running(tmp_path_factory.mktemp("house"), sqlite_template) as running_house:
        yield running_house


@pytest.fixture
def ada(house: House) -> Customer:
    return house.visitor()


def rows_in_inbox(house: House) -> int:
    with reading(house.product.database) as session:
        return session.exec(select(func.count(col(InboxRow.id)))).one()


def upload(customer: Customer, *contents: tuple[str, bytes], **fields: str) -> Any:
    parts = [("file", (name, content, "text/plain")) for name, content in contents]
    return customer.house.client.post(MESSAGES, data=fields, files=parts, headers=customer.headers)


def test_a_session_needs_nothing_and_speaks_the_browsers_language(house: House) -> None:
    for options, language in (
        ({}, "en"),
        ({"json": {}}, "en"),
        ({"json": {"language": "zh-Hans"}}, "zh-Hans"),
        ({"headers": {"Accept-Language": "fr;q=0.9, zh-CN;q=0.8, en;q=0.3"}}, "zh"),
    ):
        made = house.client.post(SESSIONS, **options)
        assert made.status_code == 201
        assert made.json()["language"] == language
        assert len(made.json()["token"]) > 30


@pytest.mark.parametrize("body", [{"language": "english!"}, {"language": 7}, [1], "zh"])
def test_a_language_that_is_none_is_refused(house: House, body: object) -> None:
    assert house.client.post(SESSIONS, json=body).status_code == 422


def test_a_question_is_answered_with_its_citation(ada: Customer) -> None:
    sent = ada.says("I forgot my password, can't get in", client_id="first")
    assert sent.status_code == 202
    assert sent.json() == {"accepted": True, "client_id": "first"}
    answer = ada.hears()[0]
    assert (answer["author"], answer["decision"]) == ("bot", "answer")
    assert answer["citations"][0]["quote"]
    assert ada.house.client.get(answer["citations"][0]["url"]).status_code == 200
    assert {button["action"] for button in answer["buttons"]} == {"helpful", "not_helpful", "person"}
    own = ada.reads()[0]
    assert (own["direction"], own["author"], own["client_id"]) == ("incoming", "customer", "first")


def test_chinese_is_answered_in_chinese(ada: Customer) -> None:
    ada.says("忘记密码了登不上去")
    assert "打开登录页" in ada.hears()[0]["text"]


def test_after_leaves_out_what_was_read(ada: Customer) -> None:
    ada.says("password")
    last = ada.hears()[0]["id"]
    assert ada.reads(after=last) == []


def test_sending_again_has_no_second_effect(ada: Customer) -> None:
    before = rows_in_inbox(ada.house)
    answers = [ada.says("password", client_id="once") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [202] * 3
    assert len({answer.text for answer in answers}) == 1
    ada.hears()
    assert rows_in_inbox(ada.house) == before + 1
    assert len([message for message in ada.reads() if message["direction"] == "incoming"]) == 1


def test_other_words_under_an_id_that_was_used_are_refused_and_never_taken_for_saved(ada: Customer) -> None:
    assert ada.says("password", client_id="1").status_code == 202
    refused = ada.says("How do I delete my account?", client_id="1")
    assert refused.status_code == 409
    assert refused.json()["detail"] == (
        "Another message was sent with the client_id 1. Give each message one of its own."
    )
    assert upload(ada, ("a.txt", b"a"), text="password", client_id="1").status_code == 409
    assert ada.says("password", client_id="1").status_code == 202, "and the first may come again"
    ada.hears()
    assert [message["text"] for message in ada.reads() if message["direction"] == "incoming"] == ["password"]


def test_the_same_id_of_another_visitor_is_another_message(house: House) -> None:
    for _ in range(2):
        visitor = house.visitor()
        visitor.says("password", client_id="mine")
        assert visitor.hears()


def test_a_press_does_what_its_button_says(ada: Customer) -> None:
    ada.says("password")
    answer = ada.hears()[0]
    token = next(button["token"] for button in answer["buttons"] if button["action"] == "person")
    assert ada.presses(token).status_code == 202
    assert ada.hears(answer["id"])[0]["ticket"]
    pressed = {button["action"]: button["pressed"] for message in ada.reads() for button in message["buttons"]}
    assert pressed["person"] is True


def test_somebody_elses_button_does_nothing(ada: Customer) -> None:
    ada.says("password")
    token = ada.hears()[0]["buttons"][0]["token"]
    eve = ada.house.visitor()
    assert eve.presses(token).status_code == 202
    eve.says("password")
    eve.hears()
    assert not any(button["pressed"] for message in ada.reads() for button in message["buttons"])


@pytest.mark.parametrize("text", ["😀😀😀", "مرحبا", "\x1b[31m\x00 bell \x07", "half \ud83d", "x" * 40_000, "‮abc"])
def test_strange_but_real_messages_are_taken(ada: Customer, text: str) -> None:
    body = json.dumps({"text": text}).encode()
    headers = {**ada.headers, "Content-Type": "application/json"}
    assert ada.house.client.post(MESSAGES, content=body, headers=headers).status_code == 202
    assert ada.hears()
    assert ada.reads()[0]["text"]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"text": ""}, "empty"),
        ({"text": " \n\t "}, "empty"),
        ({}, "empty"),
        ({"text": "x" * 100_001}, "100,001 characters"),
        ({"text": 7}, "text"),
        ({"text": "hi", "reply_to": "first"}, "reply_to"),
        ({"text": "hi", "client_id": ""}, "client_id"),
        ({"press": ""}, "press"),
        ({"press": "no such/token"}, "press"),
        ([], "JSON"),
        ("text", "JSON"),
    ],
)
def test_what_cannot_be_taken_is_refused_in_words(ada: Customer, body: object, words: str) -> None:
    before = rows_in_inbox(ada.house)
    refused = ada.house.client.post(MESSAGES, json=body, headers=ada.headers)
    assert refused.status_code == 422
    assert refused.headers["content-type"] == "application/problem+json"
    assert words in refused.json()["detail"]
    assert rows_in_inbox(ada.house) == before


@pytest.mark.parametrize("body", [b"", b"{", b"[" * 200_000, b"\xff"], ids=["nothing", "half", "deep", "no text"])
def test_what_is_no_json_is_refused_in_words(ada: Customer, body: bytes) -> None:
    headers = {**ada.headers, "Content-Type": "application/json"}
    refused = ada.house.client.post(MESSAGES, content=body, headers=headers)
    assert refused.status_code == 422
    assert "JSON" in refused.json()["detail"]


def test_another_media_type_is_refused_in_words(ada: Customer) -> None:
    refused = ada.house.client.post(MESSAGES, content=b"text=hi", headers=ada.headers)
    assert refused.status_code == 415
    assert "application/json" in refused.json()["detail"]


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer unknown"}])
def test_without_a_session_nothing_is_taken_or_shown(house: House, headers: dict[str, str]) -> None:
    for answer in (
        house.client.post(MESSAGES, json={"text": "hi"}, headers=headers),
        house.client.get(MESSAGES, headers=headers),
        house.client.get("/api/v1/chat/stream", headers=headers),
        house.client.get("/api/v1/chat/files/1", headers=headers),
    ):
        assert answer.status_code == 401
        assert answer.headers["content-type"] == "application/problem+json"


def test_an_api_token_is_no_chat_session(house: House) -> None:
    assert house.client.get(MESSAGES, headers=house.token(Scope.ADMIN)).status_code == 401


def test_the_token_may_stand_in_the_address_only_where_nothing_is_sent(ada: Customer) -> None:
    client, query = ada.house.client, {"token": ada.token}
    assert client.get(MESSAGES, params=query).status_code == 200
    assert client.post(MESSAGES, params=query, json={"text": "hi"}).status_code == 401
    assert client.get("/api/v1/chat/files/1", params=query).status_code == 401


def test_a_talk_is_found_again_within_thirty_days(ada: Customer) -> None:
    ada.says("password")
    ada.hears()
    overrides = ada.house.app.dependency_overrides
    try:
        # Each visit begins the thirty days anew.
        for days, status in ((29, 200), (58, 200), (89, 401)):
            moment = datetime.now(UTC) + timedelta(days=days)
            overrides[now] = lambda moment=moment: moment
            assert ada.house.client.get(MESSAGES, headers=ada.headers).status_code == status
    finally:
        overrides.clear()


@pytest.mark.parametrize(
    "error",
    [DatabaseUnreachable(), DiskFull(), OperationalError("INSERT", {}, Exception("database is locked"))],
    ids=["unreachable", "full", "locked"],
)
def test_what_was_not_saved_is_not_acknowledged(
    ada: Customer, error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> bool:
        raise error

    with monkeypatch.context() as broken:
        broken.setattr("bot.inbox.accept", fail)
        refused = ada.says("password", client_id="again")
    assert refused.status_code == 503
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.headers["retry-after"]
    assert "INSERT" not in refused.text
    assert ada.says("password", client_id="again").status_code == 202
    assert ada.hears()


def test_a_commit_that_fails_is_not_acknowledged(ada: Customer, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise OperationalError("COMMIT", {}, Exception("disk I/O error"))

    with monkeypatch.context() as broken:
        broken.setattr(Session, "flush", fail)
        assert ada.says("password").status_code == 503
    assert ada.reads() == []


def test_a_file_comes_with_or_without_words_and_is_given_back_as_a_download(ada: Customer) -> None:
    assert upload(ada, ("report 数据.html", b"<script>alert(1)</script>")).status_code == 202
    assert upload(ada, ("a.txt", b"a"), ("b.txt", b"b"), text="two files", client_id="two").status_code == 202
    ada.hears(count=2)
    incoming = [message for message in ada.reads() if message["direction"] == "incoming"]
    assert [[file["name"] for file in message["files"]] for message in incoming] == [
        ["report 数据.html"],
        ["a.txt", "b.txt"],
    ]
    got = ada.house.client.get(f"/api/v1/chat/files/{incoming[0]['files'][0]['id']}", headers=ada.headers)
    assert got.content == b"<script>alert(1)</script>"
    assert got.headers["content-disposition"].startswith("attachment")
    assert got.headers["content-type"] == "application/octet-stream"
    assert got.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in got.headers["content-security-policy"]


def test_a_file_is_kept_whatever_its_field_is_called(ada: Customer) -> None:
    parts = {"attachment": ("a.txt", b"one", "text/plain"), "files[]": ("b.txt", b"two", "text/plain")}
    assert ada.house.client.post(MESSAGES, files=parts, headers=ada.headers).status_code == 202
    ada.hears()
    assert [file["name"] for file in ada.reads()[0]["files"]] == ["a.txt", "b.txt"]


def test_sending_files_again_keeps_them_once(ada: Customer) -> None:
    for _ in range(2):
        assert upload(ada, ("once.txt", b"once"), client_id="file").status_code == 202
    with reading(ada.house.product.database) as session:
        assert len(session.exec(select(StoredFile).where(StoredFile.name == "once.txt")).all()) == 1


def test_a_file_above_twenty_megabytes_is_refused_in_words(ada: Customer) -> None:
    before = rows_in_inbox(ada.house)
    refused = upload(ada, ("film.mp4", b"x" * (FILE_BYTES + 1)), text="look")
    assert refused.status_code == 413
    assert "film.mp4 is larger than 20 MB" in refused.json()["detail"]
    assert rows_in_inbox(ada.house) == before


def test_a_file_of_twenty_megabytes_is_taken(ada: Customer) -> None:
    assert upload(ada, ("film.mp4", b"x" * FILE_BYTES)).status_code == 202


def test_too_many_files_are_refused_in_words(ada: Customer) -> None:
    refused = upload(ada, *[(f"{number}.txt", b"x") for number in range(6)])
    assert refused.status_code == 422
    assert "5 files" in refused.json()["detail"]


def test_a_form_without_files_is_a_message_or_empty(ada: Customer) -> None:
    assert upload(ada, ("", b""), text="password").status_code == 202
    assert upload(ada, ("", b"")).status_code == 422


def test_a_broken_form_is_refused_in_words(ada: Customer) -> None:
    headers = {**ada.headers, "Content-Type": "multipart/form-data; boundary=x"}
    refused = ada.house.client.post(MESSAGES, content=b"--x\r\nnonsense", headers=headers)
    assert refused.status_code in (400, 422)
    assert refused.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "a\r\nX-Evil: 1.txt", '"><img src=x>.png', "\u202egpj.exe", "x" * 400]
)
def test_a_file_name_is_only_ever_shown(ada: Customer, name: str) -> None:
    assert upload(ada, (name, b"x")).status_code == 202
    ada.hears()
    shown = ada.reads()[0]["files"][0]
    assert "/" not in shown["name"]
    assert len(shown["name"]) <= 255
    got = ada.house.client.get(f"/api/v1/chat/files/{shown['id']}", headers=ada.headers)
    assert got.status_code == 200
    assert "x-evil" not in got.headers


def test_an_agents_file_is_for_its_own_conversation_only(house: House) -> None:
    customer, number = house.ticket()
    seen = customer.reads()[-1]["id"]
    with transaction(house.product.database) as session:
        content = (house.product.files.parent / "firstline.db").open("rb")
        with content:
            kept = files.keep(house.product.files, content)
        stored = files.save(house.product.files, session, "fix.bin", "application/x-fix", kept, datetime.now(UTC))
        assert stored.id
        desk.reply(session, number, "Try this.", Actor(None, "bob"), datetime.now(UTC), [stored.id])
    heard = customer.hears(seen)[0]
    assert heard["files"][0]["name"] == "fix.bin"
    address = f"/api/v1/chat/files/{heard['files'][0]['id']}"
    assert house.client.get(address, headers=customer.headers).status_code == 200
    assert house.client.get(address, headers=house.visitor().headers).status_code == 404
    (house.product.files / kept.sha256[:2] / kept.sha256).unlink()
    assert house.client.get(address, headers=customer.headers).status_code == 404


def test_a_reply_to_the_closing_question_reopens(house: House) -> None:
    customer, number = house.ticket()
    agent = house.token(Scope.AGENT)
    seen = customer.reads()[-1]["id"]
    house.client.post(f"/api/v1/tickets/{number}/resolve", headers=agent)
    asked = customer.hears(seen)[-1]
    customer.says("It still does not work", reply_to=asked["id"])
    customer.hears(asked["id"])
    assert house.client.get(f"/api/v1/tickets/{number}", headers=agent).json()["status"] == "open"


def test_texts_are_stored_as_they_came(ada: Customer) -> None:
    payload = "<img src=x onerror=alert(1)> & **not bold** [x](javascript:alert(1))"
    ada.says(payload)
    ada.hears()
    assert ada.reads()[0]["text"] == payload
    with reading(ada.house.product.database) as session:
        assert session.exec(select(Message.text).where(Message.text == payload)).first()
