"""A KB folder served from memory: for ``ask --kb`` and the evaluation. The live database is never touched."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from bot.learning.publish import Fit, read_usable
from bot.live import House, Serving, policy_of
from bot.own_sentences import own_sentences
from kb_content.articles import Contents, PublishedArticle
from kb_content.folder import Folder
from kb_content.passages import split

if TYPE_CHECKING:
    from retrieval.encoders import Encoders

Report = Callable[[str], None]


def contents_of(folder: Folder) -> Contents:
    """The folder's contents as a first release would hold them: every article in version 1."""
    articles = tuple(PublishedArticle(article, 1, split(article, 1)) for article in folder.articles)
    return Contents(articles, folder.intents, folder.gold, folder.glossary, folder.sentences)


def serve_folder(path: Path, fit: Fit, house: House, report: Report) -> Serving:
    """Build the KB folder at ``path`` in memory and serve it. Raises NothingToRead or ModelUnavailable."""
    from retrieval.encoders import load_encoders

    held = contents_of(read_usable(path, report))
    return serve(held, load_encoders(fit.encoder, report), fit, house, report)


def serve(held: Contents, encoders: Encoders, fit: Fit, house: House, report: Report) -> Serving:
    """Build ``held`` in memory and serve it. No LLM is asked. Raises ModelUnavailable for the reranker."""
    from retrieval.build import build
    from retrieval.reader import Reader
    from retrieval.reranker import load_reranker

    reranker = load_reranker(fit.reranker, report)
    built = build(
        held,
        encoders,
        {},
        target_precision=fit.target_precision,
        unanswerable_share=fit.unanswerable_share,
        progress=report,
        reranker=reranker,
    )
    reader = Reader.open(held, built.vectors, built.parameters, encoders, reranker)
    shelf = {(item.article.id, item.article.language): item for item in held.articles}
    policy = policy_of(house, built.threshold, held.intents, held.articles)
    own = own_sentences(held.sentences)
    return Serving(0, reader, policy, shelf, house.address, house.secret, fit.target_precision, sentences=own)
