"""Figures of honesty and use, as pure functions of confidences and outcomes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

BINS = 10
_DRAWS = 200


def hit_at(ranks: Sequence[int | None], k: int) -> float | None:
    """Share of the questions whose right article is among the first ``k``; ranks count from 1, None is not found."""
    return sum(rank is not None and rank <= k for rank in ranks) / len(ranks) if ranks else None


def mrr(ranks: Sequence[int | None]) -> float | None:
    """Mean of 1 ÷ rank of the first right article, 0 for not found."""
    return sum(1 / rank for rank in ranks if rank is not None) / len(ranks) if ranks else None


def auroc(confidence: ArrayLike, positive: ArrayLike) -> float | None:
    """The probability that a positive one has the higher confidence (ties count half); None without both kinds."""
    scores, wanted = np.asarray(confidence, np.float64), np.asarray(positive, bool)
    good, bad = int(wanted.sum()), int((~wanted).sum())
    if not good or not bad:
        return None
    _, places, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[places]
    return float((ranks[wanted].sum() - good * (good + 1) / 2) / (good * bad))


def curve(confidence: ArrayLike, right: ArrayLike, answerable: int) -> tuple[NDArray[np.float64], ...]:
    """(confidence, precision, coverage) after each group of equal confidences, by falling confidence."""
    scores, hits = np.asarray(confidence, np.float64), np.asarray(right, np.float64)
    order = np.argsort(-scores, kind="stable")
    ordered, won = scores[order], np.cumsum(hits[order])
    last = np.append(ordered[:-1] != ordered[1:], True) if len(ordered) else np.zeros(0, bool)
    precision = won / np.arange(1, len(won) + 1)
    return ordered[last], precision[last], (won / max(1, answerable))[last]


def coverage_at(confidence: ArrayLike, right: ArrayLike, answerable: int, precision: float) -> float:
    """Right ones in the longest prefix by falling confidence with ``precision``, ÷ ``answerable``; 0 if none."""
    _, precisions, coverages = curve(confidence, right, answerable)
    # 19 right of 20 are 0.95, whatever binary fractions make of it.
    fine = np.flatnonzero(precisions >= precision - 1e-12)
    return float(coverages[fine[-1]]) if len(fine) and answerable else 0.0


def reliability(confidence: ArrayLike, right: ArrayLike, bins: int = BINS) -> list[tuple[float, float, int]]:
    """(mean confidence, share right, count) of ``bins`` groups of equal count, by rising confidence."""
    scores, hits = np.asarray(confidence, np.float64), np.asarray(right, np.float64)
    order = np.argsort(scores, kind="stable")
    parts = [part for part in np.array_split(order, bins) if len(part)]
    return [(float(scores[part].mean()), float(hits[part].mean()), len(part)) for part in parts]


def ece(confidence: ArrayLike, right: ArrayLike, bins: int = BINS) -> float:
    """Expected calibration error over bins of equal count: how far confidence and truth lie apart on average."""
    groups = reliability(confidence, right, bins)
    total = sum(count for *_, count in groups)
    return sum(abs(mean - share) * count for mean, share, count in groups) / total if total else 0.0


def ece_floor(confidence: ArrayLike, bins: int = BINS, draws: int = _DRAWS) -> float:
    """The ECE that a perfectly calibrated model would show on these confidences: the mean over ``draws`` draws."""
    scores = np.asarray(confidence, np.float64)
    if not len(scores):
        return 0.0
    generator = np.random.default_rng(0)
    return float(np.mean([ece(scores, generator.random(len(scores)) < scores, bins) for _ in range(draws)]))


def brier(confidence: ArrayLike, right: ArrayLike) -> float | None:
    """Mean squared distance between confidence and truth; None without questions."""
    scores, hits = np.asarray(confidence, np.float64), np.asarray(right, np.float64)
    return float(np.mean((scores - hits) ** 2)) if len(scores) else None


def percentile(values: ArrayLike, q: float) -> float | None:
    """The ``q``-th percentile (0 to 100), None without values."""
    numbers = np.asarray(values, np.float64)
    return float(np.percentile(numbers, q)) if len(numbers) else None
