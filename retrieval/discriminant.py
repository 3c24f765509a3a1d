"""Which group of examples a vector belongs to: kernel ridge regression on the groups, in closed form.

A few examples a group are enough, and the same examples give the same numbers. What the model would say about an
example that it never saw, or about one whose whole group it never saw, follows from the one fit (Rifkin and Lippert
2007, "Notes on regularized least squares"): nothing is graded on its own homework, and nothing is fitted twice.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from retrieval.sharing import Shared, digest_of, sample

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]
Doubles = NDArray[np.float64]

_SHARPNESS = 2.0
"""How fast a neighbour's influence falls with distance: exp(-_SHARPNESS · (1 - cosine))."""

_RIDGE = 0.02
_MOST = 2_000
"""Examples that span the space; more of them are seen through these (Nyström), so that 20,000 fit in seconds."""

_LEAST = 1e-9
"""What is left of an example for which nothing but itself speaks."""

_BLOCK = 1_000
"""Examples that are looked at together."""

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
        return _fitted(lambda: _fit(vectors, groups, count).model(), vectors, groups, count)

    def scores(self, vectors: Floats) -> Floats:
        """Shape (n, groups) for vectors (n, dimension), (groups,) for one."""
        near = _kernel(_centred(vectors, self.centre), self.landmarks)
        result: Floats = near @ self.weights
        result[..., self.empty] = -np.inf
        return result


_fitted: Shared[Discriminant] = Shared()


def left_out(vectors: Floats, groups: Ints, count: int, *without: Sequence[Ints]) -> tuple[Floats, ...]:
    """For each of ``without`` the scores of all examples, shape (n, count), each by a model that did not see the rows
    ``without[n]``, itself among them."""
    fit = _fit(vectors, groups, count)
    return tuple(fit.left_out(one) for one in without)


@contextmanager
def fits_kept() -> Iterator[None]:
    """Within this block of one thread, nothing that is fitted and asked without an example or two is solved twice."""
    before = getattr(_kept, "fits", None)
    _kept.fits = {}
    try:
        yield
    finally:
        _kept.fits = before


_kept = threading.local()


def _fit(vectors: Floats, groups: Ints, count: int) -> _Fit:
    fits: dict[bytes, _Fit] | None = getattr(_kept, "fits", None)
    if fits is None:
        return _Fit(vectors, groups, count)
    name = digest_of(vectors, groups, count)
    if name not in fits:
        fits[name] = _Fit(vectors, groups, count)
    return fits[name]


