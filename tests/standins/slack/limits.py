"""How often Slack lets itself be called."""

from __future__ import annotations

import math
from collections import defaultdict, deque
from dataclasses import dataclass, field

TIERS = {1: 1, 2: 20, 3: 50, 4: 100}
BAN = 86_400
POSTS = ("chat.postMessage", "chat.postEphemeral", "files.completeUploadExternal")


@dataclass
class Limits:
    """Calls a minute per tier and per method, and posts a second per channel with a burst. Empty: no limit."""

    tiers: dict[int, int] = field(default_factory=dict)
    methods: dict[str, int] = field(default_factory=dict)
    posts_per_second: float | None = None
    burst: int = 3
    page: int = 1000
    """The most messages that history and replies give at once."""
    ban_after: int | None = None
    """So many posts before a Retry-After was over, and every call is refused for good. None: pauses are not watched."""
    grace: float = 0.0
    """Seconds after a 429 in which a post is taken for one that was under way, and not held against the app."""
    strikes: int = 0
    _seen: dict[tuple[str, ...], deque[float]] = field(default_factory=lambda: defaultdict(deque))
    _buckets: dict[tuple[str, str], tuple[float, float]] = field(default_factory=dict)
    _pauses: dict[tuple[str, str], tuple[float, float]] = field(default_factory=dict)

    @classmethod
    def none(cls) -> Limits:
        return cls()

    @classmethod
    def real(cls, outside_marketplace: bool = False) -> Limits:
        """As published. ``outside_marketplace``: reading back is 1 call a minute and 15 messages."""
        reading = {"conversations.history": 1, "conversations.replies": 1} if outside_marketplace else {}
        return cls(dict(TIERS), reading, posts_per_second=1.0, page=15 if outside_marketplace else 1000)

    def wait(self, method: str, tier: int, team: str, channel: str | None, now: float) -> int:
        """Seconds until this call is welcome; 0: it is now, and it counts."""
        if self.is_banned:
            return BAN
        left = self._paused(team, channel, now) if method in POSTS and channel is not None else 0
        left = left or self._wait(method, tier, team, channel, now)
        if left and method in POSTS and channel is not None:
            self.paused(team, channel, left, now)
        return left

    @property
    def is_banned(self) -> bool:
        return self.ban_after is not None and self.strikes >= self.ban_after

    def paused(self, team: str, channel: str, seconds: float, now: float) -> None:
        """This channel was told to wait for so long. A post before that is a strike."""
        since, until = self._pauses.get((team, channel), (now, now))
        self._pauses[(team, channel)] = (since if until > now else now, now + seconds)

    def _paused(self, team: str, channel: str, now: float) -> int:
        since, until = self._pauses.get((team, channel), (now, now))
        if self.ban_after is None or until <= now:
            return 0
        self.strikes += now - since >= self.grace
        return max(1, math.ceil(until - now))

    def _wait(self, method: str, tier: int, team: str, channel: str | None, now: float) -> int:
        most = self.methods.get(method, self.tiers.get(tier))
        seen = self._seen[(method, team)]
        while seen and seen[0] <= now - 60:
            seen.popleft()
        if most is not None and len(seen) >= most:
            return max(1, math.ceil(seen[0] + 60 - now))
        if method in POSTS and channel is not None and (left := self._post(team, channel, now)):
            return left
        seen.append(now)
        return 0

    def _post(self, team: str, channel: str, now: float) -> int:
        if self.posts_per_second is None:
            return 0
        tokens, at = self._buckets.get((team, channel), (float(self.burst), now))
        tokens = min(float(self.burst), tokens + (now - at) * self.posts_per_second)
        if tokens < 1:
            self._buckets[(team, channel)] = (tokens, now)
            return max(1, math.ceil((1 - tokens) / self.posts_per_second))
        self._buckets[(team, channel)] = (tokens - 1, now)
        return 0
