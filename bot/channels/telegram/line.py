"""What the threads of one connection share: the client, the database, the lease, and how it all stands."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from telegram.error import BadRequest, InvalidToken

from bot.channels.telegram.client import Client
from bot.channels.telegram.names import TELEGRAM, Me
from bot.channels.telegram.standing import Standing
from store import Database, leases, transaction

LEASE = timedelta(seconds=30)
ALLOWED_UPDATES = ("message", "edited_message", "callback_query", "my_chat_member")


@dataclass(frozen=True)
class Waits:
    """Seconds."""

    poll: float = 10.0
    """How long one getUpdates waits for news; well below LEASE, which is renewed between two of them."""
    first: float = 1.0
    """After trouble; doubled each time, up to ``longest``."""
    longest: float = 30.0
    conflict: float = 15.0
    refused: float = 60.0
    """How long until a token that Telegram refused is tried again."""
    standby: float = 5.0
    webhook: float = 10.0
    """How often a webhook is looked after."""
    stop: float = 5.0


@dataclass
class Line:
    client: Client
    database: Database
    owner: str
    """Names this process, and keeps its name over a restart where there is only one: it need not wait for the lease."""
    now: Callable[[], datetime]
    standing: Standing
    waits: Waits
    stopping: threading.Event = field(default_factory=threading.Event)

    @property
    def me(self) -> Me:
        assert self.standing.me is not None
        return self.standing.me

    def webhook_info(self) -> dict[str, Any]:
        """What Telegram knows of a webhook; empty where it does not say, for nothing depends on it."""
        try:
            info = self.client.ask("getWebhookInfo")
        except (BadRequest, InvalidToken):
            # 404: getMe was answered with this token, so it is the method that is not known. A refused one is a 401.
            return {}
        return info if isinstance(info, dict) else {}

    def keep_lease(self) -> bool:
        """Whether this process alone may take in what comes for the bot, for the better part of LEASE at least."""
        held, now = self.standing.held, self.now()
        if held is not None and held.expires_at - now > LEASE * 0.6:
            return True
        with transaction(self.database) as session:
            kept = leases.renew(session, held, now, LEASE) if held else None
            kept = kept or leases.acquire(session, f"{TELEGRAM}:{self.me.id}", self.owner, now, LEASE)
        self.standing.held = kept
        return kept is not None

    def release_lease(self) -> None:
        held, self.standing.held = self.standing.held, None
        if held is not None:
            with transaction(self.database) as session:
                leases.release(session, held, self.now())

    def answer_presses(self, presses: list[str]) -> None:
        """Stop the waiting mark on the pressed buttons. Telegram does not mind if it never comes."""
        bot = self.client.bot
        for press in presses:
            self.client.soon(partial(bot.answer_callback_query, press))
