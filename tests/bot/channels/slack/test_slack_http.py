"""Slack's HTTP mode: only what Slack signed gets in, and whatever is sent gets a sensible answer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from slack_bolt import BoltResponse
from slack_house import SlackHouse, slack_house
from slack_sdk.signature import SignatureVerifier
from standins.slack.server import SlackWorld, Times

from bot.channels.base import Status
from bot.channels.slack.http import MAX_BODY, Answer, Http, parse_body, sign
from store import Database

SECRET = "signing-secret"
NOW = 1_700_000_000


def post(body: bytes, *, now: float = NOW, **headers: str | None) -> tuple[Answer, list[dict[str, Any]]]:
    """The answer to ``body``, signed rightly but for what ``headers`` replace; and what was let in."""
    taken: list[dict[str, Any]] = []

    def take(payload: dict[str, Any]) -> BoltResponse:
        taken.append(payload)
        return BoltResponse(status=200)

    stamp = headers.pop("stamp", str(NOW))
    given: dict[str, str | None] = {
        "X-Slack-Request-Timestamp": stamp,
        "X-Slack-Signature": sign(SECRET.encode(), stamp or "", body),
        "Content-Type": "application/json",
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    answer = Http(SECRET, take, lambda: now).take_http(
        body, {name: value for name, value in given.items() if value is not None}
    )
    return answer, taken


def test_what_slack_signed_gets_in() -> None:
    answer, taken = post(b'{"type":"x"}')
    assert answer.status == 200
    assert taken == [{"type": "x"}]


def test_the_signature_is_the_one_that_slacks_own_library_makes() -> None:
    theirs = SignatureVerifier(SECRET).generate_signature(timestamp=str(NOW), body=b"a=\xc3\xa9")
    assert sign(SECRET.encode(), str(NOW), b"a=\xc3\xa9") == theirs


FORGED: list[dict[str, str | None]] = [
    {"X_Slack_Signature": "v0=" + "0" * 64},
    {"X_Slack_Signature": None},
    {"X_Slack_Signature": ""},
    {"X_Slack_Signature": "v0=é" + "0" * 63},
    {"X_Slack_Signature": "v1=" + "0" * 64},
    {"X_Slack_Signature": "v0=" + "0" * 65},
    {"X_Slack_Request_Timestamp": None},
    {"stamp": "abc"},
    {"stamp": ""},
    {"stamp": "-1700000000"},
    {"stamp": "1700000000.5"},
    {"stamp": "١٧٠٠٠٠٠٠٠٠"},
    {"stamp": "9" * 400},
    {"stamp": str(NOW - 301)},
    {"stamp": str(NOW + 301)},
]


@pytest.mark.parametrize("headers", FORGED)
def test_a_forged_old_future_or_malformed_signature_is_refused(headers: dict[str, str | None]) -> None:
    answer, taken = post(b'{"type":"x"}', **headers)
    assert answer.status == 401
    assert taken == []


@pytest.mark.parametrize("stamp", [NOW - 300, NOW + 300])
def test_a_clock_may_be_five_minutes_off(stamp: int) -> None:
    assert post(b"{}", stamp=str(stamp))[0].status == 200


def test_another_body_under_the_same_signature_is_refused() -> None:
    right = sign(SECRET.encode(), str(NOW), b'{"a":1}')
    assert post(b'{"a":2}', X_Slack_Signature=right)[0].status == 401


def test_bytes_that_are_no_text_are_refused_though_signed() -> None:
    answer, taken = post(b'{"a":"\xff\xfe"}')
    assert answer.status == 401
    assert taken == []


def test_a_body_beyond_all_measure_is_refused_unread() -> None:
    assert post(b"x" * (MAX_BODY + 1))[0].status == 413
    assert post(b'"' + b"x" * (MAX_BODY - 2) + b'"')[0].status == 400


@pytest.mark.parametrize("body", [b"{", b"[1]", b"null", b'"words"', b"[" * 100_000, b""])
def test_what_is_signed_but_cannot_be_read_is_a_bad_request(body: bytes) -> None:
    answer, taken = post(body)
    assert answer.status == 400
    assert taken == []


@given(body=st.binary(max_size=60), stamp=st.text(max_size=12), signature=st.text(max_size=70))
def test_nothing_unsigned_ever_gets_in_or_fails(body: bytes, stamp: str, signature: str) -> None:
    headers = {"x-slack-request-timestamp": stamp, "x-slack-signature": signature}
    answer = Http(SECRET, lambda _payload: BoltResponse(status=200), lambda: NOW).take_http(body, headers)
    assert answer.status == 401


def test_a_command_about_a_payload_is_read_as_what_it_is() -> None:
    form = urlencode({"command": "/support", "text": "the payload is missing", "team_id": "T1"})
    assert parse_body(form, "application/x-www-form-urlencoded")["text"] == "the payload is missing"


def test_interactivity_comes_as_json_in_a_form() -> None:
    form = urlencode({"payload": json.dumps({"type": "block_actions"})})
    assert parse_body(form, "application/x-www-form-urlencoded; charset=utf-8") == {"type": "block_actions"}


@pytest.fixture
def world() -> Iterator[SlackWorld]:
    with SlackWorld(times=Times.quick()) as world:
        world.add_team("T1")
        yield world


@pytest.fixture
def house(world: SlackWorld, sqlite_database: Database, tmp_path: Path) -> Iterator[SlackHouse]:
    with slack_house(world, sqlite_database, tmp_path, http=True) as house:
        yield house


def test_slacks_question_whether_this_is_the_place_is_answered_before_we_know_who_we_are(
    world: SlackWorld, sqlite_database: Database, tmp_path: Path
) -> None:
    world.fail_next("auth.test", "internal_error", times=1000)
    with slack_house(world, sqlite_database, tmp_path, http=True) as house:
        assert "internal_error" in house.is_now(Status.TROUBLE)
        assert world.verify_url()


def test_what_comes_before_we_know_who_we_are_comes_again(
    world: SlackWorld, sqlite_database: Database, tmp_path: Path
) -> None:
    world.times.retries = (3600.0,)
    world.fail_next("auth.test", "internal_error")
    ann = world.teams[0].add_person("ann")
    with slack_house(world, sqlite_database, tmp_path, http=True) as house:
        house.is_now(Status.TROUBLE)
        ann.says("hello", ann.dm)
        [delivery] = world.wait_for(lambda: world.deliveries and world.deliveries[0].attempts and world.deliveries)
        assert delivery.attempts[0].status == 503
        house.is_connected()
        world.clock.advance(3600)
        assert delivery.wait().acknowledged
        assert house.texts() == ["hello"]


def test_a_replayed_request_is_acknowledged_and_changes_nothing(house: SlackHouse) -> None:
    house.is_connected()
    ann = house.world.teams[0].add_person("ann")
    ann.says("hello", ann.dm)
    house.kept(1)
    assert house.posts(house.world.deliveries[0].payload).status == 200
    assert len(house.rows()) == 1


def test_an_event_of_a_workspace_that_the_app_is_not_in_is_acknowledged_and_dropped(house: SlackHouse) -> None:
    house.is_connected()
    stranger = {"type": "message", "channel": "D9", "channel_type": "im", "user": "U9", "text": "hi", "ts": "1.000001"}
    body = {"type": "event_callback", "team_id": "T9", "event_id": "Ev9", "event": stranger}
    assert house.posts(body).status == 200
    assert house.rows() == []


def test_a_stopped_connection_takes_nothing_in(house: SlackHouse) -> None:
    house.is_connected()
    house.connection.stop()
    assert house.posts({"type": "event_callback", "team_id": "T1", "event": {}}).status == 503


def test_a_refused_token_switches_slack_off_and_says_what_to_do(
    world: SlackWorld, sqlite_database: Database, tmp_path: Path
) -> None:
    with slack_house(world, sqlite_database, tmp_path, http=True, bot_token="xoxb-wrong") as house:
        reason = house.is_now(Status.OFF)
        assert "FIRSTLINE_SLACK_BOT_TOKEN" in reason
        assert "invalid_auth" in reason
        assert not house.connection.channel.is_open


def test_without_any_way_in_slack_is_off_and_says_what_to_set(
    world: SlackWorld, sqlite_database: Database, tmp_path: Path
) -> None:
    with slack_house(world, sqlite_database, tmp_path, app_token=None) as house:
        reason = house.is_now(Status.OFF)
        assert "FIRSTLINE_SLACK_APP_TOKEN" in reason
        assert "FIRSTLINE_SLACK_SIGNING_SECRET" in reason
        assert house.posts({"type": "url_verification", "challenge": "x"}).status == 401


def test_a_workspace_that_removes_the_only_app_switches_it_off(house: SlackHouse) -> None:
    house.is_connected()
    assert house.connection.channel.is_open
    house.world.teams[0].uninstalls()
    assert "T1 removed the app" in house.is_now(Status.OFF)
    assert not house.connection.channel.is_open
    house.world.wait_for(lambda: len(house.world.deliveries) == 2 and not house.world.unacknowledged())
