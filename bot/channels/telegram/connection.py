"""The connection to Telegram: one thread that says hello, holds the lease and brings updates into the inbox."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import structlog
from pydantic import BaseModel, ConfigDict, ValidationError
from telegram import BotCommand
from telegram.error import Conflict, InvalidToken

from bot.channels.base import Channel, State, Status
from bot.channels.booking import book_of
from bot.channels.pacing import Pacer
from bot.channels.telegram.channel import TelegramChannel
from bot.channels.telegram.client import Client, Flood, Garbled, Refused, Stopped
from bot.channels.telegram.commands import COMMANDS
from bot.channels.telegram.line import Line, Waits
from bot.channels.telegram.names import Me
from bot.channels.telegram.pacing import pacer_of
from bot.channels.telegram.polling import Polling
from bot.channels.telegram.standing import STANDBY, Standing, is_unreachable, trouble
from bot.channels.telegram.webhook import Webhook
from store import Database
from store.errors import StoreError

log = structlog.get_logger()
WEBHOOK = "webhook"


class _Hello(BaseModel):
    """What we read of getMe's answer."""

    model_config = ConfigDict(extra="ignore", strict=True)

    id: int
    username: str


def _utc_now() -> datetime:
    return datetime.now(UTC)


class TelegramConnection:
    """The connection of one bot, not yet started. ``mode``: "polling" or "webhook".

    Of several processes with ``is_worker`` one polls, or tells Telegram of the webhook, and all send. One without only
    takes what is posted to its webhook.

    ``folder`` is that of the stored files, ``address`` this Firstline's own without a slash at its end; ``owner`` names
    this process among those that share the database.
    """

    def __init__(
        self,
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
        is_worker: bool = True,
        waits: Waits | None = None,
        pacer: Pacer | None = None,
        now: Callable[[], datetime] = _utc_now,
    ) -> None:
        client, standing = Client(token, base_url), Standing(now)
        self._line = Line(client, database, owner, now, standing, waits or Waits())
        self._webhook = Webhook(self._line, address, webhook_secret, token)
        self._way = self._webhook if mode == WEBHOOK else Polling(self._line)
        self._is_worker = is_worker
        self._is_prepared = False
        self._thread = threading.Thread(target=self._run, name="telegram", daemon=True)
        self.channel: Channel = TelegramChannel(
            client,
            folder,
            staff_chats=staff_chats,
            may_send=lambda: is_worker and standing.may_send,
            on_refused=standing.refused,
            pacer=pacer or pacer_of(client.bot_id, book_of(database)),
            now=now,
        )

    @property
    def state(self) -> State:
        return self._line.standing.state

    def start(self) -> None:
        self._line.client.start()
        self._thread.start()

    def stop(self) -> None:
        self._line.stopping.set()
        self._way.cancel()
        if self._thread.is_alive():
            self._thread.join(self._line.waits.stop)
        self._line.client.close(self._line.waits.stop)
        try:
            self._line.release_lease()
        except StoreError as error:
            log.warning("telegram lease not released", error=type(error).__name__)

    def take_webhook(self, body: bytes, secret: str | None, now: datetime) -> int:
        """The HTTP status for one posted update; ``secret`` is the header that came with it."""
        return self._webhook.take(body, secret, now)

    def bot_link(self, code: str) -> str | None:
        """The address that opens the bot and hands it ``code`` (≤ 64 of A-Z a-z 0-9 _ -); None before it is known."""
        me = self._line.standing.me
        return f"https://t.me/{me.username}?start={code}" if me else None

    def _run(self) -> None:
        failures = 0
        while not self._line.stopping.is_set():
            try:
                self._step()
                failures = 0
            except Stopped:
                continue
            except Exception as error:
                failures += 1
                self._note(error)
                self._line.stopping.wait(self._pause(error, failures))

    def _step(self) -> None:
        standing = self._line.standing
        if standing.state.status is Status.OFF:
            # Telegram may have been mistaken about the token, and what waits to be sent still does.
            standing.me = self._say_hello()
            standing.accepted()
            self._is_prepared = False
        if standing.me is None:
            standing.me = self._say_hello()
        if not self._is_worker:
            standing.set(State(Status.CONNECTED))
            self._line.stopping.wait(self._line.waits.longest)
            return
        if not self._line.keep_lease():
            self._stand_by()
            return
        if not self._is_prepared:
            self._way.prepare()
            self._offer_commands()
            self._is_prepared = standing.is_reachable = True
        self._way.step()
        standing.is_reachable, standing.is_contested = True, False

    def _stand_by(self) -> None:
        """Look whether Telegram answers, for this process sends too, then wait a while."""
        self._is_prepared, standing = False, self._line.standing
        standing.me = self._say_hello()
        standing.is_reachable = True
        standing.set(State(Status.CONNECTED, STANDBY, is_fine=True))
        self._line.stopping.wait(self._line.waits.standby)

    def _say_hello(self) -> Me:
        try:
            hello = _Hello.model_validate(self._line.client.ask("getMe"))
        except InvalidToken:
            # Telegram says 404 to what does not even look like a token.
            raise Refused("Telegram refused the token.") from None
        except ValidationError:
            raise Garbled("Telegram's answer could not be read.") from None
        if self._line.standing.me is None:
            log.info("telegram bot found", bot=hello.id)
        return Me(hello.id, hello.username)

    def _offer_commands(self) -> None:
        """They are offered while a customer types; without them all works, so it is not waited for."""
        bot = self._line.client.bot
        for language, commands in COMMANDS.items():
            offered = [BotCommand(name, words) for name, words in commands.items()]
            self._line.client.soon(partial(bot.set_my_commands, offered, language_code=language or None))

    def _note(self, error: Exception) -> None:
        standing = self._line.standing
        standing.is_contested = isinstance(error, Conflict)
        if standing.is_contested:
            # It may be a webhook that somebody set meanwhile.
            self._is_prepared = False
        if is_unreachable(error):
            standing.is_reachable = False
        state = trouble(error)
        if state != standing.state:
            log.warning("telegram in trouble", error=type(error).__name__, cause=type(error.__cause__).__name__)
        standing.set(state)

    def _pause(self, error: Exception, failures: int) -> float:
        """Seconds until the next try."""
        waits = self._line.waits
        if isinstance(error, Conflict):
            return waits.conflict
        if isinstance(error, Refused):
            return waits.refused
        if isinstance(error, Flood):
            return error.seconds + 1.0
        return float(min(waits.first * 2 ** min(failures - 1, 10), waits.longest))
