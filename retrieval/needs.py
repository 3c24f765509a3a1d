"""Which vectors a release needs, and making those that nobody made yet."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
from numpy.typing import NDArray

from kb_content.articles import Contents
from retrieval.background import background_texts
from retrieval.encoders import Encoder, Encoders
from retrieval.intents import intent_pieces, intents_of
from retrieval.pieces import pieces_of
from retrieval.vectors import Kind, VectorCache, VectorKey, key_of

Progress = Callable[[str], None]
"""Called with a sentence about what is being done and how much of it is done."""


def wanted(contents: Contents, encoders: Encoders) -> dict[VectorKey, tuple[Encoder, Kind, str]]:
    """Every vector that a release of ``contents`` needs, and what to encode for it."""
    needs: dict[VectorKey, tuple[Encoder, Kind, str]] = {}

    def need(encoder: Encoder, kind: Kind, text: str) -> None:
        needs.setdefault(key_of(encoder.name, kind, text), (encoder, kind, text))

    for published in contents.articles:
        own = encoders.of(published.article.language)
        for piece in pieces_of(published):
            need(own, piece.kind, piece.text)
        if own is not encoders.crossing:
            for piece in pieces_of(published, crossing=True):
                need(encoders.crossing, piece.kind, piece.text)
    for encoder in encoders.distinct:
        for text in background_texts(encoder, encoders):
            need(encoder, Kind.QUERY, text)
    for intent in intents_of(contents):
        for encoder in encoders.distinct:
            for piece in intent_pieces(intent, encoder, encoders):
                need(encoder, piece.kind, piece.text)
    return needs


def keys_of(contents: Contents, encoders: Encoders) -> set[VectorKey]:
    """The names of all vectors that a release of ``contents`` needs, for loading those that are known."""
    return set(wanted(contents, encoders))


def encode_missing(
    needs: dict[VectorKey, tuple[Encoder, Kind, str]], known: VectorCache, progress: Progress
) -> dict[VectorKey, NDArray[np.float32]]:
    """Vectors for those of ``needs`` that are not ``known``, in batches so that progress can be told."""
    missing = [(key, *need) for key, need in needs.items() if key not in known]
    missing.sort(key=lambda entry: (entry[1].name, entry[2].value))
    new: dict[VectorKey, NDArray[np.float32]] = {}
    for start, batch in _batches(missing):
        _, encoder, kind, _ = batch[0]
        texts = [text for *_, text in batch]
        rows = encoder.queries(texts) if kind is Kind.QUERY else encoder.passages(texts)
        new |= {key: row for (key, *_), row in zip(batch, rows, strict=True)}
        progress(f"reading the knowledge base: {start + len(batch)} of {len(missing)} texts")
    return new


def _batches(
    missing: list[tuple[VectorKey, Encoder, Kind, str]], size: int = 64
) -> Iterable[tuple[int, list[tuple[VectorKey, Encoder, Kind, str]]]]:
    """Runs of up to ``size`` texts that go to the same model in the same way."""
    start = 0
    while start < len(missing):
        end = start
        while end < min(start + size, len(missing)) and missing[end][1:3] == missing[start][1:3]:
            end += 1
        yield start, missing[start:end]
        start = end
