"""Building a release: its vectors, its fitted confidence and the threshold for the precision that is wanted.

No database and no clock; the same contents give the same bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kb_content.articles import Contents, GoldQuestion
from retrieval import prior
from retrieval.confidence import Doubles, fit_confidence, fit_ranker, probability, threshold_for
from retrieval.encoders import Encoders
from retrieval.figures import auroc, coverage_at, ece
from retrieval.intents import PRIOR, fit_intents, open_intents
from retrieval.languages import language_of
from retrieval.needs import Progress, encode_missing, keys_of, wanted
from retrieval.parameters import Parameters, ViewParameters
from retrieval.questions import Row, asked_rows, own_rows, ranked
from retrieval.reader import languages_of
from retrieval.vectors import VectorCache, VectorKey
from retrieval.view import View, base, open_view

__all__ = ["Built", "build", "keys_of"]

_FOLDS = 5
_FEWEST = 20
"""Answerable questions below which a KB's threshold is not fitted: the prior's confidence must be surer instead."""


@dataclass(frozen=True)
class Built:
    """What a release needs beside its contents. ``vectors``: only those that were not known."""

    vectors: dict[VectorKey, NDArray[np.float32]]
    parameters: bytes
    threshold: float | None
    figures: dict[str, Any]


@dataclass(frozen=True)
class _Graded:
    """Questions with a confidence by a model that did not see them or their article."""

    confidence: Doubles
    right: NDArray[np.bool_]
    answerable: NDArray[np.bool_]
    weight: Doubles


def build(
    contents: Contents,
    encoders: Encoders,
    known: VectorCache,
    labelled: Sequence[GoldQuestion] = (),
    target_precision: float = 0.95,
    unanswerable_share: float = 0.3,
    progress: Progress = lambda sentence: None,
) -> Built:
    """Encode what is not ``known``, fit on the KB's own questions, its gold questions and ``labelled`` outcomes.

    ``threshold`` is the confidence from which on answers reach ``target_precision`` when ``unanswerable_share`` of all
    questions have no answer in the KB; None where the KB cannot support that.
    """
    new = encode_missing(wanted(contents, encoders), known, progress)
    vectors = {**known, **new}
    asked = (*contents.gold, *labelled)
    views: dict[str, ViewParameters] = {}
    graded: dict[str, _Graded] = {}
    languages = languages_of(contents)
    for number, language in enumerate(languages):
        progress(f"fitting the confidence for {language} ({number + 1} of {len(languages)})")
        view = open_view(contents, language, encoders, vectors)
        rows = list(own_rows(view))
        rows += asked_rows(view, [one for one in asked if _language(one) == language])
        rows = [row for row in rows if len(row.evidence.articles)]
        views[language], graded[language] = _fit(view, rows, unanswerable_share)
    intents = {
        encoder.name: fit_intents(open_intents(contents, encoder, encoders, vectors, PRIOR))
        for encoder in encoders.distinct
    }
    everything = _joined(list(graded.values()))
    threshold = _threshold(everything, target_precision)
    figures = _figures(everything, threshold, target_precision, unanswerable_share)
    figures["languages"] = {
        language: _figures(one, threshold, target_precision, unanswerable_share) for language, one in graded.items()
    }
    return Built(new, Parameters(views, intents).to_bytes(), threshold, figures)


def _language(question: GoldQuestion) -> str:
    return base(question.language) if question.language else language_of(question.text)


def _fit(view: View, rows: list[Row], share: float) -> tuple[ViewParameters, _Graded]:
    """Parameters from all rows, and every row graded by parameters from the other folds' rows."""
    ranker, confidence = _fit_both(view, rows, share)
    rows = [row for row in rows if _is_clean(view, row, ranker)]
    groups = sorted({row.group for row in rows})
    fold_of = {group: number % _FOLDS for number, group in enumerate(groups)}
    confidences, right = np.zeros(len(rows)), np.zeros(len(rows), bool)
    for fold in range(_FOLDS):
        asked = [n for n, row in enumerate(rows) if fold_of[row.group] == fold]
        if not asked:
            continue
        held = _fit_both(view, [row for row in rows if fold_of[row.group] != fold], share)
        for n in asked:
            ranking, right[n] = ranked(view, rows[n], held[0])
            confidences[n] = probability(ranking.signs, held[1])
    answerable = np.array([row.answerable for row in rows], bool)
    graded = _Graded(confidences, right, answerable, _weights(rows, share))
    return ViewParameters(ranker, confidence, _foreign_below(view, rows, ranker)), graded


