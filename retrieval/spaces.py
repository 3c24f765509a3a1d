"""The texts of a knowledge base as one encoder sees them, and how near a question lies to each article there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from kb_content.articles import PublishedArticle
from retrieval.discriminant import Discriminant
from retrieval.encoders import Encoder, Encoders
from retrieval.index import Floats, Ints, VectorIndex, VectorRows, Without, best_of_each, highest_of_each
from retrieval.pieces import Role, pieces_of, stacked
from retrieval.stretches import stretches_of
from retrieval.variants import base
from retrieval.vectors import VectorCache

_UNCROWDED = 0.8
"""How much of a text's crowding is taken from its similarity to a question."""

NEARNESS = 5
"""Columns of ``Space.nearness``: nearest short text, its three nearest, title, best passage, its two best."""


class Nearness(NamedTuple):
    """Of each article: NEARNESS columns and its best stretch, standardised; its best similarity as it is; the number of
    its best passage, -1 without any."""

    columns: Floats
    stretch: Floats
    raw: Floats
    places: Ints


class Headings(NamedTuple):
    """What an article's passages stand under: a vector for each heading, and for each passage its heading's number, -1
    where it stands under the title alone."""

    rows: Floats
    places: Ints


class _Hidden(NamedTuple):
    """The rows that are not to be seen; None for none."""

    shorts: Ints | None = None
    passages: Ints | None = None
    stretches: Ints | None = None


@dataclass(frozen=True)
class Space:
    """The articles of a view that one encoder reads, in the view's language or in others.

    Others lie apart even where the encoder is the same: it finds two texts of one language closer than they are, so
    similarities to each kind are standardised among themselves. ``discriminant`` tells the members from each other by
    their examples, where there are enough; it gives -inf to all other articles.
    """

    encoder: Encoder
    shorts: VectorIndex
    passages: VectorIndex
    members: Ints
    crowding: Floats
    """Of the short texts."""
    discriminant: Discriminant | None = None
    stretches: VectorRows | None = None
    """None where they are not encoded: by a model that is too slow for it."""
    _headings: dict[int, Headings | None] = field(default_factory=dict, repr=False, compare=False)
    """A cache, see ``headings_of``."""

    def headings_of(self, article: int, read: Callable[[], Sequence[str]]) -> Headings | None:
        """What the passages of an article stand under, which ``read`` says of each ("" for nothing); None where that
        tells none from another. Encoded when first needed: few articles are ever quoted."""
        if article not in self._headings:
            self._headings[article] = self._encoded(read())
        return self._headings[article]

    def _encoded(self, own: Sequence[str]) -> Headings | None:
        if len(set(own)) < 2:
            return None
        headings = list(dict.fromkeys(filter(None, own)))
        places = np.array([headings.index(each) if each else -1 for each in own], np.int64)
        return Headings(self.encoder.queries(headings), places)

    def candidates(self, question: Floats, without: Without | None) -> Ints:
        hidden = self._hidden(without)
        return np.union1d(
            self.shorts.nearest_articles(question, hidden.shorts),
            self.passages.nearest_articles(question, hidden.passages),
        )

    def level(self, question: Floats, without: Without | None = None) -> float:
        """The question's mean similarity to the short texts."""
        hidden = self._hidden(without).shorts
        return float(question @ self.shorts.mean) if hidden is None else self.shorts.level(question, hidden)[0]

    def nearness(self, question: Floats, articles: Ints, without: Without | None) -> Nearness:
        """How near each of ``articles`` is to ``question``; what is hidden counts for nothing, as had it never been."""
        hidden, own = self._hidden(without), self.shorts.places(articles)
        shorts, counts = self.shorts.similarities(question, articles)
        if without is not None and without.rows is not None:
            place = int(np.searchsorted(articles, without.article))
            if place < len(articles) and articles[place] == without.article:
                shorts[int(counts[:place].sum()) + np.array(without.rows)] = -np.inf
        raw = highest_of_each(shorts, counts, 0.0)
        shorts -= _UNCROWDED * self._crowding(own, hidden.shorts)
        titles = shorts[np.cumsum(counts) - counts]
        nearest, near, _ = best_of_each(shorts, counts, 0.0, top=3)
        passages, passage_counts = self.passages.similarities(question, articles)
        best, several, places = best_of_each(passages, passage_counts, 0.0, top=2)
        mean, spread = self.shorts.level(question, hidden.shorts)
        columns = np.zeros((len(articles), NEARNESS), np.float32)
        for column, values in enumerate((nearest, near, np.where(np.isfinite(titles), titles, nearest))):
            columns[:, column] = (values - mean) / spread
        mean, spread = self.passages.level(question, hidden.passages)
        for column, values in ((3, best), (4, several)):
            # An article without passages is as good as its title.
            columns[:, column] = np.where(passage_counts > 0, (values - mean) / spread, columns[:, 2])
        stretch = self._stretch(question, articles, columns[:, 3], hidden.stretches)
        return Nearness(columns, stretch, np.maximum(raw, best), places)

    def _crowding(self, rows: Ints, hidden: Ints | None) -> Floats:
        return self.crowding[rows] if hidden is None else self.shorts.crowding_without(hidden, rows)

    def _hidden(self, without: Without | None) -> _Hidden:
        if without is None:
            return _Hidden()
        shorts = self.shorts.rows_of(without.article)
        if without.rows is not None:
            return _Hidden(shorts[list(without.rows)] if len(shorts) else shorts)
        stretches = None if self.stretches is None else self.stretches.rows_of(without.article)
        return _Hidden(shorts, self.passages.rows_of(without.article), stretches)

    def _stretch(self, question: Floats, articles: Ints, passage: Floats, hidden: Ints | None) -> Floats:
        """The best stretch of each article; one without any is as good as its best passage."""
        if self.stretches is None or not len(self.stretches.rows):
            return passage
        similar, counts = self.stretches.similarities(question, articles)
        some = counts > 0
        mean, spread = self.stretches.level(question, hidden)
        found = passage.copy()
        if some.any():
            found[some] = (np.maximum.reduceat(similar, (np.cumsum(counts) - counts)[some]) - mean) / spread
        return found


