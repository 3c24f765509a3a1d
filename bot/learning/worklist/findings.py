"""What a look at the desk and the KB finds to do, as plain values that a child process can print."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from bot.learning.worklist.models import Cause, WorkKind

SPAN = timedelta(days=30)
"""What is counted; the span of the same length before it is the trend."""
MOST_SHOWN = 60
"""Questions that an item keeps the words of."""

# What an item weighs beside the questions that it would answer: the harm of each answer given from it meanwhile.
RISKS = {
    WorkKind.WRONG: 1.0,
    WorkKind.DISLIKED: 0.3,
    WorkKind.CONTRADICTION: 0.2,
    WorkKind.OUT_OF_RANGE: 0.2,
    WorkKind.TRANSLATION: 0.1,
    WorkKind.STALE: 0.05,
    WorkKind.DUPLICATE: 0.05,
}


@dataclass(frozen=True)
class Finding:
    """One thing to do. ``key`` names it among those of its kind, also the next time it is found.

    ``lost``: how many of all questions it would have answered; ``told``: how many answers rest on it as it is.
    """

    kind: WorkKind
    key: str
    language: str
    title: str
    count: int
    earlier: int = 0
    lost: int = 0
    told: int = 0
    cause: Cause | None = None
    detail: dict[str, Any] = field(default_factory=dict)

    def values(self) -> dict[str, Any]:
        """As JSON can hold it."""
        return {**vars(self), "kind": self.kind.value, "cause": self.cause.value if self.cause else None}

    @classmethod
    def of(cls, values: dict[str, Any]) -> Finding:
        cause = Cause(values["cause"]) if values["cause"] else None
        return cls(**{**values, "kind": WorkKind(values["kind"]), "cause": cause})


def gain_of(finding: Finding, asked: int, hits: float) -> float:
    """The share of all ``asked`` questions that would be answered with it; ``hits``: see ``hit_rate``."""
    return finding.lost / asked * hits if asked else 0.0


def rank_of(finding: Finding, asked: int, hits: float) -> float:
    """What the worklist is sorted by: expected extra coverage, and the harm that is done meanwhile."""
    harm = RISKS.get(finding.kind, 0.0) * finding.told / asked if asked else 0.0
    return gain_of(finding, asked, hits) + harm


def hit_rate(answered: int, missed: int) -> float:
    """The share of the questions about what the KB has that it answers by itself, drawn towards a half while few."""
    return (answered + 5) / (answered + missed + 10)


def key_of(*parts: str) -> str:
    """A short name for what is made of several texts."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]


def is_kept_back(text: str) -> bool:
    """Whether this question stays out of the draft, so that the draft can be measured by it: every other one."""
    return hashlib.sha256(text.encode()).digest()[0] % 2 == 1


def for_the_draft(texts: Iterable[str], most: int) -> list[str]:
    """The questions that a draft may have as its examples, in their order: never those kept back, but one at least."""
    distinct = list(dict.fromkeys(texts))
    free = [text for text in distinct if not is_kept_back(text)]
    return (free or distinct[:1])[:most]


def held_out(texts: Iterable[str], used: Sequence[str]) -> list[str]:
    """The questions that no draft was given."""
    return [text for text in dict.fromkeys(texts) if text not in used]
