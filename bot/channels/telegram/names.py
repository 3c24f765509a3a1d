"""What Firstline calls the places of Telegram."""

from __future__ import annotations

import re
from dataclasses import dataclass

TELEGRAM = "telegram"
# Ids are signed 64-bit numbers; a topic is the number of the message that opened it.
_THREAD = re.compile(r"(-?[0-9]{1,19})(?::([0-9]{1,19}))?")


@dataclass(frozen=True)
class Me:
    """The bot itself, as getMe tells it."""

    id: int
    username: str


@dataclass(frozen=True)
class Spot:
    """Where to send: a chat, and the forum topic in it. General and chats without topics have None."""

    chat: int
    topic: int | None = None

    @property
    def thread(self) -> str:
        return str(self.chat) if self.topic is None else f"{self.chat}:{self.topic}"


def spot_of(thread: str) -> Spot:
    """The place that a Thread's external id names. Raises ValueError for what is none."""
    found = _THREAD.fullmatch(thread)
    if found is None:
        raise ValueError("This is not the name of a Telegram chat.")
    return Spot(int(found[1]), int(found[2]) if found[2] else None)
