"""Fitting one view on its own questions, and grading each by a model that saw neither it nor its near-twins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from retrieval import prior
from retrieval.confidence import fit_confidence, probability
from retrieval.parameters import ViewParameters
from retrieval.prior import Doubles, Look
from retrieval.question_table import Outcomes, QuestionTable
from retrieval.questions import Row, together
from retrieval.ranking import Marks, raw_sign
from retrieval.rereading import Careful
from retrieval.rereading_fit import Regraded, Trial, fit_rereading
from retrieval.view import View

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
    table = _trusted(view, QuestionTable.of(view, _real_first(rows), is_second=False))
    first, outcomes = _fit_look(table, np.ones(len(rows), np.bool_), share, belief.first)
    graded, tried = _graded(view, table, share, belief.first, is_second=False)
    near = [one.row for one, c in zip(tried, graded.confidence, strict=True) if prior.NEAR[0] < c < prior.NEAR[1]]
    second = belief.second if view.second is not None and belief.is_second_worth else None
    is_told = sum(row.answerable for row in near) >= FEWEST
    if view.second is not None and near and (is_told or second is not None):
        closer = QuestionTable.of(view, near, is_second=True)
        again, seen = _graded(view, closer, share, belief.second, is_second=True)
        better = _overridden(graded, tried, again, seen)
        second = None
        if not is_told or _loss(better) < _PAYS * _loss(graded):
            (second, _), graded = _fit_look(closer, np.ones(len(near), np.bool_), share, belief.second), better
            tried = _retried(tried, seen)
    rereading = None
    if reranker is not None:
        rereading, regraded = fit_rereading(view, tried, graded.confidence, graded.weight, reranker)
        better = _with(graded, regraded)
        if _loss(better) <= _loss(graded):
            graded = better
        else:
            rereading = replace(rereading, rank=0.0, slope=0.0)
    return ViewParameters(first, second, _foreign_below(table, outcomes), rereading), graded


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


def weights_of(table: QuestionTable, among: Marks, share: float) -> Doubles:
    """The weights of those ``among`` the questions, such that ``share`` of the mass is unanswerable; together as many
    as the answerable ones."""
    raw, answerable = table.weights[among], table.answerable[among]
    good, bad = raw[answerable].sum(), raw[~answerable].sum()
    if good and bad and 0 < share < 1:
        raw[~answerable] *= good * share / (1 - share) / bad
    return raw


def _graded(
    view: View, table: QuestionTable, share: float, belief: Look, is_second: bool
) -> tuple[Graded, list[Trial]]:
    """Grades, and the trials that they are of: of some it is not known whether the best article is right."""
    rows, groups = table.rows, together(view, table.rows)
    numbers = {group: number % _FOLDS for number, group in enumerate(sorted(set(groups)))}
    folds = np.array([numbers[group] for group in groups])
    confidence, right, known = np.zeros(len(rows)), np.zeros(len(rows), bool), np.zeros(len(rows), bool)
    looks = dict[int, Look]()
    for fold in sorted(set(folds.tolist())):
        mine = folds == fold
        looks[fold], outcomes = _fit_look(table, ~mine, share, belief)
        confidence[mine] = probability(outcomes.signs[mine], looks[fold].confidence)
        right[mine], known[mine] = outcomes.right[mine], outcomes.known[mine]
    own = np.array([row.is_own for row in rows], bool)
    articles = tuple(row.group if row.answerable else "" for row in rows)
    weights = weights_of(table, np.ones(len(rows), np.bool_), share)
    graded = Graded(confidence, right, table.answerable, weights, articles, own)
    trials = [Trial(rows[n], looks[int(folds[n])], is_second) for n in np.flatnonzero(known).tolist()]
    return graded.only(known), trials


def _fit_look(table: QuestionTable, among: Marks, share: float, belief: Look) -> tuple[Look, Outcomes]:
    """What fits those ``among`` the questions, and what its ranker makes of all of them."""
    if not table.answerable[among].any():
        return belief, table.outcomes(belief.ranker)
    ranker = table.ranker(among, belief.ranker)
    outcomes = table.outcomes(ranker)
    kept = among & outcomes.known
    signs, weights = outcomes.signs[kept], weights_of(table, kept, share)
    confidence = fit_confidence(signs, outcomes.right[kept], weights, belief.confidence)
    offer = fit_confidence(signs, outcomes.offered[kept], weights, belief.offer)
    return Look(ranker, confidence, offer), outcomes


def _trusted(view: View, table: QuestionTable) -> QuestionTable:
    """``table``, with questions that were asked without their article weighing as much as they may be taken to have no
    answer.

    Where another article wins even against the right one, or the best of the others belongs to the same topic, two
    articles may share the matter: without the one, the other may well be an answer.
    """
    everything = np.ones(len(table.rows), np.bool_)
    outcomes = table.outcomes(table.ranker(everything, view.belief.first.ranker))
    # The same row may be another object by now, with another weight.
    won = {id(row.evidence): is_right for row, is_right in zip(table.rows, outcomes.right.tolist(), strict=True)}
    rows = []
    for row, first in zip(table.rows, outcomes.first.tolist(), strict=True):
        trust = 1.0 if row.twin is None or won[id(row.twin.evidence)] else _SHARED
        if row.twin is not None and _is_sibling(view, row.evidence.hidden_article, first):
            trust *= _SIBLING
        rows.append(replace(row, weight=row.weight * trust))
    return replace(table, rows=rows, weights=np.array([row.weight for row in rows], np.float64))


def _is_sibling(view: View, one: int, other: int) -> bool:
    """Whether two articles are of one topic."""
    own, best = view.articles[one].article, view.articles[other].article
    return (own.intent is not None and own.intent == best.intent) or (
        own.category is not None and own.category == best.category
    )


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


def _foreign_below(table: QuestionTable, outcomes: Outcomes) -> float:
    """The closeness under which next to none of the KB's own questions lie, even without their article."""
    misses = outcomes.signs[~table.answerable]
    if len(misses) < FEWEST:
        return prior.FOREIGN_BELOW
    return max(prior.FOREIGN_BELOW, float(np.quantile(raw_sign(misses, "closeness"), prior.FOREIGN_QUANTILE)))
