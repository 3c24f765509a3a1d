"""Where the articles are found: FAISS over their vectors, BM25 over their words. Built whole, never changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from retrieval.crowding import Crowd, crowding_of
from retrieval.sharing import Shared
from retrieval.threads import one_thread_a_question

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]

_NEAREST = 48
"""Vectors that a search looks at before it scores the articles they belong to exactly."""


@dataclass(frozen=True)
class Without:
    """What a search must not see while it is fitted: an article, or only some of its short texts (0 is the title)."""

    article: int
    rows: tuple[int, ...] | None = None


class VectorRows:
    """Rows of unit vectors, grouped by article: rows of one article lie together.

    ``group``: the article of each row, ascending; not every article needs rows. The mean and covariance of the rows
    tell how similar a question is to this KB at large, so that one similarity can be compared with another.
    """

    def __init__(self, rows: Floats, group: Sequence[int] | Ints, articles: int) -> None:
        self.rows = np.ascontiguousarray(rows, np.float32)
        self.group = np.asarray(group, np.int64)
        self.starts = np.searchsorted(self.group, np.arange(articles + 1)).astype(np.int64)
        self.mean = self.rows.mean(0) if len(rows) else np.zeros(rows.shape[1], np.float32)
        centred = self.rows - self.mean
        self._covariance = centred.T @ centred / max(1, len(rows))

    def rows_of(self, article: int) -> Ints:
        """The rows of ``article``."""
        return np.arange(self.starts[article], self.starts[article + 1])

    def level(self, question: Floats, hidden: Ints | None = None) -> tuple[float, float]:
        """Mean and standard deviation of the question's similarity to all rows, or to those that are not ``hidden``."""
        mean, variance = float(question @ self.mean), float(question @ self._covariance @ question)
        count = len(self.rows)
        if hidden is not None and 0 < len(hidden) < count:
            similar = self.rows[hidden].astype(np.float64) @ question
            left = count - len(hidden)
            squares = count * (variance + mean**2) - float(similar @ similar)
            mean = (count * mean - float(similar.sum())) / left
            variance = squares / left - mean**2
        return mean, max(variance, 1e-6) ** 0.5

    def similarities(self, question: Floats, articles: Ints) -> tuple[Floats, Ints]:
        """The similarities of all rows of ``articles``, one article after the other, and how many each has."""
        starts, ends = self.starts[articles], self.starts[articles + 1]
        counts = ends - starts
        similarities = np.empty(int(counts.sum()), np.float32)
        place = 0
        for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
            # Row by row of the matrix as it lies: gathering them first would cost more than the products.
            np.dot(self.rows[start:end], question, out=similarities[place : place + end - start])
            place += end - start
        return similarities, counts

    def places(self, articles: Ints) -> Ints:
        """The rows of all ``articles``, one article after the other."""
        return ranges(self.starts[articles], self.starts[articles + 1] - self.starts[articles])


class VectorIndex(VectorRows):
    """Rows that are searched, too, by inner product."""

    @classmethod
    def of(cls, rows: Floats, group: Ints, articles: int) -> VectorIndex:
        """The index of these rows; the one that is in use already, where there is one."""
        return _in_use(lambda: cls(rows, group, articles), rows, group, articles)

    def __init__(self, rows: Floats, group: Sequence[int] | Ints, articles: int) -> None:
        import faiss

        super().__init__(rows, group, articles)
        one_thread_a_question()
        self._faiss: Any = faiss.IndexFlatIP(rows.shape[1])
        self._faiss.add(self.rows)

    @cached_property
    def crowding(self) -> Floats:
        """See ``retrieval.crowding``."""
        return crowding_of(self.rows, self.group)

    def crowding_without(self, hidden: Ints, rows: Ints) -> Floats:
        """The ``crowding`` of ``rows``, had those that are ``hidden`` never been there."""
        return self.crowding[rows] if self._crowd is None else self._crowd.without(hidden, rows)

    @cached_property
    def _crowd(self) -> Crowd | None:
        return Crowd.of(self.rows, self.group)

    def held(self) -> Floats:
        """The rows as FAISS has them, read back from it."""
        count = int(self._faiss.ntotal)
        return np.asarray(self._faiss.reconstruct_n(0, count), np.float32).reshape(count, self.rows.shape[1])

    def nearest_articles(self, question: Floats, hidden: Ints | None = None) -> Ints:
        """The articles that own the nearest rows; the rows ``hidden`` are not seen."""
        from faiss import IDSelectorBatch, IDSelectorNot, SearchParameters

        if not len(self.rows):
            return np.empty(0, np.int64)
        parameters = None
        if hidden is not None:
            parameters = SearchParameters(sel=IDSelectorNot(IDSelectorBatch(hidden)))  # type: ignore[call-arg]
        count = min(_NEAREST, len(self.rows))
        _, found = self._faiss.search(question[None], count, params=parameters)
        return np.unique(self.group[found[0][found[0] >= 0]])


_in_use: Shared[VectorIndex] = Shared()


def ranges(starts: Ints, counts: Ints) -> Ints:
    """``[starts[0], starts[0]+1, … counts[0] of them, starts[1], …]``."""
    ends = np.cumsum(counts)
    places: Ints = np.arange(ends[-1] if len(ends) else 0) + np.repeat(starts - (ends - counts), counts)
    return places


def highest_of_each(values: Floats, counts: Ints, missing: float) -> Floats:
    """The first of what ``best_of_each`` gives, alone."""
    some = np.flatnonzero(counts)
    best = np.full(len(counts), missing, np.float32)
    if len(some):
        found = np.maximum.reduceat(values, (np.cumsum(counts) - counts)[some])
        best[some] = np.where(np.isfinite(found), found, missing)
    return best


def best_of_each(values: Floats, counts: Ints, missing: float, top: int) -> tuple[Floats, Floats, Ints]:
    """Of each group: its best value, the mean of its ``top`` best (or of all that it has), the place of the best.

    ``values`` lie group after group, ``counts`` each; -inf is a value that must not be seen. A group without any to see
    gets ``missing`` and place -1.
    """
    some = np.flatnonzero(counts)
    best, means = np.full(len(counts), missing, np.float32), np.full(len(counts), missing, np.float32)
    places = np.full(len(counts), -1, np.int64)
    if not len(some):
        return best, means, places
    left, owner = np.array(values, np.float32), np.repeat(np.arange(len(some)), counts[some])
    offsets = (np.cumsum(counts) - counts)[some]
    total, seen = np.zeros(len(some), np.float32), np.zeros(len(some), np.int64)
    for rank in range(top):
        found = np.maximum.reduceat(left, offsets)
        has = np.isfinite(found)
        total[has] += found[has]
        seen += has
        if 0 < rank == top - 1:
            break
        at = np.flatnonzero(left == found[owner])[::-1]
        first = np.zeros(len(some), np.int64)
        # The last to be written is the first of each group.
        first[owner[at]] = at
        if rank == 0:
            best[some[has]], places[some[has]] = found[has], (first - offsets)[has]
        left[first[has]] = -np.inf
    filled = seen > 0
    means[some[filled]] = total[filled] / seen[filled]
    return best, means, places