def _fit_both(view: View, rows: list[Row], share: float) -> tuple[Doubles, Doubles]:
    found = [row for row in rows if row.right.any()]
    if not any(row.answerable for row in rows):
        return view.belief.ranker, view.belief.confidence
    ranker = fit_ranker(
        [row.evidence.features for row in found],
        [row.right for row in found],
        np.array([row.weight for row in found]),
        view.belief.ranker,
    )
    rows = [row for row in rows if _is_clean(view, row, ranker)]
    results = [ranked(view, row, ranker) for row in rows]
    signs = np.array([ranking.signs for ranking, _ in results])
    right = np.array([is_right for _, is_right in results], bool)
    return ranker, fit_confidence(signs, right, _weights(rows, share), view.belief.confidence)


def _is_clean(view: View, row: Row, ranker: Doubles) -> bool:
    """Whether a question asked without its article really has no answer.

    Where another article wins even against the right one, two articles share the matter: that this is wrong was counted
    when the question was asked with its article, and without it the other one may well be an answer.
    """
    return row.twin is None or ranked(view, row.twin, ranker)[1]


def _weights(rows: Sequence[Row], share: float) -> Doubles:
    """The rows' weights, such that ``share`` of the mass is unanswerable; together as many as the answerable ones."""
    raw = np.array([row.weight for row in rows], np.float64)
    answerable = np.array([row.answerable for row in rows], bool)
    good, bad = raw[answerable].sum(), raw[~answerable].sum()
    if good and bad and 0 < share < 1:
        raw[~answerable] *= good * share / (1 - share) / bad
    return raw


def _foreign_below(view: View, rows: Sequence[Row], ranker: Doubles) -> float:
    """The closeness under which next to none of the KB's own questions lie, even without their article."""
    near_misses = [ranked(view, row, ranker)[0].closeness for row in rows if not row.answerable]
    if len(near_misses) < _FEWEST:
        return prior.FOREIGN_BELOW
    return max(prior.FOREIGN_BELOW, float(np.quantile(near_misses, prior.FOREIGN_QUANTILE)))


def _joined(parts: Sequence[_Graded]) -> _Graded:
    if not parts:
        return _Graded(np.zeros(0), np.zeros(0, bool), np.zeros(0, bool), np.zeros(0))
    names = ("confidence", "right", "answerable", "weight")
    return _Graded(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))


def _threshold(graded: _Graded, target: float) -> float | None:
    if graded.answerable.sum() < _FEWEST:
        # Nothing of its own to check against: only what the prior is much surer of than it needs to be.
        return prior.cautious_threshold(target)
    return threshold_for(graded.confidence, graded.right, graded.weight, target)


def _figures(graded: _Graded, threshold: float | None, target: float, share: float) -> dict[str, Any]:
    """What the admin is shown: all by questions that the model had not seen, with ``share`` of them unanswerable."""
    n, answerable = len(graded.confidence), int(graded.answerable.sum())
    answered = graded.confidence >= threshold if threshold is not None else np.zeros(n, bool)
    mass = float(graded.weight[answered].sum())
    hits = float(graded.weight[answered & graded.right].sum())
    total = float(graded.weight[graded.answerable].sum())
    return {
        "questions": n,
        "answerable": answerable,
        "target": target,
        "assumed_unanswerable": share,
        "threshold": threshold,
        "precision": hits / mass if mass else None,
        "coverage": hits / total if total else 0.0,
        "hit@1": float(graded.right[graded.answerable].mean()) if answerable else None,
        "auroc": auroc(graded.confidence, graded.answerable),
        "coverage_at": {
            f"{level:.2f}": coverage_at(graded.confidence, graded.right, answerable, level)
            for level in (0.9, 0.95, 0.98)
        },
        "ece": ece(graded.confidence, graded.right) if n else None,
    }
