"""What differs between two versions of an article, passage by passage. Pure."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from kb_content.articles import Article, Passage
from kb_content.passages import split
from kb_content.studio.values import ARTICLE_FIELDS, content_of
from kb_content.studio.words import Marked, counted, marked, shared

ALIKE = 0.4
"""From this share of common words on, one passage is another one that was changed."""
_SAME_HEADING = 0.25
_LISTS = ("questions", "tags")


class Fate(Enum):
    KEPT = "kept"
    CHANGED = "changed"
    ADDED = "added"
    REMOVED = "removed"


@dataclass(frozen=True)
class PassageDiff:
    """What became of one passage. ``before`` and ``after`` are Markdown, with the headings above it."""

    fate: Fate
    heading: str
    before: str
    after: str
    marks: tuple[Marked, ...]
    is_moved: bool = False
    """Whether it stands elsewhere among those that are in both."""


@dataclass(frozen=True)
class FieldDiff:
    """A changed field. Of a list: ``added`` and ``removed``; of another the texts before and after."""

    name: str
    before: str = ""
    after: str = ""
    marks: tuple[Marked, ...] = ()
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()


@dataclass(frozen=True)
class ArticleDiff:
    """All passages in the order of the new version, removed ones where they stood; of the fields those that differ."""

    fields: tuple[FieldDiff, ...]
    passages: tuple[PassageDiff, ...]

    @property
    def is_empty(self) -> bool:
        return not self.fields and all(one.fate is Fate.KEPT and not one.is_moved for one in self.passages)

    def count(self, fate: Fate) -> int:
        return sum(one.fate is fate for one in self.passages)


def diff(old: Article | None, new: Article | None) -> ArticleDiff:
    """From ``old`` to ``new``; None for what is not there."""
    before, after = split(old, 0) if old else (), split(new, 0) if new else ()
    pairs = _pairs(before, after)
    return ArticleDiff(_fields(old, new), tuple(_in_order(before, after, pairs)))


def _fields(old: Article | None, new: Article | None) -> tuple[FieldDiff, ...]:
    before, after = content_of(old) if old else {}, content_of(new) if new else {}
    names = [name for name in ARTICLE_FIELDS if name != "body" and before.get(name) != after.get(name)]
    found = [_field(name, before.get(name), after.get(name)) for name in names]
    return tuple(one for one in found if one.before != one.after or one.added or one.removed)


def _field(name: str, before: Any, after: Any) -> FieldDiff:
    if name in _LISTS:
        old, new = before or [], after or []
        added = tuple(one for one in new if one not in old)
        removed = tuple(one for one in old if one not in new)
        if added or removed:
            return FieldDiff(name, added=added, removed=removed)
        return FieldDiff(name, _shown(old), _shown(new), marked(_shown(old), _shown(new)))
    return FieldDiff(name, _shown(before), _shown(after), marked(_shown(before), _shown(after)))


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return "; ".join(f"{key}: {_shown(one)}" for key, one in value.items())
    if isinstance(value, list):
        return ", ".join(map(_shown, value))
    return "" if value is None else str(value)


def _pairs(before: Sequence[Passage], after: Sequence[Passage]) -> dict[int, int]:
    """By the place of each new passage, the place of the old one that it is."""
    places = {passage.key: place for place, passage in enumerate(before)}
    pairs = {place: places[passage.key] for place, passage in enumerate(after) if passage.key in places}
    old = sorted(set(range(len(before))) - set(pairs.values()))
    new = sorted(set(range(len(after))) - pairs.keys())
    for here, there in _likely([before[place] for place in old], [after[place] for place in new]):
        pairs[new[here]] = old[there]
    return pairs


def _likely(old: Sequence[Passage], new: Sequence[Passage]) -> Iterator[tuple[int, int]]:
    """Which of ``new`` is which of ``old``, by what they say: the most alike first."""
    before, after = [counted(one.text) for one in old], [counted(one.text) for one in new]
    pairs = [(here, there) for here in range(len(new)) for there in range(len(old))]
    bonus = [_SAME_HEADING if old[there].heading == new[here].heading else 0.0 for here, there in pairs]
    alike = [shared(before[there], after[here]) + more for (here, there), more in zip(pairs, bonus, strict=True)]
    scores = sorted((-score, abs(there - here), here, there) for score, (here, there) in zip(alike, pairs, strict=True))
    taken_old: set[int] = set()
    taken_new: set[int] = set()
    for score, _, here, there in scores:
        if -score >= ALIKE and here not in taken_new and there not in taken_old:
            taken_new.add(here)
            taken_old.add(there)
            yield here, there


def _in_order(before: Sequence[Passage], after: Sequence[Passage], pairs: dict[int, int]) -> list[PassageDiff]:
    stayed = _longest_rise([pairs[place] for place in sorted(pairs)])
    gone = [place for place in range(len(before)) if place not in pairs.values()]
    found: list[PassageDiff] = []
    for place, passage in enumerate(after):
        there = pairs.get(place)
        if there in stayed:
            # What was removed before a passage that stayed stood there.
            while gone and gone[0] < (there or 0):
                found.append(_removed(before[gone.pop(0)]))
        found.append(_passage(before[there] if there is not None else None, passage, there not in stayed))
    return [*found, *(_removed(before[place]) for place in gone)]


def _passage(old: Passage | None, new: Passage, is_moved: bool) -> PassageDiff:
    after = _markdown(new)
    if old is None:
        return PassageDiff(Fate.ADDED, new.heading, "", after, marked("", after))
    before = _markdown(old)
    fate = Fate.KEPT if before == after else Fate.CHANGED
    return PassageDiff(fate, new.heading, before, after, marked(before, after), is_moved)


def _removed(old: Passage) -> PassageDiff:
    return PassageDiff(Fate.REMOVED, old.heading, _markdown(old), "", marked(_markdown(old), ""))


def _markdown(passage: Passage) -> str:
    return "\n\n".join(filter(None, (passage.lead, passage.text)))


def _longest_rise(places: Sequence[int]) -> set[int]:
    """The most of ``places`` that are in rising order: all others were moved."""
    ends: list[int] = []
    at: list[int] = []
    for place in places:
        at.append(bisect_left(ends, place))
        ends[at[-1] : at[-1] + 1] = [place]
    kept: set[int] = set()
    wanted = len(ends) - 1
    for place, length in zip(reversed(places), reversed(at), strict=True):
        if length == wanted:
            kept.add(place)
            wanted -= 1
    return kept
