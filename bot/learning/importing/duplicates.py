"""Articles of an import that say what another one says already: found by their passages' vectors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SAME = 0.9
"""How near two passages lie that say the same."""
_BLOCK = 512
_ENOUGH = 30
"""Passages from which on it can be told what likeness is usual in this knowledge base."""
_USUAL = 0.8
"""The usual likeness under a model that finds everything alike."""


@dataclass(frozen=True)
class Piece:
    """A passage of an article. ``is_new``: of the import."""

    article: str
    text: str
    is_new: bool


@dataclass(frozen=True)
class Duplicate:
    """An article of the import that another says, too: ``passages`` of its ``of``. ``texts``: the nearest two."""

    article: str
    other: str
    other_is_new: bool
    near: float
    passages: int
    of: int
    texts: tuple[str, str]


def duplicates(pieces: Sequence[Piece], rows: NDArray[np.float32], lift: float) -> list[Duplicate]:
    """The duplicates among ``pieces``, whose unit vectors are ``rows`` (shape (pieces, dimension)), of one language.

    Each passage of the import counts for the one article that has the passage nearest to it. ``lift``: see
    ``retrieval.encoders``.
    """
    import numpy as np

    new = [number for number, piece in enumerate(pieces) if piece.is_new]
    if not new or len(pieces) < 2:
        return []
    names = {name: number for number, name in enumerate(dict.fromkeys(piece.article for piece in pieces))}
    owner = np.array([names[piece.article] for piece in pieces])
    usual = _usual(rows, lift)
    hits: dict[tuple[str, str], list[tuple[float, int, int]]] = {}
    for start in range(0, len(new), _BLOCK):
        block = np.array(new[start : start + _BLOCK])
        near = (rows[block] @ rows.T - usual) / (1 - usual) + lift
        near[owner[block, None] == owner[None]] = -1.0
        best = near.argmax(axis=1)
        for place, number in enumerate(block.tolist()):
            likeness = min(1.0, float(near[place, best[place]]))
            if likeness >= SAME:
                other = int(best[place])
                hits.setdefault((pieces[number].article, pieces[other].article), []).append((likeness, number, other))
    return _found(pieces, hits)


def _usual(rows: NDArray[np.float32], lift: float) -> float:
    """The mean likeness of two different passages: a cosine says something only beside it."""
    if len(rows) < _ENOUGH:
        return _USUAL if lift else 0.0
    total, count = rows.sum(axis=0), len(rows)
    return min(0.95, max(0.0, float((total @ total - count) / (count * (count - 1)))))


def _found(pieces: Sequence[Piece], hits: dict[tuple[str, str], list[tuple[float, int, int]]]) -> list[Duplicate]:
    lengths: dict[str, int] = {}
    for piece in pieces:
        lengths[piece.article] = lengths.get(piece.article, 0) + 1
    found = []
    for (article, other), several in hits.items():
        likeness, one, its = max(several)
        # Two new ones that are each other's duplicates are said once.
        if pieces[its].is_new and (other, article) in hits and other < article:
            continue
        texts = (pieces[one].text, pieces[its].text)
        found.append(
            Duplicate(article, other, pieces[its].is_new, round(likeness, 3), len(several), lengths[article], texts)
        )
    return sorted(found, key=lambda one: (-one.passages / one.of, -one.near, one.article))
