"""The Telegram channel as the bot sees it."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from telegram.constants import ChatAction

from bot.channels.base import Event, Inbound, Outgoing, Profile, RemoteFile
from bot.channels.telegram.client import Client
from bot.channels.telegram.files import fetch
from bot.channels.telegram.names import TELEGRAM, spot_of
from bot.channels.telegram.pacing import Pacer
from bot.channels.telegram.parsing import parse_update
from bot.channels.telegram.sending import Sender
from store.files import Kept


def _utc_now() -> datetime:
    return datetime.now(UTC)


class TelegramChannel:
    """Customers on Telegram. ``may_send`` says whether this process has the line to Telegram now."""

    name = TELEGRAM
    is_safe_to_resend = False

    def __init__(
        self,
        client: Client,
        folder: Path,
        *,
        staff_chats: frozenset[int] = frozenset(),
        may_send: Callable[[], bool] = lambda: True,
        on_refused: Callable[[], None] = lambda: None,
        pacer: Pacer | None = None,
        seconds: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = _utc_now,
    ) -> None:
        self._client = client
        self._folder = folder
        self._staff_chats = staff_chats
        self._may_send = may_send
        self._pacer = pacer or Pacer()
        self._seconds = seconds
        self._sender = Sender(client, self._pacer, folder, seconds, now, on_refused)

    @property
    def is_open(self) -> bool:
        return self._may_send()

    def parse(self, payload: dict[str, Any]) -> Event:
        return parse_update(payload, self._staff_chats)

    def fetch(self, file: RemoteFile) -> Kept:
        return fetch(self._client, self._folder, file)

    def profile(self, inbound: Inbound) -> Profile | None:
        """Telegram tells bots nothing but the name and language that come with each message."""
        return None

    def hint(self, inbound: Inbound) -> None:
        spot = spot_of(inbound.thread)
        if self.is_open and self._pacer.has_room_for_hint(spot.chat, self._seconds()):
            bot = self._client.bot
            self._client.soon(lambda: bot.send_chat_action(spot.chat, ChatAction.TYPING, message_thread_id=spot.topic))

    def send(self, outgoing: Outgoing) -> tuple[str, ...]:
        return self._sender.send(outgoing)
