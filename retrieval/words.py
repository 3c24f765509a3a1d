"""Ranking by words: BM25 over words for spaced scripts and character pairs for Chinese."""

from __future__ import annotations

import re
from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import count
from math import log
from sys import intern
from typing import Any

import numpy as np
from numpy.typing import NDArray

from retrieval.texts import PASSAGE_LIMIT, clean
from store.fulltext import tokens

Ints = NDArray[np.int64]

_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")
_LONGEST_QUESTION = 120
"""Tokens of a question that count; the rest of a long message repeats itself."""


def words_of(text: str) -> list[str]:
    """The tokens of ``text``, with the commonest English endings cut off so that "exports" meets "exporting".

    Chinese characters count alone, too: 改密码 and 修改密码 share more than pairs tell.
    """
    return list(_kept_words(text))


def words_once(text: str) -> tuple[str, ...]:
    """The same of a text that is not looked at again."""
    cleaned = clean(text, PASSAGE_LIMIT)
    # Interned: a word is held once, however many texts have it.
    return tuple(map(intern, (*(stem(token) for token in tokens(cleaned)), *_HAN.findall(cleaned))))


_kept_words = lru_cache(maxsize=20_000)(words_once)
"""Every answer weighs the same sentences of the KB again."""


@lru_cache(maxsize=50_000)
def stem(word: str) -> str:
    """``word`` (in lower case) without its commonest English ending."""
    if len(word) < 5 or not word.isascii() or not word.isalpha():
        return word
    for ending, put in (("ies", "y"), ("ing", ""), ("ed", ""), ("es", ""), ("s", ""), ("e", "")):
        if word.endswith(ending) and len(word) - len(ending) >= 3 and not word.endswith("ss"):
            word = word[: -len(ending)] + put
            break
    # "planning" and "planned" must meet "plan".
    return word[:-1] if len(word) > 4 and word[-1] == word[-2] and word[-1] not in "aeiouls" else word


@dataclass(frozen=True)
class Rarity:
    """How much a word tells in this KB: inverse document frequencies over all indexed texts."""

    counts: dict[str, int]
    """How many texts have the word."""
    weights: dict[str, float]
    unknown: float

    @classmethod
    def of(cls, texts: Sequence[Iterable[str]]) -> Rarity:
        said, total = Postings(texts), len(texts)
        counts = dict(zip(said, said.totals.tolist(), strict=True))
        weights = {word: log(1 + (total - n + 0.5) / (n + 0.5)) for word, n in counts.items()}
        return cls(counts, weights, log(1 + (total + 0.5) / 0.5))

    def __getitem__(self, word: str) -> float:
        return self.weights.get(word, self.unknown)

    def share(self, question: Iterable[str], counts: Mapping[str, int], hidden: Mapping[str, int]) -> float:
        """How much of what ``question`` says, by weight, occurs in texts with ``counts`` less those ``hidden``."""
        # In their own order here and below: what is summed in another gives other last digits.
        words = dict.fromkeys(question)
        total = sum(self[word] for word in words)
        known = sum(self[word] for word in words if counts.get(word, 0) > hidden.get(word, 0))
        return known / total if total else 0.0


class Postings(Mapping[str, Ints]):
    """Of each word the texts that have it, ascending."""

    def __init__(self, texts: Sequence[Iterable[str]]) -> None:
        # A word that is new gets the next number.
        numbers: defaultdict[str, int] = defaultdict(count().__next__)
        lengths, said = np.zeros(len(texts), np.int64), array("q")
        for place, text in enumerate(texts):
            before = len(said)
            said.extend(map(numbers.__getitem__, text))
            lengths[place] = len(said) - before
        size = max(1, len(texts))
        pairs = np.unique(np.frombuffer(said, np.int64) * size + np.repeat(np.arange(len(texts)), lengths))
        self.words, self.texts = pairs // size, pairs % size
        """Word and text of each posting."""
        self.totals = np.bincount(self.words, minlength=len(numbers))
        """How many texts have each word."""
        ends = np.cumsum(self.totals)
        self._slices = dict(zip(numbers, map(slice, (ends - self.totals).tolist(), ends.tolist()), strict=True))

    def __getitem__(self, word: str) -> Ints:
        return self.texts[self._slices[word]]

    def __iter__(self) -> Iterator[str]:
        return iter(self._slices)

    def __len__(self) -> int:
        return len(self._slices)


class WordIndex:
    """BM25 over token lists, its scores divided by the best that the question could reach: between 0 and about 1."""

    def __init__(self, texts: Sequence[Sequence[str]], rarity: Rarity) -> None:
        import bm25s

        self._count = len(texts)
        self._rarity = rarity
        self._said = said = Postings(texts)
        self._index: Any = None
        if len(said):
            self._index = bm25s.BM25(method="lucene", k1=1.2, b=0.75)
            # An empty text would divide by its length.
            self._index.index([list(text) or ["\0"] for text in texts], show_progress=False)
        rarities = np.array([rarity[word] for word in said], np.float32)
        # In the order of the words: what is summed in another gives other last digits.
        weights = np.bincount(said.texts, rarities[said.words], self._count).astype(np.float32)
        self._weights = np.maximum(weights, 1e-6)

    def scores(self, question: Sequence[str]) -> NDArray[np.float32]:
        """One score per text, in the order given."""
        words = list(dict.fromkeys(question[:_LONGEST_QUESTION]))
        known = [word for word in words if word in self._said]
        if not known:
            return np.zeros(self._count, np.float32)
        best = sum(self._rarity[word] for word in words)
        scores: NDArray[np.float32] = self._index.get_scores(known) / np.float32(best)
        return scores

    def returned(self, question: Sequence[str]) -> NDArray[np.float32]:
        """Of each text: how much of what it says, by weight, the question says, too: 0 to 1."""
        found = np.zeros(self._count, np.float32)
        for word in dict.fromkeys(question[:_LONGEST_QUESTION]):
            if word in self._said:
                found[self._said[word]] += np.float32(self._rarity[word])
        return (found / self._weights).astype(np.float32)
