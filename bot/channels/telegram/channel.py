"""The Telegram channel as the bot sees it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from telegram.constants import ChatAction

from bot.channels.base import Event, Inbound, OnPart, Outgoing, Profile, RemoteFile, Resend, unrecorded
from bot.channels.pacing import Pacer
from bot.channels.telegram.client import Client, Flood
from bot.channels.telegram.files import fetch
from bot.channels.telegram.names import TELEGRAM, Spot, spot_of
from bot.channels.telegram.pacing import pacer_of
from bot.channels.telegram.parsing import parse_update
from bot.channels.telegram.sending import Sender
from store.files import Kept


def _utc_now() -> datetime:
    return datetime.now(UTC)


class TelegramChannel:
    """Customers on Telegram. ``may_send`` says whether Telegram takes anything from us now."""

    name = TELEGRAM
    resend = Resend.ONCE

    def __init__(
        self,
        client: Client,
        folder: Path,
        *,
        staff_chats: frozenset[int] = frozenset(),
        may_send: Callable[[], bool] = lambda: True,
        on_refused: Callable[[], None] = lambda: None,
        pacer: Pacer | None = None,
        now: Callable[[], datetime] = _utc_now,
    ) -> None:
        """``pacer``: of all that sends for the bot; without it this channel is the only one."""
        self._client = client
        self._folder = folder
        self._staff_chats = staff_chats
        self._may_send = may_send
        self._pacer = pacer or pacer_of(client.bot_id)
        self._sender = Sender(client, self._pacer, folder, now, on_refused)

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
        if self.is_open and self._pacer.has_room_for_hint(str(spot.chat)):
            self._client.soon(lambda: self._show_typing(spot))

    def send(self, outgoing: Outgoing, on_part: OnPart = unrecorded) -> tuple[str, ...]:
        return self._sender.send(outgoing, on_part)

    async def _show_typing(self, spot: Spot) -> None:
        chat = str(spot.chat)
        if not self._pacer.is_open_for_hints(chat):
            return
        try:
            await self._client.bot.send_chat_action(spot.chat, ChatAction.TYPING, message_thread_id=spot.topic)
        except Flood as flood:
            self._pacer.close_hints(chat, flood.seconds)
