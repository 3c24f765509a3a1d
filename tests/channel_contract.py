"""What every channel must keep. A channel's own test subclasses ``ChannelContract`` and says how its payloads look."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.base import Channel, Event, Inbound, Outgoing, OutgoingButton, Resend, Unreadable

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=6),
    max_leaves=12,
)


class ChannelContract:
    """Subclass it; give ``channel`` and ``payload``."""

    def channel(self) -> Channel:
        raise NotImplementedError

    def payload(self, **said: Any) -> dict[str, Any]:
        """The payload of one event: ``text``, ``press`` or ``reply_to`` as given, from the customer ada."""
        raise NotImplementedError

    def read(self, **said: Any) -> Inbound:
        event = self.channel().parse(self.payload(**said))
        assert isinstance(event, Inbound)
        return event

    def test_a_message_says_where_it_came_from_and_who_wrote_it(self) -> None:
        inbound = self.read(text="hello")
        assert inbound.channel == self.channel().name
        assert inbound.thread
        assert inbound.customer
        assert inbound.text == "hello"

    def test_a_stored_payload_reads_the_same_as_a_fresh_one(self) -> None:
        payload = self.payload(text="忘记密码 🙂")
        assert self.channel().parse(json.loads(json.dumps(payload))) == self.channel().parse(payload)

    def test_a_press_carries_the_buttons_token_and_no_text(self) -> None:
        inbound = self.read(press="token-1")
        assert inbound.press == "token-1"

    def test_two_messages_of_one_customer_share_a_thread(self) -> None:
        first, second = (self.read(text=text) for text in ("one", "two"))
        assert (first.thread, first.customer) == (second.thread, second.customer)

    @pytest.mark.parametrize("text", ["a\x00b\x1bc", "\ud83d!", "a\r\nb\rc"])
    def test_text_arrives_clean(self, text: str) -> None:
        clean = self.read(text=text).text
        clean.encode("utf-8")
        assert not set(clean) & {"\x00", "\x1b", "\r"}

    def test_nothing_of_a_long_text_is_lost(self) -> None:
        text = "word " * 8_000
        assert self.read(text=text).text.split() == text.split()

    def test_whatever_comes_is_read_or_called_unreadable(self) -> None:
        channel = self.channel()

        @given(payload=st.dictionaries(st.text(max_size=12), JSON, max_size=6))
        def read(payload: dict[str, Any]) -> None:
            try:
                event = channel.parse(payload)
            except Unreadable:
                return
            assert isinstance(event, Event)

        read()

    def test_a_sent_message_has_an_id_of_its_own(self) -> None:
        channel = self.channel()
        ids = [channel.send(self.outgoing(number)) for number in (1, 2)]
        assert all(ids), "every message has at least one id"
        assert not set(ids[0]) & set(ids[1])

    def test_sending_again_is_as_safe_as_the_channel_says(self) -> None:
        channel = self.channel()
        if channel.resend is Resend.SAFE:
            assert channel.send(self.outgoing(1)) == channel.send(self.outgoing(1))

    def outgoing(self, number: int) -> Outgoing:
        thread = self.read(text="hello").thread
        return Outgoing(number, number, thread, f"answer {number}", (OutgoingButton(f"t{number}", "Yes"),))
