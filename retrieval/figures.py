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


def curve(
    confidence: ArrayLike, right: ArrayLike, answerable: float, weight: ArrayLike | None = None
) -> tuple[NDArray[np.float64], ...]:
    """(confidence, precision, coverage) after each group of equal confidences, by falling confidence.

    ``weight``: how much each counts, ``answerable`` being the sum of the answerable ones'; without it, as one.
    """
    scores, hits = np.asarray(confidence, np.float64), np.asarray(right, np.float64)
    mass = _mass(scores, weight)
    order = np.argsort(-scores, kind="stable")
    ordered, won = scores[order], np.cumsum((hits * mass)[order])
    last = np.append(ordered[:-1] != ordered[1:], True) if len(ordered) else np.zeros(0, bool)
    precision = won[last] / np.maximum(np.cumsum(mass[order])[last], 1e-12)
    return ordered[last], precision, won[last] / (answerable or 1)


def _mass(scores: NDArray[np.float64], weight: ArrayLike | None) -> NDArray[np.float64]:
    return np.ones(len(scores)) if weight is None else np.asarray(weight, np.float64)


def coverage_at(
    confidence: ArrayLike, right: ArrayLike, answerable: float, precision: float, weight: ArrayLike | None = None
) -> float:
    """Right ones in the longest prefix by falling confidence with ``precision``, ÷ ``answerable``; 0 if none."""
    _, precisions, coverages = curve(confidence, right, answerable, weight)
    # 19 right of 20 are 0.95, whatever binary fractions make of it.
    fine = np.flatnonzero(precisions >= precision - 1e-12)
    return float(coverages[fine[-1]]) if len(fine) and answerable else 0.0


def reliability(
    confidence: ArrayLike, right: ArrayLike, bins: int = BINS, weight: ArrayLike | None = None
) -> list[tuple[float, float, int]]:
    """(mean confidence, share right, count) of ``bins`` groups of equal count, by rising confidence.

    With ``weight`` both are means by how much each counts; a group in which nothing does is left out.
    """
    return [(mean, share, count) for mean, share, count, _ in _groups(confidence, right, bins, weight)]


def _groups(
    confidence: ArrayLike, right: ArrayLike, bins: int, weight: ArrayLike | None
) -> list[tuple[float, float, int, float]]:
    """The same with the mass of each."""
    scores, hits = np.asarray(confidence, np.float64), np.asarray(right, np.float64)
    mass = _mass(scores, weight)
    parts = np.array_split(np.argsort(scores, kind="stable"), bins)
    sums = [(part, float(mass[part].sum())) for part in parts]
    return [
        (float(scores[part] @ mass[part]) / total, float(hits[part] @ mass[part]) / total, len(part), total)
        for part, total in sums
        if total > 0
    ]


def ece(confidence: ArrayLike, right: ArrayLike, bins: int = BINS, weight: ArrayLike | None = None) -> float:
    """Expected calibration error over bins of equal count: how far confidence and truth lie apart on average."""
    groups = _groups(confidence, right, bins, weight)
    total = sum(mass for *_, mass in groups)
    return sum(abs(mean - share) * mass for mean, share, _, mass in groups) / total if total else 0.0


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
