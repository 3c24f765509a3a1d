"""Updates by webhook: the answer is 200 only when they are in the database."""

from __future__ import annotations

import hmac
import json
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

import structlog
from telegram.error import BadRequest

from bot.channels.base import State, Status
from bot.channels.telegram.intake import keep_all, update_id
from bot.channels.telegram.line import ALLOWED_UPDATES, Line
from store import transaction
from store.crashpoints import reach
from store.errors import StoreError

log = structlog.get_logger()
PATH = "/channels/telegram/webhook"
OK, BAD, UNAUTHORIZED, UNAVAILABLE = 200, 400, 401, 503
_FRESH = timedelta(minutes=5)
_WAITED = timedelta(minutes=1)
"""So long something may wait at Telegram until it is said: it brings one update at a time, so in a busy minute some do.
"""


class Webhook:
    """``secret``: what Telegram must say in its header; made from the token where None is set."""

    def __init__(self, line: Line, address: str, secret: str | None, token: str) -> None:
        self._line = line
        self._url = address.rstrip("/") + PATH
        self._secret = secret or hmac.new(token.encode(), b"telegram webhook", sha256).hexdigest()
        self._refusal = ""
        self._waits_since: datetime | None = None

    def prepare(self) -> None:
        """Tell Telegram where to deliver. What it does not take may have been set up by an admin: it is only shown."""
        self._refusal = ""
        try:
            self._line.client.ask(
                "setWebhook",
                url=self._url,
                secret_token=self._secret,
                allowed_updates=list(ALLOWED_UPDATES),
                # One at a time keeps the order of what a customer writes, and is faster than a bot may answer.
                max_connections=1,
                drop_pending_updates=False,
            )
        except BadRequest as error:
            self._refusal = error.message

    def step(self) -> None:
        """Look how the webhook does, then wait a while."""
        info, now = self._line.webhook_info(), self._line.now()
        waiting = _number(info, "pending_update_count")
        self._waits_since = (self._waits_since or now) if waiting else None
        self._line.standing.set(State(Status.CONNECTED, self._warning(info, now), waiting=waiting))
        self._line.stopping.wait(self._line.waits.webhook)

    def cancel(self) -> None:
        """Nothing waits for Telegram here."""

    def take(self, body: bytes, secret: str | None, now: datetime) -> int:
        """Keep one update that was posted; returns the HTTP status. After anything but 200 Telegram posts it again."""
        if not hmac.compare_digest((secret or "").encode("utf-8", "surrogatepass"), self._secret.encode()):
            return UNAUTHORIZED
        update = _read(body)
        if update_id(update) is None:
            return BAD
        me = self._line.standing.me
        if me is None:
            return UNAVAILABLE
        try:
            with transaction(self._line.database) as session:
                presses = keep_all(session, [update], me, now)
        except StoreError as error:
            log.warning("update not kept", update=update_id(update), error=type(error).__name__)
            return UNAVAILABLE
        reach("inbox.after_commit")
        self._line.answer_presses(presses)
        return OK

    def _warning(self, info: dict[str, Any], now: datetime) -> str:
        if self._refusal and info.get("url") != self._url:
            return (
                f"Telegram does not take {self._url} as a webhook ({self._refusal}). Set FIRSTLINE_PUBLIC_URL to an "
                "https address that Telegram reaches, or FIRSTLINE_TELEGRAM_MODE=polling."
            )
        if info.get("url", self._url) != self._url:
            return (
                "Telegram's webhook was set to another address, so messages may go there. Start again to set it anew."
            )
        failed_at, problem = _number(info, "last_error_date"), info.get("last_error_message")
        is_fresh = failed_at is not None and now.timestamp() - failed_at < _FRESH.total_seconds()
        waits = self._waits_since is not None and now - self._waits_since >= _WAITED
        # Telegram leaves more and more time between two tries, so the last one may have failed a while ago.
        said = f"Telegram could not deliver to {self._url}: {problem}." if problem and (is_fresh or waits) else ""
        kept = f"Telegram keeps {_number(info, 'pending_update_count')} of what customers wrote, for a day at most."
        return " ".join(words for words in (said, kept if waits else "") if words)


def _number(info: dict[str, Any], name: str) -> int | None:
    value = info.get(name)
    return value if isinstance(value, int) else None


def _read(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None
