"""The contract between Firstline and a channel. ``tests/bot/channels/contract.py`` holds every channel to it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol


@dataclass(frozen=True)
class Inbound:
    """One event of a customer, in the words that every channel shares. Texts are clean (see ``bot.inbound_text``)."""

    channel: str
    thread: str
    customer: str
    text: str = ""
    external_id: str | None = None
    name: str | None = None
    language: str | None = None
    files: tuple[int, ...] = ()
    """Ids of stored files."""
    press: str | None = None
    """The token of the button that was pressed, if this is a press."""
    reply_to: str | None = None
    """The channel's id of the message that this one answers, if it says so."""


@dataclass(frozen=True)
class OutgoingButton:
    token: str
    label: str


@dataclass(frozen=True)
class Outgoing:
    """One message to render and send."""

    delivery_id: int
    message_id: int
    thread: str
    text: str
    buttons: tuple[OutgoingButton, ...] = ()
    files: tuple[int, ...] = ()


class Unreadable(Exception):
    """This payload is not one that the channel sends. It is parked and shown to a person."""


class DeliveryError(Exception):
    """The channel surely did not take the message."""

    def __init__(self, message: str, *, permanent: bool = False, not_before: datetime | None = None) -> None:
        super().__init__(message)
        self.permanent = permanent
        self.not_before = not_before


class Uncertain(Exception):
    """The channel may or may not have taken the message: no answer came."""


class Channel(Protocol):
    """A way to customers. Implementations are thin and keep no state of their own."""

    name: str
    is_safe_to_resend: bool
    """Whether sending the same message twice still shows it once."""

    def parse(self, payload: dict[str, Any]) -> Inbound:
        """What the stored payload means. Raises Unreadable."""
        ...

    def send(self, outgoing: Outgoing) -> str:
        """Send and return the channel's id of the message. Raises DeliveryError or Uncertain."""
        ...
