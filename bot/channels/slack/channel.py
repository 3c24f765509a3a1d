"""Slack as a Channel: what came is read here, and what goes out leaves here. The connection is elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bot.channels.base import Event, Inbound, OnPart, Outgoing, Profile, RemoteFile, Resend, unrecorded
from bot.channels.pacing import Pacer
from bot.channels.slack.calls import Calls
from bot.channels.slack.clients import Clients
from bot.channels.slack.fetching import Fetcher
from bot.channels.slack.hints import Hints
from bot.channels.slack.names import SLACK
from bot.channels.slack.pacing import pacer_of_workspaces
from bot.channels.slack.parsing import parse
from bot.channels.slack.profiles import Profiles
from bot.channels.slack.sending import Sender
from store.files import Kept


class SlackChannel:
    """The Channel of all workspaces that the app is installed in."""

    name = SLACK
    resend = Resend.LOOK_UP

    def __init__(
        self,
        folder: Path,
        clients: Clients,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        on_refused: Callable[[str], None] = lambda team: None,
        pacer: Pacer | None = None,
    ) -> None:
        """``folder`` holds the stored files; ``on_refused`` hears which team refused its token, and may close the
        channel with ``open(False)``. ``pacer``: of all that sends for the app; without it this is the only one."""
        pacer = pacer or pacer_of_workspaces()
        self.calls = calls = Calls(clock, on_refused, pacer)
        self.profiles = Profiles(clients, calls, clock)
        self.hints = Hints(clients, pacer)
        self._sender = Sender(folder, clients, calls, clock)
        self._fetcher = Fetcher(folder, clients, calls, clock)
        self._is_open = False

    @property
    def is_open(self) -> bool:
        return self._is_open

    def open(self, is_open: bool) -> None:
        """Let deliveries go out, or wait."""
        self._is_open = is_open

    def parse(self, payload: dict[str, Any]) -> Event:
        return parse(payload)

    def fetch(self, file: RemoteFile) -> Kept:
        return self._fetcher.fetch(file)

    def profile(self, inbound: Inbound) -> Profile | None:
        return self.profiles.of(inbound)

    def hint(self, inbound: Inbound) -> None:
        self.hints.add(inbound)

    def send(self, outgoing: Outgoing, on_part: OnPart = unrecorded) -> tuple[str, ...]:
        return self._sender.send(outgoing, on_part)
