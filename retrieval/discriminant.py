"""Which group of examples a vector belongs to: linear discriminants with a shared, shrunk covariance.

Closed form, so that fitting 3,000 examples of 150 articles takes milliseconds and gives the same numbers each time.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

SHRINKAGE = 0.5
"""How far the covariance is pulled towards a sphere: a few hundred examples cannot tell 384 × 384 numbers."""

FOLDS = 5


@dataclass(frozen=True)
class Discriminant:
    """``scores(vector)`` gives the log-odds of each group up to a constant; groups without examples get -inf."""

    weights: Floats
    offsets: Floats

    @classmethod
    def fit(cls, vectors: Floats, groups: NDArray[np.int64], count: int, shrinkage: float = SHRINKAGE) -> Discriminant:
        """``vectors`` (n, dimension) of ``groups`` (n,) out of ``count`` groups."""
        dimension = vectors.shape[1]
        sizes = np.bincount(groups, minlength=count)
        means = np.zeros((count, dimension))
        np.add.at(means, groups, vectors.astype(np.float64))
        means /= np.maximum(sizes, 1)[:, None]
        residuals = vectors - means[groups]
        scatter = residuals.T @ residuals / max(1, len(vectors) - int((sizes > 0).sum()))
        spread = float(np.trace(scatter)) / dimension or 1.0
        shared = (1 - shrinkage) * scatter + shrinkage * spread * np.eye(dimension)
        centre = vectors.mean(0)
        weights = np.linalg.solve(shared, (means - centre).T).T
        offsets = -0.5 * np.einsum("ij,ij->i", weights, means + centre)
        offsets[sizes == 0] = -np.inf
        return cls(weights.astype(np.float32), offsets.astype(np.float32))

    def scores(self, vectors: Floats) -> Floats:
        """Shape (n, groups) for vectors (n, dimension)."""
        result: Floats = vectors @ self.weights.T + self.offsets
        return result


def folds_of(groups: NDArray[np.int64]) -> NDArray[np.int64]:
    """A fold for each example, so that the examples of each group are spread evenly: 0, 1, … in their order."""
    seen: dict[int, int] = {}
    folds = np.zeros(len(groups), np.int64)
    for position, group in enumerate(groups.tolist()):
        folds[position] = seen.get(group, 0) % FOLDS
        seen[group] = seen.get(group, 0) + 1
    return folds
