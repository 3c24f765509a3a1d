"""What is believed about ranking and confidence before a knowledge base has shown anything of its own.

What a belief should be depends on how the articles are written: with example questions or without, with bodies or
without, with questions for titles or with the names of things. ``belief_for`` mixes those below by how many articles
are of each kind.

Fitted with the functions of ``retrieval.confidence``, then rounded and smoothed by hand, each set weighing the same and
with 30 % unanswerable questions; ``docs/benchmarks.md`` says what the same beliefs do on questions that took no part.
Sets: training messages of Banking77 (57, 57 and 52 topics with 10, 6 and 4 examples each, asked other training
messages, also of the topics left out; the same by title alone, and by one message as the title); the even threads of
StackFAQ, some of them left out; half of ATEC's pairs; the sample knowledge base in both languages, asked the example
questions of its articles that were taken out of it; 300 English and 180 Chinese questions written for the help pages of
a desktop and of a backup program. English sets were also read by the encoder that crosses languages, as any third
language would be. What it offers rests on 23 knowledge bases, each foretold by the others: these, and some written for
it in German, French, Spanish, Portuguese, Japanese, Chinese and English.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

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

    def towards(self, other: Look, share: float) -> Look:
        """So far on the way to ``other``: 0 to 1."""
        pairs = (
            (self.ranker, other.ranker),
            (self.confidence, other.confidence),
            (self.offer, other.offer),
        )
        return Look(*(own + share * (there - own) for own, there in pairs))


@dataclass(frozen=True)
class Belief:
    """How to look at questions to a KB that has shown nothing yet; each sign is centred and scaled as below."""

    first: Look
    second: Look
    is_second_worth: bool = False
    """Whether the second encoder is asked as long as the KB's own questions cannot say what it is worth."""

    def towards(self, other: Belief, share: float) -> Belief:
        """So far on the way to ``other``, which is of the same mind about the second encoder: 0 to 1."""
        first, second = self.first.towards(other.first, share), self.second.towards(other.second, share)
        return replace(self, first=first, second=second)


ASKED = Belief(
    Look(
        np.array([0.56, 0.46, 0.07, 0.07, 0.08, 7.0, 4.5, 0.58, 1.5, 0.5, 0, 0, 0, 0]),
        np.array([-0.4, 0, 0.4, 0.06, 0, 0, 0.1, 0, 0.85, 0.3, 0.03, 0.2, 0.22, 0, -0.12, 0.45, 0, 0, 0]),
        np.array([-0.04, 0, 0.03, 0.23, 0, 0, 0, 0, 0.6, 0.2, 0, 0.2, 0.35, -0.01, -0.24, 0.6, 0, 0, 0]),
    ),
    Look(
        np.array([0.44, 0.36, 0.07, 0.04, 0.07, 7.0, 2.9, 0.42, 1.2, 0.4, 0, 0.41, 0.09, 0.19]),
        np.array([-0.4, 0, 0.42, 0.02, 0, 0, 0.1, 0, 0.75, 0.3, 0.02, 0.2, 0.27, 0, -0.16, 0.42, 0, 0.04, 0]),
        np.array([-0.07, 0, 0.04, 0.22, 0, 0, 0, 0, 0.6, 0.18, 0, 0.2, 0.3, 0, -0.21, 0.6, 0, 0.09, 0]),
    ),
)
"""For articles of example questions alone."""

ASKED_PAGES = Belief(
    Look(
        np.array([0.15, 0.45, 0.08, 0.28, 0.3, 9.0, 3.0, 0.42, 1.9, 0.43, 0.5, 0, 0, 0]),
        np.array([0.1, 0, 0.22, 0.17, 0, 0.35, 0.08, 0, 0.15, 0.33, 0.02, 0.13, 0.25, 0, -0.3, 0.38, 0, 0, 0]),
        np.array([1.0, 0, 0.02, 0.1, 0, 0.4, 0.05, 0, 0.15, 0.4, 0, 0.1, 0.4, 0, -0.35, 0.57, 0, 0, 0]),
    ),
    Look(
        np.array([0.13, 0.4, 0.08, 0.24, 0.26, 9.0, 2.5, 0.35, 1.7, 0.4, 0.45, 0.2, 0.2, 0.15]),
        np.array([0.1, 0, 0.22, 0.17, 0, 0.35, 0.08, 0, 0.15, 0.33, 0.02, 0.13, 0.25, 0, -0.3, 0.38, 0.02, 0.06, 0]),
        np.array([1.0, 0, 0.02, 0.1, 0, 0.4, 0.05, 0, 0.15, 0.4, 0, 0.1, 0.4, 0, -0.35, 0.57, 0, 0.06, 0]),
    ),
)
"""For articles with example questions and bodies: half of what is asked is said in the body only."""

