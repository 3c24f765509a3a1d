"""What is believed about ranking and confidence before a knowledge base has shown anything of its own.

Fitted with the functions of ``retrieval.confidence``, then rounded and smoothed by hand, on public data alone: training
messages of Banking77 (77 topics; 10, 3 and no examples each, every question also asked without its topic) and the even
threads of StackFAQ (title and answer, with and without 4 rephrasings; read by both encoders). Every set weighs the
same and has 30 % unanswerable questions. Banking77's test messages and the odd threads of StackFAQ took no part.

For a KB without example questions (``BARE``): StackFAQ and Banking77 as above without any examples, 1,200 pairs of the
first half of ATEC's, and the sample KB's articles asked the questions taken from them (not its gold questions).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Belief:
    """``ranker``: weights of ``retrieval.view.FEATURES``. ``confidence``: intercept and weights of
    ``retrieval.confidence.SIGNS``, each sign centred and scaled as below."""

    ranker: NDArray[np.float64]
    confidence: NDArray[np.float64]


ASKED = Belief(
    np.array([1.15, 0.4, 0.15, 0.5, 0.3, 7.0, 3.5, 0.1]),
    np.array([-1.15, 0.54, 0.20, 0.05, 0.47, 0.16, 0.10, 0.02, 0.15, 0.07, 0.33, 0.46, 0.65, -0.02, -0.02, 0.36]),
)
"""For articles with example questions."""

BARE = Belief(
    np.array([0.6, 0.2, 0.25, 1.2, 0.3, 7.0, 4.0, 0.1]),
    np.array([-0.5, 0.20, 0.20, 0.35, 0.10, 0.20, 0.05, 0.02, 0.22, 0.03, 0.20, 0.30, 0.25, -0.02, -0.25, 0.15]),
)
"""For documentation: titles and bodies, where pages repeat each other."""

CENTRE = np.array([8.0, 1.5, 0.5, 3.0, 3.0, 0.4, 0.5, -1.0, 0.6, 0.6, 2.2, 0.5, 0.1, 0.5, 0.0])
SCALE = np.array([3.0, 1.5, 2.0, 1.0, 1.0, 0.2, 0.25, 1.5, 0.25, 0.3, 0.5, 0.15, 0.15, 0.7, 0.1])

FOREIGN_BELOW = 0.2
"""Closeness under which a question has nothing to do with any KB. A KB's own questions may raise it, never lower it."""

FOREIGN_QUANTILE = 0.04
"""The share of a KB's own questions, asked without their article, that may look foreign."""


def cautious_threshold(target: float) -> float:
    """From which confidence a KB without own questions answers: half-way between the target and certainty."""
    return (1 + target) / 2
