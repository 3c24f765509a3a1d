"""How fast the bot may speak. Telegram's numbers are soft and hardly documented; these are what it is known for."""

from __future__ import annotations

import math
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from standins.telegram.refusals import too_many


@dataclass(frozen=True)
class Limits:
    """Seconds and counts. ``per_chat``: seconds between messages of one chat once its burst is spent."""

    per_chat: float = 1.0
    chat_burst: int = 3
    per_group: int = 20
    group_window: float = 60.0
    overall: int = 30
    overall_window: float = 1.0
    typing: int = 20
    typing_window: float = 5.0
    retry_after: int | None = None
    """What a 429 says at first; None: as long as it takes, in whole seconds."""
    escalation: float = 2.0
    """How much longer each call inside the penalty makes it."""
    ban_after: int | None = None
    """So many calls inside penalties, and the bot is shut out for good. None: it never is."""
    grace: float = 0.0
    """Seconds after a 429 in which a call is taken for one that was under way, and not held against the bot."""

    @classmethod
    def telegram(cls) -> Limits:
        return cls()

    @classmethod
    def none(cls) -> Limits:
        never = 10**9
        return cls(per_chat=0.0, chat_burst=never, per_group=never, overall=never, typing=never)

    @classmethod
    def scaled(cls, factor: float) -> Limits:
        """The same counts in windows of another length: 0.05 makes a minute three seconds."""
        real = cls()
        return replace(
            real,
            per_chat=real.per_chat * factor,
            group_window=real.group_window * factor,
            overall_window=real.overall_window * factor,
            typing_window=real.typing_window * factor,
        )


class ManualClock:
    """Seconds since 1970 that pass only when the test says so."""

    def __init__(self, start: float = 1_750_000_000.0) -> None:
        self._now = start
        self._lock = threading.Lock()

    def __call__(self) -> float:
        with self._lock:
            return self._now

    def advance(self, seconds: float) -> None:
        with self._lock:
            self._now += seconds


BAN = 86_400


@dataclass
class _Penalty:
    until: float
    seconds: int
    since: float


@dataclass
class Throttle:
    """Counts the calls and refuses what is too much. Not thread-safe: its owner holds the world's lock."""

    limits: Limits
    clock: Callable[[], float]
    ban_strikes: int = 0
    refused: int = 0
    _seen: dict[str, deque[float]] = field(default_factory=dict)
    _allowance: dict[int, tuple[float, float]] = field(default_factory=dict)
    _penalties: dict[str, _Penalty] = field(default_factory=dict)

    def count(self, chat_id: int, *, is_group: bool, weight: int = 1) -> None:
        """One message (or an album of ``weight``) into this chat; raises 429, and then it counts as not sent."""
        now, place = self.clock(), f"chat:{chat_id}"
        self._check_ban()
        for penalised in (place, "overall"):
            self._check_penalty(penalised, now)
        limits = self.limits
        waits = [(self._chat_wait(chat_id, now), place)]
        waits.append((self._window_wait("overall", now, limits.overall, limits.overall_window), "overall"))
        if is_group:
            waits.append((self._window_wait(place, now, limits.per_group, limits.group_window), place))
        wait, penalised = max(waits)
        if wait > 0:
            self._punish(penalised, now, wait)
        self._record(chat_id, now, weight, ("overall", place) if is_group else ("overall",))

    def count_typing(self, chat_id: int) -> None:
        """Typing has a budget of its own."""
        now, place = self.clock(), f"typing:{chat_id}"
        self._check_ban()
        self._check_penalty(place, now)
        wait = self._window_wait(place, now, self.limits.typing, self.limits.typing_window)
        if wait > 0:
            self._punish(place, now, wait)
        self._seen.setdefault(place, deque()).append(now)

    def penalise(self, chat_id: int, seconds: int) -> None:
        """Refuse a message into this chat though nothing was too much, and mean it."""
        now, place = self.clock(), f"chat:{chat_id}"
        self._check_ban()
        self._check_penalty(place, now)
        self._penalties[place] = _Penalty(now + seconds, seconds, now)
        self.refused += 1
        raise too_many(seconds)

    @property
    def is_banned(self) -> bool:
        return self.limits.ban_after is not None and self.ban_strikes >= self.limits.ban_after

    def forgive(self) -> None:
        """Forget every penalty and what was sent."""
        self._seen.clear()
        self._allowance.clear()
        self._penalties.clear()

    def _check_ban(self) -> None:
        if self.is_banned:
            self.refused += 1
            raise too_many(BAN)

    def _check_penalty(self, place: str, now: float) -> None:
        penalty = self._penalties.get(place)
        if penalty is None or now >= penalty.until:
            self._penalties.pop(place, None)
            return
        self.refused += 1
        if now - penalty.since < self.limits.grace:
            raise too_many(math.ceil(penalty.until - now))
        self.ban_strikes += 1
        penalty.seconds = math.ceil(penalty.seconds * self.limits.escalation)
        penalty.until = now + penalty.seconds
        raise too_many(penalty.seconds)

    def _punish(self, place: str, now: float, wait: float) -> None:
        seconds = self.limits.retry_after or max(1, math.ceil(wait))
        self._penalties[place] = _Penalty(now + seconds, seconds, now)
        self.refused += 1
        raise too_many(seconds)

    def _chat_wait(self, chat_id: int, now: float) -> float:
        """Seconds until the chat's bucket has a whole message in it again."""
        allowance = self._refilled(chat_id, now)
        return 0.0 if allowance >= 1.0 else (1.0 - allowance) * self.limits.per_chat

    def _refilled(self, chat_id: int, now: float) -> float:
        burst = float(self.limits.chat_burst)
        if not self.limits.per_chat:
            return burst
        allowance, at = self._allowance.get(chat_id, (burst, now))
        return min(burst, allowance + (now - at) / self.limits.per_chat)

    def _window_wait(self, place: str, now: float, most: int, window: float) -> float:
        seen = self._seen.setdefault(place, deque())
        while seen and seen[0] <= now - window:
            seen.popleft()
        return 0.0 if len(seen) < most else seen[0] + window - now

    def _record(self, chat_id: int, now: float, weight: int, places: tuple[str, ...]) -> None:
        self._allowance[chat_id] = (self._refilled(chat_id, now) - weight, now)
        for place in places:
            self._seen.setdefault(place, deque()).extend([now] * weight)
