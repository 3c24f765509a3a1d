"""How much a figure from a few answers may be off: 95 % intervals. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist, fmean, stdev

_Z = NormalDist().inv_cdf(0.975)


@dataclass(frozen=True)
class Figure:
    """A number from ``n`` cases; ``value`` None where there are none, the interval None where they tell none.

    ``count``: of a share, how many of the ``n`` it is about.
    """

    n: int
    value: float | None = None
    lower: float | None = None
    upper: float | None = None
    count: int | None = None


def share(count: int, n: int) -> Figure:
    """The share of ``count`` in ``n`` with Wilson's interval, from 0 to 1."""
    if not n:
        return Figure(0, count=count)
    part = count / n
    middle = (part + _Z**2 / (2 * n)) / (1 + _Z**2 / n)
    half = _Z * math.sqrt(part * (1 - part) / n + _Z**2 / (4 * n**2)) / (1 + _Z**2 / n)
    # At 0 and at 1 the bound is the share itself, but for the last bits.
    return Figure(n, part, min(max(middle - half, 0.0), part), max(min(middle + half, 1.0), part), count)


def mean(scores: Sequence[int], lowest: int, highest: int) -> Figure:
    """The mean of scores with Student's interval, kept within the scale; no interval for fewer than two."""
    n = len(scores)
    if n < 2:
        return Figure(n, float(scores[0]) if scores else None)
    value, half = fmean(scores), _student(n - 1) * stdev(scores) / math.sqrt(n)
    return Figure(n, value, max(value - half, lowest), min(value + half, highest))


def promoters(scores: Sequence[int]) -> Figure:
    """Net promoter score of answers from 0 to 10: % of 9 and 10 less % of 0 to 6, from -100 to 100.

    The interval is the adjusted Wald one: three answers more, 3/4 for, 3/4 against and 1 1/2 between, so that few
    answers which all agree do not look certain.
    """
    n = len(scores)
    if not n:
        return Figure(0)
    likes, dislikes = sum(score >= 9 for score in scores), sum(score <= 6 for score in scores)
    more, less, m = (likes + 0.75) / (n + 3), (dislikes + 0.75) / (n + 3), n + 3
    half = _Z * math.sqrt((more + less - (more - less) ** 2) / m)
    net = more - less
    bounds = 100 * max(net - half, -1.0), 100 * min(net + half, 1.0)
    return Figure(n, 100 * (likes - dislikes) / n, *bounds)


def _student(degrees: int) -> float:
    """The 97.5 % quantile of Student's t: exact for one and two degrees, else within 0.004 (Cornish-Fisher)."""
    if degrees == 1:
        return math.tan(math.pi * 0.475)
    if degrees == 2:
        return 0.95 * math.sqrt(2 / (1 - 0.95**2))
    z, v = _Z, degrees
    terms = (
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
        (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92160,
    )
    return z + math.fsum(term / v**power for power, term in enumerate(terms, 1))
