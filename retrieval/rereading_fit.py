"""Fitting what is made of a reranker's logits on the questions about which the rest is in doubt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from retrieval.confidence import probability
from retrieval.prior import Doubles, Look
from retrieval.questions import Row, together
from retrieval.ranking import Marks, first_look, rank
from retrieval.rereading import PRIOR, WORTH, Careful, Rereading, Said, moved, read_together
from retrieval.view import Evidence, View

_MOST = 120
"""Questions of a language that are read anew: each costs about a dozen passages."""
_FEWEST = 20
_AROUND = 0.85
"""Thresholds lie around here; the questions nearest to it are read."""
_RANKS = (0.0, 0.25, 0.5, 1.0)
_RANK_STRENGTH = 20.0
_SLOPE_STRENGTH = 40.0
_SHIFT_STRENGTH = 6.0
_FARTHEST = 6.0
_FOLDS = 5


class Trial(NamedTuple):
    """A question that was graded, and the look that graded it, which had not seen it."""

    row: Row
    look: Look
    is_second: bool

    @property
    def evidence(self) -> Evidence:
        return self.row.evidence if self.is_second else first_look(self.row.evidence)


class Regraded(NamedTuple):
    """Grades of the questions at ``places`` after they were read anew."""

    places: list[int]
    confidence: Doubles
    right: Marks


@dataclass(frozen=True)
class _Option:
    """One weight of the logits in the order, and of each question what the first candidate then is.

    ``confidence`` and ``logit`` of it; ``surprise``: how little of the choice falls to right candidates, in nats.
    """

    rank: float
    confidence: Doubles
    logit: Doubles
    right: Marks
    known: Marks
    surprise: Doubles


def fit_rereading(
    view: View, trials: Sequence[Trial], confidence: Doubles, weights: Doubles, reranker: Careful
) -> tuple[Rereading, Regraded]:
    """What to make of the reranker here, and new grades for the questions that it read.

    ``confidence``: of each trial, by its look. At most 120 of those that a customer's question would be read anew for
    are read, so the others keep the grades that they have; each new grade is by parameters from the other folds.
    The prior, and nothing regraded, where there are too few questions or the reranker fails.
    """
    nothing = Regraded([], np.zeros(0), np.zeros(0, bool))
    chosen = _chosen(trials, confidence)
    tried = [trials[place] for place in chosen]
    if sum(one.row.answerable for one in tried) < _FEWEST:
        return PRIOR, nothing
    said: list[Said] = []
    for one in tried:
        order = rank(view, one.evidence, one.row.words, one.row.levels, one.look.ranker).order
        found = read_together(reranker, view, one.row.text, one.row.vectors, one.evidence, order)
        if found is None:
            return PRIOR, nothing
        said.append(found)
    options = [_option(view, tried, said, weight) for weight in _RANKS]
    own = weights[chosen]
    everything = np.ones(len(tried), bool)
    kept = _regraded(view, options, own, tried, chosen)
    return replace(_fitted(options, own, everything), model=reranker.model), kept


def _chosen(trials: Sequence[Trial], confidence: Doubles) -> list[int]:
    """The places of those to read, real questions before the KB's own."""
    worth = np.flatnonzero((confidence > WORTH[0]) & (confidence < WORTH[1])).tolist()
    nearest = sorted(worth, key=lambda place: (trials[place].row.is_own, abs(confidence[place] - _AROUND)))
    return sorted(nearest[:_MOST])


def _option(view: View, trials: Sequence[Trial], said: Sequence[Said], weight: float) -> _Option:
    fitted, rows = replace(PRIOR, rank=weight), []
    for (row, look, _), one, evidence in zip(trials, said, (each.evidence for each in trials), strict=True):
        ranking = rank(view, evidence, row.words, row.levels, look.ranker, fitted.extra(one.logits))
        first = int(ranking.order[0])
        share = float(ranking.shares[row.right[ranking.order]].sum())
        rows.append(
            (
                float(probability(ranking.signs, look.confidence)),
                float(one.logits[first]),
                bool(row.right[first]),
                row.known is None or bool(row.known[first]),
                -np.log(max(share, 1e-9)) if row.right.any() else 0.0,
            )
        )
    confidence, logit, right, known, surprise = (np.array(column) for column in zip(*rows, strict=True))
    return _Option(weight, confidence, logit, right, known, surprise)


def _fitted(options: Sequence[_Option], weights: Doubles, mask: Marks) -> Rereading:
    """The order that surprises least and finds no less than without the reranker; then how sure it makes."""

    def hits(option: _Option) -> float:
        return float(weights[mask] @ option.right[mask])

    def cost(option: _Option) -> float:
        pull = _RANK_STRENGTH / 2 * (option.rank - PRIOR.rank) ** 2
        return float(weights[mask] @ option.surprise[mask]) + pull

    best = min((option for option in options if hits(option) >= hits(options[0])), key=cost)
    seen = mask & best.known
    slope, level = _slope_and_level(best.confidence[seen], best.logit[seen], best.right[seen], weights[seen])
    return Rereading(best.rank, slope, level)


def _slope_and_level(confidence: Doubles, logit: Doubles, right: Marks, weights: Doubles) -> tuple[float, float]:
    """A logistic regression on the logits that starts from the log-odds of ``confidence``."""
    from scipy.optimize import minimize

    wanted, before = right.astype(np.float64), np.array([PRIOR.slope, PRIOR.slope * PRIOR.level])
    pulls = np.array([_SLOPE_STRENGTH, _SHIFT_STRENGTH])
    start = np.log(confidence / (1 - confidence))

    def loss(c: Doubles) -> tuple[float, Doubles]:
        log_odds = start + c[0] * logit - c[1]
        value = weights @ (np.logaddexp(0, log_odds) - wanted * log_odds) + pulls @ (c - before) ** 2 / 2
        missed = weights * (moved(confidence, log_odds - start) - wanted)
        return float(value), np.array([missed @ logit, -missed.sum()]) + pulls * (c - before)

    found = minimize(loss, before, jac=True, method="L-BFGS-B", bounds=[(0, None), (None, None)])
    slope, shift = (float(value) for value in found.x)
    level = shift / slope if slope > 1e-6 else 0.0
    return slope, min(max(level, -_FARTHEST), _FARTHEST)


def _regraded(
    view: View, options: Sequence[_Option], weights: Doubles, trials: Sequence[Trial], places: list[int]
) -> Regraded:
    """Every question by parameters from the other folds; without those of which it is not known what is right."""
    groups = together(view, [one.row for one in trials])
    fold_of = {group: number % _FOLDS for number, group in enumerate(sorted(set(groups)))}
    folds = np.array([fold_of[group] for group in groups])
    confidence, right = np.zeros(len(trials)), np.zeros(len(trials), bool)
    known = np.zeros(len(trials), bool)
    for fold in sorted(set(folds.tolist())):
        mine = folds == fold
        held = _fitted(options, weights, ~mine)
        option = next(each for each in options if each.rank == held.rank)
        confidence[mine] = moved(option.confidence, held.slope * (option.logit - held.level))[mine]
        right[mine], known[mine] = option.right[mine], option.known[mine]
    kept = np.flatnonzero(known)
    return Regraded([places[n] for n in kept.tolist()], confidence[kept], right[kept])
