"""Where the articles are found: FAISS over their vectors, BM25 over their words. Built whole, never changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from retrieval.threads import one_thread_a_question

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]

_NEAREST = 48
"""Vectors that a search looks at before it scores the articles they belong to exactly."""


@dataclass(frozen=True)
class Without:
    """What a search must not see while it is fitted: an article, or only its ``row``-th short text (0 is the title)."""

    article: int
    row: int | None = None


class VectorIndex:
    """Rows of unit vectors, grouped by article (rows of one article lie together), searched by inner product.

    ``group``: the article of each row, ascending; not every article needs rows. The mean and covariance of the rows
    tell how similar a question is to this KB at large, so that one similarity can be compared with another.
    """

    def __init__(self, rows: Floats, group: Sequence[int], articles: int) -> None:
        import faiss

        one_thread_a_question()
        self.rows = np.ascontiguousarray(rows, np.float32)
        self.group = np.asarray(group, np.int64)
        self.starts = np.searchsorted(self.group, np.arange(articles + 1)).astype(np.int64)
        self._faiss: Any = faiss.IndexFlatIP(rows.shape[1])
        self._faiss.add(self.rows)
        self.mean = self.rows.mean(0) if len(rows) else np.zeros(rows.shape[1], np.float32)
        centred = self.rows - self.mean
        self._covariance = centred.T @ centred / max(1, len(rows))

    def nearest_articles(self, question: Floats, hidden: tuple[int, int] | None = None) -> Ints:
        """The articles that own the nearest rows; rows from ``hidden[0]`` up to ``hidden[1]`` are not seen."""
        from faiss import IDSelectorNot, IDSelectorRange, SearchParameters

        if not len(self.rows):
            return np.empty(0, np.int64)
        parameters = None
        if hidden is not None:
            parameters = SearchParameters(sel=IDSelectorNot(IDSelectorRange(*hidden)))  # type: ignore[call-arg]
        count = min(_NEAREST, len(self.rows))
        _, found = self._faiss.search(question[None], count, params=parameters)
        return np.unique(self.group[found[0][found[0] >= 0]])

    def rows_of(self, article: int) -> tuple[int, int]:
        """The first row of ``article`` and the one after its last."""
        return int(self.starts[article]), int(self.starts[article + 1])

    def level(self, question: Floats) -> tuple[float, float]:
        """Mean and standard deviation of the question's similarity to all rows."""
        variance = float(question @ self._covariance @ question)
        return float(question @ self.mean), max(variance, 1e-6) ** 0.5

    def similarities(self, question: Floats, articles: Ints) -> tuple[Floats, Ints]:
        """The similarities of all rows of ``articles``, one article after the other, and how many each has."""
        counts = self.starts[articles + 1] - self.starts[articles]
        similarities: Floats = self.rows[ranges(self.starts[articles], counts)] @ question
        return similarities, counts


def ranges(starts: Ints, counts: Ints) -> Ints:
    """``[starts[0], starts[0]+1, … counts[0] of them, starts[1], …]``."""
    ends = np.cumsum(counts)
    places: Ints = np.arange(ends[-1] if len(ends) else 0) + np.repeat(starts - (ends - counts), counts)
    return places


def best_of_each(values: Floats, counts: Ints, missing: float, top: int) -> tuple[Floats, Floats, Ints]:
    """Of each group: its best value, the mean of its ``top`` best (or of all that it has), the place of the best.

    ``values`` lie group after group, ``counts`` each; -inf is a value that must not be seen. A group without any to see
    gets ``missing`` and place -1.
    """
    groups = np.repeat(np.arange(len(counts)), counts)
    order = np.lexsort((-values, groups))
    ordered, offsets = values[order], np.cumsum(counts) - counts
    seen = np.bincount(groups[np.isfinite(values)], minlength=len(counts))
    best, means = np.full(len(counts), missing, np.float32), np.full(len(counts), missing, np.float32)
    places = np.full(len(counts), -1, np.int64)
    filled = seen > 0
    best[filled] = ordered[offsets[filled]]
    places[filled] = order[offsets[filled]] - offsets[filled]
    total = np.zeros(len(counts), np.float32)
    for rank in range(top):
        has = seen > rank
        total[has] += ordered[offsets[has] + rank]
    means[filled] = total[filled] / np.minimum(seen, top)[filled]
    return best, means, places
