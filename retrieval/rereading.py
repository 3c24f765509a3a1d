"""The few best passages read together with the question, where a reranker is set: a new order and a new confidence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple
from zlib import crc32

import numpy as np
import structlog

from kb_content.articles import PublishedArticle
from retrieval import prior
from retrieval.confidence import probability
from retrieval.index import Floats, Ints
from retrieval.pieces import passage_text
from retrieval.prior import Doubles, Look
from retrieval.ranking import Ranking, levels_of, rank
from retrieval.reranker import Reranker
from retrieval.texts import clean
from retrieval.view import Asked, Evidence, View

log = structlog.get_logger()

K = 8
"""Candidates of which a passage is read with the question."""

SIGN = "read together"
"""The name of what the reranker says, among the signs of a confidence."""

WORTH = (prior.NEAR[0] / 2, 0.97)
"""Confidences between which it is worth the time."""

_LIMIT = 6.0
_DEEPER = 3
"""The first candidates of which two passages are read: the better one is quoted."""


@dataclass(frozen=True)
class Rereading:
    """What is made of a reranker's logits.

    ``rank``: their weight in the order. ``slope`` and ``level``: the log-odds of the first candidate move by
    slope * (its logit - level). ``model``: the reranker that it was fitted for, see ``Careful.model``; 0 for any.
    """

    rank: float
    slope: float
    level: float
    model: int = 0

    @property
    def pays(self) -> bool:
        """Whether anything is made of them at all."""
        return self.rank > 0 or self.slope > 0

    def extra(self, logits: Doubles) -> Doubles:
        """What is added to the candidates' scores."""
        return self.rank * logits / 2

    def effect(self, logit: float) -> float:
        """How far the first candidate's logit moves its log-odds."""
        return self.slope * (logit - self.level)


PRIOR = Rereading(0.5, 0.4, 0.0)
"""Before a knowledge base has shown anything: rerankers are trained to put the boundary at a logit of 0."""


class Careful:
    """A reranker that never stands in the way of an answer: what it fails at goes on without it.

    ``model`` tells rerankers apart, as the parameters of a release hold numbers only.
    """

    def __init__(self, reranker: Reranker) -> None:
        self.model = crc32(reranker.name.encode()) or 1
        self._reranker = reranker
        self._told: set[str] = set()

    def logits(self, question: str, passages: Sequence[str]) -> Doubles | None:
        """One a passage, within ±6; None if it failed. Each kind of failure is logged once."""
        try:
            scores = np.asarray(self._reranker.scores(question, passages), np.float64)
            if scores.shape != (len(passages),) or not np.isfinite(scores).all():
                raise ValueError("not one number for each passage")
        except Exception as error:
            kind = type(error).__name__
            if kind not in self._told:
                self._told.add(kind)
                log.warning("the reranker failed, going on without it", reranker=self._reranker.name, error=kind)
            return None
        result: Doubles = np.clip(scores, -_LIMIT, _LIMIT)
        return result

    def fitted(self, parameters: Rereading | None) -> Rereading:
        """``parameters`` if they were fitted for this very reranker, else what holds for any."""
        return parameters if parameters is not None and parameters.model in (0, self.model) else PRIOR


class Said(NamedTuple):
    """What a reranker said of each candidate of an evidence.

    ``logits``: those that it was not shown have the lowest of the others, so that they stay behind them.
    ``passages``: the number of the passage that fits best, -1 without any.
    """

    logits: Doubles
    passages: Ints


@dataclass(frozen=True)
class Judged:
    """A ranking with what follows from it. ``offer``: the probability that a right article is among the first few."""

    evidence: Evidence
    ranking: Ranking
    confidence: float
    offer: float
    why: dict[str, float]
    effects: dict[str, float]


def judge(view: View, evidence: Evidence, asked: Asked, look: Look, extra: Doubles | None = None) -> Judged:
    """Rank the candidates (at least one) and say how probable it is that the first is right."""
    ranking = rank(view, evidence, asked.words, levels_of(view, asked), look.ranker, extra)
    confidence = float(probability(ranking.signs, look.confidence))
    offer = max(confidence, float(probability(ranking.signs, look.offer)))
    return Judged(evidence, ranking, confidence, offer, ranking.why, ranking.effects(look.confidence))


def reread(
    judged: Judged, view: View, asked: Asked, look: Look, question: str, reranker: Careful, fitted: Rereading
) -> Judged:
    """The same after ``question`` (cleaned) was read together with the best passages; unchanged if that failed."""
    said = read_together(reranker, view, question, asked.vectors, judged.evidence, judged.ranking.order)
    if said is None:
        return judged
    evidence = replace(judged.evidence, passages=said.passages)
    again = judge(view, evidence, asked, look, fitted.extra(said.logits))
    logit = float(said.logits[again.ranking.order[0]])
    effect = fitted.effect(logit)
    confidence = float(moved(np.array(again.confidence), np.array(effect)))
    return replace(
        again,
        confidence=confidence,
        offer=max(again.offer, confidence),
        why=again.why | {SIGN: round(logit, 4)},
        effects=again.effects | {SIGN: round(effect, 3)},
    )


def moved(confidence: Doubles, effect: Doubles) -> Doubles:
    """Probabilities, with their log-odds moved by ``effect``."""
    held = np.clip(confidence, 1e-9, 1 - 1e-9)
    result: Doubles = 1 / (1 + np.exp(-(np.log(held / (1 - held)) + effect)))
    return result


def read_together(
    reranker: Careful, view: View, question: str, vectors: Sequence[Floats], evidence: Evidence, order: Ints
) -> Said | None:
    """Show the best passages of the first candidates in ``order`` to the reranker. ``vectors``: see ``Asked``."""
    shown = order[:K].tolist()
    pairs = [
        (row, place)
        for number, row in enumerate(shown)
        for place in _best_passages(view, evidence, row, vectors, 2 if number < _DEEPER else 1)
    ]
    texts = [_text(view.articles[int(evidence.articles[row])], place) for row, place in pairs]
    found = reranker.logits(question, texts)
    if found is None:
        return None
    passages, logits = evidence.passages.copy(), np.zeros(len(evidence.articles))
    for number in np.argsort(found, kind="stable").tolist():
        # By rising logits, so that the best of each article stays.
        row, place = pairs[number]
        logits[row], passages[row] = found[number], place
    rest = np.ones(len(logits), bool)
    rest[shown] = False
    logits[rest] = logits[shown].min()
    return Said(logits, passages)


def _best_passages(view: View, evidence: Evidence, row: int, vectors: Sequence[Floats], count: int) -> list[int]:
    """The numbers of the ``count`` passages of one candidate that lie nearest, its best one first."""
    article, best = int(evidence.articles[row]), int(evidence.passages[row])
    number = int(view.space_of[article])
    index = view.spaces[number].passages
    own = index.rows_of(article)
    if best < 0 or count < 2 or len(own) < 2:
        return [best]
    nearest = np.argsort(-(index.rows[own] @ vectors[number]), kind="stable").tolist()
    return [best, *(place for place in nearest if place != best)][:count]


def _text(published: PublishedArticle, place: int) -> str:
    title = published.article.title
    return passage_text(published.passages[place], title) if place >= 0 else clean(title)
