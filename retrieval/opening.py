"""Making what is searched for one language out of a release's contents and vectors."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from kb_content.articles import Contents, PublishedArticle
from retrieval.article_words import ArticleWords, KbWords, article_words, plain_words
from retrieval.audience import ANYONE, may_see
from retrieval.encoders import Encoder, Encoders
from retrieval.spaces import Space, open_space
from retrieval.variants import base, chosen_articles
from retrieval.vectors import VectorCache
from retrieval.view import EXAMPLES_PER_ARTICLE, View
from retrieval.wording import Wording


def open_views(
    contents: Contents, languages: Iterable[str], encoders: Encoders, vectors: VectorCache
) -> dict[str, View]:
    """The views of several ``languages``; what they have in common is made once. Raises VectorsMissing."""
    words: dict[tuple[ArticleWords, ...], KbWords] = {}
    return {language: _open_view(contents, language, encoders, vectors, words) for language in languages}


def open_view(contents: Contents, language: str, encoders: Encoders, vectors: VectorCache) -> View:
    """Build what is searched for questions in ``language``. Raises VectorsMissing."""
    return _open_view(contents, language, encoders, vectors, {})


def _open_view(
    contents: Contents,
    language: str,
    encoders: Encoders,
    vectors: VectorCache,
    known: dict[tuple[ArticleWords, ...], KbWords],
) -> View:
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
    said = tuple(article_words(one, wording.is_simplified) for one in articles)
    words = known[said] = known.get(said) or KbWords.of(said)
    return View(
        language=language,
        articles=articles,
        spaces=tuple(space(n, encoder) for n, (encoder, _) in enumerate(used)),
        space_of=space_of,
        larger=larger,
        second=space(larger, encoders.crossing) if is_fast else None,
        wording=wording,
        words=words,
        said=_said(articles),
        is_other=used[0][0] is encoders.crossing and used[0][1],
        is_restricted=any(not may_see(one.article, ANYONE) or one.article.applies_to for one in articles),
    )


def _said(articles: Sequence[PublishedArticle]) -> dict[str, int]:
    owners: dict[str, set[int]] = {}
    for number, one in enumerate(articles):
        for words in plain_words(one):
            owners.setdefault(words, set()).add(number)
    return {words: min(several) for words, several in owners.items() if words and len(several) == 1}


def _readers(articles: Sequence[PublishedArticle], language: str, encoders: Encoders) -> list[tuple[Encoder, bool]]:
    """Of each article the encoder that reads it here, and whether it is in the customer's own language."""
    own = encoders.of(language)
    found = []
    for one in articles:
        spoken = base(one.article.language)
        found.append((own if encoders.of(spoken) is own else encoders.crossing, spoken == base(language)))
    return found
