"""The text of an answer: what the KB says about a question, with citations. Nothing that is not in the KB."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import groupby
from typing import TYPE_CHECKING, Any

from bot.article_links import article_link
from bot.extract import Excerpt, extract
from bot.inbound_text import shorten
from bot.rephrasing import rephrased
from bot.replies import say
from bot.shortening import GAP, Asked
from kb_content.articles import Passage, PublishedArticle
from kb_content.html import to_text
from retrieval.reader import Reading
from retrieval.variants import base

if TYPE_CHECKING:
    from bot.live import Serving

LONGEST_TEXT = 6_000
"""Characters beyond which even a list of steps is cut."""
LONGEST_QUOTE = 200
_HIGH_SHARE = 0.2
"""Among the candidates, what a second article must have to be said beside the first."""
_TAKEN_UP = 0.7
"""Of what the extract takes up of a question, what the model's words must."""

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
    """An answer as the customer reads it. ``extract``: the KB's own words, where the text rephrases them."""

    text: str
    citations: tuple[Citation, ...]
    extract: str | None = None

    @property
    def detail(self) -> dict[str, Any]:
        """What the message keeps of it: the citations, and the extract beside a text that was rephrased."""
        kept: dict[str, Any] = {"citations": [{**vars(citation)} for citation in self.citations]}
        return kept if self.extract is None else {**kept, "rephrased": True, "extract": self.extract}


class ArticleGone(LookupError):
    """The article is not in the release that answers now."""


def answer(serving: Serving, reading: Reading, article_id: str, language: str, question: str) -> Composed:
    """What ``article_id`` says to ``question``, for a customer of ``language``; ``reading`` is the question's.

    An LLM may be asked, so never inside a transaction. Raises ArticleGone if the reading did not find the article.
    """
    hit = next((hit for hit in reading.hits if hit.article_id == article_id), None)
    if hit is None:
        raise ArticleGone(f"The article {article_id} is not among what answers this question now.")
    asked = _asked(serving, question, hit.language)
    others = [
        (serving.shelf[other.article_id, other.language], other.passage)
        for other in reading.hits
        if other is not hit and other.language == hit.language and other.score >= _HIGH_SHARE
    ]
    excerpts = extract(asked, serving.shelf[hit.article_id, hit.language], hit.passage, others)
    if not excerpts:
        raise ArticleGone(f"The article {article_id} has no text to answer with.")
    composed = write_out(excerpts, language, serving.address, serving.secret)
    extract_said = said(excerpts)
    worded = rephrased(serving, excerpts, extract_said, question, language, _weigher(serving, hit.language))
    if worded is None or _lacks_what_was_asked(asked, worded, extract_said):
        return composed
    lead = say("from_article", language, title=excerpts[0].published.article.title)
    return replace(composed, text=f"{lead}\n\n{worded}", extract=composed.text)


def _lacks_what_was_asked(asked: Asked, worded: str, extract_said: str) -> bool:
    """Whether ``worded`` takes up clearly less of the question: the sentence that answers was left out, or replaced by
    one that had to be dropped. What is left may all be true, and answers something else."""
    taken_up = asked.weight(frozenset(asked.words_of(worded)))
    return taken_up < _TAKEN_UP * asked.weight(frozenset(asked.words_of(extract_said)))


def _weigher(serving: Serving, language: str) -> Callable[[str], float]:
    """How much a word tells, 0 to 1, by how rarely the KB says it."""
    rarity = serving.reader.view_of(base(language)).rarity
    return lambda word: rarity[word] / rarity.unknown


def _asked(serving: Serving, question: str, language: str) -> Asked:
    weigh, wording = _weigher(serving, language), serving.reader.view_of(base(language)).wording
    weights = {word: weigh(word) ** 2 for word in wording.words(question)}
    return Asked(weights, wording.indexed)


def joined(parts: Sequence[tuple[str, Composed]], language: str) -> Composed:
    """One answer to several questions of one message, each part after the customer's own words, or of several articles
    to the same question; citations in order."""
    is_one_question = len({question for question, _ in parts}) == 1

    def together(texts: Iterable[str]) -> str:
        if is_one_question:
            return "\n\n".join(texts)
        asked = (shorten(question, LONGEST_QUOTE) for question, _ in parts)
        heads = (say("about_question", language, question=question) for question in asked)
        return "\n\n".join(f"{head}\n{text}" for head, text in zip(heads, texts, strict=True))

    citations = dict.fromkeys(citation for _, part in parts for citation in part.citations)
    is_rephrased = any(part.extract is not None for _, part in parts)
    extract = together(part.extract or part.text for _, part in parts) if is_rephrased else None
    return Composed(together(part.text for _, part in parts), tuple(citations), extract)


def write_out(excerpts: Sequence[Excerpt], language: str, address: str, secret: bytes = b"") -> Composed:
    """``excerpts``, those of each article under its title, as one text with a citation for each of them."""
    parts = []
    if excerpts and base(excerpts[0].published.article.language) != base(language):
        parts.append(say("other_language", language))
    for _, several in groupby(excerpts, key=lambda one: (one.published.article.id, one.published.article.language)):
        group = list(several)
        parts += [say("from_article", language, title=group[0].published.article.title), said(group)]
    text = _cut("\n\n".join(filter(None, parts)))
    return Composed(text, tuple(cite(one.published, one.passage, address, secret) for one in excerpts))


def said(excerpts: Sequence[Excerpt]) -> str:
    """What ``excerpts`` of one article say, each section under its heading."""
    lines: list[str] = []
    for number, one in enumerate(excerpts):
        before = excerpts[number - 1] if number else None
        if one.heading and (before is None or before.passage.heading != one.passage.heading):
            lines.append(f"{one.heading}\n{one.text}")
        elif before and before.passage.position + 1 != one.passage.position and not before.text.endswith(GAP):
            lines += [GAP, one.text]
        else:
            lines.append(one.text)
    return "\n\n".join(filter(None, lines))


def cite(published: PublishedArticle, passage: Passage, address: str, secret: bytes = b"") -> Citation:
    """The citation of one passage, with a link that opens the article of that version at it."""
    article = published.article
    url = article_link(published, passage.anchor, address, secret)
    return Citation(article.id, published.version, passage.key, article.title, url, _quote(passage.text))


@lru_cache(maxsize=4_000)
def _quote(markdown: str) -> str:
    return shorten(to_text(markdown), LONGEST_QUOTE)


def _cut(text: str) -> str:
    """At most LONGEST_TEXT characters, cut between paragraphs or lines where that is possible."""
    if len(text) <= LONGEST_TEXT:
        return text
    for separator in ("\n\n", "\n"):
        at = text.rfind(separator, 0, LONGEST_TEXT)
        if at > LONGEST_TEXT // 3:
            return f"{text[:at]}\n{GAP}"
    return text[:LONGEST_TEXT].rstrip() + GAP
