"""The connection to Slack, made from the settings."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from bot.channels.slack import intake
from bot.channels.slack.connection import SlackConnection
from bot.channels.slack.oauth import Installations, Installing, oauth_flow
from bot.channels.slack.socket import Patience
from store import Database


def slack(
    database: Database,
    folder: Path,
    *,
    bot_token: str | None,
    app_token: str | None,
    signing_secret: str | None,
    base_url: str | None,
    client_id: str | None,
    client_secret: str | None,
    staff_channel: str | None,
    address: str,
    is_worker: bool = True,
    patience: Patience | None = None,
    now: Callable[[], datetime] = intake.utc_now,
) -> SlackConnection:
    """The connection that the settings describe. ``address``: where Slack and browsers reach us, no trailing slash."""
    logger = intake.quiet_logger()
    installations = Installations(database, client_id, logger) if client_id and client_secret else None
    connection = SlackConnection(
        database,
        folder,
        bot_token=bot_token,
        app_token=app_token,
        signing_secret=signing_secret,
        base_url=base_url,
        installations=installations,
        staff_channel=staff_channel,
        is_worker=is_worker,
        patience=patience or Patience(),
        now=now,
    )
    if installations is not None and client_id and client_secret:
        web = connection.clients.with_token(None)
        flow = oauth_flow(
            database, installations, web, logger, client_id=client_id, client_secret=client_secret, address=address
        )
        connection.installing = Installing(flow, connection.joined)
    return connection
