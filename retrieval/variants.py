"""Which language of an article a customer should read: the own one, the nearest regional one, else another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from kb_content.articles import Contents, PublishedArticle
from retrieval.audience import ANYONE, Asker, may_see
from retrieval.chinese import simplified
from retrieval.words import words_of

_SCRIPTS = {"tw": "hant", "hk": "hant", "mo": "hant", "cn": "hans", "sg": "hans", "my": "hans"}
"""What Chinese is written in where; a tag without script or region leaves it open."""


def base(language: str) -> str:
    """``zh`` of ``zh-Hant``."""
    return language.split("-")[0].lower()


def languages_of(contents: Contents) -> tuple[str, ...]:
    """The base languages of the articles, commonest first, English before others that are as common."""
    counts: dict[str, int] = {}
    for published in contents.articles:
        language = base(published.article.language)
        counts[language] = counts.get(language, 0) + 1
    return tuple(sorted(counts, key=lambda language: (-counts[language], language != "en", language)))


def chosen_articles(contents: Contents, language: str) -> tuple[PublishedArticle, ...]:
    """Each article once, in the version that a customer of ``language`` should read."""
    versions: dict[str, list[PublishedArticle]] = {}
    for published in contents.articles:
        versions.setdefault(published.article.id, []).append(published)

    def distance(published: PublishedArticle) -> int:
        own = published.article.language
        return 0 if own == language else 1 if base(own) == base(language) else 2 if base(own) == "en" else 3

    return tuple(min(several, key=distance) for several in versions.values())


@dataclass(frozen=True)
class Variants:
    """The articles that a KB has in several regional forms of one language: zh-Hans and zh-Hant, pt-PT and pt-BR."""

    several: Mapping[tuple[str, str], tuple[PublishedArticle, ...]]
    """By article id and base language."""

    @classmethod
    def of(cls, contents: Contents) -> Variants:
        found: dict[tuple[str, str], list[PublishedArticle]] = {}
        for published in contents.articles:
            found.setdefault((published.article.id, base(published.article.language)), []).append(published)
        return cls({key: tuple(several) for key, several in found.items() if len(several) > 1})

    def nearest(
        self, published: PublishedArticle, place: int, language: str, asker: Asker = ANYONE
    ) -> tuple[PublishedArticle, int]:
        """``published`` as a customer of ``language`` reads it, and the place there of what is its passage ``place``.

        The same two where no other form of it is nearer.
        """
        several = self.several.get((published.article.id, base(language)), ())
        others = [one for one in several if one is not published and may_see(one.article, asker)]
        best = min([published, *others], key=lambda one: _distance(one.article.language, language))
        return best, place if best is published or place < 0 else _counterpart(published, place, best)


def _distance(own: str, wanted: str) -> int:
    if own.lower() == wanted.lower():
        return 0
    return 1 if _script(own) == _script(wanted) else 2


def _script(language: str) -> str:
    """``zh-Hant`` of ``zh-TW``. Chinese that names neither is simplified, as most of it is."""
    first, *rest = language.lower().split("-")
    if first != "zh":
        return first
    return next((part if part.startswith("han") else _SCRIPTS[part] for part in rest if _is_telling(part)), "hans")


def _is_telling(part: str) -> bool:
    return part in _SCRIPTS or part in {"hans", "hant"}


def _counterpart(published: PublishedArticle, place: int, other: PublishedArticle) -> int:
    """The passage of ``other`` that says what the passage ``place`` says: the same place, else the most words."""
    if len(other.passages) == len(published.passages):
        return place
    asked = set(words_of(simplified(published.passages[place].text)))
    shared = [len(asked & set(words_of(simplified(passage.text)))) for passage in other.passages]
    return max(range(len(shared)), key=shared.__getitem__) if shared else -1
