"""The words that a knowledge base says: of each article once, put together anew for each view."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from kb_content.articles import PublishedArticle
from retrieval.chinese import simplified
from retrieval.index import Ints
from retrieval.pieces import Role, pieces_of
from retrieval.sharing import OfArticle
from retrieval.texts import plain_key
from retrieval.words import Postings, Rarity, WordIndex, words_once

Said = Sequence[tuple[str, ...]]
"""The tokens of one text after the other."""


@dataclass(frozen=True, eq=False)
class ArticleWords:
    """By which words an article should be found. ``counts``: how many of its texts have each word."""

    shorts: Said
    passages: Said
    counts: dict[str, int]


def article_words(published: PublishedArticle, is_simplified: bool) -> ArticleWords:
    """``is_simplified``: as customers are answered whose questions are turned into simplified Chinese."""
    return _simplified(published) if is_simplified else _as_written(published)


def _words(published: PublishedArticle, form: Callable[[str], str]) -> ArticleWords:
    pieces = pieces_of(published)
    shorts = [words_once(form(piece.text)) for piece in pieces if piece.role is not Role.PASSAGE]
    passages = [words_once(form(piece.text)) for piece in pieces if piece.role is Role.PASSAGE]
    counts = dict(Counter(word for text in (*shorts, *passages) for word in dict.fromkeys(text)))
    return ArticleWords(shorts, passages, counts)


_as_written = OfArticle(lambda published: _words(published, str))


def _in_simplified(published: PublishedArticle) -> ArticleWords:
    is_so = all(simplified(piece.text) == piece.text for piece in pieces_of(published))
    return _as_written(published) if is_so else _words(published, simplified)


_simplified = OfArticle(_in_simplified)

plain_words = OfArticle(
    lambda published: tuple(map(plain_key, (published.article.title, *published.article.questions)))
)
"""The very words of an article's title and its questions, see ``plain_key``."""


@dataclass(frozen=True, eq=False)
class KbWords:
    """The words of all articles of a view, ready to be searched.

    ``short_starts`` and ``passage_starts``: where each article's short texts and passages begin, and the last's end.
    """

    short_words: WordIndex
    passage_words: WordIndex
    short_starts: Ints
    passage_starts: Ints
    rarity: Rarity
    article_words: tuple[dict[str, int], ...]
    """Of each article, how many of its texts have each word."""
    sayers: Postings
    """The articles that have a word anywhere."""

    @property
    def texts(self) -> int:
        """How many texts there are, short ones and passages."""
        return int(self.short_starts[-1] + self.passage_starts[-1])

    @classmethod
    def of(cls, articles: Sequence[ArticleWords]) -> KbWords:
        shorts = [text for one in articles for text in one.shorts]
        passages = [text for one in articles for text in one.passages]
        rarity = Rarity.of([*shorts, *passages])
        counts = tuple(one.counts for one in articles)
        return cls(
            short_words=WordIndex(shorts, rarity),
            passage_words=WordIndex(passages, rarity),
            short_starts=np.cumsum([0, *(len(one.shorts) for one in articles)]),
            passage_starts=np.cumsum([0, *(len(one.passages) for one in articles)]),
            rarity=rarity,
            article_words=counts,
            sayers=Postings(counts),
        )
