"""Notices of the desk stand in the channel of the staff, which the settings name without its workspace."""

from __future__ import annotations

import pytest
from slack_house import SlackHouse
from standins.slack.server import SlackWorld

from api.settings import Settings
from bot.channels.base import Outgoing
from bot.channels.slack.names import Whole, parse_place


def test_a_notice_begins_a_thread_in_the_channel_of_the_staff(house: SlackHouse, world: SlackWorld) -> None:
    team = world.teams[0]
    room = team.add_channel("support", members=[team.add_person("bob")])
    house.connection.channel.send(Outgoing(1, 1, f"own:{room.id}", "#1 P0: the first answer is late"))
    (notice,) = room.bot_messages
    assert (notice.words, notice.thread_ts) == ("#1 P0: the first answer is late", None)


@pytest.mark.parametrize("name", ["own:C1", "T1:C1"])
def test_the_name_of_a_whole_channel_is_read_back(name: str) -> None:
    place = parse_place(name)
    assert isinstance(place, Whole)
    assert str(place) == name


def test_the_settings_name_the_places_of_the_staff_where_they_can_be_written_in() -> None:
    both = {"slack_staff_channel": "C1", "telegram_staff_chats": "-1001, -1002"}
    tokens = {"slack_bot_token": "xoxb-1", "telegram_token": "1:a"}
    places = Settings(_env_file=None, **both, **tokens).staff_places  # type: ignore[arg-type]
    assert places == (("slack", "own:C1"), ("telegram", "-1001"), ("telegram", "-1002"))
    assert Settings(_env_file=None, **both).staff_places == ()  # type: ignore[arg-type]
