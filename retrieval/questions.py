"""The questions that a knowledge base asks itself so that its confidence can be fitted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np

from kb_content.articles import GoldQuestion
from retrieval.discriminant import left_out
from retrieval.index import Floats, Ints, Without
from retrieval.labels import Label
from retrieval.pieces import Piece, Role, pieces_of
from retrieval.ranking import Marks, levels_of
from retrieval.spaces import Space
from retrieval.texts import clean, says_something
from retrieval.variants import base
from retrieval.vectors import VectorCache
from retrieval.view import Asked, Evidence, HeldOut, View

_NOTHING: VectorCache = MappingProxyType({})
_TWIN = 0.91
"""Two questions this close are the same question: who has seen one has seen the other. A cosine would not say it: some
encoders find any two questions of a KB very similar. See ``_twins_from``."""


@dataclass(frozen=True)
class Row:
    """One question put to the KB with what it must not see hidden. ``right``: which candidates are right."""

    group: str
    """The article that it belongs to: no fold has rows of one article on both sides."""
    answerable: bool
    weight: float
    evidence: Evidence
    right: Marks
    words: list[str]
    levels: tuple[float, ...]
    twin: Row | None = None
    """Of a question asked without its article: the same question asked with it."""
    known: Marks | None = None
    """Of which candidates it is known whether they are right; None for all."""
    is_own: bool = True
    """An example of the KB; else a gold question or an outcome."""
    text: str = ""
    vectors: tuple[Floats, ...] = ()


def own_rows(view: View) -> Iterator[Row]:
    """Each question of each article, once without itself (answerable) and once without its article (not).

    Near-twins of a question are hidden with it.
    """
    members = [n for n, one in enumerate(view.articles) if base(one.article.language) == base(view.language)]
    if not members:
        return
    # The customer's own language is the first space.
    home, count = view.spaces[0], len(view.articles)
    second = view.second if view.larger == 0 else None
    twins = _twins(home, members)
    (alone, apart), (alone_second, apart_second) = _held_out(home, count, twins), _held_out(second, count, twins)
    for article in members:
        pieces = [piece for piece in pieces_of(view.articles[article]) if piece.role is not Role.PASSAGE]
        first = int(home.shorts.starts[article])
        for row, piece in enumerate(pieces):
            if piece.role is Role.HEADING or (piece.role is Role.TITLE and len(pieces) > 1):
                continue
            at = first + row
            asked = _own(view, at, piece, second)
            with_it = None
            if piece.role is Role.QUESTION:
                without = Without(article, tuple((twins[at] - first).tolist()))
                with_it = _row(
                    view, article, piece.text, asked, HeldOut(_at(alone, at), _at(alone_second, at)), without
                )
                yield with_it
            held_out = HeldOut(_at(apart, at), _at(apart_second, at))
            yield replace(_row(view, article, piece.text, asked, held_out, Without(article)), twin=with_it)


def asked_rows(view: View, asked: Sequence[GoldQuestion | Label], vectors: VectorCache = _NOTHING) -> Iterator[Row]:
    """Gold questions and labelled outcomes in the view's language; they are in no index, so nothing is hidden.

    What is not among ``vectors`` is encoded.
    """
    for number, question in enumerate(asked):
        if not says_something(question.text):
            continue
        read = view.asked(clean(question.text), second=True, known=vectors)
        evidence = view.evidence(read)
        ids = [view.articles[n].article.id for n in evidence.articles.tolist()]
        label = _label(question)
        right = np.array([name in label.right for name in ids], np.bool_)
        known = None
        if not (label.right or label.unanswerable):
            known = np.array([name in label.wrong for name in ids], np.bool_)
        yield Row(
            group=label.right[0] if label.right else f"\0{number}",
            answerable=bool(label.right),
            weight=label.weight,
            evidence=evidence,
            right=right,
            words=read.words,
            levels=levels_of(view, read),
            known=known,
            is_own=False,
            text=clean(question.text),
            vectors=read.vectors,
        )


def together(view: View, rows: Sequence[Row]) -> list[str]:
    """Of each row the name of the group that must stay on one side of every fold: its article's, or its twins'."""
    names = [row.group for row in rows]
    asked = [n for n, row in enumerate(rows) if not row.is_own and row.vectors]
    if len(asked) < 2:
        return names
    vectors = np.stack([rows[n].vectors[0] for n in asked])
    near = vectors @ vectors.T >= _twins_from(view.spaces[0])
    for place, n in enumerate(asked):
        first = asked[int(near[place].argmax())]
        if first != n:
            old, new = names[n], names[first]
            names = [new if name == old else name for name in names]
    return names


def _label(question: GoldQuestion | Label) -> Label:
    if isinstance(question, Label):
        return question
    return Label(question.text, question.language, tuple(question.expect), unanswerable=not question.expect)


def _row(view: View, article: int, text: str, asked: Asked, held_out: HeldOut, without: Without) -> Row:
    evidence = view.evidence(asked, without, held_out)
    is_there = without.rows is not None
    return Row(
        group=view.articles[article].article.id,
        answerable=is_there,
        weight=1.0,
        evidence=evidence,
        right=(evidence.articles == article) & is_there,
        words=asked.words,
        levels=levels_of(view, asked, without),
        text=text,
        vectors=asked.vectors,
    )


def _own(view: View, at: int, piece: Piece, second: Space | None) -> Asked:
    """A short text of the KB as a question; its vectors are known where its encoders have read it as a text."""
    again = second.shorts.rows[at] if second else None
    known = {view.spaces[0].encoder.name: view.spaces[0].shorts.rows[at]}
    if second and again is not None:
        known[second.encoder.name] = again
    if any(space.encoder.name not in known for space in view.spaces):
        return view.asked(piece.text)
    vectors = tuple(known[space.encoder.name] for space in view.spaces)
    return Asked(vectors, view.wording.words(piece.text), again)


def _twins(home: Space, members: Sequence[int]) -> list[Ints]:
    """Of each short text of ``home`` the rows of its article that say nearly the same, itself included."""
    found: list[Ints] = []
    least = _twins_from(home)
    for article in members:
        rows = home.shorts.rows_of(article)
        vectors = home.shorts.rows[rows]
        near = vectors @ vectors.T >= least
        np.fill_diagonal(near, True)
        found += [rows[row] for row in near]
    return found


def _twins_from(space: Space) -> float:
    """The cosine from which two questions are near-twins, as ``space`` sees them: so far on the way from the mean
    similarity of its texts to 1."""
    level = float(space.shorts.mean @ space.shorts.mean)
    return level + (1 - level) * (_TWIN - space.encoder.lift)


def _held_out(space: Space | None, articles: int, twins: list[Ints]) -> tuple[Floats | None, ...]:
    """Discriminant scores of all short texts without themselves and their twins, and without their whole articles."""
    if space is None or space.discriminant is None:
        return None, None
    vectors, groups = space.shorts.rows, space.shorts.group
    return left_out(vectors, groups, articles, twins, [space.shorts.rows_of(group) for group in groups.tolist()])


def _at(scores: Floats | None, row: int) -> Floats | None:
    return None if scores is None else scores[row]
