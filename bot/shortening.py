"""What of one passage answers a question: its own words in its own order, with an ellipsis where others stood.

Steps stay whole; a sentence that introduces a list stays with it; code is never cut inside, tables only between rows;
what limits a sentence that is kept is kept.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from bot.units import Kind, Unit, WordsOf
from kb_content.blocks import size

LONGEST = 1_800
"""Characters of an answer, as far as its steps and its best unit allow."""
GAP = "…"

_SHORT = 60
"""Words of a passage that is said whole."""
_MATCHES = 0.6
TELLS = 0.25
"""Of what was asked, the least that says that a text speaks of it."""
_TELLS_OF_ALL = 0.2
"""The same of the whole question, with the words that no text takes up: "to" is all that "taking my bike to the island"
shares with a page about bicycles, and whichever sentence says it is no answer."""
_SAVES = 0.8
_WHOLE_LIST = 6
"""Items of a list, or rows of a table with its head, that are never separated: a few are read faster than doubted."""
_PICKED = (Kind.SENTENCE, Kind.ITEM, Kind.ROW, Kind.HEAD)

LIMITS = re.compile(
    r"\b(?:only|not|never|must|cannot|unless|except|otherwise|however|but|warning|caution|note|important)\b|n['’]t\b"
    r"|[仅只不未勿但]|除非|必须|禁止|注意|警告|否则|无法",
    re.IGNORECASE,
)
_POINTS_BACK = re.compile(
    r"(?:(?:This|These|That|Those|It|They|Otherwise|However|But|Then|Such|Both|Also|If (?:so|not))\b"
    r"|[这那此该它其但]|否则|不过|因此|所以|然后|另外|同时)"
)
_ABOUT_THE_PAGE = re.compile(
    r"This (?:article|page|guide|section|document|chapter|tutorial)\b|本(?:文|页|节|章|指南|教程)"
)
_NARROWS = re.compile(r"\b(?:only|not for)\b|[仅只]|不适用", re.IGNORECASE)


@dataclass(frozen=True)
class Asked:
    """The words of a question with their weights, and how to find such words in a text."""

    weights: Mapping[str, float]
    words_of: WordsOf
    of: float | None = None
    """The weight of the whole question, where this is a part of it."""

    def weight(self, words: Collection[str]) -> float:
        """How much of the question ``words`` take up."""
        return sum(weight for word, weight in self.weights.items() if word in words)

    def among(self, words: Collection[str]) -> Asked:
        """The question as far as ``words`` could take it up at all."""
        return self._only({word: weight for word, weight in self.weights.items() if word in words})

    def without(self, words: Collection[str]) -> Asked:
        return self._only({word: weight for word, weight in self.weights.items() if word not in words})

    def _only(self, weights: Mapping[str, float]) -> Asked:
        return Asked(weights, self.words_of, self.whole if self.of is None else self.of)

    def is_told_by(self, weight: float) -> bool:
        """Whether ``weight`` is enough of this, and of the whole question, to say that it is spoken of."""
        return weight >= max(TELLS * self.whole, _TELLS_OF_ALL * (self.of or 0.0))

    @property
    def whole(self) -> float:
        return sum(self.weights.values())


def shortened(units: Sequence[Unit], asked: Asked, *, is_main: bool = True, with_steps: bool = True) -> frozenset[int]:
    """The numbers of the units that answer, with what belongs to them; all where nothing is gained by leaving out.

    ``is_main``: said whole where it is short. ``with_steps``: steps are kept whether they say the asked words or not.
    """
    whole = _without_preamble(units, frozenset(range(len(units))))
    scores = [asked.weight(unit.words) for unit in units]
    best = max((score for score, unit in zip(scores, units, strict=True) if unit.kind in _PICKED), default=0.0)
    is_one = all(unit.kind is not Kind.HEADING for unit in units)
    is_short = is_main and is_one and size(render(units, range(len(units)))) <= _SHORT
    if is_short or not best or not asked.is_told_by(best):
        return _trimmed(units, whole, None)
    matched = {
        number
        for number, unit in enumerate(units)
        if scores[number] >= _MATCHES * best or (with_steps and unit.kind is Kind.STEPS)
    }
    # A question about the columns of a table is a question about all of its rows.
    tables = {units[number].block for number in matched if units[number].kind is Kind.HEAD}
    matched |= {number for number, unit in enumerate(units) if unit.block in tables}
    matched = {number for number in matched if units[number].kind is not Kind.HEADING}
    kept = _with_blocks(units, matched | _beside(units, matched))
    kept = _with_headings(units, _without_preamble(units, kept))
    is_shorter = len(render(units, kept)) < _SAVES * len(render(units, whole))
    return _trimmed(units, kept if is_shorter else whole, scores.index(best))


def _without_preamble(units: Sequence[Unit], kept: frozenset[int]) -> frozenset[int]:
    """``kept`` less sentences that only say what the page is about, if anything is left then."""
    idle = {
        number
        for number in kept
        if units[number].kind is Kind.SENTENCE
        and _ABOUT_THE_PAGE.match(units[number].text)
        and not _NARROWS.search(units[number].text)
    }
    left = kept - idle
    return left if any(units[number].kind is not Kind.HEADING for number in left) else kept


def _beside(units: Sequence[Unit], matched: Collection[int]) -> set[int]:
    """What stands beside a matched unit and limits it ("only", "not", 仅, 不), or is the code that it speaks of."""
    found = set()
    for number in matched:
        for near in (number - 1, number + 1):
            if not 0 <= near < len(units):
                continue
            unit, is_after = units[near], near > number
            is_near = is_after or unit.block == units[number].block
            if unit.kind is Kind.SENTENCE and is_near and LIMITS.search(unit.text):
                found.add(near)
            if unit.kind is Kind.WHOLE and is_after and units[number].kind is not Kind.WHOLE:
                found.add(near)
    return found


def _with_blocks(units: Sequence[Unit], kept: set[int]) -> frozenset[int]:
    """``kept`` with what its units cannot do without, repeated until nothing is missing."""
    while True:
        more = {need for number in kept for need in _needs(units, number, kept)} - kept
        if not more:
            return frozenset(kept)
        kept = kept | more


def _needs(units: Sequence[Unit], number: int, kept: Collection[int]) -> Iterator[int]:
    unit = units[number]
    block = [other for other, one in enumerate(units) if one.block == unit.block]
    before, after = block[0] - 1, block[-1] + 1
    if unit.kind in (Kind.ROW, Kind.ITEM) and len(block) <= _WHOLE_LIST:
        yield from block
    if unit.kind is Kind.ROW:
        yield block[0]
    if unit.kind is not Kind.SENTENCE and before >= 0 and units[before].introduces:
        yield before
    if unit.kind is Kind.SENTENCE and number > 0 and _POINTS_BACK.match(unit.text):
        yield number - 1
    if unit.introduces and number == block[-1] and after < len(units):
        following = [other for other, one in enumerate(units) if one.block == units[after].block]
        if not any(other in kept for other in following) and units[after].kind is not Kind.SENTENCE:
            yield from following


def _with_headings(units: Sequence[Unit], kept: frozenset[int]) -> frozenset[int]:
    """``kept`` with the headings inside the passage below which something is kept, and no other."""
    bodies = frozenset(number for number in kept if units[number].kind is not Kind.HEADING)
    heads = [number for number, unit in enumerate(units) if unit.kind is Kind.HEADING]
    ends = [*heads, len(units)][1:]
    used = {head for head, end in zip(heads, ends, strict=True) if any(head < number < end for number in bodies)}
    return bodies | used


def _trimmed(units: Sequence[Unit], kept: frozenset[int], best: int | None) -> frozenset[int]:
    """``kept`` without its last units, as far as it is too long and they are neither steps nor the best."""
    left = set(kept)
    for number in sorted(kept, reverse=True):
        if len(render(units, left)) <= LONGEST or len(left) == 1:
            break
        if units[number].kind is not Kind.STEPS and number != best:
            left.discard(number)
    return _with_headings(units, frozenset(left)) or frozenset(left)


def render(units: Sequence[Unit], kept: Collection[int]) -> str:
    """The kept units as plain text, with an ellipsis wherever others stood."""
    said = ""
    last: int | None = None
    for number in sorted(kept):
        unit = units[number]
        is_gap = number != (0 if last is None else last + 1)
        is_same = last is not None and units[last].block == unit.block
        if last is not None:
            said += _between(units[last], is_same, is_gap)
        elif is_gap:
            said = f"{GAP} " if unit.kind is Kind.SENTENCE else f"{GAP}\n"
        said += unit.text
        last = number
    if last is not None and last + 1 < len(units):
        said += _after(units[last])
    return said


def _between(unit: Unit, is_same: bool, is_gap: bool) -> str:
    if not is_gap:
        return unit.tail if is_same else "\n\n"
    gap = _after(unit)
    return gap + ((" " if unit.kind is Kind.SENTENCE else "\n") if is_same else "\n\n")


def _after(unit: Unit) -> str:
    """The mark of a gap behind ``unit``: never on a line of code."""
    match unit.kind:
        case Kind.SENTENCE:
            return f" {GAP}"
        case Kind.ROW | Kind.ITEM | Kind.HEAD | Kind.STEPS:
            return f"\n{GAP}"
        case _:
            return f"\n\n{GAP}"
