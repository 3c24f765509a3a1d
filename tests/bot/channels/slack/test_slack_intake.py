"""What Slack sends is kept before it is acknowledged, once, and only if it concerns a customer."""

from __future__ import annotations

from typing import Any

import pytest
from channel_contract import JSON
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from slack_house import STAFF, SlackHouse, is_down
from slack_sdk import WebClient
from standins.slack.server import Message

FIELDS = [
    "type",
    "event",
    "team",
    "team_id",
    "user",
    "view",
    "actions",
    "channel",
    "message",
    "authorizations",
    "command",
]


def test_a_direct_message_is_kept_with_what_it_takes_to_read_it(house: SlackHouse) -> None:
    team = house.world.teams[0]
    ann = team.add_person("ann")
    message = ann.says("I forgot my password", ann.dm)
    [payload] = house.kept(1)
    [row] = house.rows()
    assert payload["kind"] == "event"
    assert payload["body"]["event"]["text"] == "I forgot my password"
    assert payload["me"] == {"user_id": team.bot.user_id, "bot_id": team.bot.bot_id, "team_id": "T1"}
    assert row.event_key == f"msg:T1:{ann.dm.id}:{message.ts}"
    assert row.thread_key == f"T1:@{ann.id}"


def test_a_mention_and_its_message_are_one_row(house: SlackHouse) -> None:
    team = house.world.teams[0]
    ann = team.add_person("ann")
    room = team.add_channel("general", members=[ann])
    message = ann.says(f"{team.bot.mention} my printer burns", room)
    house.world.wait_for(lambda: len(house.world.deliveries) == 2 and not house.world.unacknowledged())
    [row] = house.rows()
    assert row.event_key == f"msg:T1:{room.id}:{message.ts}"
    assert row.thread_key == f"T1:{room.id}:{message.ts}"


def test_an_event_that_is_delivered_again_is_one_row(house: SlackHouse) -> None:
    ann = house.world.teams[0].add_person("ann")
    ann.says("hello", ann.dm)
    house.kept(1)
    again = house.world.deliver_again(house.world.deliveries[0]).wait()
    assert again.acknowledged
    assert len(house.rows()) == 1


def test_an_unknown_event_type_is_acknowledged_at_once(house: SlackHouse) -> None:
    delivery = house.world.inject_event({"type": "brand_new_thing", "event_ts": "1.2"}).wait()
    assert delivery.acknowledged
    assert len(delivery.attempts) == 1


ODD: list[Any] = [
    {"event": {"type": ["message"]}},
    {"event": {"type": "message", "channel": 3, "ts": "1.1"}},
    {"event": {}},
    {"event": "words"},
    {"event": None},
    {"event": {"type": "message", "user": {"no": "id"}, "channel": [], "ts": {}}, "authorizations": "all"},
    {"type": "never_heard_of"},
    {"type": "block_actions", "actions": [{"action_id": "press:0"}], "team": {"id": "T1"}},
    {"type": "block_actions", "actions": "all", "team": ["T1"], "team_id": "T1"},
    {"type": "view_submission", "team": {"id": "T1"}, "view": "ask_support"},
]


@pytest.mark.parametrize("fields", ODD)
def test_what_is_of_no_known_shape_is_acknowledged_and_never_lost(house: SlackHouse, fields: dict[str, Any]) -> None:
    payload = {"type": "event_callback", "team_id": "T1", "event_id": "Ev1", **fields}
    assert house.posts(payload).status == 200
    assert house.posts(payload).status == 200
    assert len(house.rows()) == 1


@given(body=st.dictionaries(st.sampled_from(FIELDS), JSON, max_size=8))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150, deadline=None)
def test_whatever_is_signed_is_acknowledged(house: SlackHouse, body: dict[str, Any]) -> None:
    assert house.posts({"type": "event_callback", "team_id": "T1", **body}).status == 200


