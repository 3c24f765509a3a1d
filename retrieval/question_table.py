"""The questions of a fit side by side: what one ranker after the other makes of all of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from retrieval.confidence import fit_ranker
from retrieval.index import Ints
from retrieval.questions import Row
from retrieval.ranking import (
    OPTIONS,
    SIGNS,
    Candidates,
    Doubles,
    Marks,
    candidates_of,
    first_look,
    rank_all,
    side_by_side,
)
from retrieval.view import View

_BLOCK = 200
"""Questions that are ranked together: more gain nothing, and each is filled up to the longest of them."""


class Outcomes(NamedTuple):
    """What a ranker makes of each question. ``first``: the article that it puts first; ``right``: whether it is right;
    ``offered``: whether one of the first few is; ``known``: whether anybody knows."""

    signs: Doubles
    first: Ints
    right: Marks
    offered: Marks
    known: Marks


@dataclass(frozen=True)
class QuestionTable:
    """``rows`` as the first encoder alone sees them, or both."""

    rows: Sequence[Row]
    candidates: Sequence[Candidates]
    """Of each row."""
    weights: Doubles
    answerable: Marks

    @classmethod
    def of(cls, view: View, rows: Sequence[Row], is_second: bool) -> QuestionTable:
        seen = (row.evidence if is_second else first_look(row.evidence) for row in rows)
        return cls(
            rows,
            [candidates_of(view, one, row.words, row.levels) for one, row in zip(seen, rows, strict=True)],
            np.array([row.weight for row in rows], np.float64),
            np.array([row.answerable for row in rows], np.bool_),
        )

    def ranker(self, among: Marks, before: Doubles) -> Doubles:
        """The weights that fit those ``among`` the questions that have a right candidate."""
        found = [n for n in np.flatnonzero(among).tolist() if self.rows[n].right.any()]
        features = [self.candidates[n].features[0] for n in found]
        return fit_ranker(features, [self.rows[n].right for n in found], self.weights[found], before)

    def outcomes(self, ranker: Doubles) -> Outcomes:
        """What ``ranker`` makes of each question."""
        if not self.rows:
            none = np.zeros(0, np.bool_)
            return Outcomes(np.zeros((0, len(SIGNS))), np.zeros(0, np.int64), none, none, none)
        blocks = list(self._outcomes(ranker))
        return Outcomes(*(np.concatenate(column) for column in zip(*blocks, strict=True)))

    def _outcomes(self, ranker: Doubles) -> Iterator[Outcomes]:
        for start in range(0, len(self.rows), _BLOCK):
            rows = self.rows[start : start + _BLOCK]
            found = rank_all(side_by_side(self.candidates[start : start + _BLOCK]), ranker)
            # What is filled up comes last, and is not among the candidates.
            orders = [order[: len(row.right)][:OPTIONS] for row, order in zip(rows, found.order, strict=True)]
            pairs = list(zip(rows, orders, strict=True))
            yield Outcomes(
                found.signs,
                np.array([row.evidence.articles[order[0]] for row, order in pairs]),
                np.array([row.right[order[0]] for row, order in pairs]),
                np.array([row.right[order].any() for row, order in pairs]),
                np.array([row.known is None or row.known[order[0]] for row, order in pairs]),
            )
