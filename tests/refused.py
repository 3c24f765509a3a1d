"""A channel whose token was refused: the state alone, for tests of what is said about it."""

from __future__ import annotations

from bot.channels.base import Channel, State, Status
from bot.channels.mailbox import Mailbox


class Refused:
    """A Connection that is off for a reason."""

    def __init__(self, reason: str, status: Status = Status.OFF) -> None:
        self.channel: Channel = Mailbox("refused")
        self.state = State(status, reason)

    def start(self) -> None:
        """It was refused already."""

    def stop(self) -> None:
        """There is nothing to end."""
