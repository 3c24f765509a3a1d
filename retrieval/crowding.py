"""How crowded the place of a text is: how near to it the nearest texts of other articles lie.

Some texts are near to everything; to be nearest to a question tells less of them (Conneau and others 2018, "Word
translation without parallel data": cross-domain similarity local scaling).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from retrieval.sharing import sample

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]

_CROWD = 10
_SEEN = 4_000
"""Rows that are looked at to tell how crowded the place of a text is, and how many of them count."""

_MOST_HIDDEN = 30
"""Texts of one article that may crowd another; where more of them are hidden, fewer than usual count."""


def crowding_of(rows: Floats, group: Ints) -> Floats:
    """Of each row the mean similarity to its nearest rows of other groups, less the mean of that; 0 for too few."""
    found = np.zeros(len(rows), np.float32)
    if len(rows) < 2 * _CROWD:
        return found
    looked_at = sample(rows, _SEEN)
    near = _near(rows, looked_at)
    for start, similar in _to_others(rows, group, looked_at):
        found[start : start + len(similar)] = -np.partition(-similar, near - 1, axis=1)[:, :near].mean(1)
    result: Floats = found - found.mean()
    return result


@dataclass(frozen=True)
class Crowd:
    """The crowding of rows of which some are hidden, to ask a KB what it would be without them.

    ``nearest`` and ``similar`` (rows, kept): of each row the nearest rows of other groups and their similarities,
    falling. The first ``near`` count; the others are there because some may be hidden. ``usual``: the mean of those
    that count. ``crowded``: the rows that each row crowds, those of one row after those of another from ``starts``.
    """

    nearest: Ints
    similar: Floats
    near: int
    usual: Floats
    crowded: Ints
    starts: Ints

    @classmethod
    def of(cls, rows: Floats, group: Ints) -> Crowd | None:
        """The crowd of ``rows``, those of one group together; None for too few of them."""
        if len(rows) < 2 * _CROWD:
            return None
        looked_at = sample(rows, _SEEN)
        near = _near(rows, looked_at)
        kept = min(near + min(int(np.bincount(group).max()), _MOST_HIDDEN), len(looked_at))
        nearest, falling = np.zeros((len(rows), kept), np.int64), np.zeros((len(rows), kept), np.float32)
        for start, similar in _to_others(rows, group, looked_at):
            some = np.argpartition(-similar, kept - 1, axis=1)[:, :kept]
            some = np.take_along_axis(some, np.argsort(-np.take_along_axis(similar, some, 1), axis=1), 1)
            nearest[start : start + len(some)] = looked_at[some]
            falling[start : start + len(some)] = np.take_along_axis(similar, some, 1)
        counted = nearest[:, :near].ravel()
        order = np.argsort(counted, kind="stable")
        starts = np.searchsorted(counted[order], np.arange(len(rows) + 1)).astype(np.int64)
        return cls(nearest, falling, near, falling[:, :near].mean(1), order // near, starts)

    def without(self, hidden: Ints, rows: Ints) -> Floats:
        """``crowding_of`` these ``rows``, had the ``hidden`` ones never been there."""
        is_hidden = np.zeros(len(self.usual), bool)
        is_hidden[hidden] = True
        changed = np.unique(np.concatenate([self.crowded[:0], *map(self._crowded_by, hidden.tolist())]))
        changed = changed[~is_hidden[changed]]
        total = self.usual.sum() - self.usual[hidden].sum()
        total += (self._mean(changed, is_hidden) - self.usual[changed]).sum()
        result: Floats = self._mean(rows, is_hidden) - total / max(1, len(self.usual) - len(hidden))
        return result

    def _crowded_by(self, row: int) -> Ints:
        return self.crowded[self.starts[row] : self.starts[row + 1]]

    def _mean(self, rows: Ints, is_hidden: NDArray[np.bool_]) -> Floats:
        seen = ~is_hidden[self.nearest[rows]]
        counts = seen & (np.cumsum(seen, axis=1) <= self.near)
        result: Floats = (self.similar[rows] * counts).sum(1) / np.maximum(counts.sum(1), 1)
        return result


def _near(rows: Floats, looked_at: Ints) -> int:
    """How many of the rows looked at count."""
    return max(1, _CROWD * len(looked_at) // len(rows))


def _to_others(rows: Floats, group: Ints, looked_at: Ints) -> Iterator[tuple[int, Floats]]:
    """Block by block where it begins, and its rows' similarities to those looked at; -1 to those of their own group."""
    others, owners = rows[looked_at], group[looked_at]
    for start in range(0, len(rows), 1_000):
        similar = rows[start : start + 1_000] @ others.T
        similar[group[start : start + 1_000, None] == owners[None]] = -1
        yield start, similar
