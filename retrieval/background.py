"""What lies outside every knowledge base: everyday questions, to tell the foreign from the merely unanswered."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

import numpy as np

from retrieval.encoders import Encoder, Encoders
from retrieval.index import Floats
from retrieval.vectors import Kind, VectorCache, key_of


@cache
def everyday() -> dict[str, tuple[str, ...]]:
    """The everyday questions, by language."""
    import yaml

    loaded = yaml.safe_load(files("retrieval").joinpath("background.yml").read_text("utf-8"))
    return {language: tuple(texts) for language, texts in loaded.items()}


def background_texts(encoder: Encoder, encoders: Encoders) -> list[str]:
    """Those that ``encoder`` reads: of its languages, or all for the one that crosses languages."""
    return [
        text
        for language, texts in everyday().items()
        for text in texts
        if encoder is encoders.crossing or encoders.of(language) is encoder
    ]


def open_background(encoder: Encoder, encoders: Encoders, vectors: VectorCache) -> dict[str, Floats]:
    """Unit vectors of the everyday questions by language: shape (questions, dimension) each; without those that
    ``vectors`` of an older release lack."""
    known = set(background_texts(encoder, encoders))
    found = {}
    for language, texts in everyday().items():
        keys = [key_of(encoder.name, Kind.QUERY, text) for text in texts if text in known]
        rows = [vectors[key] for key in keys if key in vectors]
        found[language] = np.stack(rows) if rows else np.empty((0, encoder.dimension), np.float32)
    return found


def nearest(background: Floats, vector: Floats) -> float:
    """The cosine of the nearest everyday question, -1.0 where there is none."""
    return float((background @ vector).max()) if len(background) else -1.0
