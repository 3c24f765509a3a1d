"""Texts that say much the same, in the full-text index of both databases: those that share the rarest words.

How rare a word is, is judged by the newest texts. So there is no list of words that mean nothing, in any language.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence

from sqlalchemy import text
from sqlmodel import Session, col, select

from store.fulltext import BEST_ON_SQLITE, LOOKED_THROUGH, RANKED, tokens
from store.models import Searchable

_JUDGED_BY = 1_500
"""Newest texts that say how rare a word is."""
_COMMON = 0.15
"""A word that this share of them holds tells nothing, where there are enough of them to say so."""
_ENOUGH = 40
_MOST_WORDS = 10
_LONG = 6
_FIND = {
    "sqlite": BEST_ON_SQLITE,
    "postgresql": """
        WITH newest AS (
            SELECT subject_id, searchable_words FROM searchable WHERE kind = :kind
            ORDER BY subject_id DESC LIMIT :looked_through),
        found AS (
            SELECT * FROM newest WHERE searchable_words @@ to_tsquery('simple'::regconfig, :query)
            ORDER BY subject_id DESC LIMIT :ranked)
        SELECT subject_id FROM found
        ORDER BY ts_rank(searchable_words, to_tsquery('simple'::regconfig, :query)) DESC, subject_id DESC
        LIMIT :limit""",
}


def weights(session: Session, kind: str, asked: str) -> dict[str, float]:
    """The words of ``asked`` that tell something, at most ``_MOST_WORDS``, each with how much: the rarer the more."""
    wanted = set(tokens(asked))
    if not wanted:
        return {}
    newest = select(Searchable.words).where(Searchable.kind == kind).order_by(col(Searchable.id).desc())
    texts = session.exec(newest.limit(_JUDGED_BY)).all()
    held: Counter[str] = Counter()
    for words in texts:
        held.update(wanted.intersection(words.split(" ")))
    most = len(texts) * _COMMON if len(texts) >= _ENOUGH else len(texts)
    rare = {word: _weight(word, held[word], len(texts)) for word in wanted if held[word] <= most}
    best = sorted(rare, key=lambda word: (-rare[word], -len(word), word))[:_MOST_WORDS]
    return {word: max(rare[word], 0.05) for word in best}


def _weight(word: str, holders: int, texts: int) -> float:
    """While there are few texts, words that only hold a sentence together look rare; most of them are short."""
    is_short = word.isascii() and len(word) < _LONG
    return math.log((texts + 1) / (holders + 0.5)) * (len(word) / _LONG if is_short else 1.0)


def alike(session: Session, kind: str, words: Sequence[str], limit: int) -> list[int]:
    """The ids of the things of ``kind`` that hold any of ``words`` (tokens), those that hold much of them first."""
    if not words:
        return []
    dialect = session.get_bind().dialect.name
    quote, join = ('"', " OR ") if dialect == "sqlite" else ("'", " | ")
    query = join.join(f"{quote}{word}{quote}" for word in words)
    bounds = {"ranked": RANKED} if dialect == "sqlite" else {"ranked": RANKED, "looked_through": LOOKED_THROUGH}
    return list(
        session.execute(text(_FIND[dialect]), {"query": query, "kind": kind, "limit": limit, **bounds}).scalars()
    )


def share(weighed: Mapping[str, float], other: str) -> float:
    """How much of the weighed words ``other`` holds: 1.0 is all."""
    whole = sum(weighed.values())
    there = set(tokens(other))
    return sum(weight for word, weight in weighed.items() if word in there) / whole if whole else 0.0
