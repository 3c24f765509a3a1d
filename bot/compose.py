"""The text of an answer: passages of one article, with citations. Nothing that is not in the KB."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.inbound_text import shorten
from bot.replies import say
from kb_content.articles import Passage, PublishedArticle
from kb_content.html import to_text
from retrieval.reader import Hit

LONGEST_ANSWER = 1_800
LONGEST_QUOTE = 200

Shelf = Mapping[tuple[str, str], PublishedArticle]
"""The live articles by (article id, language)."""


@dataclass(frozen=True)
class Citation:
    """What an answer rests on: an article version's passage, quoted and linked."""

    article: str
    version: int
    passage: str
    title: str
    url: str
    quote: str


@dataclass(frozen=True)
class Composed:
    text: str
    citations: tuple[Citation, ...]


def compose(hit: Hit, shelf: Shelf, language: str, address: str) -> Composed:
    """The answer that ``hit`` gives: its passage, and the next one where the first only introduces the steps."""
    published = shelf[hit.article_id, hit.language]
    passages = _passages(hit, published)
    body = "\n\n".join(_words(passage) for passage in passages)
    note = [] if hit.language.split("-")[0] == language.split("-")[0] else [say("other_language", language)]
    lead = say("from_article", language, title=published.article.title)
    text = "\n\n".join([*note, lead, _cut(body)])
    return Composed(text, tuple(cite(published, passage, address) for passage in passages))


def cite(published: PublishedArticle, passage: Passage, address: str) -> Citation:
    """The citation of one passage, with a link that opens the article of that version at it."""
    article = published.article
    url = f"{address}/kb/{article.language}/{article.id}/v{published.version}#{passage.anchor}"
    quote = shorten(to_text(passage.text), LONGEST_QUOTE)
    return Citation(article.id, published.version, passage.key, article.title, url, quote)


def _passages(hit: Hit, published: PublishedArticle) -> list[Passage]:
    at = next((number for number, passage in enumerate(published.passages) if passage.key == hit.passage), 0)
    chosen = [published.passages[at]]
    following = published.passages[at + 1 : at + 2]
    if at == 0 and following and not _has_steps(chosen[0].text):
        chosen.extend(following)
    return chosen


def _has_steps(text: str) -> bool:
    return any(line.lstrip()[:2] in {"1.", "1)"} for line in text.splitlines())


def _words(passage: Passage) -> str:
    return to_text(passage.text).strip()


def _cut(text: str) -> str:
    """At most LONGEST_ANSWER characters, cut between paragraphs or lines where that is possible."""
    if len(text) <= LONGEST_ANSWER:
        return text
    for separator in ("\n\n", "\n"):
        at = text.rfind(separator, 0, LONGEST_ANSWER)
        if at > LONGEST_ANSWER // 3:
            return text[:at] + "\n…"
    return text[:LONGEST_ANSWER].rstrip() + "…"
