"""What one process of Firstline holds, made once at start and handed to whoever needs it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from api.settings import Settings
from bot.channels.base import Connection, State, Status
from bot.channels.mailbox import WEB
from bot.live import Live
from store import Database
from store.watch import Watch

CONNECTED = "connected"


@dataclass
class Product:
    """The running product: its settings, database, live answers, and what keeps it from being ready."""

    settings: Settings
    database: Database
    watch: Watch
    live: Live
    connections: dict[str, Connection] = field(default_factory=dict)
    """The channels that must be connected, by name."""
    is_draining: bool = False

    @property
    def files(self) -> Path:
        return self.settings.files_dir

    @property
    def channels(self) -> dict[str, str]:
        """Per channel: "connected" (with a warning, if there is one), or a sentence that says why it is not."""
        states = {name: connection.state for name, connection in self.connections.items()}
        return {WEB: CONNECTED, **{name: _words(state) for name, state in states.items()}}

    def reasons_not_ready(self) -> list[str]:
        """Sentences; empty when questions can be answered and channels are connected (one that is off is not waited
        for)."""
        reasons = []
        if self.is_draining:
            reasons.append("Firstline is stopping.")
        if self.live.serving is None:
            reasons.append(self.live.problem or "The knowledge base is still being prepared.")
        return [*reasons, *self._unconnected()]

    def _unconnected(self) -> Iterator[str]:
        for name, connection in self.connections.items():
            state = connection.state
            if state.status in (Status.CONNECTING, Status.TROUBLE):
                yield f"{name.capitalize()}: {_words(state)}"


def _words(state: State) -> str:
    if state.status is Status.CONNECTED:
        return f"{CONNECTED}, but: {state.reason}" if state.reason else CONNECTED
    return state.reason or "connecting"
