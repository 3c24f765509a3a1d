"""How fast Slack wants to be written to: about a message a second per channel, and not before it says so again.

It also has a limit per workspace, which it does not publish: there its refusals are all that we go by.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from bot.channels.booking import Book, Lane, MemoryBook
from bot.channels.pacing import Manners, Pacer, Way
from bot.channels.slack.names import SLACK


@dataclass(frozen=True)
class Limits:
    each: float = 1.05
    """Seconds. A little more than Slack says, for the way there is not even."""
    burst: int = 3
    """So many messages may follow each other at once in a channel that was quiet."""
    # Slack counts the status apart, 10 a second in a workspace: a queue keeps to that, not a budget per place.
    manners: Manners = field(default_factory=lambda: Manners(margin=0.1, hints=20))


def pacer_of_workspaces(
    book: Book | None = None,
    limits: Limits | None = None,
    *,
    seconds: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> Pacer:
    """The pacer of all workspaces. Its places are lanes: a team and a channel, ``T1:C1``, or a team and a method."""
    limits = limits or Limits()

    def way_of(place: str) -> Way:
        name, (team, _, what) = f"{SLACK}:{place}", place.partition(":")
        # Slack counts each method apart: one that is refused says nothing about the rest of the workspace.
        whole = name if "." in what else f"{SLACK}:{team}"
        return Way(name, whole, (Lane(name, limits.each, limits.burst),))

    return Pacer(SLACK, way_of, book or MemoryBook(seconds), limits.manners, seconds=seconds, sleep=sleep)
