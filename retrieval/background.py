"""What every knowledge base is asked: everyday questions, foreign to each, to tell the foreign from the unanswered; and
usual ones, foreign to none, to tell a wish from a request for a person."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from math import comb

import numpy as np

from retrieval.encoders import Encoder, Encoders
from retrieval.index import Floats
from retrieval.own_files import own_yaml
from retrieval.vectors import Kind, VectorCache, key_of

_TELL_FOREIGN = ("en", "zh")
"""The languages whose everyday questions tell what is foreign. In others the English ones do: everyday questions in a
customer's own language lie nearer than the pages of a KB without example questions (of 50 questions to a German one
twelve were declined, with the English ones one)."""

_BEYOND = 0.3
"""Beyond the mean of everyday questions by this share of the way to 1, a text has something to do with the question."""


def everyday() -> dict[str, tuple[str, ...]]:
    """The everyday questions, by language: foreign to every KB."""
    return _texts("background.yml")


def usual() -> dict[str, tuple[str, ...]]:
    """What customers of all kinds of products ask and wish for, by language: foreign to none."""
    return _texts("usual.yml")


def background_texts(encoder: Encoder, encoders: Encoders, languages: Collection[str] | None = None) -> list[str]:
    """Those everyday questions that ``encoder`` reads: of its languages, or all for the one that crosses languages.
    ``languages``: no others."""
    return _read_by(encoder, encoders, everyday(), languages)


def usual_texts(encoder: Encoder, encoders: Encoders, languages: Collection[str] | None = None) -> list[str]:
    """The same of the usual ones."""
    return _read_by(encoder, encoders, usual(), languages)


@cache
def _texts(name: str) -> dict[str, tuple[str, ...]]:
    return {language: tuple(texts) for language, texts in own_yaml(name).items()}


def _read_by(
    encoder: Encoder, encoders: Encoders, by_language: dict[str, tuple[str, ...]], languages: Collection[str] | None
) -> list[str]:
    return [
        text
        for language, texts in by_language.items()
        for text in texts
        if (languages is None or language in languages)
        and (encoder is encoders.crossing or encoders.of(language) is encoder)
    ]


def open_background(encoder: Encoder, encoders: Encoders, vectors: VectorCache) -> dict[str, Floats]:
    """Unit vectors of the everyday questions that tell what is foreign, by language: shape (questions, dimension) each;
    without those that ``vectors`` of an older release lack."""
    known = set(background_texts(encoder, encoders))
    found = {}
    for language in _TELL_FOREIGN:
        texts = everyday()[language]
        keys = [key_of(encoder.name, Kind.QUERY, text) for text in texts if text in known]
        rows = [vectors[key] for key in keys if key in vectors]
        found[language] = np.stack(rows) if rows else np.empty((0, encoder.dimension), np.float32)
    return found


@dataclass(frozen=True)
class Everyday:
    """How similar a question is to everyday questions. ``nearest``: to the nearest of those that compete; ``clearly``:
    what lies nearer than this is no matter of chance; ``mean``: to all of them."""

    nearest: float
    clearly: float
    mean: float

    def is_nearer(self, similarity: float) -> bool:
        """Whether everyday questions lie nearer than a text of this ``similarity``."""
        return self.nearest > similarity

    def is_left_behind(self, similarity: float) -> bool:
        """Whether a text of this ``similarity`` lies clearly nearer than everyday questions do."""
        beyond = (similarity - self.mean) / max(1e-6, 1 - self.mean)
        return similarity >= self.clearly or beyond >= _BEYOND


def everyday_to(background: Floats, vector: Floats, texts: int) -> Everyday | None:
    """What everyday questions are to the question ``vector``, None without any.

    The fewer ``texts`` a knowledge base has, the farther its nearest one lies from whatever it is asked. So as many
    everyday questions compete with them: what the nearest of so many, drawn from all, is on average.
    """
    if not len(background):
        return None
    falling = np.sort(background @ vector)[::-1]
    count, drawn = len(falling), max(1, min(texts, len(falling)))
    chances = [comb(count - 1 - place, drawn - 1) / comb(count, drawn) for place in range(count)]
    nearest = float(falling @ np.array(chances))
    return Everyday(nearest, nearest + float(falling.std()) * drawn / count, float(falling.mean()))
