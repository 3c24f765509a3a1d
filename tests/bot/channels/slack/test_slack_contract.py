"""Slack keeps the channel contract."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from channel_contract import ChannelContract
from slack_payloads import pressed, said
from standins.slack.server import SlackWorld

from bot.channels.base import Channel, Deleted, Edited, Inbound, Nothing, Unreadable
from bot.channels.slack.channel import SlackChannel
from bot.channels.slack.clients import Clients


class TestSlack(ChannelContract):
    @pytest.fixture(autouse=True)
    def _slack(self, slack: SlackChannel) -> None:
        self._channel = slack

    def channel(self) -> Channel:
        return self._channel

    def payload(self, **given: Any) -> dict[str, Any]:
        if "press" in given:
            return pressed(given["press"])
        return said(given.pop("text"), **given)

    def test_a_stray_payload_is_unreadable(self) -> None:
        with pytest.raises(Unreadable):
            self.channel().parse({"stray": True})


@pytest.fixture(scope="module")
def world() -> Iterator[SlackWorld]:
    with SlackWorld() as world:
        world.add_team("T1", bot_token="xoxb-1").add_person("ada", id="U1")
        yield world


@pytest.fixture
def slack(world: SlackWorld, tmp_path: Path) -> SlackChannel:
    return SlackChannel(tmp_path, Clients(lambda team: "xoxb-1", world.api_url))


def test_what_people_do_at_the_stand_in_is_read(tmp_path: Path) -> None:
    with SlackWorld() as world:
        team = world.add_team("T1", bot_token="xoxb-1")
        ada = team.add_person("ada")
        room = team.add_channel("general", members=[ada])
        me = {"user_id": team.bot.user_id, "bot_id": team.bot.bot_id, "team_id": "T1"}
        channel = SlackChannel(tmp_path, Clients(lambda team: "xoxb-1", world.api_url))
        root = ada.says(f"{team.bot.mention} a < b & c?", room)
        private = ada.says("secret", ada.dm, files=[("a.png", b"png", "image/png")])
        ada.edits(private, "no secret")
        world.unfurl(private)
        ada.deletes(private)
        read = [channel.parse({"kind": "event", "body": each.payload, "me": me}) for each in world.deliveries]
    told = [event for event in read if not isinstance(event, Nothing)]
    mention, twin, said, edited, deleted = told
    assert mention == twin
    assert isinstance(twin, Inbound)
    assert (twin.text, twin.thread) == ("a < b & c?", f"T1:{room.id}:{root.ts}")
    assert isinstance(said, Inbound)
    assert [file.name for file in said.remote_files] == ["a.png"]
    thread = f"T1:@{ada.id}"
    assert edited == Edited("slack", thread, private.ts, "no secret")
    assert deleted == Deleted("slack", thread, private.ts)
