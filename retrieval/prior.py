"""What is believed about ranking and confidence before a knowledge base has shown anything of its own.

Fitted with the functions of ``retrieval.confidence``, then rounded and smoothed by hand, each set weighing the same and
with 30 % unanswerable questions; ``docs/benchmarks.md`` says what the same beliefs do on questions that took no part.

For articles with example questions (``ASKED``): training messages of Banking77 (57, 57 and 52 topics with 10, 6 and 4
examples each, asked other training messages, also of the topics left out). For documentation (``BARE``): titles of the
same, the even threads of StackFAQ with a third of them left out, and 300 English questions written for the help pages
of a desktop and of a backup program. In another language than English (``BARE_OTHER``): half of ATEC's pairs, and 180
Chinese questions to the same pages.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Doubles = NDArray[np.float64]


@dataclass(frozen=True)
class Look:
    """What was fitted for one way of looking at a question: with the first encoder alone, or with the second, too.

    ``ranker``: weights of ``retrieval.view.FEATURES``. ``confidence`` and ``offer``: intercept and weights of SIGNS for
    the first article being right, and for a right one being among the first three.
    """

    ranker: Doubles
    confidence: Doubles
    offer: Doubles


@dataclass(frozen=True)
class Belief:
    """How to look at questions to a KB that has shown nothing yet; each sign is centred and scaled as below."""

    first: Look
    second: Look


ASKED = Belief(
    Look(
        np.array([0.56, 0.46, 0.07, 0.07, 0.08, 7.0, 4.5, 0.58, 1.5, 0.5, 0, 0, 0]),
        np.array([-0.4, 0, 0.4, 0.06, 0, 0, 0.1, 0, 0.85, 0.3, 0.03, 0.2, 0.22, 0, -0.12, 0.45, 0, 0, 0]),
        np.array([-0.04, 0, 0.03, 0.23, 0, 0, 0, 0, 0.6, 0.2, 0, 0.2, 0.35, -0.01, -0.24, 0.6, 0, 0, 0]),
    ),
    Look(
        np.array([0.44, 0.36, 0.07, 0.04, 0.07, 7.0, 2.9, 0.42, 1.2, 0.4, 0.41, 0.09, 0.19]),
        np.array([-0.4, 0, 0.42, 0.02, 0, 0, 0.1, 0, 0.75, 0.3, 0.02, 0.2, 0.27, 0, -0.16, 0.42, 0, 0.04, 0]),
        np.array([-0.07, 0, 0.04, 0.22, 0, 0, 0, 0, 0.6, 0.18, 0, 0.2, 0.3, 0, -0.21, 0.6, 0, 0.09, 0]),
    ),
)
"""For articles with example questions."""

BARE = Belief(
    Look(
        np.array([0.05, 0.05, 0.4, 1.2, 1.4, 3.0, 0.65, 0.1, 1.2, 0.3, 0, 0, 0]),
        np.array([-0.14, 0, 0.34, 0, 0, 0, 0.07, 0, 0, 0.09, 0.29, 0.45, 0.85, -0.09, -0.25, 0.3, 0, 0, 0]),
        np.array([0.4, 0, 0.07, 0, 0, 0.05, 0, 0, 0, 0.13, 0.2, 0.4, 0.9, -0.02, -0.25, 0.42, 0, 0, 0]),
    ),
    Look(
        np.array([0.03, 0.03, 0.08, 1.1, 1.3, 7.0, 0.52, 0.1, 2.2, 0.4, 0.03, 0.41, 0.1]),
        np.array([-0.1, 0, 0.36, 0, 0, 0, 0, 0, 0, 0.07, 0.22, 0.45, 0.78, -0.1, -0.26, 0.28, 0, 0.17, 0]),
        np.array([0.4, 0, 0.04, 0, 0, 0.07, 0, 0, 0.05, 0.12, 0.14, 0.4, 0.9, 0, -0.31, 0.46, 0.02, 0.02, 0]),
    ),
)
"""For documentation: titles and bodies, where pages repeat each other."""

BARE_OTHER = Belief(
    Look(
        np.array([0.06, 0.06, 0.05, 0.5, 1.8, 4.6, 0.6, 0.1, 1.6, 0.95, 0, 0, 0]),
        np.array([0.1, 0, 0.48, 0, 0, 0, 0.8, 0, 0, 0.03, 0.38, 0.4, 0.05, -0.02, -0.24, 0, 0, 0, 0]),
        np.array([0.9, 0, 0.06, 0, 0, 0, 0.5, 0, 0, 0.12, 0.1, 0.35, 0.1, -0.02, -0.5, 0.05, 0, 0, 0]),
    ),
    BARE.second,
)
"""The same in another language than English: the closeness of its encoder tells next to nothing."""

CENTRE = np.array([8.0, 1.5, 0.5, 3.0, 3.0, 0.4, 0.5, -1.0, 0.6, 0.6, 2.2, 0.5, 0.1, 0.5, 0.0, 0.5, 0.6, 0.6])
SCALE = np.array([3.0, 1.5, 2.0, 1.0, 1.0, 0.2, 0.25, 1.5, 0.25, 0.3, 0.5, 0.15, 0.15, 0.7, 0.1, 1.0, 0.15, 0.5])

FOREIGN_BELOW = 0.2
"""Closeness under which a question has nothing to do with any KB. A KB's own questions may raise it, never lower it."""

FOREIGN_QUANTILE = 0.04
"""The share of a KB's own questions, asked without their article, that may look foreign."""

NEAR = (0.25, 0.92)
"""First-look confidences between which the second encoder is asked: below it is hopeless, above it is not needed."""


def cautious_threshold(target: float) -> float:
    """From which confidence a KB without own questions answers.

    It spares 40 % more errors than the target allows: on knowledge bases that took no part in the fit, confidences of
    0.93 and above were right 95 times in a hundred or more often.
    """
    return 1 - 1.4 * (1 - target)
