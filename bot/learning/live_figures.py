"""What the live release promises, as the console, ``doctor`` and the import show it: from the figures kept with it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session, select

from kb_content.models import Release, ReleaseState

ALL = "all"


@dataclass(frozen=True)
class Slice:
    """All of the KB's own questions, or those of one language or topic; each graded by a model that had not seen it.

    ``reliability``: (mean confidence, share right, questions) of groups by rising confidence. ``curve``: (confidence,
    precision, coverage) by falling confidence. None: not measured, or kept by an older Firstline.
    """

    name: str
    questions: int | None = None
    answerable: int | None = None
    precision: float | None = None
    coverage: float | None = None
    first: float | None = None
    """The share of the answerable questions whose best article is right, answered or not."""
    auroc: float | None = None
    error: float | None = None
    """How far confidence and truth lie apart on average."""
    reliability: tuple[tuple[float, float, float], ...] = ()
    curve: tuple[tuple[float, float, float], ...] = ()

    @property
    def is_measured(self) -> bool:
        return self.questions is not None


@dataclass(frozen=True)
class LiveFigures:
    """The threshold of a release and what it was chosen for. ``threshold`` None: nothing is answered by itself."""

    release: int
    threshold: float | None
    target: float | None
    unanswerable: float | None
    """The share of the questions that was assumed to have no answer in the KB."""
    whole: Slice
    languages: tuple[Slice, ...] = ()
    topics: tuple[Slice, ...] = ()
    asked: Slice | None = None
    """Gold questions and outcomes alone: what people asked, not what editors wrote as examples."""
    warning: str | None = None
    """What the build had to say about it, in English."""

    @property
    def is_silent(self) -> bool:
        """The KB cannot support the target: agents get suggestions, and customers get choices or a person."""
        return self.threshold is None


def live_figures(session: Session) -> LiveFigures | None:
    """The figures of the live release; None while there is none."""
    query = select(Release.id, Release.threshold, Release.figures).where(Release.state == ReleaseState.LIVE)
    found = session.exec(query).first()
    return None if found is None else figures_from(found[0] or 0, found[1], found[2])


def is_silent(session: Session) -> bool:
    """Whether a release is live that answers nothing by itself."""
    found = session.exec(select(Release.id, Release.threshold).where(Release.state == ReleaseState.LIVE)).first()
    return found is not None and found[1] is None


def figures_from(release: int, threshold: float | None, kept: Mapping[str, Any]) -> LiveFigures:
    """The figures that were ``kept`` with a release; what is missing or no number is left out."""
    warning, gold = kept.get("warning"), kept.get("gold")
    return LiveFigures(
        release,
        threshold,
        _number(kept.get("target")),
        _number(kept.get("assumed_unanswerable")),
        _slice(ALL, kept),
        tuple(_slices(kept.get("languages"))),
        tuple(_slices(kept.get("topics"))),
        _slice("gold", gold) if isinstance(gold, Mapping) else None,
        warning if isinstance(warning, str) and warning.strip() else None,
    )


def warning_of(figures: LiveFigures) -> str | None:
    """A sentence for whoever runs the house if the KB does not keep the promise, with what to do; else None."""
    if not figures.is_silent:
        return figures.warning
    target = "the target" if figures.target is None else f"the target of {figures.target:.0%} right answers"
    return (
        f"Release {figures.release} answers nothing by itself, because this knowledge base cannot support {target}: "
        "the bot offers choices to customers and suggests answers to agents instead. "
        "Add example questions to the articles (five or more each) and gold questions, then publish again; "
        "or set a lower FIRSTLINE_TARGET_PRECISION."
    )


def _slices(kept: object) -> Iterable[Slice]:
    """By falling number of questions."""
    named = kept.items() if isinstance(kept, Mapping) else ()
    found = [_slice(str(name), each) for name, each in named if isinstance(each, Mapping)]
    return sorted(found, key=lambda one: (-(one.questions or 0), one.name))


def _slice(name: str, kept: Mapping[str, Any]) -> Slice:
    return Slice(
        name,
        _count(kept.get("questions")),
        _count(kept.get("answerable")),
        _number(kept.get("precision")),
        _number(kept.get("coverage")),
        _number(kept.get("hit@1")),
        _number(kept.get("auroc")),
        _number(kept.get("ece")),
        tuple(_triples(kept.get("reliability"))),
        tuple(_triples(kept.get("curve"))),
    )


def _triples(kept: object) -> Iterable[tuple[float, float, float]]:
    for row in kept if isinstance(kept, list | tuple) else ():
        numbers = [_number(value) for value in row] if isinstance(row, list | tuple) else []
        if len(numbers) == 3 and None not in numbers:
            first, second, third = numbers
            yield (first or 0.0, second or 0.0, third or 0.0)


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value)


def _count(value: object) -> int | None:
    number = _number(value)
    return None if number is None else int(number)
