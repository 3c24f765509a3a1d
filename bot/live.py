"""The release that answers now, swapped whole when another goes live, and the one that some customers get first."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import structlog

from bot.own_sentences import Own, own_sentences, take_up
from bot.policy import Policy
from bot.topics import chosen_modes, modes_of, topics_of
from store import measures
from store.crashpoints import reach
from store.errors import Unavailable

if TYPE_CHECKING:
    from bot.compose import Shelf
    from bot.writer import LlmSettings, Writer
    from kb_content.articles import Intent, Mode, PublishedArticle
    from kb_content.studio.models import Rollout
    from retrieval.encoders import Encoders
    from retrieval.reader import Reader
    from retrieval.reranker import Reranker
    from store import Database

log = structlog.get_logger()
PREPARED_ELSEWHERE = "Another process of this Firstline is preparing the knowledge base."


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
    sentences: Own = field(default_factory=dict, repr=False)
    """The bot's own sentences as this release has them."""


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


@dataclass(frozen=True)
class Staged:
    """A release that some conversations get before the others, ready to be asked."""

    rollout_id: int
    percent: int
    accounts: frozenset[int]
    serving: Serving

    def is_for(self, place: str, account_id: int | None) -> bool:
        """Whether whoever writes in ``place`` gets it. The same place always does or does not, in every process, and a
        larger share takes none away."""
        return account_id in self.accounts or lot(self.rollout_id, place) < self.percent


