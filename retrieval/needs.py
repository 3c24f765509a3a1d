"""Which vectors a release needs, and making those that nobody made yet."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from kb_content.articles import Contents, GoldQuestion
from retrieval.background import background_texts, usual_texts
from retrieval.encoders import Encoder, Encoders
from retrieval.known_intents import intent_pieces, intents_of
from retrieval.labels import Label
from retrieval.languages import language_of
from retrieval.pieces import Piece, pieces_of
from retrieval.shipped import shipped
from retrieval.stretches import stretches_of
from retrieval.texts import clean, says_something
from retrieval.variants import base, languages_of
from retrieval.vectors import Kind, VectorCache, VectorKey, key_of
from retrieval.wording import Wording
from store.counting import counted

Progress = Callable[[str], None]
"""Called with a sentence about what is being done and how much of it is done."""

Keep = Callable[[dict[VectorKey, NDArray[np.float32]]], None]
"""Called with the vectors of each finished batch, all by one model."""

Given = Callable[[Iterable[VectorKey]], dict[VectorKey, NDArray[np.float32]]]
"""Those of the wanted vectors that are had without encoding anything."""

Need = tuple[Encoder, Kind, str]
"""What a vector is made of: the model, how it reads the text, and the text."""

_BATCH = 32
_GIVEN_BATCH = 500
_GUESSING = 5.0
"""Seconds: what takes no longer needs no estimate, and none is made sooner."""


def wanted(contents: Contents, encoders: Encoders) -> dict[VectorKey, Need]:
    """Every vector that a release of ``contents`` needs, and what to encode for it."""
    needs: dict[VectorKey, Need] = {}

    def need(encoder: Encoder, pieces: Iterable[Piece]) -> None:
        for piece in pieces:
            needs.setdefault(piece.key(encoder), (encoder, piece.kind, piece.text))

    for published in contents.articles:
        own = encoders.of(published.article.language)
        need(own, pieces_of(published))
        if own is not encoders.crossing:
            need(own, stretches_of(published))
            need(encoders.crossing, pieces_of(published, crossing=True))
    for encoder in encoders.distinct:
        for text in (*background_texts(encoder, encoders), *usual_texts(encoder, encoders)):
            needs.setdefault(key_of(encoder.name, Kind.QUERY, text), (encoder, Kind.QUERY, text))
    for intent in intents_of(contents):
        for encoder in encoders.distinct:
            need(encoder, intent_pieces(intent, encoder, encoders))
    return needs


def all_wanted(contents: Contents, encoders: Encoders) -> dict[VectorKey, Need]:
    """The same, and what only the fit needs: the gold questions in the KB's wording."""
    needs = wanted(contents, encoders)
    languages = languages_of(contents)
    for language in languages:
        asked = (one for one in contents.gold if language_asked(one, languages) == language)
        texts = [one.text for one in asked if says_something(one.text)]
        if not texts:
            continue
        wording = Wording.of(contents, language)
        for text in map(wording.question, map(clean, texts)):
            for encoder in dict.fromkeys((encoders.of(language), encoders.crossing)):
                needs.setdefault(key_of(encoder.name, Kind.QUERY, text), (encoder, Kind.QUERY, text))
    return needs


def keys_of(contents: Contents, encoders: Encoders) -> set[VectorKey]:
    """The names of all vectors that building a release of ``contents`` needs, for keeping those that are known."""
    return set(all_wanted(contents, encoders))


def language_asked(question: GoldQuestion | Label, languages: Sequence[str]) -> str:
    """The base language that ``question`` is in, by what is said of it, else by its words.

    Where a file says nothing it is guessed by script, and everything in Latin letters is taken for English: what is not
    among the KB's ``languages``, commonest first, is looked at again.
    """
    said = base(question.language) if question.language else ""
    return said if said in languages else language_of(question.text, languages[0] if languages else "en")


def as_asked(questions: Iterable[GoldQuestion], languages: Sequence[str]) -> list[GoldQuestion]:
    """``questions`` in the languages in which customers of a KB of these ``languages`` would ask them: see
    ``language_asked``. One of language "" stays for the reader to guess."""
    known = {"", *languages}
    return [
        one if base(one.language) in known else replace(one, language=language_asked(one, languages))
        for one in questions
    ]


def encode_missing(
    needs: dict[VectorKey, Need],
    known: VectorCache,
    progress: Progress,
    keep: Keep = lambda vectors: None,
    clock: Callable[[], float] = time.monotonic,
    given: Given = shipped,
) -> dict[VectorKey, NDArray[np.float32]]:
    """Vectors for those of ``needs`` that are not ``known``. Each finished batch is handed to ``keep``.

    What is ``given`` comes first, the rest is encoded. Who keeps the vectors, and passes them as ``known`` after
    whatever happened, has nothing encoded twice. ``clock`` gives seconds, for the estimate of how long the rest will
    take.
    """
    unknown = {key: need for key, need in needs.items() if key not in known}
    new = given(unknown) if unknown else {}
    for batch in _batches({key: unknown[key] for key in new}, _GIVEN_BATCH):
        keep({key: new[key] for key in batch})
    missing = {key: need for key, need in unknown.items() if key not in new}
    encoded, started = 0, clock()
    for batch in _batches(missing):
        encoder, kind, _ = missing[batch[0]]
        texts = [missing[key][2] for key in batch]
        rows = encoder.queries(texts) if kind is Kind.QUERY else encoder.passages(texts)
        vectors = dict(zip(batch, rows, strict=True))
        new |= vectors
        keep(vectors)
        encoded += len(batch)
        done = len(needs) - len(missing) + encoded
        left = _time_left(clock() - started, encoded, len(missing))
        progress(f"reading the knowledge base: {done:,} of {len(needs):,} texts{left}")
    return new


def _batches(missing: Mapping[VectorKey, Need], size: int = _BATCH) -> list[list[VectorKey]]:
    """The texts in batches for one model, read in one way; all models advance alike.

    They differ in speed by a factor of ten: one after the other, no estimate of the rest would be worth anything.
    """
    groups: dict[tuple[str, str], list[VectorKey]] = {}
    # By hash, so that each batch is a fair sample of short and long ones.
    for key in sorted(missing, key=lambda key: key.text_sha256):
        groups.setdefault((key.encoder, key.kind.value), []).append(key)
    placed = [
        ((start + size / 2) / len(keys), name, keys[start : start + size])
        for name, keys in groups.items()
        for start in range(0, len(keys), size)
    ]
    return [batch for *_, batch in sorted(placed, key=lambda each: each[:2])]


def _time_left(seconds: float, done: int, of: int) -> str:
    """How long the rest will take, as the end of a sentence; nothing while that would be a guess."""
    left = seconds * (of - done) / max(1, done)
    if seconds < _GUESSING or left < _GUESSING:
        return ""
    if left < 90:
        return f", about {max(10, round(left, -1)):.0f} seconds left"
    return f", about {counted(round(left / 60), 'minute')} left"
