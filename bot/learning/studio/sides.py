"""The sides of a comparison: what is live, the new contents with its confidence, and with the one fitted on them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from bot.learning.rows import Row
from kb_content.articles import Contents, GoldQuestion, Mode, PublishedArticle
from store import Database, reading

if TYPE_CHECKING:
    from bot.learning.studio.remembering import Memory
    from bot.live import Serving
    from retrieval.encoders import Encoders
    from retrieval.reranker import Reranker
    from retrieval.vectors import VectorCache

BEFORE, ALONE, AFTER = SIDES = ("before", "alone", "after")
"""``alone``: the new contents with the confidence from before, which shows what the edit does without a new fit."""
_TELL_EVERY = 50
Report = Callable[[str], None]


@dataclass(frozen=True)
class Parts:
    """What a release is served from. ``chosen``: modes of topics that were set beside what the KB says."""

    held: Contents
    vectors: VectorCache
    parameters: bytes
    threshold: float | None
    chosen: Mapping[str, Mode] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        database: Database,
        release_id: int,
        encoders: Encoders,
        report: Report,
        known: Iterable[PublishedArticle] = (),
    ) -> Parts:
        """A release as it was frozen, with its fit if it has one yet. What has no vector yet is encoded. ``known``:
        articles of another release, of which nothing is made twice."""
        from bot.topics import chosen_modes
        from kb_content.catalogue import contents
        from kb_content.models import Release
        from retrieval.needs import encode_missing, wanted
        from retrieval.sharing import sharing
        from retrieval.vectors import load_vectors

        with reading(database) as session:
            held, chosen = sharing(contents(session, release_id), known), chosen_modes(session)
            release = session.get_one(Release, release_id)
            parameters, threshold = release.parameters or b"", release.threshold
            needs = wanted(held, encoders)
            kept = load_vectors(session, needs)
        vectors = {**kept, **encode_missing(needs, kept, report)}
        return cls(held, vectors, parameters, threshold, chosen)

    def fitted(self, parameters: bytes, threshold: float | None) -> Parts:
        """The same contents with this fit."""
        return replace(self, parameters=parameters, threshold=threshold)

    def serve(self, address: str, encoders: Encoders, reranker: Reranker | None) -> Serving:
        """Ready to be asked. Raises VectorsMissing or ParametersUnreadable."""
        from bot.live import House, Serving, policy_of
        from retrieval.reader import Reader

        reader = Reader.open(self.held, self.vectors, self.parameters, encoders, reranker)
        shelf = {(item.article.id, item.article.language): item for item in self.held.articles}
        policy = policy_of(House(address), self.threshold, self.held.intents, self.held.articles, self.chosen)
        return Serving(0, reader, policy, shelf, address)


def ask_sides(
    before: Parts,
    after: Parts,
    asked: Sequence[tuple[str, str]],
    memory: Memory,
    address: str,
    reranker: Reranker | None,
    report: Report,
    database: Database | None = None,
) -> dict[str, list[Row]]:
    """The rows of each side, as nobody graded them yet. ``asked``: questions with their languages, "" where guessed;
    ``database``: where a build kept vectors of some."""
    sides = {BEFORE: before, ALONE: after.fitted(before.parameters, before.threshold), AFTER: after}
    answered: dict[str, list[Row]] = {}
    for number, (side, parts) in enumerate(sides.items()):
        serving = parts.serve(address, memory.encoders, reranker)
        memory.read(database, serving.reader, asked)
        answered[side] = ask_all(serving, asked, report, number * len(asked), len(sides) * len(asked))
    return answered


def ask_all(
    serving: Serving, asked: Sequence[tuple[str, str]], report: Report, done: int = 0, total: int = 0
) -> list[Row]:
    """One row a question, each asked alone as an unknown customer's first message."""
    rows = []
    for number, (text, language) in enumerate(asked):
        if number % _TELL_EVERY == 0:
            report(f"asking the questions: {done + number:,} of {total or len(asked):,}")
        rows.append(row_for(serving, text, language))
    return rows


def row_for(serving: Serving, text: str, language: str) -> Row:
    """What is made of one question; whoever knows what is right grades it."""
    from bot.learning.evaluation import ask_alone, row_of

    read, decision = ask_alone(serving, text, language or None)
    return row_of(GoldQuestion(text, language, ()), read, decision)
