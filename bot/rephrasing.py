"""An answer worded by the language model, as far as the cited passages say it; else in their own words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import structlog

from bot.extract import Excerpt
from bot.support import Book, Source, supported
from kb_content.html import to_text
from retrieval.variants import base

if TYPE_CHECKING:
    from bot.live import Serving

log = structlog.get_logger()


def rephrased(
    serving: Serving,
    excerpts: Sequence[Excerpt],
    extract: str,
    question: str,
    language: str,
    weigh: Callable[[str], float],
) -> str | None:
    """What the model made of ``excerpts`` for ``question``, checked; None where ``extract`` is to be said instead.

    It is asked only about one article, in its own language: a translation could not be checked word by word.
    """
    articles = {(one.published.article.id, one.published.article.language) for one in excerpts}
    if serving.writer is None or len(articles) != 1 or base(excerpts[0].published.article.language) != base(language):
        return None
    passages = [f"{one.passage.heading}\n{to_text(one.passage.text)}" for one in excerpts]
    written = serving.writer.rephrase(question, passages)
    if written is None:
        return None
    sources = [Source(one.passage.heading, one.passage.text) for one in excerpts]
    kept = supported(written, Book(sources, weigh, _likeness(serving, base(language))), extract, base(language))
    if kept is None:
        log.info("rephrased answer refused", article=excerpts[0].published.article.id)
    return kept


def _likeness(serving: Serving, language: str) -> Callable[[str, str], float]:
    def alike(one: str, other: str) -> float:
        first, second = serving.reader.encoders.encode_queries([one, other], language)
        return float(first @ second)

    return alike
