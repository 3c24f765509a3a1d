"""Why a question keeps coming: a proposal, by the words of customers and agents. Editors say what it is."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib.resources import files

import yaml

from bot.learning.worklist.models import Cause

_TOLD = 1.5
"""What agents say of a matter tells more than how it is asked."""
_ALMOST_NOTHING = 0.5


def proposed_cause(asked: Sequence[str], told: Sequence[str], language: str, *, has_article: bool) -> Cause | None:
    """The likeliest cause of questions ``asked`` that agents answered as ``told``; None where nothing tells.

    ``has_article``: the KB has an article that was offered for most of them, so that none is missing.
    """
    words = _words(language.split("-")[0])
    scores = {
        cause: _share(asked, marks["asked"]) + _TOLD * _share(told, marks["told"]) for cause, marks in words.items()
    }
    if has_article:
        scores[Cause.MISSING_ARTICLE] = 0.0
        scores[Cause.MISUNDERSTANDING] = scores.get(Cause.MISUNDERSTANDING, 0.0) + _ALMOST_NOTHING
    best = max(scores, key=lambda cause: scores[cause], default=None)
    return best if best is not None and scores[best] >= _ALMOST_NOTHING else None


def _share(texts: Sequence[str], marks: re.Pattern[str]) -> float:
    """The share of ``texts`` with one of ``marks``."""
    return sum(marks.search(text) is not None for text in texts) / len(texts) if texts else 0.0


@cache
def _words(language: str) -> Mapping[Cause, Mapping[str, re.Pattern[str]]]:
    loaded = yaml.safe_load(files("bot.learning.worklist").joinpath("causes.yml").read_text("utf8"))
    own = loaded.get(language) or loaded["en"]
    return {Cause(cause): {side: _pattern(words) for side, words in told.items()} for cause, told in own.items()}


def _pattern(words: Iterable[str]) -> re.Pattern[str]:
    """Any of ``words``; in scripts with spaces only where a word begins."""
    return re.compile(
        "|".join(rf"\b{re.escape(word)}" if word.isascii() else re.escape(word) for word in words), re.IGNORECASE
    )
