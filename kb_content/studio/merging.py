"""Two contents that came from one, made into one again: field by field, texts line by line. Pure but for finding the
base of a draft.

``yours`` is what the editor at the screen wrote, ``theirs`` what somebody else saved or published meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from sqlmodel import Session, col, select

from kb_content.models import Release
from kb_content.studio.faults import THEIRS, YOURS
from kb_content.studio.models import Draft, DraftKind
from kb_content.studio.values import Content, content_of
from kb_content.studio.working import find_article, find_version, is_term, state_under
from kb_content.versions import article_from, sha256_of

TEXTS = ("body", "text")
"""The fields that are merged line by line."""
BETWEEN = "======="
_LOOKED_AT = 50
"""Releases that are looked through for what an intent, a term or a sentence once said."""


@dataclass(frozen=True)
class Conflict:
    """A field that both changed, each in their own way. ``place``: its name, with the key within it after a dot."""

    place: str
    base: Any
    yours: Any
    theirs: Any


@dataclass(frozen=True)
class Merged:
    """``content`` has what both changed. Of a conflict it has yours; in a text both stand there, with lines around."""

    content: Content
    conflicts: tuple[Conflict, ...]


def merge(base: Mapping[str, Any] | None, yours: Mapping[str, Any], theirs: Mapping[str, Any]) -> Merged:
    """What you and they made of ``base``. Without a base whatever differs is a conflict, and lists are put together."""
    conflicts: list[Conflict] = []
    content = _mapping(base, yours, theirs, "", conflicts)
    return Merged(content, tuple(conflicts))


def merge_with_kb(session: Session, draft: Draft) -> Merged:
    """``draft`` with what the KB was given after it was begun; saved by ``drafts.rebase``."""
    there = state_under(session, draft)
    return merge(base_of(session, draft), draft.content, there.content or {})


def base_of(session: Session, draft: Draft) -> Content | None:
    """What the KB said when the draft was begun; None where nobody knows any more, or it said nothing."""
    if not draft.base_sha256:
        return None
    if draft.kind is DraftKind.ARTICLE:
        row = find_article(session, draft.name, draft.language)
        version = find_version(session, row, draft.base) if row else None
        return content_of(article_from(row, version)) if row and version else None
    return next((held for held in _once_said(session, draft) if sha256_of(held) == draft.base_sha256), None)


def merge_lines(base: Sequence[str], yours: Sequence[str], theirs: Sequence[str]) -> tuple[list[str], bool]:
    """The lines of both, and whether some of them are a conflict. All are given without line ends."""
    merged: list[str] = []
    is_conflict = False
    for old, mine, other in _regions(base, yours, theirs):
        if mine in (old, other):
            merged += other
        elif other == old:
            merged += mine
        else:
            is_conflict = True
            merged += [YOURS, *mine, BETWEEN, *other, THEIRS]
    return merged, is_conflict


def _mapping(
    base: Mapping[str, Any] | None,
    yours: Mapping[str, Any],
    theirs: Mapping[str, Any],
    path: str,
    conflicts: list[Conflict],
) -> Content:
    merged: Content = {}
    for key in dict.fromkeys([*yours, *theirs]):
        old = base.get(key) if base is not None else None
        value = _value(base is not None, old, yours.get(key), theirs.get(key), f"{path}{key}", conflicts)
        if value is not None or (key in yours and key in theirs):
            merged[key] = value
    return merged


def _value(has_base: bool, base: Any, yours: Any, theirs: Any, place: str, conflicts: list[Conflict]) -> Any:
    if yours == theirs or (has_base and theirs == base):
        return yours
    if has_base and yours == base:
        return theirs
    if isinstance(yours, list) and isinstance(theirs, list):
        return _list(base if isinstance(base, list) else [], yours, theirs)
    if isinstance(yours, dict) and isinstance(theirs, dict):
        return _mapping(base if isinstance(base, dict) else None, yours, theirs, f"{place}.", conflicts)
    if place in TEXTS and isinstance(yours, str) and isinstance(theirs, str):
        return _text(base if isinstance(base, str) else None, yours, theirs, place, conflicts)
    conflicts.append(Conflict(place, base, yours, theirs))
    return yours


def _list(base: Sequence[Any], yours: Sequence[Any], theirs: Sequence[Any]) -> list[Any]:
    """Their order, without what you took out, with what you put in at the end."""
    kept = [one for one in theirs if one in yours or one not in base]
    return kept + [one for one in yours if one not in base and one not in theirs]


def _text(base: str | None, yours: str, theirs: str, place: str, conflicts: list[Conflict]) -> str:
    mine, other = yours.split("\n"), theirs.split("\n")
    lines, is_conflict = merge_lines(base.split("\n") if base is not None else _common(mine, other), mine, other)
    if is_conflict:
        conflicts.append(Conflict(place, base, yours, theirs))
    return "\n".join(lines)


def _common(yours: Sequence[str], theirs: Sequence[str]) -> list[str]:
    """What two texts share stands in for the one that they came from."""
    blocks = SequenceMatcher(None, yours, theirs, autojunk=False).get_matching_blocks()
    return [line for block in blocks for line in yours[block.a : block.a + block.size]]


Region = tuple[list[str], list[str], list[str]]


def _regions(base: Sequence[str], yours: Sequence[str], theirs: Sequence[str]) -> Iterator[Region]:
    """The three texts in pieces that belong together: what all share, and what is between."""
    old = mine = other = 0
    for start, end, here, there in _shared(base, yours, theirs):
        yield list(base[old:start]), list(yours[mine:here]), list(theirs[other:there])
        same = list(base[start:end])
        yield same, same, same
        old, mine, other = end, here + end - start, there + end - start


def _shared(base: Sequence[str], yours: Sequence[str], theirs: Sequence[str]) -> Iterator[tuple[int, int, int, int]]:
    """Where all three have the same lines: start and end in ``base``, start in the others. The ends are the last."""
    mine = _matches(base, yours)
    other = _matches(base, theirs)
    first = second = 0
    while first < len(mine) and second < len(other):
        (a, b, size), (c, d, width) = mine[first], other[second]
        start, end = max(a, c), min(a + size, c + width)
        if start < end:
            yield start, end, b + start - a, d + start - c
        if a + size < c + width:
            first += 1
        else:
            second += 1
    yield len(base), len(base), len(yours), len(theirs)


def _matches(base: Sequence[str], other: Sequence[str]) -> list[tuple[int, int, int]]:
    return [
        (block.a, block.b, block.size)
        for block in SequenceMatcher(None, base, other, autojunk=False).get_matching_blocks()
    ]


def _once_said(session: Session, draft: Draft) -> Iterator[Content]:
    """What releases say of the thing, the newest first."""
    query = select(Release.intents, Release.glossary, Release.sentences).order_by(col(Release.id).desc())
    for intents, glossary, sentences in session.exec(query.limit(_LOOKED_AT)):
        if draft.kind is DraftKind.INTENT:
            yield from (one for one in intents if one["name"] == draft.name)
        elif draft.kind is DraftKind.TERM:
            yield from (one for one in glossary if is_term(one, draft.name, draft.language))
        else:
            same = (one for one in sentences if (one["key"], one["language"]) == (draft.name, draft.language))
            yield from ({"text": one["text"]} for one in same)
