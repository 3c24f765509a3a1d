"""What Telegram lets a bot say, kept by booking slots, with a clock that only we move."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from bot.channels.booking import TooSoon
from bot.channels.pacing import Pacer
from bot.channels.telegram.pacing import Limits, pacer_of

EVEN = Limits(chat_span=1.0, group_span=60.0, overall_span=1.0)
ADA, GROUP = "1", "-100"


@dataclass
class Sends:
    """Sends as the delivery loop does: as soon as it is told to."""

    limits: Limits = EVEN
    now: float = 100.0
    at: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.pacer: Pacer = pacer_of("1", limits=self.limits, seconds=lambda: self.now, sleep=self.sleep)

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def send(self, chat: str) -> float:
        """Returns how long it had to wait."""
        started = self.now
        while True:
            try:
                self.pacer.take(chat)
            except TooSoon as soon:
                self.now += soon.seconds
            else:
                self.at.append(self.now)
                return self.now - started

    def most_within(self, span: float) -> int:
        return max(sum(1 for other in self.at if 0 <= other - at < span) for at in self.at)


def test_a_chat_gets_one_message_a_second() -> None:
    sends = Sends()
    assert [sends.send(ADA) for _ in range(4)] == pytest.approx([0.0, 1.0, 1.0, 1.0])


def test_chats_do_not_wait_for_each_other() -> None:
    sends = Sends()
    assert [sends.send(chat) for chat in ("1", "2", "3")] == [0.0, 0.0, 0.0]


def test_a_group_gets_twenty_messages_in_any_minute_all_topics_together() -> None:
    sends = Sends()
    for _ in range(60):
        sends.send(GROUP)
    assert 18 <= sends.most_within(60.0) <= 20


def test_a_group_that_was_quiet_gets_a_few_at_the_pace_of_a_chat() -> None:
    sends = Sends()
    assert [sends.send(GROUP) for _ in range(8)] == pytest.approx([0.0, *[1.0] * 7])


def test_a_private_chat_may_get_more_than_a_group() -> None:
    sends = Sends()
    assert sum(sends.send(ADA) for _ in range(30)) < 30


def test_the_bot_sends_thirty_messages_in_any_second_in_all() -> None:
    sends = Sends()
    for chat in range(1, 200):
        sends.send(str(chat))
    assert 27 <= sends.most_within(1.0) <= 30


def test_who_waits_for_the_bots_slot_does_not_hurry_after_it_in_its_chat() -> None:
    sends = Sends()
    for chat in range(2, 14):
        sends.pacer.take(str(chat))
    sends.send(ADA)
    sent_at = sends.now
    sends.send(ADA)
    assert sends.now - sent_at >= 1.0 - 1e-6


def take_all(pacer: Pacer, chats: int) -> None:
    for chat in range(1, chats):
        pacer.take(str(chat))


def test_a_slot_that_is_far_off_is_not_waited_for() -> None:
    waited: list[float] = []
    pacer = pacer_of("1", limits=EVEN, seconds=lambda: 100.0, sleep=waited.append)
    with pytest.raises(TooSoon) as soon:
        take_all(pacer, 100)
    assert 0.0 < max(waited) <= EVEN.ahead < soon.value.seconds


def test_what_could_not_be_sent_uses_nothing_up() -> None:
    sends = Sends(Limits(chat_span=1.0, overall=2, overall_burst=1, overall_span=4.0, ahead=0.0))
    sends.pacer.take(ADA)
    for _ in range(5):
        with pytest.raises(TooSoon):
            sends.pacer.take("2")
    sends.now += 4.0
    sends.pacer.take("2")


def test_chats_that_fell_silent_are_forgotten() -> None:
    sends = Sends()
    for number in range(5000):
        sends.send(f"-{number}")
        sends.now += 1.0
    assert len(sends.pacer._book._full_at) < 2000  # type: ignore[attr-defined]
