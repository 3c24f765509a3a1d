"""The release that answers now, swapped whole when another goes live."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import structlog

from bot.policy import Policy
from bot.topics import chosen_modes, modes_of, topics_of
from store import measures
from store.crashpoints import reach

if TYPE_CHECKING:
    from bot.compose import Shelf
    from bot.writer import LlmSettings, Writer
    from kb_content.articles import Intent, Mode, PublishedArticle
    from retrieval.encoders import Encoders
    from retrieval.reader import Reader
    from retrieval.reranker import Reranker
    from store import Database

log = structlog.get_logger()


@dataclass(frozen=True)
class Serving:
    """One release, ready to be asked."""

    release_id: int
    reader: Reader
    policy: Policy
    shelf: Shelf
    address: str
    secret: bytes = field(default=b"", repr=False)
    """What signs the links to articles that are for some customers only."""
    target: float | None = None
    """The precision that the release's threshold was chosen for."""
    writer: Writer | None = None
    """The language model, where the house has one."""


@dataclass(frozen=True)
class House:
    """The settings that answers depend on, as plain values."""

    address: str
    encoder: str | None = None
    reranker: str | None = None
    messages_per_minute: int = 20
    open_tickets: int = 3
    promise_days: int = 1
    staff_places: tuple[tuple[str, str], ...] = ()
    """Where the staff reads what is urgent: channels, and what each calls the place."""
    secret: bytes = field(default=b"", repr=False)
    """What signs the links that leave the house."""
    llm: LlmSettings | None = None


class Live:
    """Holds the serving release. Readers take ``serving`` once per message and keep it for that message."""

    def __init__(self, house: House, report: Callable[[str], None] = lambda _sentence: None) -> None:
        self.house = house
        self.report = report
        self.serving: Serving | None = None
        self.problem: str | None = None
        """A sentence while nothing newer can be served."""
        self._encoders: Encoders | None = None
        self._reranker: Reranker | None = None
        self._writer: Writer | None = None
        self._lock = threading.Lock()

    def refresh(self, database: Database) -> bool:
        """Load the live release if it is not the one that serves; True if it was swapped in. Topics' modes that changed
        are taken up with either.

        What cannot be loaded leaves the old release serving and says why in ``problem``.
        """
        with self._lock:
            try:
                serving = self._load(database)
            except Exception as error:
                self.problem = f"The knowledge base could not be loaded: {error}"
                measures.release_swap_failures_total.inc()
                return False
            if serving is None:
                return False
            is_another = self.serving is None or self.serving.release_id != serving.release_id
            if is_another:
                reach("release.swap")
            self.serving, self.problem = serving, None
            measures.release_swaps_total.inc(int(is_another))
            return is_another

    def _load(self, database: Database) -> Serving | None:
        from bot.writer import open_writer
        from kb_content.catalogue import contents, live_release, live_release_id
        from retrieval.encoders import load_encoders
        from retrieval.needs import wanted
        from retrieval.reader import Reader
        from retrieval.vectors import load_vectors
        from store import reading

        with reading(database) as session:
            chosen = chosen_modes(session)
            if self.serving and self.serving.release_id == live_release_id(session):
                return _with_modes(self.serving, chosen)
            release = live_release(session)
            if release is None:
                return None
            held = contents(session, release.id)
            if self._encoders is None:
                self._encoders = load_encoders(self.house.encoder, self.report)
                self._reranker = self._second_look()
                self._writer = open_writer(self.house.llm, self.report)
            vectors = load_vectors(session, wanted(held, self._encoders))
        reader = Reader.open(held, vectors, release.parameters or b"", self._encoders, self._reranker)
        shelf = {(item.article.id, item.article.language): item for item in held.articles}
        policy = policy_of(self.house, release.threshold, held.intents, held.articles, chosen)
        address, secret = self.house.address, self.house.secret
        return Serving(
            release.id or 0, reader, policy, shelf, address, secret, release.figures.get("target"), self._writer
        )

    def _second_look(self) -> Reranker | None:
        """The reranker; without one that cannot be loaded the bot answers all the same, and ``report`` hears why."""
        from retrieval.errors import ModelUnavailable
        from retrieval.reranker import load_reranker

        try:
            return load_reranker(self.house.reranker, self.report)
        except ModelUnavailable as error:
            self.report(str(error))
            return None


def _with_modes(serving: Serving, chosen: Mapping[str, Mode]) -> Serving | None:
    """The same release with the modes of its topics as they are now; None if it has them."""
    policy = serving.policy
    modes = modes_of(policy.topics.values(), policy.intents, chosen)
    if modes == policy.modes:
        return None
    changed = {topic: mode.value for topic, mode in modes.items() if policy.modes.get(topic) is not mode}
    log.info("topic modes changed", release=serving.release_id, modes=changed)
    return replace(serving, policy=replace(policy, modes=modes))


def policy_of(
    house: House,
    threshold: float | None,
    intents: tuple[Intent, ...],
    articles: Iterable[PublishedArticle] = (),
    chosen: Mapping[str, Mode] | None = None,
) -> Policy:
    """The policy of a release in this house; ``chosen``: modes of topics that were set beside what the KB says."""
    topics, named = topics_of(articles), {intent.name: intent for intent in intents}
    return Policy(
        threshold=threshold,
        intents=named,
        modes=modes_of(topics.values(), named, chosen or {}),
        topics=topics,
        messages_per_minute=house.messages_per_minute,
        open_tickets=house.open_tickets,
        promise_days=house.promise_days,
    )
