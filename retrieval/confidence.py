"""Which article is right, and how probable that is: two small models fitted on the knowledge base's own questions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from retrieval import prior
from retrieval.index import Without
from retrieval.view import FIRST_LOOK, Asked, Evidence, View

Doubles = prior.Doubles

SIGNS = (
    "score",
    "margin",
    "share",
    "nearest",
    "passage",
    "passage words",
    "question words",
    "discriminant",
    "words covered",
    "agreement",
    "length",
    "closeness",
    "unknown words",
    "competitors",
    "echo",
    "second margin",
    "second closeness",
    "second agrees",
)
"""What the confidence is computed from, see ``signs_of``."""

_FREE = ("length",)
_AGAINST = ("unknown words", "competitors")
_BOUNDS = [(None, None)] + [
    (None, None) if sign in _FREE else (None, 0.0) if sign in _AGAINST else (0.0, None) for sign in SIGNS
]
"""More evidence never makes an answer less probable, whatever a KB's own questions, which are never near-copies of each
other as customers' often are, seem to say."""

_RANKERS = (0, 3, 5, 6, 7)
_ECHO = 0.65
_RANKER_STRENGTH = 60.0
_CONFIDENCE_STRENGTH = 40.0
OPTIONS = 3
"""Articles that a clarifying question may offer."""


@dataclass(frozen=True)
class Ranking:
    """Candidates by falling score. ``shares`` are their softmax shares; ``signs`` speak about the first one."""

    order: NDArray[np.int64]
    scores: Doubles
    shares: Doubles
    signs: Doubles

    def led_by(self, row: int) -> Ranking:
        """The same with candidate ``row`` first and no other beside it."""
        rest = self.order[self.order != row]
        shares = np.zeros(len(self.order))
        shares[0] = 1.0
        return replace(self, order=np.concatenate([[row], rest]), shares=shares)

    @property
    def closeness(self) -> float:
        """How similar the best text is beyond the usual, 0 to 1: comparable between encoders."""
        return float(self.raw_sign("closeness"))

    @property
    def known_words(self) -> float:
        """The share of the question's words, by weight, that occur anywhere in the KB."""
        return 1 - self.raw_sign("unknown words")

    @property
    def why(self) -> dict[str, float]:
        return {name: round(self.raw_sign(name), 4) for name in SIGNS}

    def effects(self, coefficients: Doubles) -> dict[str, float]:
        """How far each sign moves the log-odds away from those of an ordinary question."""
        moved = self.signs * coefficients[1:]
        return {name: round(float(value), 3) for name, value in zip(SIGNS, moved, strict=True)}

    def raw_sign(self, name: str) -> float:
        """One sign as it was before centring."""
        place = SIGNS.index(name)
        return float(self.signs[place] * prior.SCALE[place] + prior.CENTRE[place])


def first_look(evidence: Evidence) -> Evidence:
    """The evidence without what the second encoder said."""
    features = evidence.features.copy()
    features[:, FIRST_LOOK:] = 0
    return replace(evidence, features=features, second_raw=None)


def rank(
    view: View,
    evidence: Evidence,
    words: Sequence[str],
    levels: Sequence[float],
    weights: Doubles,
    extra: Doubles | None = None,
) -> Ranking:
    """Order the candidates by ``weights``. ``levels``: see ``levels_of``; ``extra`` is added to the scores."""
    scores = evidence.features @ weights
    if extra is not None:
        scores = scores + extra
    order = np.argsort(-scores, kind="stable")
    ordered = scores[order]
    shares = np.exp(ordered - ordered.max())
    shares /= shares.sum()
    return Ranking(order, ordered, shares, signs_of(view, evidence, order, ordered, shares, words, levels))


def levels_of(view: View, asked: Asked, without: Without | None = None) -> tuple[float, ...]:
    """The question's mean similarity to the short texts of each space, and last to those of the second encoder."""
    levels = [space.level(vector, without) for space, vector in zip(view.spaces, asked.vectors, strict=True)]
    if view.second is None or asked.second is None:
        return (*levels, 0.0)
    return (*levels, view.second.level(asked.second, without))


def signs_of(
    view: View,
    evidence: Evidence,
    order: NDArray[np.int64],
    scores: Doubles,
    shares: Doubles,
    words: Sequence[str],
    levels: Sequence[float],
) -> Doubles:
    """``SIGNS`` of the first candidate, centred and scaled by constants so that one prior serves every KB."""
    first = order[0]
    space = int(view.space_of[int(evidence.articles[first])])
    top = evidence.features[first]
    used = [column for column in _RANKERS if np.ptp(evidence.features[:, column]) > 0]
    agreeing = sum(evidence.features[:, column].max() <= top[column] for column in used)
    known = view.rarity.share(words, view.rarity.counts, evidence.hidden)
    share = min(max(float(shares[0]), 1e-4), 1 - 1e-4)
    closeness = _closeness(float(evidence.raw[first]), levels[space]) + view.spaces[space].encoder.lift
    values = (
        scores[0],
        min(float(scores[0] - scores[1]), 8.0) if len(scores) > 1 else 2.0,
        np.log(share / (1 - share)),
        top[0],
        top[3],
        top[5],
        top[6],
        top[7],
        top[8],
        agreeing / len(used) if used else 0.0,
        np.log1p(len(words)),
        closeness,
        1 - known,
        -float(np.sum(shares * np.log(np.maximum(shares, 1e-12)))),
        # Nearly a copy of a text of the KB, which a KB's own questions never are of each other.
        max(0.0, closeness - _ECHO),
        *_second_signs(view, evidence, int(first), levels[-1] if space == view.larger else levels[space]),
    )
    result: Doubles = np.clip((np.array(values, np.float64) - prior.CENTRE) / prior.SCALE, -5, 5)
    return result


def _second_signs(view: View, evidence: Evidence, first: int, level: float) -> tuple[float, ...]:
    """What the second encoder thinks of the first article; what is usual where it was not asked."""
    if evidence.second_raw is None or view.second is None:
        return tuple(prior.CENTRE[-3:].tolist())
    near = np.maximum(evidence.features[:, FIRST_LOOK], evidence.features[:, FIRST_LOOK + 1])
    others = np.delete(near, first)
    margin = float(near[first] - others.max()) if len(others) else 2.0
    closeness = _closeness(float(evidence.second_raw[first]), level) + view.second.encoder.lift
    return min(max(margin, -4.0), 4.0), closeness, float(evidence.second_raw[first] >= evidence.second_raw.max())


def _closeness(similarity: float, level: float) -> float:
    return (similarity - level) / max(1e-6, 1 - level)


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

    def loss(w: Doubles) -> tuple[float, Doubles]:
        scores = np.where(real, padded @ w, -np.inf)
        shares = np.exp(scores - scores.max(1, keepdims=True))
        shares /= shares.sum(1, keepdims=True)
        among = np.where(good, shares, 0)
        hit = np.maximum(among.sum(1), 1e-12)
        gradient = np.einsum("n,nk,nkf->f", weights, shares - among / hit[:, None], padded)
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
