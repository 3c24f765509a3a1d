"""An article, its passages, and the plain contents that a release is built from."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Any


@dataclass(frozen=True)
class Article:
    """One language of an article, as written by its editor. ``id`` with ``language`` names it."""

    id: str
    language: str
    title: str
    body: str
    questions: tuple[str, ...] = ()
    intent: str | None = None
    category: str | None = None
    tags: tuple[str, ...] = ()
    audience: dict[str, list[str]] = field(default_factory=dict)
    applies_to: str | None = None
    review_by: str | None = None
    translated_from: str | None = None
    extra: dict[str, Any] = field(default_factory=dict)
    """Front matter that we do not know: kept, so that import and export lose nothing."""

    @property
    def is_for_everybody(self) -> bool:
        """Whether no audience is named; else only customers known to be in it are shown the article."""
        return not any(self.audience.values())


@dataclass(frozen=True)
class Passage:
    """A retrievable piece of one article version: a section, or a part of a long one.

    ``key`` is stable as long as its text is; ``anchor`` is the fragment of the article's page that shows it.
    """

    article_id: str
    language: str
    version: int
    key: str
    anchor: str
    heading: str
    text: str
    position: int
    lead: str = ""
    """The headings that stand before it on the article's page, as Markdown; not part of its text."""


@dataclass(frozen=True)
class PublishedArticle:
    """An article as a release holds it: with its version number and its passages."""

    article: Article
    version: int
    passages: tuple[Passage, ...]


class LeadsTo(Enum):
    ANSWER = "answer"
    ESCALATE = "escalate"
    SMALLTALK = "smalltalk"


class Mode(Enum):
    OFF = "off"
    SUGGEST = "suggest"
    AUTO = "auto"


@dataclass(frozen=True)
class Intent:
    """What a customer wants, by example. ``examples`` and ``replies`` are by language."""

    name: str
    leads_to: LeadsTo = LeadsTo.ANSWER
    examples: dict[str, tuple[str, ...]] = field(default_factory=dict)
    urgent: bool = False
    team: str | None = None
    priority: str | None = None
    tier: int | None = None
    mode: Mode = Mode.AUTO
    replies: dict[str, tuple[str, ...]] = field(default_factory=dict)
    extra: dict[str, Any] = field(default_factory=dict)
    """Keys that we do not know, kept like an article's."""


@dataclass(frozen=True)
class GoldQuestion:
    """A question with its known right articles; an empty ``expect`` means that the KB has no answer."""

    text: str
    language: str
    expect: tuple[str, ...]
    extra: dict[str, Any] = field(default_factory=dict, hash=False)
    """Keys that we do not know, kept like an article's."""


@dataclass(frozen=True)
class Term:
    """A word of the product, and other words for it. A customer who says one of ``also`` means ``term``."""

    term: str
    also: tuple[str, ...]
    language: str
    meaning: str = ""
    extra: dict[str, Any] = field(default_factory=dict, hash=False)
    """Keys that we do not know, kept like an article's."""


@dataclass(frozen=True)
class Sentence:
    """One of the bot's own sentences as this house says it. ``key`` names it among those that come with Firstline."""

    key: str
    language: str
    text: str


@dataclass(frozen=True)
class Contents:
    """All that a release is built from, as plain values."""

    articles: tuple[PublishedArticle, ...]
    intents: tuple[Intent, ...] = ()
    gold: tuple[GoldQuestion, ...] = ()
    glossary: tuple[Term, ...] = ()
    sentences: tuple[Sentence, ...] = ()

    @property
    def passages(self) -> tuple[Passage, ...]:
        return tuple(passage for published in self.articles for passage in published.passages)
