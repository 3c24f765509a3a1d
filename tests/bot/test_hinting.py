from __future__ import annotations

import threading
from typing import cast

import pytest
from slack_house import settled

from bot.channels.base import Channel, Inbound
from bot.hinting import Hinter


class _Shown:
    """A channel that remembers who was shown that the bot is at it."""

    def __init__(self) -> None:
        self.threads: list[str] = []

    def hint(self, inbound: Inbound) -> None:
        if inbound.thread == "trouble":
            raise OSError("no line")
        self.threads.append(inbound.thread)


def inbound(thread: str) -> Inbound:
    return Inbound("web", thread, thread)


@pytest.fixture
def shown() -> _Shown:
    return _Shown()


def test_who_waits_for_long_is_shown_that_the_bot_is_at_it_once(shown: _Shown) -> None:
    hinter = Hinter(later=0.0, tick=0.01)
    with hinter.around(cast(Channel, shown), inbound("ada")):
        settled(lambda: shown.threads == ["ada"], lambda: str(shown.threads))
        with hinter.around(cast(Channel, shown), inbound("eve")):
            settled(lambda: "eve" in shown.threads, lambda: str(shown.threads))
    hinter.stop()
    assert shown.threads == ["ada", "eve"]


def test_who_was_answered_by_then_is_not(shown: _Shown) -> None:
    hinter = Hinter(later=0.0, tick=0.2)
    for number in range(20):
        with hinter.around(cast(Channel, shown), inbound(f"quick {number}")):
            pass
    with hinter.around(cast(Channel, shown), inbound("slow")):
        settled(lambda: bool(shown.threads), lambda: "nobody was shown anything")
    hinter.stop()
    assert shown.threads == ["slow"]


def test_a_hint_that_fails_is_no_trouble_for_the_next(shown: _Shown) -> None:
    hinter = Hinter(later=0.0, tick=0.01)
    with hinter.around(cast(Channel, shown), inbound("trouble")), hinter.around(cast(Channel, shown), inbound("ada")):
        settled(lambda: shown.threads == ["ada"], lambda: str(shown.threads))
    hinter.stop()


def test_whoever_comes_while_it_goes_to_rest_is_not_forgotten(shown: _Shown) -> None:
    hinter, count = Hinter(later=0.0, tick=0.0), 50

    def waits(number: int) -> None:
        with hinter.around(cast(Channel, shown), inbound(str(number))):
            settled(lambda: str(number) in shown.threads, lambda: f"{number} was forgotten")

    for number in range(count):
        waits(number)
    hinter.stop()
    assert len(shown.threads) == count
    assert not [each for each in threading.enumerate() if each.name == "hints" and each is hinter._thread]
