"""A release opened from the database: what is in it, and a reader that is ready to be asked."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, NamedTuple

from sqlmodel import Session

from bot.verifying import Compared, compare
from kb_content.catalogue import contents
from kb_content.models import Release
from store import Database, reading

if TYPE_CHECKING:
    from kb_content.articles import Contents, PublishedArticle
    from retrieval.encoders import Encoders
    from retrieval.reader import Reader
    from retrieval.reranker import Reranker
    from retrieval.vectors import VectorCache


class Opened(NamedTuple):
    release: Release
    contents: Contents
    reader: Reader
    vectors: VectorCache


def open_release(
    session: Session,
    release_id: int,
    encoders: Encoders,
    reranker: Reranker | None = None,
    known: Iterable[PublishedArticle] = (),
) -> Opened:
    """Read the release with its vectors, and build the indexes. Raises VectorsMissing, ParametersUnreadable.

    ``known``: articles of a release that is open, of which nothing is made twice.
    """
    from retrieval.needs import wanted
    from retrieval.reader import Reader
    from retrieval.sharing import sharing
    from retrieval.vectors import load_vectors

    release = session.get_one(Release, release_id)
    held = sharing(contents(session, release_id), known)
    vectors = load_vectors(session, wanted(held, encoders))
    reader = Reader.open(held, vectors, release.parameters or b"", encoders, reranker)
    return Opened(release, held, reader, vectors)


def compare_release(
    database: Database, release_id: int, encoder: str | None, report: Callable[[str], None]
) -> Compared:
    """This release as the database has it and as a server would hold it. Raises what ``open_release`` raises."""
    from retrieval.encoders import load_encoders

    encoders = load_encoders(encoder, report)
    with reading(database) as session:
        opened = open_release(session, release_id, encoders)
        return compare(session, opened.release, opened.reader, opened.vectors)
