"""What one process of Firstline holds, made once at start and handed to whoever needs it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from api.settings import Settings
from bot.live import Live
from store import Database
from store.watch import Watch


@dataclass
class Product:
    """The running product: its settings, database, live answers, and what keeps it from being ready."""

    settings: Settings
    database: Database
    watch: Watch
    live: Live
    channels: dict[str, str] = field(default_factory=dict)
    """Per channel: "connected", or a sentence that says why it is off."""
    is_draining: bool = False

    @property
    def files(self) -> Path:
        return self.settings.files_dir

    def reasons_not_ready(self) -> list[str]:
        """Sentences; empty when questions can be answered."""
        reasons = []
        if self.is_draining:
            reasons.append("Firstline is stopping.")
        if self.live.serving is None:
            reasons.append(self.live.problem or "The knowledge base is still being prepared.")
        return reasons
