"""Passages of different articles that say the same thing twice, or the same thing differently."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import fuzz

from bot.learning.worklist.clusters import level_of
from bot.learning.worklist.findings import Finding, key_of
from bot.learning.worklist.models import WorkKind
from bot.learning.worklist.seen import Seen, base
from kb_content.articles import Passage, PublishedArticle
from kb_content.studio.facts import Facts, facts, turned
from kb_content.studio.statements import Shape, Statement, statements
from retrieval.encoders import Encoder, Encoders
from retrieval.pieces import Role, pieces_of
from retrieval.vectors import VectorCache
from retrieval.vectors import key_of as vector_key

NEAR, SAME = 0.8, 0.9
"""How near two passages lie, from which on they may contradict each other, and say the same."""
_SAME_WORDS = 75.0
_SAME_STATEMENT = 82.0
"""Of 100, how much of their words two passages share that are duplicates, and two statements about one thing."""
_BLOCK = 512
_MOST, _MOST_PAIRS = 200, 5_000
_SHOWN = 3


@dataclass(frozen=True)
class Pair:
    """Two passages of different articles of one language. ``near``: their likeness, 1 for the same."""

    one: Passage
    other: Passage
    near: float


@dataclass(frozen=True)
class Clash:
    """Two statements about one thing that differ in a number, or of which one denies the other."""

    one: str
    other: str
    kind: str


def alike(seen: Seen, encoders: Encoders, vectors: VectorCache) -> list[Finding]:
    """Contradictions first, then duplicates: of a pair that contradicts itself nothing is to be thrown away unread."""
    found: list[Finding] = []
    articles = sorted(seen.held.articles, key=lambda one: (base(one.article.language), one.article.id))
    for language, several in groupby(articles, key=lambda one: base(one.article.language)):
        pairs = near_pairs(list(several), encoders.of(language), vectors)
        clashing = [(pair, clash) for pair in pairs for clash in clashes(pair, language)]
        found += _contradictions(seen, clashing)
        apart = {id(pair) for pair, _ in clashing}
        found += _duplicates(seen, [pair for pair in pairs if pair.near >= SAME and id(pair) not in apart])
    return found


def near_pairs(articles: Sequence[PublishedArticle], encoder: Encoder, vectors: VectorCache) -> list[Pair]:
    """Pairs of passages of different articles that lie at least NEAR to each other, the nearest first."""
    passages, rows = _encoded(articles, encoder, vectors)
    if len(passages) < 2:
        return []
    names = {passage.article_id: number for number, passage in enumerate(passages)}
    owner = np.array([names[passage.article_id] for passage in passages])
    level, lift = level_of(rows), encoder.lift
    found: list[Pair] = []
    for start in range(0, len(rows), _BLOCK):
        # A cosine says how near two texts are only beside what is usual between texts of this KB.
        near = (rows[start : start + _BLOCK] @ rows.T - level) / (1 - level) + lift
        is_pair = (near >= NEAR) & (owner[start : start + _BLOCK, None] != owner[None])
        is_pair &= np.arange(start, start + len(near))[:, None] < np.arange(len(rows))[None]
        ones, others = np.nonzero(is_pair)
        nearest = np.argsort(-near[ones, others], kind="stable")[:_MOST_PAIRS]
        found += [
            Pair(passages[start + one], passages[other], min(1.0, float(near[one, other])))
            for one, other in zip(ones[nearest].tolist(), others[nearest].tolist(), strict=True)
        ]
    return sorted(found, key=lambda pair: -pair.near)[:_MOST_PAIRS]


def clashes(pair: Pair, language: str) -> Iterator[Clash]:
    """The statements in which the passages contradict each other. Pure."""
    said = statements(pair.other.text)
    for one in statements(pair.one.text):
        same = max(said, key=lambda other: _same(one, other), default=None)
        if same is not None and _same(one, same) >= _SAME_STATEMENT and one.key != same.key:
            kind = clash_of(facts(one, language), facts(same, language), language)
            if kind is not None:
                yield Clash(one.text, same.text, kind)


def clash_of(one: Facts, other: Facts, language: str) -> str | None:
    """In what two statements about one thing contradict each other: number, negation, or nothing."""
    if one.negations % 2 != other.negations % 2 or turned(one, other, language):
        return "negation"
    lost, gained = one.numbers - other.numbers, other.numbers - one.numbers
    return "number" if lost and gained else None


def _same(one: Statement, other: Statement) -> float:
    """How much two statements are about one thing, 0 to 100: their words without numbers."""
    if Shape.CODE in (one.shape, other.shape) or Shape.HEADING in (one.shape, other.shape):
        return 0.0
    return float(fuzz.ratio(_wordy(one.text), _wordy(other.text)))


def _wordy(text: str) -> str:
    return "".join(character for character in text.casefold() if not character.isdigit())


def _contradictions(seen: Seen, found: Sequence[tuple[Pair, Clash]]) -> Iterator[Finding]:
    for pair, clash in found[:_MOST]:
        told = _told(seen, pair)
        yield Finding(
            WorkKind.CONTRADICTION,
            key_of(pair.one.language, pair.one.article_id, pair.other.article_id, clash.one, clash.other),
            base(pair.one.language),
            clash.one,
            told,
            told=told,
            detail={**_both(seen, pair), "clash": vars(clash)},
        )


def _duplicates(seen: Seen, pairs: Sequence[Pair]) -> Iterator[Finding]:
    """One finding for two articles, however many of their passages say the same."""
    together: dict[tuple[str, str], list[Pair]] = {}
    for pair in pairs:
        if fuzz.token_set_ratio(_wordy(pair.one.text), _wordy(pair.other.text)) >= _SAME_WORDS:
            together.setdefault((pair.one.article_id, pair.other.article_id), []).append(pair)
    for (one, other), several in list(together.items())[:_MOST]:
        first, told = several[0], _told(seen, several[0])
        yield Finding(
            WorkKind.DUPLICATE,
            key_of(first.one.language, one, other),
            base(first.one.language),
            f"{seen.title(one, first.one.language)} · {seen.title(other, first.other.language)}",
            len(several),
            told=told,
            detail={**_both(seen, first), "passages": [_texts(pair) for pair in several[:_SHOWN]]},
        )


def _both(seen: Seen, pair: Pair) -> dict[str, object]:
    sides = (pair.one, pair.other)
    return {
        "near": round(pair.near, 3),
        "articles": [
            {
                "article": side.article_id,
                "language": side.language,
                "title": seen.title(side.article_id, side.language),
                "anchor": side.anchor,
            }
            for side in sides
        ],
    }


def _texts(pair: Pair) -> list[str]:
    return [pair.one.text, pair.other.text]


def _told(seen: Seen, pair: Pair) -> int:
    return sum(seen.told[side.article_id, base(side.language)] for side in (pair.one, pair.other))


def _encoded(
    articles: Sequence[PublishedArticle], encoder: Encoder, vectors: VectorCache
) -> tuple[list[Passage], NDArray[np.float32]]:
    """The passages that have vectors, and those: shape (passages, dimension)."""
    passages, rows = [], []
    for one in articles:
        for piece in pieces_of(one):
            key = vector_key(encoder.name, piece.kind, piece.text)
            if piece.role is Role.PASSAGE and key in vectors:
                passages.append(one.passages[piece.position])
                rows.append(vectors[key])
    return passages, np.stack(rows) if rows else np.empty((0, encoder.dimension), np.float32)
