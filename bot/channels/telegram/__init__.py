"""Customers on Telegram. ``telegram`` makes the connection; the library behind it is loaded only then."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from store import Database

if TYPE_CHECKING:
    from bot.channels.telegram.connection import TelegramConnection


def telegram(
    token: str,
    base_url: str | None,
    folder: Path,
    *,
    mode: str,
    address: str,
    webhook_secret: str | None,
    staff_chats: frozenset[int],
    database: Database,
    owner: str,
) -> TelegramConnection:
    """The connection of one bot, not yet started.

    ``folder`` is that of the stored files, ``address`` this Firstline's own without a slash at its end.
    """
    from bot.channels.telegram.connection import TelegramConnection

    return TelegramConnection(
        token,
        base_url,
        folder,
        mode=mode,
        address=address,
        webhook_secret=webhook_secret,
        staff_chats=staff_chats,
        database=database,
        owner=owner,
    )
