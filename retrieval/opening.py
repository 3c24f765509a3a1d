"""Making what is searched for one language out of a release's contents and vectors."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from kb_content.articles import Contents, PublishedArticle
from retrieval.audience import ANYONE, may_see
from retrieval.encoders import Encoder, Encoders
from retrieval.index import Ints
from retrieval.pieces import Role, pieces_of
from retrieval.spaces import Space, open_space
from retrieval.texts import plain_key
from retrieval.variants import base, chosen_articles
from retrieval.vectors import VectorCache
from retrieval.view import EXAMPLES_PER_ARTICLE, View
from retrieval.wording import Wording
from retrieval.words import Rarity, WordIndex


def open_view(contents: Contents, language: str, encoders: Encoders, vectors: VectorCache) -> View:
    """Build what is searched for questions in ``language``. Raises VectorsMissing."""
    articles = chosen_articles(contents, language)
    wording = Wording.of(contents, language)
    readers = _readers(articles, language, encoders)
    # The customer's own language first.
    used = tuple(sorted(dict.fromkeys(readers), key=lambda reader: not reader[1])) or ((encoders.of(language), True),)
    space_of = np.array([used.index(reader) for reader in readers], np.int64)

    members = [np.flatnonzero(space_of == n) for n in range(len(used))]
    larger = max(range(len(used)), key=lambda n: len(members[n]))

    def space(number: int, encoder: Encoder) -> Space:
        least = EXAMPLES_PER_ARTICLE if number == larger else None
        return open_space(articles, members[number], encoder, encoders, vectors, least)

    is_fast = used[larger][0] is not encoders.crossing and bool(articles)
    pieces = [pieces_of(one) for one in articles]
    shorts = [[wording.indexed(piece.text) for piece in own if piece.role is not Role.PASSAGE] for own in pieces]
    passages = [[wording.indexed(piece.text) for piece in own if piece.role is Role.PASSAGE] for own in pieces]
    rarity = Rarity.of([text for several in (*shorts, *passages) for text in several])
    article_words = tuple(
        dict(Counter(word for text in (*short, *passage) for word in set(text)))
        for short, passage in zip(shorts, passages, strict=True)
    )
    return View(
        language=language,
        articles=articles,
        spaces=tuple(space(n, encoder) for n, (encoder, _) in enumerate(used)),
        space_of=space_of,
        larger=larger,
        second=space(larger, encoders.crossing) if is_fast else None,
        wording=wording,
        short_words=WordIndex([text for several in shorts for text in several], rarity),
        passage_words=WordIndex([text for several in passages for text in several], rarity),
        short_starts=np.cumsum([0, *map(len, shorts)]),
        passage_starts=np.cumsum([0, *map(len, passages)]),
        rarity=rarity,
        article_words=article_words,
        sayers=_sayers(article_words),
        said=_said(articles),
        is_other=used[0][0] is encoders.crossing and used[0][1],
        is_restricted=any(not may_see(one.article, ANYONE) or one.article.applies_to for one in articles),
    )


def _sayers(article_words: Sequence[dict[str, int]]) -> dict[str, Ints]:
    found: dict[str, list[int]] = {}
    for article, words in enumerate(article_words):
        for word in words:
            found.setdefault(word, []).append(article)
    return {word: np.array(articles, np.int64) for word, articles in found.items()}


def _said(articles: Sequence[PublishedArticle]) -> dict[str, int]:
    owners: dict[str, set[int]] = {}
    for number, one in enumerate(articles):
        for text in (one.article.title, *one.article.questions):
            owners.setdefault(plain_key(text), set()).add(number)
    return {words: min(several) for words, several in owners.items() if words and len(several) == 1}


def _readers(articles: Sequence[PublishedArticle], language: str, encoders: Encoders) -> list[tuple[Encoder, bool]]:
    """Of each article the encoder that reads it here, and whether it is in the customer's own language."""
    own = encoders.of(language)
    found = []
    for one in articles:
        spoken = base(one.article.language)
        found.append((own if encoders.of(spoken) is own else encoders.crossing, spoken == base(language)))
    return found
