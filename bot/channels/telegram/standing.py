"""How the line to Telegram stands, shared by the threads that use it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock

from telegram.error import BadRequest, Conflict, TelegramError

from bot.channels.base import State, Status
from bot.channels.telegram.client import Flood, Refused, ServerTrouble
from bot.channels.telegram.names import Me
from store.errors import StoreError
from store.leases import Held

REFUSED = (
    "Telegram refused the bot's token; what is to be sent waits. Take a valid one from @BotFather, set "
    "FIRSTLINE_TELEGRAM_TOKEN and start again."
)
CONFLICT = (
    "Another program polls this bot, so messages may go there. Stop it, or take a new token from @BotFather "
    "and set FIRSTLINE_TELEGRAM_TOKEN."
)
STANDBY = (
    "Another process of this Firstline takes in what comes from Telegram; this one sends, and takes over when it stops."
)


@dataclass
class Standing:
    now: Callable[[], datetime]
    state: State = field(default_factory=lambda: State(Status.CONNECTING))
    me: Me | None = None
    held: Held | None = None
    is_reachable: bool = False
    """Whether Telegram answered the last time it was asked."""
    is_contested: bool = False
    """Whether the last poll ended because another program polled."""
    _lock: Lock = field(default_factory=Lock)

    @property
    def may_send(self) -> bool:
        """Whether sending is of use. Every worker may: a delivery is claimed, so none is sent by two."""
        return self.is_reachable and self.state.status is not Status.OFF

    def refused(self) -> None:
        self.set(State(Status.OFF, REFUSED))

    def accepted(self) -> None:
        """Telegram takes the token after all."""
        with self._lock:
            self.state = State(Status.CONNECTING)

    def set(self, state: State) -> None:
        """OFF stays, whoever finds what later, until Telegram says again who we are."""
        with self._lock:
            if self.state.status is not Status.OFF:
                self.state = state


def trouble(error: Exception) -> State:
    """What ``error``, met while updates are taken in, means for an admin."""
    match error:
        case Refused():
            return State(Status.OFF, REFUSED)
        case Conflict():
            return State(Status.TROUBLE, CONFLICT)
        case StoreError():
            return State(Status.TROUBLE, f"Telegram keeps the messages, for they cannot be saved: {error}")
        case Flood() | ServerTrouble():
            return State(Status.TROUBLE, f"{error.message} Trying again.")
        case BadRequest():
            return State(Status.TROUBLE, f"Telegram refused a request: {error.message}")
        case TelegramError() | TimeoutError():
            name = type(error.__cause__ or error).__name__
            advice = "Check the network and FIRSTLINE_TELEGRAM_BASE_URL; trying again."
            return State(Status.TROUBLE, f"Telegram cannot be reached ({name}). {advice}")
        case _:
            return State(Status.TROUBLE, f"Something went wrong at Telegram ({type(error).__name__}); trying again.")


def is_unreachable(error: Exception) -> bool:
    """Whether sending is of no use either. Another program that polls, or a lost database, do not stop it."""
    return not isinstance(error, Conflict | StoreError | Flood | BadRequest)
