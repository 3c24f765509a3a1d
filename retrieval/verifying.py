"""Whether the indexes of a Reader hold what they were to be built from: ids, counts and digests."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from kb_content.articles import PublishedArticle
from retrieval.encoders import Encoders
from retrieval.index import Floats, VectorIndex
from retrieval.pieces import Piece, Role, pieces_of
from retrieval.reader import Reader
from retrieval.spaces import Space
from retrieval.variants import base
from retrieval.vectors import VectorCache
from retrieval.view import View
from store.counting import counted

_LENGTH_IS_ONE = 0.02
"""How far the length of a vector may lie from 1: those of small models are kept in few bits."""


@dataclass(frozen=True)
class IndexFacts:
    """What the indexes hold. ``articles``: (id, language, version) of each that some view finds, with its passages'
    keys. ``digest``: of all vectors, each counted as often as it is held."""

    articles: dict[tuple[str, str, int], tuple[str, ...]]
    vectors: int
    digest: str

    @property
    def passages(self) -> int:
        return sum(map(len, self.articles.values()))


def index_facts(reader: Reader) -> IndexFacts:
    """What is held now, read back from FAISS."""
    rows = [index.held() for view in reader.views.values() for index in _indexes(view)]
    return IndexFacts(
        articles={
            (one.article.id, one.article.language, one.version): tuple(passage.key for passage in one.passages)
            for view in reader.views.values()
            for one in view.articles
        },
        vectors=sum(map(len, rows)),
        digest=_digest(rows),
    )


def index_faults(reader: Reader, vectors: VectorCache, facts: IndexFacts) -> Iterator[str]:
    """Sentences about what the indexes hold that is not as ``vectors`` say, none where all is."""
    expected = [rows for view in reader.views.values() for rows in _expected(view, reader.encoders, vectors)]
    count = sum(map(len, expected))
    if facts.vectors != count:
        yield f"the index holds {counted(facts.vectors, 'vector')}, the database {count}"
    elif facts.digest != _digest(expected):
        yield "the index holds other vectors than the database"
    if any(_is_broken(rows) for rows in expected):
        yield "some vectors in the database are no unit vectors"


def _indexes(view: View) -> Iterator[VectorIndex]:
    for space in view.spaces if view.second is None else (*view.spaces, view.second):
        yield space.shorts
        yield space.passages


def _expected(view: View, encoders: Encoders, vectors: VectorCache) -> Iterator[Floats]:
    """The rows of each index in their order, found by their texts once more."""
    for space in view.spaces if view.second is None else (*view.spaces, view.second):
        for is_passage in (False, True):
            pieces = [
                piece
                for number in space.members.tolist()
                for piece in _pieces(view.articles[number], space, encoders)
                if (piece.role is Role.PASSAGE) is is_passage
            ]
            keys = [piece.key(space.encoder) for piece in pieces]
            rows = [vectors[key] for key in keys if key in vectors]
            yield np.stack(rows) if rows else np.empty((0, space.encoder.dimension), np.float32)


def _pieces(published: PublishedArticle, space: Space, encoders: Encoders) -> Sequence[Piece]:
    return pieces_of(published, crossing=encoders.of(base(published.article.language)) is not space.encoder)


def _is_broken(rows: Floats) -> bool:
    lengths = np.linalg.norm(rows, axis=1)
    return bool(len(rows)) and not bool(np.all(np.abs(lengths - 1) < _LENGTH_IS_ONE))


def _digest(parts: Iterable[Floats]) -> str:
    digest = hashlib.sha256()
    for rows in parts:
        digest.update(np.ascontiguousarray(rows, "<f4").tobytes())
    return digest.hexdigest()