class _Fit:
    """Ridge regression on features: the kernel to the landmarks, whitened by the root of theirs to each other."""

    def __init__(self, vectors: Floats, groups: Ints, count: int) -> None:
        self.groups = groups
        self.empty = np.bincount(groups, minlength=count) == 0
        self.centre = vectors.mean(0)
        self.rows = _centred(vectors, self.centre)
        # By the vectors as they are given: the centre moves with every one of them.
        self.landmarks = self.rows[sample(vectors, _MOST)]

    def model(self) -> Discriminant:
        weights = self._exact() if len(self.landmarks) == len(self.rows) else self._through_landmarks()
        return Discriminant(self.centre, self.landmarks, (_TEMPERATURE * weights).astype(np.float32), self.empty)

    def left_out(self, without: Sequence[Ints]) -> Floats:
        fitted, carried = self._fitted
        # Of most no other than itself is left out.
        own = np.einsum("kn,kn->n", carried, carried)
        targets = _marks(self.groups, len(self.empty))
        scores: Doubles = targets - (targets - fitted) / (1 - own + _LEAST)[:, None]
        known: dict[bytes, Doubles] = {}
        for row, rows in enumerate(without):
            if len(rows) == 1:
                continue
            key = rows.tobytes()
            if key not in known:
                known[key] = self._without(rows, fitted, carried)
            scores[row] = known[key][int(np.searchsorted(rows, row))]
        scores *= _TEMPERATURE
        scores[:, self.empty] = -np.inf
        return scores.astype(np.float32)

    def _exact(self) -> Doubles:
        """The weights where every example is a landmark: no features are needed."""
        from scipy.linalg import cho_solve

        ridged = _kernel(self.rows, self.rows).astype(np.float64) + _RIDGE * np.eye(len(self.rows))
        targets = _marks(self.groups, len(self.empty))
        weights: Doubles = cho_solve((np.linalg.cholesky(ridged), True), targets, check_finite=False)
        return weights

    def _through_landmarks(self) -> Doubles:
        from scipy.linalg import solve_triangular

        root, _, solution = self._solved
        weights: Doubles = solve_triangular(root, solution, trans=1, lower=True, check_finite=False)
        return weights

    @cached_property
    def _solved(self) -> tuple[Doubles, Doubles, Doubles]:
        """The root of the landmarks' kernel, that of the features' normal matrix with the ridge, and the solution:
        what each feature tells of each group."""
        from scipy.linalg import cho_solve, lapack, solve_triangular

        root = _root(_kernel(self.landmarks, self.landmarks).astype(np.float64), self.landmarks)
        normal, sums = self._sums()
        # Of the normal matrix whitened from both sides only the lower triangle is made, and read.
        whitened, _ = lapack.dsygst(normal, root, lower=1)
        factor = np.linalg.cholesky(whitened + _RIDGE * np.eye(len(root)))
        features = solve_triangular(root, sums, lower=True, check_finite=False)
        return root, factor, cho_solve((factor, True), features, check_finite=False)

    @cached_property
    def _fitted(self) -> tuple[Doubles, Doubles]:
        """What is said of all examples by the model that saw them, (n, count), and their features over the root of the
        normal matrix, (landmarks, n)."""
        from scipy.linalg import solve_triangular

        root, factor, solution = self._solved
        near = _kernel(self.landmarks, self.rows).astype(np.float64)
        features = solve_triangular(root, near, lower=True, overwrite_b=True, check_finite=False)
        fitted = features.T @ solution
        return fitted, solve_triangular(factor, features, lower=True, overwrite_b=True, check_finite=False)

    def _without(self, rows: Ints, fitted: Doubles, carried: Doubles) -> Doubles:
        """What would be said of ``rows`` had they not been there."""
        own = carried[:, rows].T @ carried[:, rows]
        targets = _marks(self.groups[rows], len(self.empty))
        wrong = np.linalg.solve(np.eye(len(rows)) - own + _LEAST * np.eye(len(rows)), targets - fitted[rows])
        result: Doubles = targets - wrong
        return result

    def _sums(self) -> tuple[Doubles, Doubles]:
        """Over all examples: the products of the kernels to any two landmarks, and of each group the kernels' sum."""
        size = len(self.landmarks)
        normal, sums = np.zeros((size, size)), np.zeros((size, len(self.empty)))
        order = np.argsort(self.groups, kind="stable")
        for start in range(0, len(order), _BLOCK):
            block = order[start : start + _BLOCK]
            near = _kernel(self.rows[block], self.landmarks).astype(np.float64)
            normal += near.T @ near
            own, firsts = np.unique(self.groups[block], return_index=True)
            sums[:, own] += np.add.reduceat(near, firsts, axis=0).T
        return normal, sums


def _marks(groups: Ints, count: int) -> Doubles:
    """1 for the own group of each row, 0 for the others."""
    marks = np.zeros((len(groups), count))
    marks[np.arange(len(groups)), groups] = 1.0
    return marks


def _centred(vectors: Floats, centre: Floats) -> Floats:
    """Away from what all texts have in common, which would make everything near to everything with some models."""
    moved = vectors - 0.5 * centre
    norms = np.linalg.norm(moved, axis=-1, keepdims=True)
    result: Floats = (moved / np.maximum(norms, 1e-6)).astype(np.float32)
    return result


def _root(inner: Doubles, landmarks: Floats) -> Doubles:
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
