"""The questions that a knowledge base asks itself so that its confidence can be fitted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from kb_content.articles import GoldQuestion
from retrieval.confidence import Doubles, Ranking, rank
from retrieval.discriminant import FOLDS, Discriminant, folds_of
from retrieval.index import Floats, Ints, Without
from retrieval.pieces import Role, pieces_of
from retrieval.texts import says_something
from retrieval.view import Evidence, View, base
from retrieval.words import words_of

_GOLD_WEIGHT = 1.0
"""Questions that somebody really asked tell more than examples an editor thought of."""


@dataclass(frozen=True)
class Row:
    """One question put to the KB with what it must not see hidden. ``right``: which candidates are right."""

    group: str
    """The article that it belongs to: no fold has rows of one article on both sides."""
    answerable: bool
    weight: float
    evidence: Evidence
    right: np.ndarray[tuple[int], np.dtype[np.bool_]]
    words: list[str]
    levels: tuple[float, ...]
    twin: Row | None = None
    """Of a question asked without its article: the same question asked with it."""


def own_rows(view: View) -> Iterator[Row]:
    """Each question of each article, once without itself (answerable) and once without its article (not)."""
    members = [n for n, one in enumerate(view.articles) if base(one.article.language) == base(view.language)]
    folds, models = _fold_models(view)
    vectors, groups = view.examples
    for article in members:
        pieces = [piece for piece in pieces_of(view.articles[article]) if piece.role is not Role.PASSAGE]
        first = int(np.searchsorted(groups, article))
        for row, piece in enumerate(pieces):
            if piece.role is Role.TITLE and len(pieces) > 1:
                continue
            vector = vectors[first + row]
            held_out = models[folds[first + row]].scores(vector) if models else None
            twin = None
            if piece.role is Role.QUESTION:
                twin = _row(view, article, piece.text, vector, held_out, Without(article, row))
                yield twin
            yield replace(_row(view, article, piece.text, vector, held_out, Without(article)), twin=twin)


def _row(view: View, article: int, text: str, vector: Floats, held_out: Floats | None, without: Without) -> Row:
    words = words_of(text)
    vectors = view.encode(text) if len(view.spaces) > 1 else [vector]
    evidence = view.evidence(vectors, words, without, None if held_out is None else held_out.copy())
    return Row(
        group=view.articles[article].article.id,
        answerable=without.row is not None,
        weight=1.0,
        evidence=evidence,
        right=(evidence.articles == article) & (without.row is not None),
        words=words,
        levels=levels_of(view, vectors),
    )


def asked_rows(view: View, asked: Sequence[GoldQuestion]) -> Iterator[Row]:
    """Gold questions and labelled outcomes in the view's language; they are in no index, so nothing is hidden."""
    for number, question in enumerate(asked):
        words = words_of(question.text)
        if not says_something(question.text):
            continue
        vectors = view.encode(question.text)
        evidence = view.evidence(vectors, words)
        right = np.array([view.articles[n].article.id in question.expect for n in evidence.articles.tolist()], np.bool_)
        group = question.expect[0] if question.expect else f"\0{number}"
        yield Row(group, bool(question.expect), _GOLD_WEIGHT, evidence, right, words, levels_of(view, vectors))


def levels_of(view: View, vectors: Sequence[Floats]) -> tuple[float, ...]:
    """The question's mean similarity to the short texts of each space."""
    return tuple(float(vector @ space.shorts.mean) for space, vector in zip(view.spaces, vectors, strict=True))


def ranked(view: View, row: Row, weights: Doubles) -> tuple[Ranking, bool]:
    """The row's ranking, and whether its first candidate is right."""
    ranking = rank(view, row.evidence, row.words, row.levels, weights)
    return ranking, bool(row.right[ranking.order[0]])


def _fold_models(view: View) -> tuple[Ints, list[Discriminant]]:
    vectors, groups = view.examples
    folds = folds_of(groups)
    if view.discriminant is None:
        return folds, []
    return folds, [
        Discriminant.fit(vectors[folds != fold], groups[folds != fold], len(view.articles)) for fold in range(FOLDS)
    ]
