"""Which of the candidates fits a question best, and the signs from which it is told how probably it is the right one.

What speaks for each candidate is found once; what follows from the weights of a ranker is told of many questions at a
time, because a fit tries many of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from retrieval import prior
from retrieval.index import Floats, Ints, Without
from retrieval.view import FIRST_LOOK, Asked, Evidence, View

Doubles = prior.Doubles
Marks = NDArray[np.bool_]

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
"""What the confidence is computed from, see ``rank_all``."""

_RANKERS = [0, 3, 5, 6, 7]
_ECHO = 0.65
OPTIONS = 3
"""Articles that a clarifying question may offer."""


class Candidates(NamedTuple):
    """The candidates of questions, one question a row, filled up to the most that one of them has.

    ``features``: see ``retrieval.view.FEATURES``; ``is_there``: False where it is filled up; ``own``: agreement,
    closeness, and what the second encoder says of each; ``asked``: length and unknown words of each question.
    """

    features: Floats
    is_there: Marks
    own: Doubles
    asked: Doubles


class Rankings(NamedTuple):
    """``Ranking`` of several questions, one a row; what is filled up comes last, with a share of 0."""

    order: Ints
    scores: Doubles
    shares: Doubles
    signs: Doubles


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
        return float(raw_sign(self.signs, "closeness"))

    @property
    def known_words(self) -> float:
        """The share of the question's words, by weight, that occur anywhere in the KB."""
        return 1 - float(raw_sign(self.signs, "unknown words"))

    @property
    def why(self) -> dict[str, float]:
        return {name: round(float(raw_sign(self.signs, name)), 4) for name in SIGNS}

    def effects(self, coefficients: Doubles) -> dict[str, float]:
        """How far each sign moves the log-odds away from those of an ordinary question."""
        moved = self.signs * coefficients[1:]
        return {name: round(float(value), 3) for name, value in zip(SIGNS, moved, strict=True)}


def raw_sign(signs: Doubles, name: str) -> Doubles:
    """One sign as it was before centring. ``signs``: shape (…, len(SIGNS))."""
    place = SIGNS.index(name)
    raw: Doubles = signs[..., place] * prior.SCALE[place] + prior.CENTRE[place]
    return raw


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
    found = rank_all(candidates_of(view, evidence, words, levels), weights, None if extra is None else extra[None])
    return Ranking(found.order[0], found.scores[0], found.shares[0], found.signs[0])


def rank_all(candidates: Candidates, weights: Doubles, extra: Doubles | None = None) -> Rankings:
    """Order the candidates of each question by ``weights``.

    Their signs are centred and scaled by constants so that one prior serves every KB.
    """
    scores = candidates.features @ weights
    if extra is not None:
        scores = scores + extra
    scores = np.where(candidates.is_there, scores, -np.inf)
    order = np.argsort(-scores, axis=1, kind="stable")
    scores = np.take_along_axis(scores, order, 1)
    shares = np.exp(scores - scores[:, :1])
    shares /= shares.sum(1, keepdims=True)
    rows, first = np.arange(len(order)), order[:, 0]
    top, (agreement, closeness, *second) = candidates.features[rows, first].T, candidates.own[rows, first].T
    length, unknown = candidates.asked.T
    share = np.clip(shares[:, 0], 1e-4, 1 - 1e-4)
    values = (
        scores[:, 0],
        _margin(scores),
        np.log(share / (1 - share)),
        *(top[column] for column in (0, 3, 5, 6, 7, 8)),
        agreement,
        length,
        closeness,
        unknown,
        -(shares * np.log(np.maximum(shares, 1e-12))).sum(1),
        # Nearly a copy of a text of the KB, which a KB's own questions never are of each other.
        np.maximum(0.0, closeness - _ECHO),
        *second,
    )
    signs = np.clip((np.stack(values, 1).astype(np.float64) - prior.CENTRE) / prior.SCALE, -5, 5)
    return Rankings(order, scores, shares, signs)


def _margin(falling: Doubles) -> Doubles:
    """How far the first is before the second; what is usual where it is alone."""
    if falling.shape[1] < 2:
        return np.full(len(falling), 2.0)
    margin: Doubles = np.where(np.isfinite(falling[:, 1]), np.minimum(falling[:, 0] - falling[:, 1], 8.0), 2.0)
    return margin


def levels_of(view: View, asked: Asked, without: Without | None = None) -> tuple[float, ...]:
    """The question's mean similarity to the short texts of each space, and last to those of the second encoder."""
    levels = [space.level(vector, without) for space, vector in zip(view.spaces, asked.vectors, strict=True)]
    if view.second is None or asked.second is None:
        return (*levels, 0.0)
    return (*levels, view.second.level(asked.second, without))


def candidates_of(view: View, evidence: Evidence, words: Sequence[str], levels: Sequence[float]) -> Candidates:
    """What speaks for each candidate of one question, whichever comes first."""
    spaces = view.space_of[evidence.articles]
    level = np.array(levels[:-1])[spaces]
    lift = np.array([space.encoder.lift for space in view.spaces])[spaces]
    columns = evidence.features[:, _RANKERS]
    best = columns.max(0)
    used = best > columns.min(0)
    agreement = (columns >= best)[:, used].mean(1) if used.any() else np.zeros(len(columns))
    own = (agreement, _closeness(evidence.raw, level) + lift, *_second_signs(view, evidence, spaces, level, levels[-1]))
    known = view.rarity.share(words, view.rarity.counts, evidence.hidden)
    return Candidates(
        evidence.features[None],
        np.ones((1, len(columns)), np.bool_),
        np.stack(own, 1)[None],
        np.array([[np.log1p(len(words)), 1 - known]]),
    )


def side_by_side(several: Sequence[Candidates]) -> Candidates:
    """The candidates of several questions as one."""
    most = max(one.is_there.shape[1] for one in several)

    def filled(parts: Sequence[NDArray[Any]]) -> NDArray[Any]:
        whole = np.zeros((len(parts), most, *parts[0].shape[2:]), parts[0].dtype)
        for row, part in enumerate(parts):
            whole[row, : part.shape[1]] = part[0]
        return whole

    return Candidates(
        filled([one.features for one in several]),
        filled([one.is_there for one in several]),
        filled([one.own for one in several]),
        np.concatenate([one.asked for one in several]),
    )


def _second_signs(view: View, evidence: Evidence, spaces: Ints, level: Doubles, second: float) -> Iterable[Doubles]:
    """What the second encoder thinks of each candidate; what is usual where it was not asked.

    ``level``: of each by the first encoder; ``second``: by the second.
    """
    if evidence.second_raw is None or view.second is None:
        return np.tile(prior.CENTRE[-3:, None], len(spaces))
    near = np.maximum(evidence.features[:, FIRST_LOOK], evidence.features[:, FIRST_LOOK + 1])
    margin = np.full(len(near), 2.0)
    if len(near) > 1:
        others = np.full(len(near), near.max())
        others[near.argmax()] = np.delete(near, near.argmax()).max()
        margin = np.clip((near - others).astype(np.float64), -4.0, 4.0)
    level = np.where(spaces == view.larger, second, level)
    closeness = _closeness(evidence.second_raw, level) + view.second.encoder.lift
    return margin, closeness, (evidence.second_raw >= evidence.second_raw.max()).astype(np.float64)


def _closeness(similarity: Floats, level: Doubles) -> Doubles:
    closeness: Doubles = (similarity.astype(np.float64) - level) / np.maximum(1e-6, 1 - level)
    return closeness
