"""How fast we may write: Telegram's own numbers are soft, but who ignores its 429 is shut out for hours.

All topics of a group share the budget of its chat. Edits and new topics would count like messages; typing does not.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from bot.channels.booking import Book, Lane, MemoryBook
from bot.channels.pacing import Manners, Pacer, Way
from bot.channels.telegram.names import TELEGRAM


@dataclass(frozen=True)
class Limits:
    """Numbers per span of seconds. The spans are a little longer than Telegram's, for the way there is not even."""

    chat_span: float = 1.05
    per_group: int = 20
    group_span: float = 61.0
    group_burst: int = 8
    overall: int = 30
    overall_span: float = 1.05
    overall_burst: int = 4
    ahead: float = 0.5
    """Seconds that a message may wait for the bot's slot on its way; one that would wait longer goes back."""
    manners: Manners = field(default_factory=Manners)


def pacer_of(
    bot: str,
    book: Book | None = None,
    limits: Limits | None = None,
    *,
    seconds: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> Pacer:
    """The pacer of the bot with this id. Its places are chats, named by their numbers."""
    ways = _Ways(f"{TELEGRAM}:{bot}", limits or Limits())
    return Pacer(TELEGRAM, ways.way, book or MemoryBook(seconds), ways.limits.manners, seconds=seconds, sleep=sleep)


@dataclass(frozen=True)
class _Ways:
    whole: str
    limits: Limits

    def way(self, place: str) -> Way:
        limits, chat = self.limits, f"{self.whole}:{place}"
        lanes = [
            # The bot's comes first: its slot is waited for, and the chat's counts from then on.
            Lane.within(self.whole, limits.overall, limits.overall_span, limits.overall_burst, limits.ahead),
            Lane(chat, limits.chat_span),
        ]
        if place.startswith("-"):
            group = f"{chat}:group"
            lanes.append(Lane.within(group, limits.per_group, limits.group_span, limits.group_burst))
        return Way(chat, self.whole, tuple(lanes))
