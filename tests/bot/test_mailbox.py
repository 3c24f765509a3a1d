"""The web chat and the terminal keep the channel contract."""

from __future__ import annotations

from typing import Any

import pytest
from channel_contract import ChannelContract

from bot.channels.base import Channel, Unreadable
from bot.channels.mailbox import TERMINAL, WEB, Mailbox


class TestWeb(ChannelContract):
    def channel(self) -> Channel:
        return Mailbox(WEB)

    def payload(self, **said: Any) -> dict[str, Any]:
        return {"visitor": "ada", "client_id": "c1", **said}


class TestTerminal(TestWeb):
    def channel(self) -> Channel:
        return Mailbox(TERMINAL)


def test_a_payload_without_a_visitor_is_no_web_message() -> None:
    with pytest.raises(Unreadable):
        Mailbox(WEB).parse({"text": "hello"})


def test_a_reply_names_the_message_as_the_channel_does() -> None:
    channel = Mailbox(WEB)
    assert channel.parse({"visitor": "ada", "text": "no", "reply_to": 7}).reply_to == "out-7"
