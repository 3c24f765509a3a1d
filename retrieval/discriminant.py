"""Which group of examples a vector belongs to: kernel ridge regression on the groups, in closed form.

A few examples a group are enough, and the same examples give the same numbers. What the model would say about an
example that it never saw, or about one whose whole group it never saw, follows from the one fit (Rifkin and Lippert
2007, "Notes on regularized least squares"): nothing is graded on its own homework, and nothing is fitted twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]

_SHARPNESS = 2.0
"""How fast a neighbour's influence falls with distance: exp(-_SHARPNESS · (1 - cosine))."""

_RIDGE = 0.02
_MOST = 2_500
"""Examples that span the space; more of them are seen through these (Nyström), so that 20,000 fit in seconds."""

_TEMPERATURE = 12.0
"""What turns regression targets, 1 for the own group and 0 for others, into log-odds."""


@dataclass(frozen=True)
class Discriminant:
    """``scores(vectors)`` gives the log-odds of each group up to a constant; groups without examples get -inf."""

    centre: Floats
    landmarks: Floats
    weights: Floats
    empty: NDArray[np.bool_]

    @classmethod
    def fit(cls, vectors: Floats, groups: Ints, count: int) -> Discriminant:
        """``vectors`` (n, dimension) of ``groups`` (n,) out of ``count`` groups."""
        return _Fit(vectors, groups, count).model()

    def scores(self, vectors: Floats) -> Floats:
        """Shape (n, groups) for vectors (n, dimension), (groups,) for one."""
        near = _kernel(_centred(vectors, self.centre), self.landmarks)
        result: Floats = near @ self.weights
        result[..., self.empty] = -np.inf
        return result


def left_out(vectors: Floats, groups: Ints, count: int, without: Sequence[Ints]) -> Floats:
    """Scores of all examples, shape (n, count), each by a model that did not see the rows ``without[n]``, itself
    among them."""
    return _Fit(vectors, groups, count).left_out(without)


class _Fit:
    def __init__(self, vectors: Floats, groups: Ints, count: int) -> None:
        self.centre = vectors.mean(0)
        self.rows = _centred(vectors, self.centre)
        self.landmarks = self.rows[:: -(-len(self.rows) // _MOST)]
        sizes = np.bincount(groups, minlength=count)
        self.empty = sizes == 0
        self.targets = np.zeros((len(vectors), count), np.float64)
        self.targets[np.arange(len(vectors)), groups] = 1.0
        inner = _kernel(self.landmarks, self.landmarks).astype(np.float64)
        self.whitening = np.linalg.inv(_root(inner, self.landmarks)).T
        self.features = _kernel(self.rows, self.landmarks) @ self.whitening
        self.inverse = np.linalg.inv(self.features.T @ self.features + _RIDGE * np.eye(len(inner)))
        self.solution = self.inverse @ (self.features.T @ self.targets)

    def model(self) -> Discriminant:
        weights = _TEMPERATURE * (self.whitening @ self.solution)
        return Discriminant(self.centre, self.landmarks, weights.astype(np.float32), self.empty)

    def left_out(self, without: Sequence[Ints]) -> Floats:
        fitted = self.features @ self.solution
        carried = self.features @ self.inverse
        scores = np.zeros_like(fitted)
        known: dict[bytes, NDArray[np.float64]] = {}
        for row, rows in enumerate(without):
            key = rows.tobytes()
            if key not in known:
                known[key] = self._without(rows, fitted, carried)
            scores[row] = known[key][int(np.searchsorted(rows, row))]
        scores *= _TEMPERATURE
        scores[:, self.empty] = -np.inf
        return scores.astype(np.float32)

    def _without(self, rows: Ints, fitted: NDArray[np.float64], carried: NDArray[np.float64]) -> NDArray[np.float64]:
        """What would be said of ``rows`` had they not been there."""
        own = carried[rows] @ self.features[rows].T
        wrong = np.linalg.solve(np.eye(len(rows)) - own + 1e-9 * np.eye(len(rows)), self.targets[rows] - fitted[rows])
        result: NDArray[np.float64] = self.targets[rows] - wrong
        return result


def _centred(vectors: Floats, centre: Floats) -> Floats:
    """Away from what all texts have in common, which would make everything near to everything with some models."""
    moved = vectors - 0.5 * centre
    norms = np.linalg.norm(moved, axis=-1, keepdims=True)
    result: Floats = (moved / np.maximum(norms, 1e-6)).astype(np.float32)
    return result


def _root(inner: NDArray[np.float64], landmarks: Floats) -> NDArray[np.float64]:
    """The triangular root of the kernel ``inner`` of ``landmarks``."""
    jitter = 1e-6 * np.eye(len(inner))
    try:
        root = np.linalg.cholesky(inner + jitter)
    except np.linalg.LinAlgError:
        # Where many texts are the same, what single precision rounds off outweighs the jitter.
        exact = landmarks.astype(np.float64)
        root = np.linalg.cholesky(np.exp(_SHARPNESS * (exact @ exact.T - 1)) + jitter)
    return root.astype(np.float64, copy=False)


def _kernel(one: Floats, other: Floats) -> Floats:
    result: Floats = np.exp(_SHARPNESS * (one @ other.T - 1))
    return result