def lot(rollout_id: int, place: str) -> float:
    """A number from 0 to 100 (never 100) that ``place`` has for good in this rollout, and that means nothing."""
    drawn = hashlib.sha256(f"{rollout_id} {place}".encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(drawn[:8]) / 2**64 * 100


@dataclass(frozen=True)
class _Wanted:
    """What should be served, as the database says."""

    live: int | None
    rollout: Rollout | None
    modes: Mapping[str, Mode]


class Live:
    """Holds the serving release, and the one that is rolled out beside it. Readers take one of them once per message
    (``serving_for``) and keep it for that message."""

    def __init__(self, house: House, report: Callable[[str], None] = lambda _sentence: None) -> None:
        self.house = house
        self.report = report
        self.serving: Serving | None = None
        self.staged: Staged | None = None
        self.problem: str | None = None
        """A sentence while nothing newer can be served."""
        self.is_cut_off = False
        """Whether the problem is the database's, which may pass, and not the release's."""
        self.is_under_way = False
        """Whether the problem is that another process is still making what is to be served."""
        self.staged_problem: str | None = None
        """A sentence while what is rolled out cannot be served: everybody gets what is live."""
        self._encoders: Encoders | None = None
        self._reranker: Reranker | None = None
        self._writer: Writer | None = None
        self._lock = threading.Lock()

    @property
    def serving_id(self) -> int | None:
        """The id of the release that answers here."""
        return self.serving.release_id if self.serving else None

    @property
    def is_awaited(self) -> bool:
        """Whether nothing answers yet, and only time is wanted: it is being prepared, or the database is away."""
        return self.serving is None and (self.problem is None or self.is_cut_off or self.is_under_way)

    def goes_without(self, problem: str) -> None:
        """Nothing can be served, and not for the database: people answer, until that is mended."""
        self.problem, self.is_cut_off, self.is_under_way = problem, False, False

    def serving_for(self, place: str, account_id: int | None = None) -> Serving | None:
        """What answers whoever writes in ``place`` (a thread, named the same in every process) for an account."""
        staged = self.staged
        if staged is not None and self.serving is not None and staged.is_for(place, account_id):
            return staged.serving
        return self.serving

    def refresh(self, database: Database, is_prepared_elsewhere: Callable[[], bool] = lambda: False) -> bool:
        """Load the live release if it is not the one that serves; True if it was swapped in. So is one that is rolled
        out. Topics' modes that changed are taken up with either.

        What cannot be loaded, or is not what the database says, leaves the old release serving and says why in
        ``problem``; ``is_prepared_elsewhere`` is asked whether it need only be waited for.
        """
        with self._lock:
            try:
                wanted = _wanted(database)
                serving = self._live(database, wanted)
            except Exception as error:
                self._explain(error, is_prepared_elsewhere)
                return False
            is_another = self._take(serving) if serving is not None else False
            self._stage(database, wanted)
            return is_another

    def _explain(self, error: Exception, is_prepared_elsewhere: Callable[[], bool]) -> None:
        is_cut_off = isinstance(error, Unavailable)
        is_under_way = self.serving is None and not is_cut_off and is_prepared_elsewhere()
        problem = PREPARED_ELSEWHERE if is_under_way else f"The knowledge base could not be loaded: {error}"
        if problem != self.problem:
            # Tried again every second, said once.
            log.warning("release not taken up", release=self.serving_id, error=type(error).__name__)
        # What tells whether to wait comes first: a turn may begin at any moment.
        self.is_cut_off, self.is_under_way = is_cut_off, is_under_way
        self.problem = problem
        if not is_under_way:
            measures.release_swap_failures_total.inc()

    def _take(self, serving: Serving) -> bool:
        is_another = self.serving is None or self.serving.release_id != serving.release_id
        if is_another:
            reach("release.swap")
        self.serving, self.problem = serving, None
        take_up(serving.sentences)
        measures.release_swaps_total.inc(int(is_another))
        return is_another

    def _live(self, database: Database, wanted: _Wanted) -> Serving | None:
        """What is to serve; None while that is what does."""
        if self.serving and self.serving.release_id == wanted.live:
            return _with_modes(self.serving, wanted.modes)
        if wanted.live is None:
            return None
        if self.staged and self.staged.serving.release_id == wanted.live:
            # Promoted: it is here already.
            return _with_modes(self.staged.serving, wanted.modes) or self.staged.serving
        return self._load(database, wanted.live, wanted.modes)

    def _stage(self, database: Database, wanted: _Wanted) -> None:
        """Hold what is rolled out beside what is live. Where that fails, nobody gets it."""
        rollout = wanted.rollout
        if rollout is None:
            self.staged = self.staged_problem = None
            return
        try:
            held = self.staged.serving if self.staged else None
            if held is not None and held.release_id == rollout.release_id:
                serving = _with_modes(held, wanted.modes) or held
            else:
                serving = self._load(database, rollout.release_id, wanted.modes)
                log.info("release staged", release=rollout.release_id, rollout=rollout.id, percent=rollout.percent)
        except Exception as error:
            problem = f"The release that is rolled out could not be loaded: {error}"
            if problem != self.staged_problem:
                log.warning("rollout not taken up", release=rollout.release_id, error=type(error).__name__)
            self.staged, self.staged_problem = None, problem
            measures.release_swap_failures_total.inc()
            return
        self.staged = Staged(rollout.id or 0, rollout.percent, frozenset(rollout.accounts), serving)
        self.staged_problem = None

    def _load(self, database: Database, release_id: int, modes: Mapping[str, Mode]) -> Serving:
        """This release from the database. Raises what loading raises, and IndexMismatch."""
        from bot.loading import open_release
        from bot.verifying import verify
        from bot.writer import open_writer
        from retrieval.encoders import load_encoders
        from store import reading

        if self._encoders is None:
            encoders = load_encoders(self.house.encoder, self.report)
            # A model that cannot be loaded is found before the first question that needs it.
            encoders.ready()
            self._encoders = encoders
            self._reranker = self._second_look()
            self._writer = open_writer(self.house.llm, self.report)
        known = self.serving.shelf.values() if self.serving else ()
        with reading(database) as session:
            release, held, reader, vectors = open_release(session, release_id, self._encoders, self._reranker, known)
            verify(session, release, reader, vectors)
        shelf = {(item.article.id, item.article.language): item for item in held.articles}
        policy = policy_of(self.house, release.threshold, held.intents, held.articles, modes)
        address, secret = self.house.address, self.house.secret
        target, own = release.figures.get("target"), own_sentences(held.sentences)
        return Serving(release_id, reader, policy, shelf, address, secret, target, self._writer, own)

    def _second_look(self) -> Reranker | None:
        """The reranker; without one that cannot be loaded the bot answers all the same, and ``report`` hears why."""
        from retrieval.errors import ModelUnavailable
        from retrieval.reranker import load_reranker

        try:
            return load_reranker(self.house.reranker, self.report)
        except ModelUnavailable as error:
            self.report(str(error))
            return None


def _wanted(database: Database) -> _Wanted:
    from kb_content.catalogue import live_release_id
    from kb_content.rollouts import running
    from store import reading

    with reading(database) as session:
        return _Wanted(live_release_id(session), running(session), chosen_modes(session))


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
