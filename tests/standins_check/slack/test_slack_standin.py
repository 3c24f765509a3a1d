"""The stand-in for Slack is as strict as Slack: tokens, scopes, posting; with clients that it was not written for."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from slack_sdk import WebClient
from slack_sdk.models.blocks import ActionsBlock, ButtonElement, HeaderBlock
from slack_sdk.models.metadata import Metadata
from standins.slack.server import Channel, Person, SlackWorld, Team
from standins_check.slack_clients import MODAL, raw, refusal

# Tokens, methods, arguments


@pytest.mark.parametrize(
    ("token", "error"),
    [(None, "not_authed"), ("xoxb-wrong", "invalid_auth"), ("xapp-1-A0FIRSTLINE-1-secret", "not_allowed_token_type")],
)
def test_a_call_without_a_good_token_is_refused(world: SlackWorld, team: Team, token: str | None, error: str) -> None:
    assert raw(world, "conversations.list", token)["error"] == error


def test_the_token_may_come_in_the_query_the_form_or_the_header(world: SlackWorld, team: Team) -> None:
    url = f"{world.api_url}auth.test"
    answers = [
        httpx.get(url, params={"token": "xoxb-one"}),
        httpx.post(url, data={"token": "xoxb-one"}),
        httpx.post(url, files={"token": (None, "xoxb-one")}),
        httpx.get(url, headers={"Authorization": "Bearer xoxb-one"}),
    ]
    assert [answer.json()["bot_id"] for answer in answers] == [team.bot.bot_id] * 4


def test_uninstalling_and_revoking_kill_the_token(world: SlackWorld, team: Team) -> None:
    team.revokes_token(tells=False)
    assert raw(world, "auth.test")["error"] == "token_revoked"
    team.installs(token="xoxb-two")
    assert raw(world, "auth.test", "xoxb-two")["ok"]
    team.uninstalls()
    assert raw(world, "auth.test", "xoxb-two")["error"] == "account_inactive"


def test_a_token_can_revoke_itself(world: SlackWorld, client: WebClient) -> None:
    assert client.auth_revoke(test=True)["revoked"] is False
    assert client.auth_revoke()["revoked"] is True
    assert raw(world, "auth.test")["error"] == "token_revoked"


@pytest.mark.parametrize(
    ("method", "arguments", "error"),
    [
        ("chat.post", {}, "unknown_method"),
        ("chat.postMessage", {"chanel": "C1", "channel": "C1"}, "invalid_arg_name"),
        ("chat.postMessage", {"text": "hello"}, "invalid_arguments"),
        ("chat.postMessage", {"channel": "C404", "text": "hello"}, "channel_not_found"),
        ("chat.postMessage", {"channel": "C404", "text": 7}, "invalid_arguments"),
        ("users.info", {"user": "U404"}, "user_not_found"),
        ("users.lookupByEmail", {"email": "nobody@acme.example"}, "users_not_found"),
        ("conversations.open", {"users": "U404"}, "user_not_found"),
        ("conversations.history", {"channel": "C404"}, "channel_not_found"),
        ("files.info", {"file": "F404"}, "file_not_found"),
        ("views.open", {"trigger_id": "1.2.3", "view": MODAL}, "invalid_trigger_id"),
        ("views.publish", {"user_id": "U404", "view": {"type": "home", "blocks": []}}, "user_not_found"),
        ("views.update", {"view_id": "V404", "view": MODAL}, "not_found"),
    ],
)
def test_what_does_not_exist_is_refused(
    world: SlackWorld, team: Team, method: str, arguments: dict[str, Any], error: str
) -> None:
    assert raw(world, method, **arguments)["error"] == error


def test_broken_bodies_are_refused(world: SlackWorld, team: Team) -> None:
    headers = {"Authorization": "Bearer xoxb-one"}
    url = f"{world.api_url}auth.test"
    bodies = [(b"{", "application/json"), (b"[]", "application/json"), (b"x", "text/plain")]
    errors = [
        httpx.post(url, content=body, headers={**headers, "Content-Type": kind}).json()["error"]
        for body, kind in bodies
    ]
    assert errors == ["invalid_json", "json_not_object", "invalid_post_type"]


@pytest.mark.parametrize(
    ("scope", "method", "arguments"),
    [
        ("chat:write", "chat.postMessage", {"channel": "C1", "text": "hello"}),
        ("users:read", "users.info", {"user": "U1"}),
        ("users:read.email", "users.lookupByEmail", {"email": "a@b.example"}),
        ("channels:read", "conversations.info", {"channel": "C1"}),
        ("channels:history", "conversations.history", {"channel": "C1"}),
        ("channels:join", "conversations.join", {"channel": "C1"}),
        ("im:write", "conversations.open", {"users": "U1"}),
        ("files:write", "files.getUploadURLExternal", {"filename": "a.txt", "length": 1}),
        ("files:read", "files.info", {"file": "F1"}),
        ("reactions:write", "reactions.add", {"channel": "C1", "name": "eyes", "timestamp": "1.1"}),
        ("team:read", "team.info", {}),
        ("assistant:write", "assistant.threads.setTitle", {"channel_id": "C1", "thread_ts": "1.1", "title": "x"}),
    ],
)
def test_a_missing_scope_is_named(
    world: SlackWorld, team: Team, scope: str, method: str, arguments: dict[str, Any]
) -> None:
    team.add_channel("general", id="C1", members=[team.add_person("ann", id="U1")])
    team.missing(scope)
    told = raw(world, method, **arguments)
    assert (told["error"], told["needed"]) == ("missing_scope", scope)
    assert scope not in told["provided"].split(",")


def test_every_answer_says_which_scopes_the_token_has(client: WebClient, team: Team) -> None:
    assert "chat:write" in client.auth_test().headers["x-oauth-scopes"].split(",")


# Posting


def test_a_message_arrives_as_people_see_it(client: WebClient, room: Channel) -> None:
    posted = client.chat_postMessage(
        channel=room.id,
        text="fallback",
        blocks=[HeaderBlock(text="Hello"), ActionsBlock(elements=[ButtonElement(text="Yes", action_id="press:1")])],
        metadata=Metadata("delivery", {"key": "d-1"}),
    )
    message = room.wait_for_bot("Hello")
    assert (message.ts, message.buttons, message.text) == (posted["ts"], ["Yes"], "fallback")
    plain = client.conversations_history(channel=room.id)["messages"][0]
    assert "metadata" not in plain
    kept = client.conversations_history(channel=room.id, include_all_metadata=True)["messages"][0]
    assert kept["metadata"]["event_payload"] == {"key": "d-1"}
    assert all(block["block_id"] for block in kept["blocks"])


def test_places_where_the_bot_is_not_refuse_it(client: WebClient, team: Team) -> None:
    away = team.add_channel("away", bot=False)
    hidden = team.add_channel("hidden", bot=False, kind="private")
    old = team.add_channel("old", archived=True)
    errors = [refusal(client.chat_postMessage, channel=c.id, text="x")["error"] for c in (away, hidden, old)]
    assert errors == ["not_in_channel", "channel_not_found", "is_archived"]
    client.conversations_join(channel=away.id)
    assert client.chat_postMessage(channel=away.id, text="x")["ok"]
    team.installs(scopes={"chat:write", "chat:write.public"}, token="xoxb-one")
    assert client.chat_postMessage(channel=team.add_channel("open", bot=False).id, text="x")["ok"]


def test_empty_messages_are_refused(world: SlackWorld, room: Channel) -> None:
    assert raw(world, "chat.postMessage", channel=room.id, text=" ")["error"] == "no_text"
    assert raw(world, "chat.postMessage", channel=room.id)["error"] == "no_text"


def test_long_text_is_split_and_very_long_text_is_cut(client: WebClient, room: Channel) -> None:
    client.chat_postMessage(channel=room.id, text="a" * 4040)
    client.chat_postMessage(channel=room.id, text="b" * 4041)
    client.chat_postMessage(channel=room.id, text="c" * 50_000)
    sizes = [len(message.text) for message in room.messages]
    assert sizes == [4040, 4000, 41, *[4000] * 10]


def test_an_update_must_be_own_and_short(client: WebClient, room: Channel, ann: Person) -> None:
    own = client.chat_postMessage(channel=room.id, text="first")["ts"]
    hers = ann.says("mine", room)
    client.chat_update(channel=room.id, ts=own, text="second")
    assert (room.messages[0].text, room.messages[0].edited is not None) == ("second", True)
    assert refusal(client.chat_update, channel=room.id, ts=own, text="x" * 4001)["error"] == "msg_too_long"
    assert refusal(client.chat_update, channel=room.id, ts=hers.ts, text="x")["error"] == "cant_update_message"
    assert refusal(client.chat_update, channel=room.id, ts="1.000001", text="x")["error"] == "message_not_found"
    assert refusal(client.chat_delete, channel=room.id, ts=hers.ts)["error"] == "cant_delete_message"
    client.chat_delete(channel=room.id, ts=own)
    assert [message.text for message in room.messages] == ["mine"]


def test_ephemeral_messages_are_for_one_and_cannot_be_changed(client: WebClient, room: Channel, ann: Person) -> None:
    ts = client.chat_postEphemeral(channel=room.id, user=ann.id, text="psst")["message_ts"]
    assert [message.text for message in room.ephemerals(ann)] == ["psst"]
    assert room.messages == []
    assert refusal(client.chat_update, channel=room.id, ts=ts, text="x")["error"] == "message_not_found"
    wrong = refusal(client.chat_postEphemeral, channel=room.id, user="U404", text="x")
    assert wrong["error"] == "user_not_in_channel"


def test_replies_stay_in_their_thread(client: WebClient, room: Channel, ann: Person, world: SlackWorld) -> None:
    root = ann.says("help", room)
    reply = client.chat_postMessage(channel=room.id, text="one", thread_ts=root.ts)["ts"]
    client.chat_postMessage(channel=room.id, text="two", thread_ts=root.ts)
    texts = [row["text"] for row in client.conversations_replies(channel=room.id, ts=root.ts)["messages"]]
    assert texts == ["help", "one", "two"]
    assert [row["text"] for row in client.conversations_history(channel=room.id)["messages"]] == ["help"]
    for ts, error in (("1.000001", "thread_not_found"), ("yesterday", "invalid_thread_ts")):
        assert refusal(client.chat_postMessage, channel=room.id, text="x", thread_ts=ts)["error"] == error
    client.chat_postMessage(channel=room.id, text="three", thread_ts=reply)
    assert room.messages[-1].thread_ts == root.ts
    assert len(world.complaints) == 1
    world.complaints.clear()


def test_history_comes_in_pages(client: WebClient, room: Channel, ann: Person) -> None:
    for number in range(5):
        ann.says(str(number), room)
    pages = [
        [row["text"] for row in page["messages"]] for page in client.conversations_history(channel=room.id, limit=2)
    ]
    assert pages == [["4", "3"], ["2", "1"], ["0"]]
    third = room.messages[2].ts
    later = client.conversations_history(channel=room.id, oldest=third)["messages"]
    assert [row["text"] for row in later] == ["4", "3"]
