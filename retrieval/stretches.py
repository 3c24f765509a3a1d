"""A passage in stretches of a sentence or two, as they stand, without the title and headings above them.

What a customer asks is often said in one of them, while the passage around it speaks of more, and its title of all.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from kb_content.articles import PublishedArticle
from kb_content.blocks import size
from retrieval.pieces import Piece, Role
from retrieval.sharing import OfArticle
from retrieval.texts import clean, says_something, without_markup

_ENOUGH = 20
"""Words from which on a stretch is not filled up with the next sentence."""

_MOST = 12
"""Stretches of one passage; what a long table says further down is found by the passage."""

_LONGEST = 400
_END = re.compile(r"(?<=[.!?;:])\s+|(?<=[。！？；])\s*|\n+")
_FRAME = " \t-*#|"


def stretches_of(published: PublishedArticle) -> Sequence[Piece]:
    """The stretches of all passages of one article, in the order of the passages."""
    return _kept(published)


def _made(published: PublishedArticle) -> Sequence[Piece]:
    return [
        Piece(Role.STRETCH, text, place)
        for place, passage in enumerate(published.passages)
        for text in stretches(passage.text)
    ]


_kept = OfArticle(_made)


def stretches(markdown: str) -> list[str]:
    """The stretches of one passage; a rest that is too short stays with what is before it."""
    found: list[str] = []
    held = ""
    for sentence in _END.split(without_markup(markdown)):
        held = f"{held} {sentence.strip(_FRAME)}".strip()
        if size(held) >= _ENOUGH:
            found.append(held)
            held = ""
    if held and found:
        found[-1] = f"{found[-1]} {held}"
    elif held:
        found.append(held)
    return [clean(text, _LONGEST) for text in found[:_MOST] if says_something(text)]
