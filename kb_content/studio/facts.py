"""What in a statement must not change unnoticed: numbers with units, negations, commands, links and names of buttons.

Pure. ``markers.yml`` has the words.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any

import yaml

from kb_content.studio.statements import Statement

_NUMBER = re.compile(r"\d+(?:[.,:/\-]\d+)*")
_THOUSANDS = re.compile(r"\d{1,3}(?:,\d{3})+\Z")
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_HAN = re.compile(r"[\u3400-\u9fff]")
_CURRENCIES = "$€£¥"


@dataclass(frozen=True)
class Markers:
    """The words of ``markers.yml`` for texts of one language. ``units``: each spelling with the unit's first one."""

    negations: frozenset[str]
    limits: frozenset[str]
    opposites: tuple[frozenset[str], ...]
    apart: tuple[str, ...]
    units: dict[str, str]
    numbers: dict[str, str]
    numerals: dict[str, str]
    measures: str


@dataclass(frozen=True)
class Facts:
    """Of one statement or several together. ``words``: all of its words, for what stands in another's place."""

    numbers: Counter[str]
    negations: int
    limits: int
    words: Counter[str]
    code: Counter[str]
    links: Counter[str]
    names: Counter[str]
    text: str

    def __add__(self, other: Facts) -> Facts:
        return Facts(
            self.numbers + other.numbers,
            self.negations + other.negations,
            self.limits + other.limits,
            self.words + other.words,
            self.code + other.code,
            self.links + other.links,
            self.names + other.names,
            f"{self.text} {other.text}",
        )


def facts(statement: Statement, language: str) -> Facts:
    """The facts of ``statement``, in an article of ``language`` (BCP 47)."""
    markers = markers_of(language.split("-")[0].lower())
    text = unicodedata.normalize("NFKC", statement.text)
    bare = _without(text, (*statement.code, *statement.links)).casefold()
    words = Counter(words_of(bare, markers))
    return Facts(
        numbers=Counter(_numbers(bare, markers)),
        negations=sum(count for word, count in words.items() if word in markers.negations),
        limits=sum(count for word, count in words.items() if word in markers.limits),
        words=words,
        code=Counter(statement.code),
        links=Counter(link.rstrip("/") for link in statement.links),
        names=Counter(statement.names),
        text=text,
    )


def nothing() -> Facts:
    """The facts of no statement."""
    return Facts(Counter(), 0, 0, Counter(), Counter(), Counter(), Counter(), "")


def turned(old: Facts, new: Facts, language: str) -> list[tuple[str, str]]:
    """Words of ``old`` in whose place ``new`` has their opposite."""
    lost, gained = old.words - new.words, new.words - old.words
    found: list[tuple[str, str]] = []
    for opposite in markers_of(language.split("-")[0].lower()).opposites:
        left, came = sorted(opposite & lost.keys()), sorted(opposite & gained.keys())
        if left and came:
            found.append((left[0], came[0]))
    return found


def words_of(text: str, markers: Markers) -> Iterator[str]:
    """The words of folded ``text``; of a script without spaces the markers that stand in it."""
    for word in _WORD.findall(text):
        if not _HAN.search(word):
            bare = word.replace("'", "").replace("’", "")
            # English shortens "not" in more ways than a list would hold.
            yield "not" if bare.endswith("nt") and ("'" in word or "’" in word) else bare
    if _HAN.search(text):
        yield from _markers_in(text, markers)


def _markers_in(text: str, markers: Markers) -> Iterator[str]:
    for longer in markers.apart:
        if longer not in markers.negations and longer not in markers.limits:
            text = text.replace(longer, " ")
    for marker in _unspaced(markers):
        count = text.count(marker)
        yield from [marker] * count
        # 禁止 is one marker, not one and half of another.
        text = text.replace(marker, " ") if count and len(marker) > 1 else text


@lru_cache(maxsize=8)
def _unspaced_of(key: frozenset[str]) -> tuple[str, ...]:
    return tuple(sorted((one for one in key if _HAN.search(one)), key=lambda one: (-len(one), one)))


def _unspaced(markers: Markers) -> tuple[str, ...]:
    return _unspaced_of(markers.negations | markers.limits | frozenset().union(*markers.opposites))


def _numbers(text: str, markers: Markers) -> Iterator[str]:
    """Numbers, each with its unit where one stands beside it: "30 day"."""
    for found in _NUMBER.finditer(text):
        value = found[0].replace(",", "") if _THOUSANDS.match(found[0]) else found[0]
        before = text[: found.start()].rstrip()[-1:]
        unit = markers.units.get(before) if before and before in _CURRENCIES else _unit(text[found.end() :], markers)
        yield f"{value} {unit}".rstrip() if unit else value
    for word in _WORD.finditer(text):
        if word[0] in markers.numbers:
            yield f"{markers.numbers[word[0]]} {_unit(text[word.end() :], markers) or ''}".rstrip()
    for place, character in enumerate(text[:-1]):
        if character in markers.numerals and text[place + 1] in markers.measures:
            yield f"{markers.numerals[character]} {_unit(text[place + 1 :], markers) or ''}".rstrip()


def _unit(after: str, markers: Markers) -> str | None:
    """The unit that ``after`` begins with: the longest spelling that ends where its word ends."""
    after = after.lstrip(" \u00a0-")
    for length in range(min(len(after), 16), 0, -1):
        spelling = after[:length]
        is_whole = not (spelling[-1].isascii() and spelling[-1].isalpha() and after[length : length + 1].isalpha())
        if spelling in markers.units and is_whole:
            return markers.units[spelling]
    return None


def _without(text: str, parts: Sequence[str]) -> str:
    for part in sorted(parts, key=len, reverse=True):
        text = text.replace(unicodedata.normalize("NFKC", part), " ") if part else text
    return text


@cache
def markers_of(language: str) -> Markers:
    """The markers of ``language``; of one that has none, English ones, which code and product names bring along."""
    source = files("kb_content.studio").joinpath("markers.yml").read_text("utf8")
    # Texts only: "no" is a word here.
    loaded: dict[str, Any] = yaml.load(source, Loader=yaml.BaseLoader)
    own, every = loaded.get(language) or loaded["en"], loaded["any"]
    return Markers(
        negations=frozenset(own["negations"]),
        limits=frozenset(own["limits"]),
        opposites=tuple(frozenset(one) for one in own["opposites"]),
        apart=tuple(own.get("apart", ())),
        units={spelling: spellings[0] for spellings in every["units"] for spelling in spellings},
        numbers=dict(every["numbers"]),
        numerals=dict(every["numerals"]),
        measures=every["measures"],
    )
