"""Building a release: its vectors, its fitted confidence and the threshold for the precision that is wanted.

No database and no clock; the same contents give the same bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kb_content.articles import Contents, GoldQuestion
from retrieval.discriminant import fits_kept
from retrieval.encoders import Encoders
from retrieval.figures import auroc, coverage_at, curve, ece, reliability
from retrieval.fitting import Graded, fit_view, joined
from retrieval.intents import PRIOR, IntentModel, IntentParameters, open_intents
from retrieval.intents_fit import fit_intents
from retrieval.labels import Label
from retrieval.needs import Progress, all_wanted, encode_missing, keys_of, language_asked
from retrieval.opening import open_view
from retrieval.parameters import Parameters, ViewParameters
from retrieval.questions import asked_rows, own_rows
from retrieval.reranker import Reranker
from retrieval.rereading import Careful
from retrieval.threads import one_thread_a_question
from retrieval.thresholds import threshold_of
from retrieval.variants import languages_of
from retrieval.vectors import VectorCache, VectorKey
from retrieval.view import View

__all__ = ["Built", "build", "keys_of"]

_CURVE_POINTS = 100


@dataclass(frozen=True)
class Built:
    """What a release needs beside its contents. ``vectors``: only those that were not known.

    ``opened``: what it was fitted on. While that is held, a reader of the release shares it, see ``retrieval.sharing``.
    """

    vectors: dict[VectorKey, NDArray[np.float32]]
    parameters: bytes
    threshold: float | None
    figures: dict[str, Any]
    opened: tuple[View | IntentModel, ...] = field(default=(), repr=False, compare=False)


def build(
    contents: Contents,
    encoders: Encoders,
    known: VectorCache,
    labelled: Sequence[Label] = (),
    target_precision: float = 0.95,
    unanswerable_share: float = 0.3,
    progress: Progress = lambda sentence: None,
    reranker: Reranker | None = None,
) -> Built:
    """Encode what is not ``known``, fit on the KB's own questions, its gold questions and ``labelled`` outcomes.

    ``threshold`` is the confidence from which on answers reach ``target_precision`` when ``unanswerable_share`` of all
    questions have no answer in the KB; None where the KB cannot support that. With a ``reranker`` it is fitted what its
    second look is worth.
    """
    one_thread_a_question()
    careful = Careful(reranker) if reranker else None
    new = encode_missing(all_wanted(contents, encoders), known, progress)
    vectors = {**known, **new}
    asked: list[GoldQuestion | Label] = [*contents.gold, *labelled]
    views: dict[str, ViewParameters] = {}
    graded: dict[str, Graded] = {}
    opened: list[View | IntentModel] = []
    languages = languages_of(contents)
    for number, language in enumerate(languages):
        progress(f"fitting the confidence for {language} ({number + 1} of {len(languages)})")
        with fits_kept():
            view = open_view(contents, language, encoders, vectors)
            rows = list(own_rows(view))
        rows += asked_rows(view, [one for one in asked if language_asked(one, languages) == language], vectors)
        rows = [row for row in rows if len(row.evidence.articles)]
        views[language], graded[language] = fit_view(view, rows, unanswerable_share, careful)
        opened.append(view)
    intents: dict[str, IntentParameters] = {}
    for encoder in encoders.distinct:
        with fits_kept():
            model = open_intents(contents, encoder, encoders, vectors, PRIOR)
            intents[encoder.name] = fit_intents(model)
        opened.append(model)
    everything = joined(list(graded.values()))
    threshold = threshold_of(everything, target_precision)
    assumed = (threshold, target_precision, unanswerable_share)
    figures = _figures(everything, *assumed)
    figures["languages"] = {language: _figures(one, *assumed) for language, one in graded.items()}
    figures["topics"] = {topic: _figures(one, *assumed) for topic, one in _by_topic(contents, everything).items()}
    if not everything.is_own.all():
        figures["gold"] = _figures(everything.only(~everything.is_own), *assumed)
    if threshold is None:
        figures["warning"] = _WARNING.format(target=target_precision)
    return Built(new, Parameters(views, intents).to_bytes(), threshold, figures, tuple(opened))


_WARNING = (
    "The knowledge base's own questions do not support {target:.0%} right answers: the bot suggests answers to agents "
    "instead of giving them. Add example questions to the articles, tell apart articles that answer the same question, "
    "or lower FIRSTLINE_TARGET_PRECISION."
)


def _by_topic(contents: Contents, graded: Graded) -> dict[str, Graded]:
    """The answerable questions by the topic of their article: its intent, else its category, else general."""
    topics = {one.article.id: one.article.intent or one.article.category or "general" for one in contents.articles}
    own = np.array([topics.get(name, "") for name in graded.article])
    return {topic: graded.only(own == topic) for topic in sorted(set(own.tolist()) - {""})}


def _figures(graded: Graded, threshold: float | None, target: float, share: float) -> dict[str, Any]:
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
            f"{level:.2f}": coverage_at(graded.confidence, graded.right, total, level, graded.weight)
            for level in (0.9, 0.95, 0.98)
        },
        "ece": ece(graded.confidence, graded.right, weight=graded.weight) if n else None,
        "reliability": [[round(mean, 4), round(hit, 4), count] for mean, hit, count in _reliability(graded)],
        "curve": _curve(graded, total),
    }


def _reliability(graded: Graded) -> list[tuple[float, float, int]]:
    return reliability(graded.confidence, graded.right, weight=graded.weight)


def _curve(graded: Graded, answerable: float) -> list[list[float]]:
    """At most a hundred of the points [confidence, precision, coverage], by falling confidence."""
    points = np.stack(curve(graded.confidence, graded.right, answerable, graded.weight), 1)
    chosen = np.unique(np.linspace(0, len(points) - 1, min(_CURVE_POINTS, len(points))).astype(int))
    return [[round(float(value), 4) for value in points[place]] for place in chosen.tolist()]
