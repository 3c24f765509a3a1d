"""The stand-in for Slack takes the blocks and views that Slack takes, and no others."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from slack_sdk import WebClient
from slack_sdk.models.blocks import SectionBlock
from standins.slack.server import Channel, Person, SlackWorld, Team
from standins_check.slack_clients import BUTTON, MODAL, raw, refusal, section


@pytest.mark.parametrize(
    ("blocks", "words"),
    [
        ([section("x" * 3001)], "must be less than 3001 characters [json-pointer:/blocks/0/text/text]"),
        ([section("")], "must be more than 0 characters"),
        ([section("x")] * 51, "no more than 50 items allowed [json-pointer:/blocks]"),
        ([{"type": "header", "text": {"type": "plain_text", "text": "x" * 151}}], "must be less than 151 characters"),
        ([{"type": "header", "text": {"type": "mrkdwn", "text": "x"}}], "must be one of: plain_text"),
        ([{"type": "actions", "elements": [BUTTON | {"action_id": f"{n}"} for n in range(26)]}], "no more than 25"),
        ([{"type": "actions", "elements": [BUTTON, BUTTON]}], "`action_id` must be unique"),
        ([{"type": "actions", "elements": []}], "no fewer than 1 items"),
        ([{"type": "actions", "elements": [BUTTON | {"value": "x" * 2001}]}], "must be less than 2001 characters"),
        ([{"type": "actions", "elements": [BUTTON | {"action_id": "x" * 256}]}], "must be less than 256 characters"),
        ([{"type": "actions", "elements": [BUTTON | {"style": "green"}]}], "must be one of: primary, danger"),
        ([{"type": "actions", "elements": [BUTTON | {"colour": "green"}]}], "invalid additional property: colour"),
        (
            [{"type": "actions", "elements": [BUTTON | {"text": {"type": "plain_text", "text": "x" * 76}}]}],
            "must be less than 76 characters",
        ),
        ([section("x", block_id="a"), section("y", block_id="a")], "`block_id` must be unique: a"),
        ([section("x", block_id="b" * 256)], "must be less than 256 characters"),
        ([section("x", fields=[{"type": "mrkdwn", "text": "f"}] * 11)], "no more than 10 items"),
        ([{"type": "context", "elements": [{"type": "mrkdwn", "text": "x"}] * 11}], "no more than 10 items"),
        ([{"type": "section"}], "missing required field: text or fields"),
        ([{"type": "paragraph"}], "unsupported type: paragraph"),
        (["text"], "must be an object"),
        ([{"type": "markdown", "text": "x" * 12_001}], "must be less than 12001 characters"),
    ],
)
def test_blocks_beyond_what_slack_takes_are_refused(
    world: SlackWorld, room: Channel, blocks: list[Any], words: str
) -> None:
    told = raw(world, "chat.postMessage", channel=room.id, text="x", blocks=blocks)
    assert told["error"] == "invalid_blocks"
    assert words in " ".join(told["response_metadata"]["messages"])
    assert room.messages == []


def test_blocks_at_the_limits_pass(world: SlackWorld, client: WebClient, room: Channel) -> None:
    buttons = [BUTTON | {"action_id": f"press:{number}"} for number in range(25)]
    blocks = [section("x" * 3000), {"type": "actions", "elements": buttons}, *[section("y")] * 48]
    assert client.chat_postMessage(channel=room.id, text="x", blocks=blocks)["ok"]
    assert client.chat_postMessage(channel=room.id, text="x", blocks=[SectionBlock(text="SDK").to_dict()])["ok"]
    # The SDK sends blocks as JSON; others send them as a string in a form.
    form = {"channel": room.id, "blocks": '[{"type": "divider"}]', "text": "x"}
    headers = {"Authorization": "Bearer xoxb-one"}
    assert httpx.post(f"{world.api_url}chat.postMessage", data=form, headers=headers).json()["ok"]
    broken = httpx.post(f"{world.api_url}chat.postMessage", data={**form, "blocks": "[{"}, headers=headers)
    assert broken.json()["error"] == "invalid_blocks_format"


def test_blocks_too_long_together_are_refused(client: WebClient, room: Channel) -> None:
    told = refusal(client.chat_postMessage, channel=room.id, text="x", blocks=[section("x" * 2700)] * 5)
    assert told["error"] == "msg_blocks_too_long"


def test_markdown_text_stands_alone_and_has_its_limit(world: SlackWorld, room: Channel) -> None:
    assert raw(world, "chat.postMessage", channel=room.id, markdown_text="**bold**")["ok"]
    assert room.messages[0].words == "**bold**"
    both = raw(world, "chat.postMessage", channel=room.id, text="x", markdown_text="y")
    assert both["error"] == "markdown_text_conflict"
    long = raw(world, "chat.postMessage", channel=room.id, markdown_text="y" * 12_001)
    assert long["error"] == "msg_too_long"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"title": {"type": "plain_text", "text": "x" * 25}}, "[json-pointer:/view/title/text]"),
        ({"private_metadata": "x" * 3001}, "[json-pointer:/view/private_metadata]"),
        ({"callback_id": "x" * 256}, "[json-pointer:/view/callback_id]"),
        ({"blocks": [section("x")] * 101}, "no more than 100 items allowed"),
        ({"submit": None}, "a modal with inputs needs a submit"),
        ({"type": "home"}, "must be a modal"),
        ({"colour": "red"}, "invalid additional property: colour"),
    ],
)
def test_views_beyond_what_slack_takes_are_refused(
    world: SlackWorld, team: Team, change: dict[str, Any], words: str
) -> None:
    view = {key: value for key, value in {**MODAL, **change}.items() if value is not None}
    told = raw(world, "views.open", trigger_id="1.2.3", view=view)
    assert told["error"] == "invalid_arguments"
    assert words in " ".join(told["response_metadata"]["messages"])


def test_a_view_of_a_quarter_megabyte_is_too_large(world: SlackWorld, ann: Person) -> None:
    blocks = [section("x" * 3000) for _ in range(90)]
    told = raw(world, "views.publish", user_id=ann.id, view={"type": "home", "blocks": blocks})
    assert told["error"] == "view_too_large"


def test_app_home_is_guarded_by_its_hash(client: WebClient, ann: Person, world: SlackWorld) -> None:
    first = client.views_publish(user_id=ann.id, view={"type": "home", "blocks": [section("one")]})["view"]
    home = {"type": "home", "blocks": [section("two")]}
    client.views_publish(user_id=ann.id, view=home, hash=first["hash"])
    assert ann.wait_for_home("two").id == first["id"]
    assert refusal(client.views_publish, user_id=ann.id, view=home, hash=first["hash"])["error"] == "hash_conflict"
    world.app.home_tab = False
    assert refusal(client.views_publish, user_id=ann.id, view=home)["error"] == "not_enabled"
