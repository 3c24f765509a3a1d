"""Links into a channel's own application."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol, runtime_checkable

from api.settings import Settings

PLACEHOLDER = "<your bot>"


@runtime_checkable
class KnowsItsBot(Protocol):
    """A connection that can say where its bot is opened."""

    def bot_link(self, code: str) -> str | None: ...


def telegram_link(code: str, connections: Mapping[str, object] | None = None, bot: str | None = None) -> str:
    """The deep link that lets whoever opens it press Start with ``code``; a placeholder while the bot is unknown."""
    connection = (connections or {}).get("telegram")
    known = connection.bot_link(code) if isinstance(connection, KnowsItsBot) else None
    return known or f"https://t.me/{bot or PLACEHOLDER}?start={code}"


def bot_of(settings: Settings) -> str | None:
    """The username of the settings' Telegram bot, asked of Telegram; None without one, or when it does not answer."""
    if settings.telegram_token is None:
        return None
    from bot.channels.telegram.check import name_of_bot

    return name_of_bot(settings.telegram_token.get_secret_value(), settings.telegram_base_url)
