"""Fitting one view on its own questions, and grading each by a model that saw neither it nor its near-twins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from retrieval import prior
from retrieval.confidence import (
    OPTIONS,
    Doubles,
    first_look,
    fit_confidence,
    fit_ranker,
    probability,
)
from retrieval.parameters import ViewParameters
from retrieval.prior import Look
from retrieval.questions import Row, ranked, together
from retrieval.rereading import Careful
from retrieval.rereading_fit import Regraded, Trial, fit_rereading
from retrieval.view import Evidence, View

_FOLDS = 5
_SHARED = 0.4
"""Weight of a question asked without its article that another article wins even with it: it may well be answered."""

_SIBLING = 0.25
"""The same of one that an article of the same topic wins."""

_REAL = 60
_OWN_BESIDE_REAL = 0.2

_PAYS = 0.97
"""A second encoder is asked where it takes away this much of the surprise: it costs ten times the first."""

FEWEST = 20
"""Questions of a kind below which nothing is concluded from them."""


@dataclass(frozen=True)
class Graded:
    """Questions with a confidence by a model that did not see them. ``article``: what they are about, "" if nothing."""

    confidence: Doubles
    right: NDArray[np.bool_]
    answerable: NDArray[np.bool_]
    weight: Doubles
    article: tuple[str, ...]
    is_own: NDArray[np.bool_]

    def only(self, mask: NDArray[np.bool_]) -> Graded:
        places = np.flatnonzero(mask).tolist()
        articles = tuple(self.article[place] for place in places)
        return Graded(
            self.confidence[mask],
            self.right[mask],
            self.answerable[mask],
            self.weight[mask],
            articles,
            self.is_own[mask],
        )


def joined(parts: Sequence[Graded]) -> Graded:
    """All of ``parts`` as one."""
    if not parts:
        return Graded(np.zeros(0), np.zeros(0, bool), np.zeros(0, bool), np.zeros(0), (), np.zeros(0, bool))
    return Graded(
        np.concatenate([part.confidence for part in parts]),
        np.concatenate([part.right for part in parts]),
        np.concatenate([part.answerable for part in parts]),
        np.concatenate([part.weight for part in parts]),
        tuple(name for part in parts for name in part.article),
        np.concatenate([part.is_own for part in parts]),
    )


def fit_view(
    view: View, rows: list[Row], share: float, reranker: Careful | None = None
) -> tuple[ViewParameters, Graded]:
    """Parameters from all rows, and every row graded by parameters from the other folds' rows.

    ``share`` of all questions are assumed to have no answer in the KB. With a ``reranker``, the questions that it read
    (see ``fit_rereading``) are graded with it, unless that makes the grades worse: then it is not asked.
    """
    belief = view.belief
    rows = _real_first(rows)
    rough = _fit_ranker(rows, belief.first, is_second=False)
    rows = [replace(row, weight=row.weight * _trust(view, row, rough)) for row in rows]
    first = _fit_look(view, rows, share, belief.first, is_second=False)
    graded, tried = _graded(view, rows, share, belief.first, is_second=False)
    near = [one.row for one, c in zip(tried, graded.confidence, strict=True) if prior.NEAR[0] < c < prior.NEAR[1]]
    second = None
    if view.second is not None and sum(row.answerable for row in near) >= FEWEST:
        again, seen = _graded(view, near, share, belief.second, is_second=True)
        better = _overridden(graded, tried, again, seen)
        if _loss(better) < _PAYS * _loss(graded):
            second, graded = _fit_look(view, near, share, belief.second, is_second=True), better
            tried = _retried(tried, seen)
    rereading = None
    if reranker is not None:
        rereading, regraded = fit_rereading(view, tried, graded.confidence, graded.weight, reranker)
        better = _with(graded, regraded)
        if _loss(better) <= _loss(graded):
            graded = better
        else:
            rereading = replace(rereading, rank=0.0, slope=0.0)
    return ViewParameters(first, second, _foreign_below(view, rows, first.ranker), rereading), graded


def has_real_ones(answerable: NDArray[np.bool_]) -> bool:
    """Whether there are enough gold questions and outcomes to judge by them alone."""
    return bool(answerable.sum() >= _REAL and (~answerable).sum() >= _REAL // 3)


def _real_first(rows: list[Row]) -> list[Row]:
    """Examples count little beside enough real questions: an example left out is often the only one of its kind, which
    makes the KB look worse than it is to customers, who ask again what is there."""
    real = np.array([row.answerable for row in rows if not row.is_own], np.bool_)
    if not has_real_ones(real):
        return rows
    return [replace(row, weight=_OWN_BESIDE_REAL * row.weight) if row.is_own else row for row in rows]


def _loss(graded: Graded) -> float:
    """Mean surprise at what was right and what was not."""
    expected = np.clip(np.where(graded.right, graded.confidence, 1 - graded.confidence), 1e-6, 1)
    return float(-(graded.weight @ np.log(expected)) / max(graded.weight.sum(), 1e-9))


def weights_of(rows: Sequence[Row], share: float) -> Doubles:
    """The rows' weights, such that ``share`` of the mass is unanswerable; together as many as the answerable ones."""
    raw = np.array([row.weight for row in rows], np.float64)
    answerable = np.array([row.answerable for row in rows], bool)
    good, bad = raw[answerable].sum(), raw[~answerable].sum()
    if good and bad and 0 < share < 1:
        raw[~answerable] *= good * share / (1 - share) / bad
    return raw


