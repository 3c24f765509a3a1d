"""The public help pages as a library: what is live and for everybody, by category, searched by words, and what belongs
together. Built once for a release, from plain values.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from sqlmodel import Session

from kb_content.articles import Article, Contents, Passage
from kb_content.html import to_text
from kb_content.releases import contents, live_release_id
from store.fulltext import tokens

RELATED = 5
FOUND = 20
_TITLE, _QUESTIONS, _HEADING, _BODY = 4.0, 3.0, 2.0, 1.0
"""How much a word counts by where it stands."""
_SAME_INTENT, _SAME_CATEGORY, _SAME_TAG = 0.15, 0.1, 0.1
_LEAST_LIKE = 0.12
"""Less than this two articles share by chance."""
_EXCERPT = 200


@dataclass(frozen=True)
class Leaf:
    """An article on a list."""

    id: str
    title: str
    category: str
    opening: str = field(default="", repr=False)
    """Where its text begins, as Markdown."""

    @property
    def excerpt(self) -> str:
        """The same as plain words, on one line."""
        return excerpt(to_text(self.opening))


@dataclass(frozen=True)
class Shelf:
    category: str
    leaves: tuple[Leaf, ...]


@dataclass(frozen=True)
class _Held:
    leaf: Leaf
    article: Article
    words: Mapping[str, float]
    """How much the article is about each word, where it stands and how often taken together."""
    gist: Mapping[str, float]
    """The same of its title and questions alone."""


class Library:
    """The open articles of one language."""

    def __init__(self, articles: Iterable[tuple[Article, Sequence[Passage]]]) -> None:
        """``articles`` with their passages."""
        held = [_held(article, passages) for article, passages in articles if article.is_for_everybody]
        self._held = {one.leaf.id: one for one in sorted(held, key=lambda one: one.leaf.title.casefold())}
        count = Counter(word for one in held for word in one.words)
        self._rare = {word: math.log(1 + len(held) / number) for word, number in count.items()}

    def __len__(self) -> int:
        return len(self._held)

    def __contains__(self, article_id: str) -> bool:
        return article_id in self._held

    @property
    def ids(self) -> tuple[str, ...]:
        return tuple(self._held)

    def shelves(self) -> list[Shelf]:
        """All articles by category, those without one last."""
        found: dict[str, list[Leaf]] = defaultdict(list)
        for one in self._held.values():
            found[one.leaf.category].append(one.leaf)
        ordered = sorted(found, key=lambda category: (not category, category.casefold()))
        return [Shelf(category, tuple(found[category])) for category in ordered]

    def search(self, asked: str, category: str = "") -> list[Leaf]:
        """The articles that hold most of the words, the best first; the last word may be only begun."""
        words = list(dict.fromkeys(tokens(asked)))[:20]
        if not words:
            return []
        weights = {word: self._meant(word, is_last=word == words[-1]) for word in words}
        found = [
            (score, one.leaf)
            for one in self._held.values()
            if category in ("", one.leaf.category) and (score := _score(one, weights, self._rare)) > 0
        ]
        found.sort(key=lambda pair: (-pair[0], pair[1].title.casefold()))
        return [leaf for _, leaf in found[:FOUND]]

    def related(self, article_id: str) -> list[Leaf]:
        """Other articles on what this one is about, those that belong to it most first."""
        this = self._held.get(article_id)
        if this is None:
            return []
        scored = [(self._likeness(this, other), other.leaf) for other in self._held.values() if other is not this]
        scored.sort(key=lambda pair: (-pair[0], pair[1].title.casefold()))
        return [leaf for score, leaf in scored[:RELATED] if score >= _LEAST_LIKE]

    def _meant(self, word: str, is_last: bool) -> list[str]:
        """The words that ``word`` may be: itself, and what begins with it while somebody still types."""
        begun = [one for one in self._rare if one.startswith(word)] if is_last and len(word) > 1 else []
        return [word, *(one for one in begun if one != word)]

    def _likeness(self, this: _Held, other: _Held) -> float:
        shared = sum(
            min(weight, other.gist[word]) * self._rare.get(word, 0.0)
            for word, weight in this.gist.items()
            if word in other.gist
        )
        whole = math.sqrt(_mass(this.gist, self._rare) * _mass(other.gist, self._rare)) or 1.0
        mine, theirs = this.article, other.article
        return (
            shared / whole
            + _SAME_INTENT * (mine.intent is not None and mine.intent == theirs.intent)
            + _SAME_CATEGORY * bool(this.leaf.category and this.leaf.category == other.leaf.category)
            + _SAME_TAG * len(set(mine.tags) & set(theirs.tags))
        )


def libraries(held: Contents) -> dict[str, Library]:
    """A library for each language in which anything is open. Pure."""
    by_language: dict[str, list[tuple[Article, Sequence[Passage]]]] = defaultdict(list)
    for published in held.articles:
        by_language[published.article.language].append((published.article, published.passages))
    made = {language: Library(several) for language, several in sorted(by_language.items())}
    return {language: library for language, library in made.items() if len(library)}


class LiveLibraries:
    """The libraries of the release that is live, built when somebody first asks: a release never changes."""

    def __init__(self) -> None:
        self._release: int | None = None
        self._built: Mapping[str, Library] = {}

    def of(self, session: Session) -> Mapping[str, Library]:
        """By language; empty while nothing is live."""
        release = live_release_id(session)
        if release != self._release:
            # Two at once build the same twice, and either is right.
            self._built = libraries(contents(session))
            self._release = release
        return self._built


def _held(article: Article, passages: Sequence[Passage]) -> _Held:
    gist = _counted(((article.title, _TITLE), *((question, _QUESTIONS) for question in article.questions)))
    words, headings = Counter(gist), dict.fromkeys(passage.heading for passage in passages)
    # As Markdown: its signs only separate words, and to read it would take seconds for thousands of articles.
    words.update(_counted(((" ".join(headings), _HEADING), (article.body, _BODY))))
    leaf = Leaf(article.id, article.title, article.category or "", passages[0].text if passages else "")
    return _Held(leaf, article, words, gist)


def excerpt(text: str) -> str:
    """The beginning of ``text`` on one line, cut after a word where there are words."""
    line = " ".join(text.split())
    if len(line) <= _EXCERPT:
        return line
    cut = line[:_EXCERPT]
    return f"{cut.rsplit(' ', 1)[0] if ' ' in cut[_EXCERPT // 2 :] else cut} …"


def _counted(texts: Iterable[tuple[str, float]]) -> Counter[str]:
    counted: Counter[str] = Counter()
    for text, weight in texts:
        for word, number in Counter(tokens(text)).items():
            # A word that stands there twice does not say twice as much.
            counted[word] += weight * (1 + math.log(number))  # type: ignore[assignment]
    return counted


def _score(one: _Held, wanted: Mapping[str, Sequence[str]], rare: Mapping[str, float]) -> float:
    """0 unless half of what is asked is in it."""
    parts = [max(_worth(one.words.get(word, 0.0)) * rare.get(word, 0.0) for word in meant) for meant in wanted.values()]
    has = sum(part > 0 for part in parts)
    return sum(parts) * (has / len(parts)) ** 2 if 2 * has >= len(parts) else 0.0


def _worth(weight: float) -> float:
    return weight / (weight + 3.0)


def _mass(gist: Mapping[str, float], rare: Mapping[str, float]) -> float:
    return sum(weight * rare.get(word, 0.0) for word, weight in gist.items())
