"""Which article is right, and how probable that is: two small models fitted on the knowledge base's own questions."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from retrieval.prior import Doubles
from retrieval.ranking import SIGNS

_FREE = ("length",)
_AGAINST = ("unknown words", "competitors")
_BOUNDS = [(None, None)] + [
    (None, None) if sign in _FREE else (None, 0.0) if sign in _AGAINST else (0.0, None) for sign in SIGNS
]
"""More evidence never makes an answer less probable, whatever a KB's own questions, which are never near-copies of each
other as customers' often are, seem to say."""

_RANKER_STRENGTH = 60.0
_CONFIDENCE_STRENGTH = 40.0


def probability(signs: Doubles, coefficients: Doubles) -> Doubles:
    """``coefficients``: the intercept, then one weight per sign. ``signs``: shape (…, len(SIGNS))."""
    result: Doubles = 1 / (1 + np.exp(-np.clip(signs @ coefficients[1:] + coefficients[0], -30, 30)))
    return result


def fit_ranker(
    features: Sequence[NDArray[np.float32]],
    right: Sequence[NDArray[np.bool_]],
    weights: Doubles,
    before: Doubles,
) -> Doubles:
    """Weights that make the right candidates likeliest; none falls below zero, few rows leave them near ``before``.

    ``features``: per question, shape (candidates, columns); ``right``: which candidates are right (at least one).
    """
    from scipy.optimize import minimize

    start = before
    if not features:
        return start.copy()
    widest = max(len(one) for one in features)
    padded = np.zeros((len(features), widest, len(start)))
    real, good = np.zeros(padded.shape[:2], bool), np.zeros(padded.shape[:2], bool)
    for row, (one, marks) in enumerate(zip(features, right, strict=True)):
        padded[row, : len(one)], real[row, : len(one)], good[row, : len(one)] = one, True, marks
    scale = np.maximum(start, 0.05)
    columns = padded.reshape(-1, len(start)).T

    def loss(w: Doubles) -> tuple[float, Doubles]:
        scores = np.where(real, (w @ columns).reshape(real.shape), -np.inf)
        shares = np.exp(scores - scores.max(1, keepdims=True))
        shares /= shares.sum(1, keepdims=True)
        among = np.where(good, shares, 0)
        hit = np.maximum(among.sum(1), 1e-12)
        gradient = columns @ (weights[:, None] * (shares - among / hit[:, None])).ravel()
        pull = (w - start) / scale
        return float(
            -weights @ np.log(hit) + _RANKER_STRENGTH / 2 * pull @ pull
        ), gradient + _RANKER_STRENGTH * pull / scale

    found = minimize(
        loss, start, jac=True, method="L-BFGS-B", bounds=[(0, None)] * len(start), options={"maxiter": 200}
    )
    result: Doubles = np.asarray(found.x, np.float64)
    return result


def fit_confidence(
    signs: Doubles,
    right: NDArray[np.bool_],
    weights: Doubles,
    before: Doubles,
    strength: float = _CONFIDENCE_STRENGTH,
) -> Doubles:
    """Coefficients of a logistic regression that few rows leave near ``before``; the intercept moves freely."""
    from scipy.optimize import minimize

    start = before
    if not len(signs):
        return start.copy()
    rows = np.hstack([np.ones((len(signs), 1)), signs])
    pulls = np.full(len(start), strength)
    pulls[0] = strength / 6
    wanted = right.astype(np.float64)

    def loss(c: Doubles) -> tuple[float, Doubles]:
        logits = rows @ c
        value = weights @ (np.logaddexp(0, logits) - wanted * logits) + pulls @ (c - start) ** 2 / 2
        gradient = rows.T @ (weights * (1 / (1 + np.exp(-np.clip(logits, -30, 30))) - wanted)) + pulls * (c - start)
        return float(value), gradient

    bounds = _BOUNDS if len(start) == len(_BOUNDS) else [(None, None)] + [(0.0, None)] * (len(start) - 1)
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": 500})
    result: Doubles = np.asarray(found.x, np.float64)
    return result
