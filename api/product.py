"""What one process of Firstline holds, made once at start and handed to whoever needs it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy.exc import SQLAlchemyError

from api.presence import present
from api.probing import Probe, write_something
from api.settings import Settings
from bot.channels.base import Connection, State, Status
from bot.channels.mailbox import WEB
from bot.live import Live
from kb_content.library import LiveLibraries
from store import Database, reading
from store.errors import StoreError
from store.watch import Watch

if TYPE_CHECKING:
    from bot.learning.studio.quick import QuickChecks

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
    has_worker: bool = True
    """Whether this process answers by itself; without, a worker elsewhere must be alive."""
    files_trouble: str = ""
    """A sentence while the files that customers sent are not where this process looks for them."""
    dead_loops: Callable[[], Sequence[str]] = tuple
    """The loops of this process that have not moved for too long; none where it has no worker."""

    @cached_property
    def quick(self) -> QuickChecks:
        """What holds drafts against the live release, with what it remembers of earlier checks."""
        from bot.learning.studio.quick import QuickChecks

        return QuickChecks(self.live.house)

    library: LiveLibraries = field(default_factory=LiveLibraries)
    """What the public help pages list and search."""

    @cached_property
    def probe(self) -> Probe:
        """What knows whether the database takes what is said."""
        return Probe(partial(write_something, self.database))

    @property
    def files(self) -> Path:
        return self.settings.files_dir

    @property
    def channels(self) -> dict[str, str]:
        """Per channel: "connected" (with a warning, if there is one), or a sentence that says why it is not."""
        return {name: _words(state) for name, state in self.states(self.probe.trouble()).items()}

    def states(self, trouble: str) -> dict[str, State]:
        """How each channel is. ``trouble``: a sentence while the database takes nothing: then neither does a channel,
        however well its line is."""
        states = {name: connection.state for name, connection in self.connections.items()}
        found = {WEB: State(Status.CONNECTED, self.files_trouble), **states}
        if not trouble:
            return found
        deaf = State(Status.TROUBLE, f"Nothing that is said here can be kept. {trouble}")
        return {name: deaf if state.status is Status.CONNECTED else state for name, state in found.items()}

    def reasons_not_ready(self) -> list[str]:
        """Sentences; empty when questions can be answered and channels are connected (one that is off is not waited
        for)."""
        reasons = []
        if self.is_draining:
            reasons.append("Firstline is stopping.")
        if self.live.serving is None:
            reasons.append(self.live.problem or "The knowledge base is still being prepared.")
        return [*reasons, *self._without_worker(), *self._unconnected()]

    def _without_worker(self) -> Iterator[str]:
        """Pages alone keep what is said, and nobody answers it."""
        if self.has_worker:
            return
        try:
            with reading(self.database) as session:
                is_answered = any(one.is_worker for one in present(session, datetime.now(UTC)))
        except (StoreError, SQLAlchemyError):
            # Whoever asks hears of the database itself.
            return
        if not is_answered:
            yield "No worker has been heard of for 30 seconds, so nobody answers. Start `firstline worker`."

    def _unconnected(self) -> Iterator[str]:
        for name, connection in self.connections.items():
            state = connection.state
            if state.status in (Status.CONNECTING, Status.TROUBLE):
                yield f"{name.capitalize()}: {_words(state)}"


def _words(state: State) -> str:
    if state.status is Status.CONNECTED:
        return f"{CONNECTED}, but: {state.reason}" if state.reason else CONNECTED
    return state.reason or "connecting"