def _graded(view: View, rows: list[Row], share: float, belief: Look, is_second: bool) -> tuple[Graded, list[Trial]]:
    """Grades, and the trials that they are of: of some it is not known whether the best article is right."""
    groups = together(view, rows)
    fold_of = {group: number % _FOLDS for number, group in enumerate(sorted(set(groups)))}
    weights = weights_of(rows, share)
    confidence, right, known = np.zeros(len(rows)), np.zeros(len(rows), bool), np.zeros(len(rows), bool)
    looks = [belief] * len(rows)
    for fold in range(_FOLDS):
        mine = [n for n in range(len(rows)) if fold_of[groups[n]] == fold]
        if not mine:
            continue
        others = [row for n, row in enumerate(rows) if fold_of[groups[n]] != fold]
        held = _fit_look(view, others, share, belief, is_second)
        for n in mine:
            looks[n] = held
            ranking, right[n] = ranked(view, rows[n], held.ranker, _evidence(rows[n], is_second))
            confidence[n] = probability(ranking.signs, held.confidence)
            known[n] = _is_known(rows[n], int(ranking.order[0]))
    answerable = np.array([row.answerable for row in rows], bool)
    own = np.array([row.is_own for row in rows], bool)
    articles = tuple(row.group if row.answerable else "" for row in rows)
    graded = Graded(confidence, right, answerable, weights, articles, own)
    return graded.only(known), [Trial(rows[n], looks[n], is_second) for n in np.flatnonzero(known).tolist()]


def _fit_look(view: View, rows: list[Row], share: float, belief: Look, is_second: bool) -> Look:
    if not any(row.answerable for row in rows):
        return belief
    ranker = _fit_ranker(rows, belief, is_second)
    signs, right, offered, kept = [], [], [], []
    for row in rows:
        ranking, is_right = ranked(view, row, ranker, _evidence(row, is_second))
        if _is_known(row, int(ranking.order[0])):
            signs.append(ranking.signs)
            right.append(is_right)
            offered.append(bool(row.right[ranking.order[:OPTIONS]].any()))
            kept.append(row)
    weights = weights_of(kept, share)
    rows_of_signs = np.array(signs)
    return Look(
        ranker,
        fit_confidence(rows_of_signs, np.array(right, bool), weights, belief.confidence),
        fit_confidence(rows_of_signs, np.array(offered, bool), weights, belief.offer),
    )


def _fit_ranker(rows: list[Row], belief: Look, is_second: bool) -> Doubles:
    found = [row for row in rows if row.right.any()]
    features = [_evidence(row, is_second).features for row in found]
    return fit_ranker(features, [row.right for row in found], np.array([row.weight for row in found]), belief.ranker)


def _evidence(row: Row, is_second: bool) -> Evidence:
    return row.evidence if is_second else first_look(row.evidence)


def _is_known(row: Row, first: int) -> bool:
    return row.known is None or bool(row.known[first])


def _trust(view: View, row: Row, ranker: Doubles) -> float:
    """How far a question asked without its article may be taken to have no answer.

    Where another article wins even against the right one, or the best of the others belongs to the same topic, two
    articles may share the matter: without the one, the other may well be an answer.
    """
    if row.twin is None:
        return 1.0
    is_won = ranked(view, row.twin, ranker, first_look(row.twin.evidence))[1]
    first = ranked(view, row, ranker, first_look(row.evidence))[0].order[0]
    other = view.articles[int(row.evidence.articles[first])].article
    own = view.articles[row.evidence.hidden_article].article
    is_sibling = (own.intent is not None and own.intent == other.intent) or (
        own.category is not None and own.category == other.category
    )
    return (1.0 if is_won else _SHARED) * (_SIBLING if is_sibling else 1.0)


def _overridden(graded: Graded, tried: list[Trial], again: Graded, seen: list[Trial]) -> Graded:
    """The first look's grades, with the second look's where there was one."""
    places = {id(one.row): n for n, one in enumerate(tried)}
    return _with(graded, Regraded([places[id(one.row)] for one in seen], again.confidence, again.right))


def _retried(tried: list[Trial], seen: list[Trial]) -> list[Trial]:
    again = {id(one.row): one for one in seen}
    return [again.get(id(one.row), one) for one in tried]


def _with(graded: Graded, again: Regraded) -> Graded:
    confidence, right = graded.confidence.copy(), graded.right.copy()
    confidence[again.places], right[again.places] = again.confidence, again.right
    return replace(graded, confidence=confidence, right=right)


def _foreign_below(view: View, rows: Sequence[Row], ranker: Doubles) -> float:
    """The closeness under which next to none of the KB's own questions lie, even without their article."""
    misses = [row for row in rows if not row.answerable]
    if len(misses) < FEWEST:
        return prior.FOREIGN_BELOW
    closeness = [ranked(view, row, ranker, first_look(row.evidence))[0].closeness for row in misses]
    return max(prior.FOREIGN_BELOW, float(np.quantile(closeness, prior.FOREIGN_QUANTILE)))