BARE = Belief(
    Look(
        np.array([0.02, 0.02, 0.1, 0.8, 1.1, 8.0, 0.6, 0.1, 1.8, 0.4, 0.9, 0, 0, 0]),
        np.array([0.9, 0, 0.3, 0.04, 0, 0, 0.4, 0, 0.1, 0.15, 0.2, 0.37, 0.58, -0.09, -0.38, 0.45, 0, 0, 0]),
        np.array([1.7, 0, 0.02, 0.07, 0, 0, 0.5, 0, 0.18, 0.17, 0.17, 0.3, 0.6, -0.02, -0.45, 0.46, 0, 0, 0]),
    ),
    Look(
        np.array([0.02, 0.02, 0.1, 0.7, 1.0, 8.0, 0.58, 0.1, 1.8, 0.4, 0.85, 0.02, 0.36, 0.1]),
        np.array([0.8, 0, 0.28, 0.03, 0, 0, 0.3, 0, 0.1, 0.15, 0.15, 0.33, 0.56, -0.1, -0.4, 0.45, 0, 0.05, 0]),
        np.array([1.5, 0, 0.02, 0.1, 0, 0, 0.4, 0, 0.17, 0.16, 0.13, 0.27, 0.6, -0.03, -0.45, 0.45, 0, 0.02, 0]),
    ),
    is_second_worth=True,
)
"""For documentation: titles that name a matter, and bodies where pages repeat each other."""

FAQ = Belief(
    Look(
        np.array([0.05, 0.05, 1.0, 0.7, 0.9, 4.0, 0.7, 0.1, 1.2, 0.3, 0.4, 0, 0, 0]),
        np.array([-0.1, 0, 0.1, 0, 0, 0, 0.25, 0.02, 0.04, 0, 0.22, 0.35, 1.25, -0.01, -0.33, 0.53, 0, 0, 0]),
        np.array([0.1, 0, 0.01, 0, 0, 0, 0.05, 0.01, 0.09, 0.02, 0.3, 0.3, 1.1, 0, -0.28, 0.78, 0, 0, 0]),
    ),
    Look(
        np.array([0.05, 0.05, 0.8, 0.55, 0.7, 4.0, 0.7, 0.1, 1.2, 0.3, 0.35, 0.03, 0.9, 0.1]),
        np.array([-0.07, 0, 0.05, 0, 0, 0, 0.14, 0, 0.03, 0, 0.12, 0.4, 1.2, 0, -0.28, 0.55, 0.2, 0.05, 0]),
        np.array([0.35, 0, 0.01, 0, 0, 0, 0.03, 0, 0.09, 0.01, 0.15, 0.29, 1.0, 0, -0.22, 0.75, 0.1, 0.2, 0]),
    ),
    is_second_worth=True,
)
"""For questions and answers: the title is the question that the body answers."""

_OFFER_OTHER = np.array([0.9, 0, 0, 0.32, 0, 0, 0, 0, 0, 0, 0, 0, 0.43, 0, -0.37, 0, 0, 0, 0])
"""The share of the first, closeness and competitors alone: how many words a question has, and how many of them articles
say, differs more between languages than between questions that have an answer and those that have none."""

BARE_OTHER = Belief(
    Look(
        np.array([0.04, 0.04, 0.03, 0.5, 1.6, 11.0, 0.5, 0.1, 1.6, 0.8, 0, 0, 0, 0]),
        np.array([1.4, 0, 0.1, 0.3, 0, 0, 0.95, 0, 0.14, 0, 0.1, 0.34, 0.05, -0.1, -0.5, 0, 0, 0, 0]),
        _OFFER_OTHER,
    ),
    BARE.second,
)
"""The same as BARE in another language than English: the closeness of its encoder tells next to nothing."""

FAQ_OTHER = Belief(
    Look(
        np.array([0.06, 0.06, 1.0, 0.45, 1.4, 6.0, 0.55, 0.1, 1.4, 1.0, 0, 0, 0, 0]),
        np.array([0.3, 0, 0.08, 0.31, 0.1, 0.1, 0.86, 0.25, 0.05, 0, 0.06, 0.7, 0.5, -0.03, -0.5, 0.15, 0, 0, 0]),
        _OFFER_OTHER,
    ),
    FAQ.second,
)
"""The same as FAQ in another language than English."""

_FEW_ASK, _MOST_ASK = 0.2, 0.7
"""The shares of titles that ask, between which a KB passes from documentation to questions and answers."""


def belief_for(has_examples: bool, with_bodies: float, asking: float, is_other: bool) -> Belief:
    """What to believe of articles with or without example questions.

    ``with_bodies``: the share of articles that have a body; ``asking``: of those whose title is a question;
    ``is_other``: read by the encoder that crosses languages, which is the customer's.
    """
    if has_examples:
        return ASKED.towards(ASKED_PAGES, with_bodies)
    share = min(max((asking - _FEW_ASK) / (_MOST_ASK - _FEW_ASK), 0.0), 1.0)
    if is_other:
        # A bare title is all that there is to be near to; that it asks makes no difference.
        return BARE_OTHER.towards(FAQ_OTHER, share * with_bodies)
    return BARE.towards(FAQ, share)


CENTRE = np.array([8.0, 1.5, 0.5, 3.0, 3.0, 0.4, 0.5, -1.0, 0.6, 0.6, 2.2, 0.5, 0.1, 0.5, 0.0, 0.5, 0.6, 0.6])
SCALE = np.array([3.0, 1.5, 2.0, 1.0, 1.0, 0.2, 0.25, 1.5, 0.25, 0.3, 0.5, 0.15, 0.15, 0.7, 0.1, 1.0, 0.15, 0.5])

FOREIGN_BELOW = 0.2
"""Closeness under which a question has nothing to do with any KB. A KB's own questions may raise it, never lower it."""

FOREIGN_QUANTILE = 0.04
"""The share of a KB's own questions, asked without their article, that may look foreign."""

NEAR = (0.25, 0.92)
"""First-look confidences between which the second encoder is asked: below it is hopeless, above it is not needed."""
