"""What one sentence claims, in a form that can be held against another: words, numbers, names, limits, directions."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

import yaml

from retrieval.texts import clean
from retrieval.words import words_of

_LONGEST = 8_000

_HAN = "\u3400-\u9fff"
_TOKEN = re.compile(rf"[a-z]+(?:['’][a-z]+)*|\d+|[{_HAN}]", re.IGNORECASE)
_NOT, _ONLY = "\0", "\1"
_MARKS = {"not": _NOT, "only": _ONLY}
_SENTENCE_END = re.compile(r"[。！？；;\n]|[.!?](?=\s|$)")
_STEP = re.compile(r"(?m)^\s*\d+[.)]\s")
_PRICE = re.compile(r"([€$£¥])\s?(\d+(?:[.,]\d+)*)")
_TIME = re.compile(r"\d{1,2}:\d\d")
_CLAUSE_END = re.compile(r"[;，；、。！？\n]|,(?!\d)|[.!?](?=\s|$)")
_THOUSANDS = re.compile(r",(?=\d{3}(?:\D|$))")
_HAN_NUMBER = re.compile(
    r"([一二三四五六七八九两]?十[一二三四五六七八九]?|[一二三四五六七八九两])(?=分钟|小时|个小时|天|个月|年|秒|次|周|个字符|行)"
)
_HAN_DIGITS = {sign: value for value, sign in enumerate("一二三四五六七八九", 1)} | {"两": 2}

_FROM_TO = re.compile(
    r"\b(from|to|into|before|after|than|until|instead of)\s+(?:the |an? |your |its )*([a-z]+|\d[\d.:]*\d|\d)"
)
_HAN_FROM_TO = re.compile(rf"([从由自到]|至(?!少|多|今))\s*([{_HAN}]{{2}}|[a-z0-9]+)")
_HAN_TIME = re.compile(rf"([{_HAN}]{{2}})[之以]?([前后])(?![台续者缀])")
_DIRECTIONS = {
    "into": "to",
    "从": "from",
    "由": "from",
    "自": "from",
    "到": "to",
    "至": "to",
    "前": "before",
    "后": "after",
}

_CODE = re.compile(
    r"https?://[^\s<>\"'()（）「」，。；]+"
    r"|[\w.+-]+@[\w-]+(?:\.[\w-]+)+"
    r"|`[^`]+`"
    r"|(?<![\w.])(?:[\w-]+\.)+[a-z]{2,}(?:/[\w./-]*)?(?![\w@])"
    r"|(?<![\w/])[$/~-]{1,2}[a-z][\w./-]+"
    r"|(?a:\b\w+(?:[_:=/]\w+)+\b)"
    r"|(?a:\b(?=\w*\d)(?=\w*[a-zA-Z])[\w-]+\b)"
    r"|\b[a-z]+[A-Z]\w*\b"
    r"|\b(?![KMGT]B\b)[A-Z][A-Z0-9]+(?:-[A-Z0-9]+)*\b(?!-\w)"
)
_QUOTED = re.compile(r"[“\"「『《]([^”\"」』》]{1,120})[”\"」』》]")
_PATH = re.compile(rf"((?:[\w'’&-]+|[{_HAN}]{{2}}) >) (?=([a-zA-Z0-9'’&-]+|[{_HAN}]{{2}}))")
_NAME = re.compile(r"(?<=[a-z,;:] )[A-Z][\w-]+")


@dataclass(frozen=True)
class Beside:
    """Something in a sentence, and the content words beside it, the nearest first."""

    said: str
    before: tuple[str, ...]
    behind: tuple[str, ...]

    @property
    def is_alone(self) -> bool:
        return not (self.before or self.behind)

    def is_near_the_same(self, other: Beside) -> bool:
        """Whether any word is beside both."""
        return self.is_alone or bool({*self.before, *self.behind} & {*other.before, *other.behind})

    def has_the_neighbour(self, other: Beside) -> bool:
        """Whether the very next word on one side is near on the same side of ``other``."""
        return (
            self.is_alone
            or bool(set(self.before[:1]) & set(other.before))
            or bool(set(self.behind[:1]) & set(other.behind))
        )


@dataclass(frozen=True)
class Claim:
    """``words``: content words, as stems and single Chinese characters, in order. ``numbers``: value and unit.

    ``exact``: what is said letter by letter: links, commands, names, menu paths. ``limits``: how often each kind of
    limit is said. ``denied``: the words beside each "not"; ``singled``: the one behind each "only"; ``counted``: those
    beside each number, ``named``: beside each name. ``priced``: a code and a number of one clause: (P1, 9 euro).
    ``opposites``: words that have a contrary, units among them.
    """

    text: str
    words: tuple[str, ...]
    pairs: frozenset[str]
    numbers: frozenset[str]
    exact: frozenset[str]
    limits: Mapping[str, int]
    directions: frozenset[tuple[str, str]]
    denied: tuple[Beside, ...]
    singled: frozenset[str]
    counted: tuple[Beside, ...]
    """Each says the number and its unit, as one of ``numbers``, between them a space."""
    named: tuple[Beside, ...]
    priced: frozenset[tuple[str, str]]
    opposites: frozenset[str]

    def says(self, exact: str) -> bool:
        return has(self.text, exact)


@lru_cache(maxsize=4_000)
def claim_of(text: str) -> Claim:
    """What ``text``, a sentence or a few, claims."""
    said = _PRICE.sub(r"\2 \1", clean(text, _LONGEST))
    without_code = _CODE.sub(" · ", said)
    limits, bare = _limits(without_code)
    counted = tuple(_counted(bare))
    words = tuple(_content(bare))
    return Claim(
        text=plain_text(said),
        words=words,
        pairs=frozenset(word for word in words_of(without_code) if re.match(f"[{_HAN}]{{2}}", word)),
        numbers=frozenset(each.said for each in counted),
        exact=frozenset(filter(None, map(plain_text, _exact(said)))),
        limits=MappingProxyType(limits),
        directions=frozenset(_directions(_CODE.sub(_time_alone, said).lower())),
        denied=tuple(Beside("not", before[:2], behind[:2]) for before, behind in _beside(bare, _NOT)),
        singled=frozenset(word for _, behind in _beside(bare, _ONLY) for word in behind[:1]),
        counted=counted,
        named=tuple(_named(bare)),
        priced=frozenset(_priced(said)),
        opposites=frozenset(_contrary(words, without_code)),
    )


def plain_text(text: str) -> str:
    """``text`` for a comparison letter by letter: folded, with single spaces, without marks of code at its ends."""
    return " ".join(clean(text, len(text) + 8).casefold().split()).strip("`.,;:!?。 ")


def has(text: str, exact: str) -> bool:
    """Whether ``exact`` stands in ``text``, not merely within a longer word; both as ``plain_text``."""
    return re.search(rf"(?<![a-z0-9_]){re.escape(exact)}(?![a-z0-9_])", text) is not None


@cache
def _grammar() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(files("bot").joinpath("claims.yml").read_text("utf8"))
    return loaded


@cache
def _idle() -> frozenset[str]:
    return frozenset(_grammar()["idle"].split()) | frozenset(_grammar()["idle_characters"])


@cache
def _opposites() -> tuple[frozenset[str], frozenset[str]]:
    """Stems of English words, and Chinese pairs."""
    stems = (stem for word in _grammar()["opposites"].split() for stem in words_of(word))
    return frozenset(stems), frozenset(_grammar()["opposite_pairs"].split())


@cache
def _limit_patterns() -> dict[str, re.Pattern[str]]:
    return {name: re.compile(pattern.strip(), re.IGNORECASE) for name, pattern in _grammar()["limits"].items()}


@cache
def _units() -> tuple[dict[str, str], re.Pattern[str]]:
    names = {str(word): unit for unit, words in _grammar()["units"].items() for word in words}
    either = "|".join(sorted(map(re.escape, names), key=len, reverse=True))
    return names, re.compile(rf"(?<![a-z0-9.])(\d+(?:[.,]\d+)*)(?:[\s-]*({either})(?![a-z]))?", re.IGNORECASE)


@cache
def _spelled() -> re.Pattern[str]:
    return re.compile(rf"\b({'|'.join(_grammar()['spelled'])})\b", re.IGNORECASE)


def _content(said: str) -> Iterator[str]:
    """Content words in order, without their commonest endings."""
    for found in _TOKEN.findall(said.lower()):
        if found not in _idle() and not found.isdigit():
            yield from words_of(found)[:1]


def _limits(said: str) -> tuple[dict[str, int], str]:
    """How often each kind of limit is said, and the text with a mark for each "not" and "only", without the others."""
    counts: dict[str, int] = {}
    for name, pattern in _limit_patterns().items():
        said, counts[name] = pattern.subn(f" {_MARKS.get(name, '')} ", said)
    return counts, said


def _beside(bare: str, mark: str) -> Iterator[tuple[tuple[str, ...], tuple[str, ...]]]:
    """The content words before each mark, the nearest first, and those behind it, within the same sentence."""
    for place in (found.start() for found in re.finditer(re.escape(mark), bare)):
        yield _near(bare, place, place + 1)


def _near(bare: str, start: int, end: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
    before = _SENTENCE_END.split(bare[:start])[-1]
    behind = _SENTENCE_END.split(bare[end:])[0]
    return tuple(_content(before))[::-1], tuple(_content(behind))


def _counted(bare: str) -> Iterator[Beside]:
    names, pattern = _units()
    said = _spelled().sub(lambda found: str(_grammar()["spelled"][found[1].lower()]), bare)
    said = _HAN_NUMBER.sub(lambda found: str(_han_value(found[1])), said)
    said = _STEP.sub(" ", said)
    for found in pattern.finditer(said):
        before, behind = _near(said, found.start(), found.end())
        unit = names.get((found[2] or "").lower(), "")
        yield Beside(f"{_THOUSANDS.sub('', found[1])} {unit}", before[:2], behind[:2])


def _named(bare: str) -> Iterator[Beside]:
    for found in _NAME.finditer(bare):
        before, behind = _near(bare, found.start(), found.end())
        yield Beside(plain_text(found[0]), before[:2], behind[:2])


def _priced(said: str) -> Iterator[tuple[str, str]]:
    for clause in _CLAUSE_END.split(said):
        codes = [plain_text(code) for code in _CODE.findall(clause) if not _TIME.fullmatch(code)]
        if codes:
            numbers = [each.said for each in _counted(_CODE.sub(" · ", clause))]
            yield from ((code, number) for code in codes for number in numbers)


def _time_alone(code: re.Match[str]) -> str:
    return code[0] if _TIME.fullmatch(code[0]) else " · "


def _contrary(words: Sequence[str], said: str) -> Iterator[str]:
    """Words of which another one says something else altogether."""
    yield from _opposites()[0].intersection(words)
    yield from (pair for pair in _opposites()[1] if pair in said)
    names, _ = _units()
    lowered = said.lower()
    for word, unit in names.items():
        is_there = (
            word in lowered if not word.isascii() else re.search(rf"(?<![a-z]){re.escape(word)}(?![a-z])", lowered)
        )
        if (len(word) > 1 or not word.isalnum()) and is_there:
            yield unit


def _han_value(word: str) -> int:
    tens, ten, ones = word.rpartition("十")
    return 10 * _HAN_DIGITS.get(tens, 1) * bool(ten) + _HAN_DIGITS.get(ones, 0)


def _directions(said: str) -> Iterator[tuple[str, str]]:
    for direction, word in (*_FROM_TO.findall(said), *_HAN_FROM_TO.findall(said)):
        yield _DIRECTIONS.get(direction, direction), word if word[0].isdigit() else (words_of(word) or [word])[0]
    for word, direction in _HAN_TIME.findall(said):
        yield _DIRECTIONS[direction], word


def _exact(said: str) -> Iterator[str]:
    yield from _CODE.findall(said)
    yield from _QUOTED.findall(said)
    yield from _NAME.findall(said)
    yield from (f"{before} {after}" for before, after in _PATH.findall(said))
