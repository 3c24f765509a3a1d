"""Reading: what a question costs beside the encoders, at 1,000 and at 10,000 passages."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Sequence
from random import Random
from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from bench.figure import Figure
from kb_content.articles import Article, Contents, Passage, PublishedArticle

if TYPE_CHECKING:
    from retrieval.encoders import Vectors
    from retrieval.reader import Reader

_EACH = 5
"""Passages and questions of an article."""
_SENTENCE = 12
"""Words of a sentence."""
_ASKED = 200
_WARM_UPS = 20
_CHINESE = ["忘记密码了登不上去", "怎么把报表导出成表格"] * 40

Asked = TypeVar("Asked")


def measure() -> Iterator[Figure]:
    """The encoders themselves, reading with the question's vector known beforehand, and the bare search."""
    from retrieval.encoders import load_encoders

    encoders = load_encoders(None, lambda sentence: None)
    questions = [_text(Random(number), 9) for number in range(_ASKED)]
    english = _p50(lambda text: encoders.encode_queries([text], "en"), questions)
    chinese = _p50(lambda text: encoders.encode_queries([text], "zh"), _CHINESE)
    yield Figure("English encoder, one question, p50", english, "ms")
    yield Figure("encoder of other languages, one question, p50", chinese, "ms")
    for passages, goal in ((1_000, 2.0), (10_000, None)):
        reader = _reader(passages)
        beside = _p50(reader.read, questions)
        yield Figure(f"reading beside the encoders at {passages:,} passages, p50", beside, "ms", goal)
        yield Figure(f"reading beside the encoders / English encoder at {passages:,}", beside / english, "x")
    index = reader.view_of("en").spaces[0].passages
    search = _p50(index.nearest_articles, [reader.encoders.crossing.queries([text])[0] for text in questions])
    yield Figure("search among 10,000 passages, p50", search, "ms", 1.0)


def _p50(ask: Callable[[Asked], object], questions: Sequence[Asked]) -> float:
    """The median time of one call in milliseconds, after a few that do not count."""
    for question in questions[:_WARM_UPS]:
        ask(question)
    times = []
    for question in questions:
        started = perf_counter()
        ask(question)
        times.append((perf_counter() - started) * 1000)
    return median(times)


class _Drawn:
    """An encoder that draws a vector for each text, once: asking again costs nothing, building no minutes."""

    dimension, lift = 384, 0.0

    def __init__(self, name: str) -> None:
        self.name = name
        self._drawn: dict[str, Vectors] = {}

    def queries(self, texts: Sequence[str]) -> Vectors:
        return np.stack([self._drawn[text] if text in self._drawn else self._draw(text) for text in texts])

    passages = queries

    def _draw(self, text: str) -> Vectors:
        row = np.random.default_rng(zlib.crc32(text.encode())).normal(size=384)
        self._drawn[text] = (row / np.linalg.norm(row)).astype(np.float32)
        return self._drawn[text]


def _reader(passages: int) -> Reader:
    """A reader over invented articles with so many passages of about 100 words."""
    from retrieval.encoders import Encoders
    from retrieval.needs import encode_missing, wanted
    from retrieval.reader import Reader

    contents = Contents(tuple(_article(number) for number in range(passages // _EACH)))
    encoders = Encoders({"en": _Drawn("drawn for English")}, _Drawn("drawn for the others"))
    vectors = encode_missing(wanted(contents, encoders), {}, lambda sentence: None)
    return Reader.open(contents, vectors, b"", encoders)


def _article(number: int) -> PublishedArticle:
    random = Random(number)
    name = f"article-{number}"
    title = _text(random, 5)
    asked = tuple(_text(random, 8) for _ in range(_EACH))
    passages = tuple(
        Passage(name, "en", 1, f"{number}-{place}", f"p{place}", title, _sentences(random, 100), place)
        for place in range(_EACH)
    )
    return PublishedArticle(Article(name, "en", title, "", asked), 1, passages)


def _sentences(random: Random, words: int) -> str:
    return " ".join(f"{_text(random, _SENTENCE)}." for _ in range(words // _SENTENCE))


def _text(random: Random, words: int) -> str:
    """Invented words, the commonest ones often, as in real text."""
    return " ".join(f"word{int(random.paretovariate(0.9)) % 5_000}" for _ in range(words))
