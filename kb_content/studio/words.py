"""Two texts held against each other word by word. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import Enum

_TOKEN = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff]|\w+|\s+|.", re.DOTALL)
_LINE = re.compile(r"[^\n]*\n|[^\n]+\Z")
_MANY = 3_000
"""Words from which on two texts are held against each other line by line: word by word would take minutes."""


class Mark(Enum):
    SAME = "same"
    GONE = "gone"
    NEW = "new"


@dataclass(frozen=True)
class Marked:
    """A piece of text and whether both have it, only the old one, or only the new one."""

    mark: Mark
    text: str


def marked(old: str, new: str) -> tuple[Marked, ...]:
    """Both texts as one. Without what is gone it is ``new``, without what is new ``old``."""
    before, after = _pieces(old), _pieces(new)
    if max(len(before), len(after)) > _MANY:
        before, after = _LINE.findall(old), _LINE.findall(new)
    found: list[Marked] = []
    for deed, *places in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        first, end, new_first, new_end = places
        if deed == "equal":
            found.append(Marked(Mark.SAME, "".join(before[first:end])))
            continue
        found.append(Marked(Mark.GONE, "".join(before[first:end])))
        found.append(Marked(Mark.NEW, "".join(after[new_first:new_end])))
    return _readable([one for one in found if one.text])


def likeness(old: str, new: str) -> float:
    """How much of their words two texts share, 0 to 1, whatever the order."""
    return shared(counted(old), counted(new))


def shared(before: Counter[str], after: Counter[str]) -> float:
    """``likeness`` of two texts whose words were ``counted``."""
    total = before.total() + after.total()
    return 2 * (before & after).total() / total if total else 1.0


def counted(text: str) -> Counter[str]:
    """How often each word is there, whatever its case."""
    return Counter(piece.casefold() for piece in _pieces(text) if piece.strip())


def _pieces(text: str) -> list[str]:
    return _TOKEN.findall(text)


def _readable(found: Sequence[Marked]) -> tuple[Marked, ...]:
    """A space alone between two changes is no island: what changes reads as one piece."""
    groups: list[list[Marked]] = []
    for place, one in enumerate(found):
        is_island = one.mark is Mark.SAME and not one.text.strip() and 0 < place < len(found) - 1
        is_change = one.mark is not Mark.SAME or is_island
        if groups and is_change and groups[-1][0].mark is not Mark.SAME:
            groups[-1].append(one)
        else:
            groups.append([one])
    return tuple(piece for group in groups for piece in _joined(group))


def _joined(group: list[Marked]) -> list[Marked]:
    if group[0].mark is Mark.SAME:
        return group
    gone = "".join(one.text for one in group if one.mark is not Mark.NEW)
    new = "".join(one.text for one in group if one.mark is not Mark.GONE)
    return [one for one in (Marked(Mark.GONE, gone), Marked(Mark.NEW, new)) if one.text]
