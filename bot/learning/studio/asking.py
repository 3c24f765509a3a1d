"""“Ask the draft”: one question put to drafts and to the live release, with why each answers as it does."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bot.learning.studio.quick import QuickChecks

if TYPE_CHECKING:
    from bot.live import Serving
    from store import Database


@dataclass(frozen=True)
class Asked:
    """What ``bot.asking.ask`` says of one question, now and with the drafts."""

    text: str
    before: dict[str, Any]
    after: dict[str, Any]

    @property
    def is_same(self) -> bool:
        """Whether the customer would read the very same words."""
        return bool(self.before["text"] == self.after["text"])


def ask_drafts(
    quick: QuickChecks,
    database: Database,
    live: Serving | None,
    drafts: Collection[int],
    text: str,
    language: str | None = None,
) -> Asked:
    """Ask both as an unknown customer's first message. Nothing is stored. Raises NothingLive, or NoSuchDraft."""
    from bot.asking import ask

    with_drafts = quick.serving_with(database, live, drafts)
    assert live is not None
    before, after = (ask(serving, text, language, why=True) for serving in (live, with_drafts))
    return Asked(text, before, after)
