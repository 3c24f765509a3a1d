"""From which confidence on the bot answers: a release's threshold for the precision that is wanted."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from retrieval.fitting import FEWEST, Graded, has_real_ones
from retrieval.prior import Doubles

_EXPECTED = 100.0
_EXPECTED_OF_REAL = 10.0
"""Real questions are few and speak for themselves: what was expected of them counts little."""

_PLAIN, _PLAIN_OF_OWN = 0.5, 2.0
"""How many standard deviations below the target speak plainly against a threshold."""

_FEWEST = 15.0
_ROOM = 0.2
"""How far below the target questions may lie before the bot does not answer at all."""


def threshold_of(graded: Graded, target: float) -> float | None:
    """The usual threshold, or a higher one where questions speak plainly against it; None where they do against all.

    A few hundred questions fix a threshold badly, for most of the errors are those of two or three articles, and one
    question more or less lets it jump; confidences that are calibrated fix it better. So the questions have a veto: of
    the real ones where there are enough, else of the KB's own, which are asked with an example less than customers'
    and need to speak more plainly. With next to no questions the threshold is a cautious one.
    """
    real = graded.only(~graded.is_own)
    has_real = has_real_ones(real.answerable)
    if has_real:
        graded = real
    if graded.answerable.sum() < FEWEST:
        return _cautious(target)
    z, expected = (_PLAIN, _EXPECTED_OF_REAL) if has_real else (_PLAIN_OF_OWN, _EXPECTED)
    least = threshold_for(graded.confidence, graded.right, graded.weight, target, -z, expected)
    threshold = _cautious(target) if least is None else max(least, _usual(target))
    sure = graded.confidence >= threshold
    if not sure.any() or np.average(graded.right[sure], weights=graded.weight[sure]) < target - _ROOM:
        return None
    return threshold


def threshold_for(
    confidences: Doubles,
    right: NDArray[np.bool_],
    weights: Doubles,
    target: float,
    z: float = 1.0,
    expected: float = _EXPECTED,
) -> float | None:
    """The lowest confidence above which answers are right often enough, None where no bound reaches ``target``.

    Often enough: by a one-sided Wilson bound of the weighted precision, the lower one for a positive ``z`` (1.0 is
    84 %), the upper one for a negative. What the calibrated confidences themselves expect counts like ``expected``
    further questions, so that in a small KB one unlucky question does not silence the bot. Equal confidences stay
    together.
    """
    order = np.argsort(-confidences, kind="stable")
    ordered, hits, mass = confidences[order], right[order].astype(np.float64), weights[order]
    total = np.cumsum(mass)
    seen = total**2 / np.cumsum(mass**2)
    precision = (np.cumsum(mass * hits) * seen + expected * np.cumsum(mass * ordered)) / total / (seen + expected)
    bound = wilson_lower(precision, seen + expected, z)
    last_of_equals = np.append(ordered[:-1] != ordered[1:], True)
    fine = np.flatnonzero((bound >= target) & last_of_equals & (seen >= _FEWEST))
    return float(ordered[fine[-1]]) if len(fine) else None


def wilson_lower(precision: Doubles, count: Doubles, z: float) -> Doubles:
    """One-sided Wilson lower bound of a share measured on ``count`` cases; the upper one for a negative ``z``."""
    centre = precision + z**2 / (2 * count)
    spread = z * np.sqrt(precision * (1 - precision) / count + z**2 / (4 * count**2))
    result: Doubles = (centre - spread) / (1 + z**2 / count)
    return result


def _cautious(target: float) -> float:
    """From which confidence a KB without own questions answers.

    It spares 40 % more errors than the target allows: on knowledge bases that took no part in the fit, confidences of
    0.93 and above were right 95 times in a hundred or more often.
    """
    return _plain(1 - 1.4 * (1 - target))


def _usual(target: float) -> float:
    """From which confidence a KB with questions answers: a single answer may be wrong 2.75 times as often as all.

    On knowledge bases that lacked a fifth to two fifths of what they were asked, with 30 % of the questions counted as
    unanswerable, answers from 0.8625 on were right 95 times in a hundred on average. It broke the promise less often
    than thresholds fitted to each, and gave less coverage away.
    """
    return _plain(1 - 2.75 * (1 - target))


def _plain(threshold: float) -> float:
    """Without the dust of binary fractions: 0.93, not 0.9299999999999999. People and programs read it."""
    return round(threshold, 9)
