"""The pacer, with a clock that only we move."""

from __future__ import annotations

from dataclasses import dataclass, field

from bot.channels.telegram.pacing import Limits, Pacer

EVEN = Limits(chat_span=1.0, group_span=60.0, overall_span=1.0, margin=0.5)
ADA, EVE, GROUP = 1, 2, -100


@dataclass
class Sends:
    """Sends as the delivery loop does: as soon as it is told to."""

    pacer: Pacer = field(default_factory=lambda: Pacer(EVEN))
    now: float = 100.0
    at: list[float] = field(default_factory=list)

    def send(self, chat: int) -> float:
        """Returns how long it had to wait."""
        started = self.now
        while (wait := self.pacer.take(chat, self.now)) > 0:
            self.now += wait
        self.at.append(self.now)
        return self.now - started


def test_a_chat_gets_one_message_a_second() -> None:
    sends = Sends()
    assert [sends.send(ADA) for _ in range(4)] == [0.0, 1.0, 1.0, 1.0]


def test_chats_do_not_wait_for_each_other() -> None:
    sends = Sends()
    assert [sends.send(chat) for chat in (1, 2, 3)] == [0.0, 0.0, 0.0]


def test_a_group_gets_twenty_messages_a_minute_all_topics_together() -> None:
    sends = Sends()
    for _ in range(50):
        sends.send(GROUP)
    assert all(later - sooner >= 60 for sooner, later in zip(sends.at, sends.at[20:], strict=False))


def test_a_private_chat_may_get_more_than_a_group() -> None:
    sends = Sends()
    assert sum(sends.send(ADA) for _ in range(30)) < 30


def test_the_bot_sends_thirty_messages_a_second_in_all() -> None:
    sends = Sends()
    for chat in range(1, 100):
        sends.send(chat)
    assert all(later - sooner >= 1.0 for sooner, later in zip(sends.at, sends.at[30:], strict=False))


def test_waiting_does_not_use_up_the_budget() -> None:
    pacer = Pacer(EVEN)
    pacer.take(ADA, 0.0)
    assert [pacer.take(ADA, 0.25) for _ in range(5)] == [0.75] * 5
    assert pacer.take(ADA, 1.0) == 0.0


def test_after_a_refusal_the_chat_is_quiet_for_as_long_as_told_and_a_little_more() -> None:
    pacer = Pacer(EVEN)
    assert pacer.park(ADA, 30.0, 0.0) == 30.5
    assert pacer.take(ADA, 30.0) == 0.5
    assert pacer.take(EVE, 5.0) == 0.0
    assert pacer.take(ADA, 30.5) == 0.0


def test_two_chats_refused_at_once_silence_the_bot() -> None:
    pacer = Pacer(EVEN)
    pacer.park(ADA, 30.0, 0.0)
    pacer.park(EVE, 30.0, 1.0)
    assert pacer.take(3, 1.0) == 30.5


def test_two_chats_refused_at_different_times_are_their_own_matter() -> None:
    pacer = Pacer(EVEN)
    pacer.park(ADA, 30.0, 0.0)
    pacer.park(EVE, 30.0, 10.0)
    assert pacer.take(3, 10.0) == 0.0


def test_a_shorter_refusal_does_not_end_a_longer_one() -> None:
    pacer = Pacer(EVEN)
    pacer.park(ADA, 60.0, 0.0)
    pacer.park(ADA, 1.0, 1.0)
    assert pacer.take(ADA, 10.0) == 50.5


def test_typing_has_a_small_budget_of_its_own() -> None:
    pacer = Pacer(EVEN)
    assert [pacer.has_room_for_hint(ADA, 0.0) for _ in range(7)] == [True] * 5 + [False] * 2
    assert pacer.take(ADA, 0.0) == 0.0
    assert pacer.has_room_for_hint(ADA, 20.0)


def test_typing_is_left_out_under_load_and_where_we_were_refused() -> None:
    pacer = Pacer(EVEN)
    for chat in range(1, 20):
        pacer.take(chat, 0.0)
    assert not pacer.has_room_for_hint(50, 0.5)
    assert pacer.has_room_for_hint(50, 2.0)
    pacer.park(50, 10.0, 2.0)
    assert not pacer.has_room_for_hint(50, 3.0)


def test_chats_that_fell_silent_are_forgotten_and_those_that_are_parked_are_not() -> None:
    pacer = Pacer(EVEN)
    pacer.park(ADA, 10_000.0, 0.0)
    for number in range(3000):
        pacer.take(-number - 10, float(number))
        pacer.has_room_for_hint(-number - 10, float(number))
    assert len(pacer._chats) + len(pacer._groups) + len(pacer._hints) < 5000
    assert pacer.take(ADA, 3000.0) == 7000.5
