"""Trouble with both platforms by chance: what one call in ten meets instead of, or after, its effect."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from typing import Any

from standins.slack.faults import Fault, Faults
from standins.slack.world import SlackWorld
from standins.telegram import TelegramWorld, faults

# A call that is cut before its effect and one that is cut after it look the same to the client.
SENDS = (
    faults.TooMany(1),
    faults.ServerError(500),
    faults.ServerError(502),
    faults.ServerErrorAfter(500),
    faults.DropBefore(),
    faults.DropAfter(),
    faults.Slow(0.3),
)
POLLS = (faults.ServerError(502), faults.DropBefore(), faults.DropAfter(), faults.Slow(0.2))
POSTS = ("ratelimited", "http_500", "http_500_after", "drop_before", "drop_after", "slow_after")
LOOKS = ("ratelimited", "http_500", "drop_before", "slow_after")
FOR_EVER = 10**9


class Weather:
    """Bad for ``rate`` of the sends of each platform, half as bad for all other calls, until it ``clears``."""

    def __init__(self, rate: float, chance: random.Random) -> None:
        self.rate = rate
        self.met: Counter[str] = Counter()
        self._chance = chance

    def clears(self) -> None:
        self.rate = 0.0

    def over_telegram(self, world: TelegramWorld) -> None:
        for method, kinds, share in (("sendMessage", SENDS, 1.0), ("getUpdates", POLLS, 0.5)):
            for fault in kinds:
                name = f"telegram {method} {type(fault).__name__}{getattr(fault, 'code', '')}"
                world.fault(method, fault, times=FOR_EVER, when=self._one_of(len(kinds), share, name))

    def over_slack(self, world: SlackWorld) -> None:
        world.faults = _SlackFaults(world, self)

    def of_slack(self, method: str) -> str | None:
        """What befalls this call, if anything."""
        is_post = method == "chat.postMessage"
        if self._chance.random() >= self.rate * (1.0 if is_post else 0.5):
            return None
        kind = self._chance.choice(POSTS if is_post else LOOKS)
        self.met[f"slack {method if is_post else 'other'} {kind}"] += 1
        return kind

    def _one_of(self, count: int, share: float, name: str) -> Callable[[dict[str, Any]], bool]:
        """Whether a call meets this fault, which is one of ``count`` that it may meet."""

        def strikes(_arguments: dict[str, Any]) -> bool:
            is_hit = self._chance.random() < self.rate * share / count
            self.met[name] += is_hit
            return is_hit

        return strikes


class _SlackFaults(Faults):
    """Those that a test orders, and those that come by themselves."""

    def __init__(self, world: SlackWorld, weather: Weather) -> None:
        super().__init__(world)
        self._weather = weather

    def next(self, method: str, team: str | None, channel: str | None = None) -> Fault | None:
        if (ordered := super().next(method, team, channel)) is not None:
            return ordered
        kind = self._weather.of_slack(method)
        return None if kind is None else Fault(method, kind)