def test_what_concerns_nobody_is_acknowledged_and_not_kept(house: SlackHouse) -> None:
    team = house.world.teams[0]
    ann, bob = team.add_person("ann"), team.add_person("bob")
    room = team.add_channel("general", members=[ann])
    ann.says("lunch?", room)
    bob.joins(room)
    said_by_a_bot = {"type": "message", "subtype": "bot_message", "bot_id": "B9", "channel": room.id, "ts": "1.1"}
    house.world.inject_event(said_by_a_bot)
    house.world.wait_for(lambda: house.world.deliveries and all(one.is_done for one in house.world.deliveries))
    assert house.world.unacknowledged() == []
    assert house.rows() == []


def test_a_follow_up_in_a_thread_is_kept_without_a_mention(house: SlackHouse) -> None:
    team = house.world.teams[0]
    ann = team.add_person("ann")
    room = team.add_channel("general", members=[ann])
    root = ann.says("lunch?", room)
    ann.says("where?", room, thread_ts=root.ts)
    house.kept(1)
    assert house.texts() == ["where?"]


def test_the_agents_channel_is_not_the_customers(house: SlackHouse) -> None:
    team = house.world.teams[0]
    bob = team.add_person("bob")
    staff = team.add_channel("agents", members=[bob], id=STAFF)
    bob.says(f"{team.bot.mention} what a day", staff)
    house.world.wait_for(lambda: len(house.world.deliveries) == 2 and not house.world.unacknowledged())
    assert house.rows() == []


def test_an_edit_and_a_deletion_are_kept_after_their_message(house: SlackHouse) -> None:
    ann = house.world.teams[0].add_person("ann")
    message = ann.says("my pasword", ann.dm)
    house.kept(1)
    ann.edits(message, "my password")
    house.kept(2)
    ann.deletes(message)
    house.kept(3)
    assert [payload["body"]["event"].get("subtype") for payload in house.payloads()] == [
        None,
        "message_changed",
        "message_deleted",
    ]
    assert len({row.thread_key for row in house.rows()}) == 1


def test_a_press_is_kept_once_however_often_it_comes(house: SlackHouse) -> None:
    team = house.world.teams[0]
    ann = team.add_person("ann")
    answer = _asks(house, ann.dm, [_button("press:0", "token-1"), _link("home page")])
    press = ann.clicks(answer, "press:0")
    assert press.acknowledged
    assert house.world.deliver_again(press).wait().acknowledged
    [payload] = house.payloads()
    assert payload["kind"] == "action"
    assert payload["body"]["actions"][0]["value"] == "token-1"
    assert house.rows()[0].thread_key == f"T1:@{ann.id}"


def test_a_link_is_acknowledged_and_not_kept(house: SlackHouse) -> None:
    ann = house.world.teams[0].add_person("ann")
    answer = _asks(house, ann.dm, [_link("home page")])
    assert ann.clicks(answer, "home page").acknowledged
    assert house.rows() == []


def test_while_the_database_is_down_nothing_is_acknowledged_and_later_it_comes_again(house: SlackHouse) -> None:
    ann = house.world.teams[0].add_person("ann")
    house.world.times.retries = (0.0, 3600.0)
    with is_down(house.database):
        ann.says("hello", ann.dm)
        house.world.wait_for(lambda: len(house.world.deliveries[0].attempts) == 2, timeout=30)
        assert {attempt.status for attempt in house.world.deliveries[0].attempts} == {503}
    house.world.clock.advance(3600)
    house.kept(1)
    assert house.world.deliveries[0].wait().acknowledged
    assert house.texts() == ["hello"]


def _asks(house: SlackHouse, channel: Any, buttons: list[dict[str, Any]]) -> Message:
    """The bot says something with these buttons below it."""
    client = WebClient(token=house.world.teams[0].bot_token, base_url=house.world.api_url)
    client.chat_postMessage(channel=channel.id, text="is it this?", blocks=[{"type": "actions", "elements": buttons}])
    answer: Message = channel.wait_for_bot()
    return answer


def _button(action_id: str, value: str) -> dict[str, Any]:
    return {"type": "button", "action_id": action_id, "value": value, "text": {"type": "plain_text", "text": "Yes"}}


def _link(label: str) -> dict[str, Any]:
    text = {"type": "plain_text", "text": label}
    return {"type": "button", "action_id": "open", "url": "https://example.com/", "text": text}
