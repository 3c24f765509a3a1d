"""Codes with a number, such as E12: two of a kind lie close together for every encoder, and mean different things."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from kb_content.articles import PublishedArticle
from retrieval.sharing import OfArticle

# In one word: of "Android 12" and "Android 11 or newer" nobody can say whether they are two things.
_CODE = re.compile(r"(?<![a-z0-9])([a-z]{1,5})-?(\d{1,6})(?![a-z0-9])")

Code = tuple[str, str]
"""The letters and the number."""


def codes_in(text: str) -> frozenset[Code]:
    """The codes of ``text``; "E-12" and "e12" are one."""
    return frozenset(
        (letters, digits) for letters, digits in _CODE.findall(unicodedata.normalize("NFKC", text).casefold())
    )


def is_about_another(asked: frozenset[Code], published: PublishedArticle) -> bool:
    """Whether the article names codes of the kind that was asked about, and none of those that were."""
    if not asked:
        return False
    named = _codes_of(published)
    return asked.isdisjoint(named) and bool({kind for kind, _ in asked} & {kind for kind, _ in named})


def _texts(published: PublishedArticle) -> Iterator[str]:
    article = published.article
    yield from (article.title, *article.questions, article.body)


_codes_of = OfArticle(lambda published: frozenset().union(*map(codes_in, _texts(published))))