def open_space(
    articles: Sequence[PublishedArticle],
    members: Ints,
    encoder: Encoder,
    encoders: Encoders,
    vectors: VectorCache,
    least_examples: float | None,
) -> Space:
    """``members`` of ``articles`` as ``encoder`` sees them. Raises VectorsMissing.

    ``least_examples``: short texts that members must have on average before a discriminant over them says anything;
    None for no discriminant.
    """
    rows: dict[bool, list[Floats]] = {True: [], False: []}
    groups: dict[bool, list[int]] = {True: [], False: []}
    for n in members.tolist():
        crossing = encoders.of(base(articles[n].article.language)) is not encoder
        pieces = pieces_of(articles[n], crossing)
        matrix = stacked(vectors, encoder, pieces)
        for is_passage in (True, False):
            mine = [row for row, piece in enumerate(pieces) if (piece.role is Role.PASSAGE) is is_passage]
            rows[is_passage].append(matrix[mine])
            groups[is_passage] += [n] * len(mine)
    shorts, passages = (
        VectorIndex.of(_stack(rows[kind], encoder.dimension), np.array(groups[kind], np.int64), len(articles))
        for kind in (False, True)
    )
    enough = least_examples is not None and 2 <= len(members) <= len(shorts.rows) / least_examples
    discriminant = Discriminant.fit(shorts.rows, shorts.group, len(articles)) if enough else None
    stretches = _stretches(articles, members, encoder, encoders, vectors)
    return Space(encoder, shorts, passages, members, shorts.crowding, discriminant, stretches)


def _stretches(
    articles: Sequence[PublishedArticle], members: Ints, encoder: Encoder, encoders: Encoders, vectors: VectorCache
) -> VectorRows | None:
    """Those of the ``members`` whose language ``encoder`` reads. Raises VectorsMissing."""
    if encoder is encoders.crossing:
        return None
    parts = [stacked(vectors, encoder, stretches_of(articles[n])) for n in members.tolist()]
    groups = np.repeat(members, [len(part) for part in parts])
    return VectorRows(_stack(parts, encoder.dimension), groups.tolist(), len(articles))


def _stack(parts: list[Floats], dimension: int) -> Floats:
    return np.concatenate(parts) if parts else np.empty((0, dimension), np.float32)
