"""The real channels of the settings: those that have a token."""

from __future__ import annotations

from typing import TYPE_CHECKING

from api.settings import Settings, secret_key
from bot.channels.base import Connection
from store import Database

if TYPE_CHECKING:
    from pydantic import SecretStr

    from bot.channels.findings import Finding


def connections_of(
    settings: Settings, database: Database, address: str, owner: str, *, is_worker: bool = True
) -> dict[str, Connection]:
    """A connection for each channel that has a token, not started yet. ``owner`` names this process among others.

    Without ``is_worker`` they only take what the platforms post here.
    """
    found: dict[str, Connection] = {}
    if settings.telegram_token:
        from bot.channels.telegram.connection import TelegramConnection

        found["telegram"] = TelegramConnection(
            settings.telegram_token.get_secret_value(),
            settings.telegram_base_url,
            settings.files_dir,
            mode=settings.telegram_mode,
            address=address,
            webhook_secret=webhook_secret(settings),
            staff_chats=settings.telegram_staff,
            database=database,
            owner=owner,
            is_worker=is_worker,
        )
    if settings.has_slack:
        from bot.channels.slack.opening import slack

        found["slack"] = slack(
            database,
            settings.files_dir,
            bot_token=_plain(settings.slack_bot_token),
            app_token=_plain(settings.slack_app_token),
            signing_secret=_plain(settings.slack_signing_secret),
            base_url=settings.slack_base_url,
            client_id=settings.slack_client_id,
            client_secret=_plain(settings.slack_client_secret),
            staff_channel=settings.slack_staff_channel,
            address=address,
            is_worker=is_worker,
        )
    if settings.smtp_url:
        from bot.channels.email.connection import EmailConnection

        found["email"] = EmailConnection(
            settings.smtp_url.get_secret_value(), settings.files_dir, address=address, is_worker=is_worker
        )
    return found


def webhook_secret(settings: Settings) -> str:
    """What Telegram must send with each update: the setting, else derived from the house's own key."""
    import hashlib
    import hmac

    if settings.telegram_webhook_secret:
        return settings.telegram_webhook_secret.get_secret_value()
    return hmac.new(secret_key(settings), b"telegram webhook", hashlib.sha256).hexdigest()


def check_channels(settings: Settings) -> dict[str, list[Finding]]:
    """What each channel with a token says of its own set-up. Asks the platforms; nothing is changed there."""
    found: dict[str, list[Finding]] = {}
    if settings.telegram_token:
        from bot.channels.telegram.check import check_telegram

        found["telegram"] = check_telegram(
            settings.telegram_token.get_secret_value(),
            settings.telegram_base_url,
            mode=settings.telegram_mode,
            address=settings.address,
            staff_chats=settings.telegram_staff,
        )
    if settings.smtp_url:
        from bot.channels.email.check import check_email

        found["email"] = check_email(settings.smtp_url.get_secret_value())
    if settings.has_slack:
        from bot.channels.slack.check import check_slack

        found["slack"] = check_slack(
            _plain(settings.slack_bot_token),
            _plain(settings.slack_app_token),
            _plain(settings.slack_signing_secret),
            settings.slack_base_url,
            settings.slack_staff_channel,
            settings.address,
        )
    return found


def _plain(secret: SecretStr | None) -> str | None:
    return secret.get_secret_value() if secret else None
