"""How fast we may write: Telegram's own numbers are soft, but who ignores its 429 is shut out for hours.

Sends wait (``take`` says how long), what is only cosmetic is left out (``has_room_for_hint``). All topics of a group
share the budget of its chat. Times are seconds of a monotonic clock, handed in.
"""

from __future__ import annotations

from collections import defaultdict, deque
from dataclasses import dataclass
from threading import Lock

_MANY = 1000


@dataclass(frozen=True)
class Limits:
    """Numbers per span of seconds. The spans are a little longer than Telegram's, for the way there is not even."""

    chat_span: float = 1.05
    per_group: int = 20
    group_span: float = 61.0
    overall: int = 30
    overall_span: float = 1.05
    hints: int = 5
    hint_span: float = 20.0
    busy: int = 15
    """From so many sends in ``overall_span`` on, hints are left out."""
    margin: float = 0.5
    """How much longer than told we keep quiet after a 429."""
    together: float = 2.0
    """Two chats refused within so many seconds: it is the bot that writes too much."""


class Pacer:
    """The budget of one bot, shared by all that sends for it; safe to use from several threads."""

    def __init__(self, limits: Limits | None = None) -> None:
        self.limits = limits or Limits()
        self._lock = Lock()
        self._overall: deque[float] = deque()
        self._chats: dict[int, float] = {}
        self._groups: defaultdict[int, deque[float]] = defaultdict(deque)
        self._hints: defaultdict[int, deque[float]] = defaultdict(deque)
        self._parked: dict[int, float] = {}
        self._all_parked = float("-inf")
        self._refused: tuple[int, float] | None = None

    def take(self, chat: int, now: float) -> float:
        """0.0: send now, it is counted. Else so many seconds to wait, and nothing is counted."""
        with self._lock:
            wait = self._wait(chat, now)
            if wait <= 0:
                self._count(chat, now)
            return max(wait, 0.0)

    def has_room_for_hint(self, chat: int, now: float) -> bool:
        """Whether typing may be shown now; counted if so. It has a budget of its own."""
        with self._lock:
            if len(self._hints) > _MANY:
                self._forget_quiet_chats(now)
            hints = self._hints[chat]
            _forget(hints, now - self.limits.hint_span)
            _forget(self._overall, now - self.limits.overall_span)
            is_busy = len(self._overall) >= self.limits.busy or self._parked_for(chat, now) > 0
            if is_busy or len(hints) >= self.limits.hints:
                return False
            hints.append(now)
            return True

    def park(self, chat: int, seconds: float, now: float) -> float:
        """Keep quiet in ``chat`` after a 429 that said ``seconds``, everywhere if the bot floods. Returns how long."""
        with self._lock:
            until = now + seconds + self.limits.margin
            if self._refused and self._refused[0] != chat and now - self._refused[1] <= self.limits.together:
                self._all_parked = max(self._all_parked, until)
            self._parked[chat] = max(until, self._parked.get(chat, until))
            self._refused = (chat, now)
            return self._parked_for(chat, now)

    def _wait(self, chat: int, now: float) -> float:
        limits = self.limits
        _forget(self._overall, now - limits.overall_span)
        waits = [self._parked_for(chat, now), self._chats.get(chat, float("-inf")) + limits.chat_span - now]
        if len(self._overall) >= limits.overall:
            waits.append(self._overall[0] + limits.overall_span - now)
        if chat < 0:
            sent = self._groups[chat]
            _forget(sent, now - limits.group_span)
            if len(sent) >= limits.per_group:
                waits.append(sent[0] + limits.group_span - now)
        return max(waits)

    def _parked_for(self, chat: int, now: float) -> float:
        return max(self._parked.get(chat, float("-inf")), self._all_parked) - now

    def _count(self, chat: int, now: float) -> None:
        self._overall.append(now)
        if len(self._chats) > _MANY:
            self._forget_quiet_chats(now)
        self._chats[chat] = now
        if chat < 0:
            self._groups[chat].append(now)

    def _forget_quiet_chats(self, now: float) -> None:
        before = now - 2 * self.limits.group_span
        self._chats = {chat: at for chat, at in self._chats.items() if at > before}
        self._parked = {chat: until for chat, until in self._parked.items() if until > now}
        for budgets in (self._groups, self._hints):
            for chat in [chat for chat, times in budgets.items() if not times or times[-1] <= before]:
                del budgets[chat]


def _forget(times: deque[float], before: float) -> None:
    while times and times[0] <= before:
        times.popleft()
