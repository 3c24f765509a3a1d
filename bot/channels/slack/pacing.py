"""How fast Slack wants to be written to: about a message a second per channel, and not before it says so again."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta

BURST = 3
"""So many messages may follow each other at once in a channel that was quiet."""
EACH = timedelta(seconds=1)
REMEMBERED = 10_000


@dataclass
class _Lane:
    free_at: datetime
    """When the whole burst is there again."""
    closed_until: datetime


class Pacing:
    """Kept in memory alone: after a restart Slack's own refusals bring it back. Safe for many threads."""

    def __init__(self) -> None:
        self._lanes: OrderedDict[str, _Lane] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, lane: str, now: datetime) -> datetime | None:
        """None: go ahead, it is counted. Else: when to ask again."""
        with self._lock:
            found = self._lane(lane, now)
            if found.closed_until > now:
                return found.closed_until
            next_at = max(found.free_at, now) - (BURST - 1) * EACH
            if next_at > now:
                return next_at
            found.free_at = max(found.free_at, now) + EACH
            return None

    def close(self, lane: str, until: datetime, now: datetime) -> None:
        """Slack refused: nothing goes into ``lane`` before ``until``."""
        with self._lock:
            found = self._lane(lane, now)
            found.closed_until = max(found.closed_until, until)

    def _lane(self, lane: str, now: datetime) -> _Lane:
        found = self._lanes.setdefault(lane, _Lane(now, now))
        self._lanes.move_to_end(lane)
        if len(self._lanes) > REMEMBERED:
            self._lanes.popitem(last=False)
        return found
