"""Mail as a Channel: nothing comes by it, and what goes out is a copy or a notice."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bot.channels.base import (
    Event,
    FileUnavailable,
    Inbound,
    OnPart,
    Outgoing,
    Profile,
    RemoteFile,
    Resend,
    Unreadable,
    unrecorded,
)
from bot.channels.email.letter import letter
from bot.channels.email.sending import Mailer
from bot.channels.email.server import MailServer
from handoff.copies import EMAIL
from store.files import Kept


def _utc_now() -> datetime:
    return datetime.now(UTC)


class EmailChannel:
    """Sends mail. Threads are addresses; those of the staff have a mark before them."""

    name = EMAIL
    resend = Resend.ONCE

    def __init__(
        self,
        server: MailServer,
        address: str,
        folder: Path,
        *,
        is_open: bool = True,
        now: Callable[[], datetime] = _utc_now,
        mailer: Mailer | None = None,
    ) -> None:
        """``address``: this Firstline's own, for links back to the chat; ``folder``: that of the stored files."""
        self.mailer = mailer or Mailer(server, now)
        self.is_open = is_open
        self._sender = server.sender
        self._address = address
        self._folder = folder

    def parse(self, payload: dict[str, Any]) -> Event:
        raise Unreadable("nothing comes by e-mail")

    def fetch(self, file: RemoteFile) -> Kept:
        raise FileUnavailable("Nothing comes by e-mail.")

    def profile(self, inbound: Inbound) -> Profile | None:
        return None

    def hint(self, inbound: Inbound) -> None:
        """Nobody watches a mail being written."""

    def send(self, outgoing: Outgoing, on_part: OnPart = unrecorded) -> tuple[str, ...]:
        mail = letter(outgoing, self._sender, self._address, self._folder)
        outgoing.before_it_leaves()
        return (self.mailer.send(mail),)
