"""The mail server: no lasting connection, only a look at it at the start, so that trouble shows early."""

from __future__ import annotations

import threading
from pathlib import Path

from bot.channels.base import State, Status
from bot.channels.email.channel import EmailChannel
from bot.channels.email.server import parse_smtp_url


class EmailConnection:
    """Counts as connected always, with a warning while the server cannot be used: mail waits, everything else runs."""

    def __init__(self, url: str, folder: Path, *, address: str, is_worker: bool = True) -> None:
        """``url``: FIRSTLINE_SMTP_URL. Raises ValueError with a sentence. Without ``is_worker`` nothing is sent."""
        self.channel = EmailChannel(parse_smtp_url(url), address, folder, is_open=is_worker)
        self._is_worker = is_worker

    def start(self) -> None:
        if self._is_worker:
            threading.Thread(target=self.channel.mailer.look, name="email", daemon=True).start()

    def stop(self) -> None:
        self.channel.is_open = False

    @property
    def state(self) -> State:
        return State(Status.CONNECTED, self.channel.mailer.trouble)
