"""The release that answers now, swapped whole when another goes live."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bot.policy import Policy

if TYPE_CHECKING:
    from bot.compose import Shelf
    from kb_content.articles import Intent
    from retrieval.encoders import Encoders
    from retrieval.reader import Reader
    from store import Database


@dataclass(frozen=True)
class Serving:
    """One release, ready to be asked."""

    release_id: int
    reader: Reader
    policy: Policy
    shelf: Shelf
    address: str


@dataclass(frozen=True)
class House:
    """The settings that answers depend on, as plain values."""

    address: str
    encoder: str | None = None
    messages_per_minute: int = 20
    open_tickets: int = 3
    promise_days: int = 1
    secret: bytes = field(default=b"", repr=False)
    """What signs the links that leave the house."""


class Live:
    """Holds the serving release. Readers take ``serving`` once per message and keep it for that message."""

    def __init__(self, house: House, report: Callable[[str], None] = lambda _sentence: None) -> None:
        self.house = house
        self.report = report
        self.serving: Serving | None = None
        self.problem: str | None = None
        """A sentence while nothing newer can be served."""
        self._encoders: Encoders | None = None
        self._lock = threading.Lock()

    def refresh(self, database: Database) -> bool:
        """Load the live release if it is not the one that serves; True if it was swapped in.

        What cannot be loaded leaves the old release serving and says why in ``problem``.
        """
        with self._lock:
            try:
                serving = self._load(database)
            except Exception as error:
                self.problem = f"The knowledge base could not be loaded: {error}"
                return False
            if serving is not None:
                self.serving, self.problem = serving, None
            return serving is not None

    def _load(self, database: Database) -> Serving | None:
        from kb_content.catalogue import contents, live_release, live_release_id
        from retrieval.encoders import load_encoders
        from retrieval.needs import wanted
        from retrieval.reader import Reader
        from retrieval.vectors import load_vectors
        from store import reading

        with reading(database) as session:
            if self.serving and self.serving.release_id == live_release_id(session):
                return None
            release = live_release(session)
            if release is None:
                return None
            held = contents(session, release.id)
            if self._encoders is None:
                self._encoders = load_encoders(self.house.encoder, self.report)
            vectors = load_vectors(session, wanted(held, self._encoders))
        reader = Reader.open(held, vectors, release.parameters or b"", self._encoders)
        shelf = {(item.article.id, item.article.language): item for item in held.articles}
        policy = policy_of(self.house, release.threshold, held.intents)
        return Serving(release.id or 0, reader, policy, shelf, self.house.address)


def policy_of(house: House, threshold: float | None, intents: tuple[Intent, ...]) -> Policy:
    """The policy of a release in this house."""
    return Policy(
        threshold=threshold,
        intents={intent.name: intent for intent in intents},
        messages_per_minute=house.messages_per_minute,
        open_tickets=house.open_tickets,
        promise_days=house.promise_days,
    )
