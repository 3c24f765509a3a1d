"""What of a knowledge base is encoded, and by which model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from kb_content.articles import Passage, PublishedArticle
from kb_content.headings import asked_headings
from retrieval.chinese import simplified
from retrieval.encoders import Encoder
from retrieval.errors import VectorsMissing
from retrieval.sharing import OfArticle
from retrieval.texts import clean, says_something, without_markup
from retrieval.variants import base
from retrieval.vectors import Kind, VectorCache, VectorKey, sha256_of

_CROSSING_LENGTH = 240
"""Characters of a passage that are encoded for questions in other languages: with more of them it takes longer, and
is not found more often."""


class Role(Enum):
    TITLE = "title"
    QUESTION = "question"
    HEADING = "heading"
    """A heading that asks: not an example that a customer would say, yet found as one."""
    PASSAGE = "passage"
    STRETCH = "stretch"
    """A sentence or two of a passage without what stands above it, see ``retrieval.stretches``."""


@dataclass(frozen=True)
class Piece:
    """One text of an article as one model reads it. ``position`` is the number of its question or passage."""

    role: Role
    text: str
    position: int

    @property
    def kind(self) -> Kind:
        return Kind.PASSAGE if self.role in (Role.PASSAGE, Role.STRETCH) else Kind.QUERY

    def key(self, encoder: Encoder) -> VectorKey:
        """What names its vector by ``encoder``."""
        return VectorKey(encoder.name, self.kind, self._sha256)

    @cached_property
    def _sha256(self) -> str:
        return sha256_of(self.text)


def pieces_of(published: PublishedArticle, crossing: bool = False) -> Sequence[Piece]:
    """The title, the questions, the headings that ask, and the passages (each after its heading path) of one article.

    ``crossing``: as they are encoded for questions in other languages, with only the beginning of each passage.
    """
    return _crossing_pieces(published) if crossing else _own_pieces(published)


def _pieces(published: PublishedArticle) -> Sequence[Piece]:
    article = published.article
    read = simplified if base(article.language) == "zh" else str
    pieces = [Piece(Role.TITLE, read(clean(article.title)) or article.id, 0)]
    asked = [read(clean(text)) for text in article.questions if says_something(text)]
    pieces += [Piece(Role.QUESTION, text, n) for n, text in enumerate(asked)]
    headings = dict.fromkeys(read(clean(words)) for words, _ in asked_headings(published))
    pieces += [Piece(Role.HEADING, words, n) for n, words in enumerate(headings) if words not in asked]
    texts = [read(passage_text(passage, article.title)) for passage in published.passages]
    return pieces + [Piece(Role.PASSAGE, text, n) for n, text in enumerate(texts)]


_own_pieces = OfArticle(_pieces)


def _shortened(published: PublishedArticle) -> Sequence[Piece]:
    return [
        replace(piece, text=piece.text[:_CROSSING_LENGTH])
        if piece.role is Role.PASSAGE and len(piece.text) > _CROSSING_LENGTH
        else piece
        for piece in _own_pieces(published)
    ]


_crossing_pieces = OfArticle(_shortened)


def passage_text(passage: Passage, title: str) -> str:
    """A passage with the title and headings that it stands under: alone it often does not say what it is about."""
    heading = passage.heading if passage.heading.startswith(title) else f"{title} › {passage.heading}"
    return clean(f"{heading.replace(' › ', ': ')}. {without_markup(passage.text)}", 4_000)


def stacked(vectors: VectorCache, encoder: Encoder, pieces: Sequence[Piece]) -> NDArray[np.float32]:
    """The vectors of ``pieces``: shape (pieces, dimension). Raises VectorsMissing."""
    keys = [piece.key(encoder) for piece in pieces]
    missing = sum(key not in vectors for key in keys)
    if missing:
        raise VectorsMissing(
            f"{missing} of {len(keys)} texts of this release have no vectors by {encoder.name}. "
            "Publish the knowledge base again (`firstline kb publish`) to make them."
        )
    return np.stack([vectors[key] for key in keys]) if keys else np.empty((0, encoder.dimension), np.float32)
