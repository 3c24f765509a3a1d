"""Index against database: a release is taken up only where both say the same, and ``firstline kb verify`` says so."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kb_content.studio.intactness import Stored, stored
from store import measures

if TYPE_CHECKING:
    from sqlmodel import Session

    from kb_content.models import Release
    from retrieval.reader import Reader
    from retrieval.vectors import VectorCache
    from retrieval.verifying import IndexFacts


class IndexMismatch(Exception):
    """What was loaded is not what the database says."""


@dataclass(frozen=True)
class Compared:
    """A release as the database has it and as the index has it, with every difference as a sentence."""

    stored: Stored
    index: IndexFacts
    faults: tuple[str, ...]

    def values(self) -> dict[str, Any]:
        """The same as plain values: {release, digest, vectors_digest, articles, passages, vectors, faults}."""
        return {
            "release": self.stored.release,
            "digest": self.stored.digest,
            "vectors_digest": self.index.digest,
            "articles": len(self.stored.articles),
            "passages": self.stored.passages,
            "vectors": self.index.vectors,
            "faults": list(self.faults),
        }


def compare(session: Session, release: Release, reader: Reader, vectors: VectorCache) -> Compared:
    """``reader`` with what the database says of ``release``; ``vectors`` are those that it was to be built from."""
    from retrieval.verifying import index_facts, index_faults

    kept, held = stored(session, release), index_facts(reader)
    faults = [*kept.faults, *_articles(kept, held), *index_faults(reader, vectors, held)]
    return Compared(kept, held, tuple(faults))


def verify(session: Session, release: Release, reader: Reader, vectors: VectorCache) -> None:
    """Raises IndexMismatch, with a sentence, where index and database differ in ids, counts or digests."""
    found = compare(session, release, reader, vectors).faults
    if found:
        measures.release_mismatches_total.inc()
        more = f", and {len(found) - 1} more" if len(found) > 1 else ""
        raise IndexMismatch(
            f"Release {release.id} is not what was published: {found[0]}{more}. "
            "Run `firstline kb verify`, then publish again."
        )


def _articles(kept: Stored, held: IndexFacts) -> list[str]:
    faults = [
        f"the index has {_name(one)}, the release has not" for one in sorted(held.articles.keys() - kept.articles)
    ]
    faults += [
        f"other passages of {_name(one)} are in the index than in the database"
        for one in sorted(held.articles.keys() & kept.articles.keys())
        if held.articles[one] != kept.articles[one]
    ]
    # A variant of a language that another one stands for is in no index, but its article is.
    missing = {one[0] for one in kept.articles} - {one[0] for one in held.articles}
    return faults + [f"the index lacks the article {article_id}" for article_id in sorted(missing)]


def _name(one: tuple[str, str, int]) -> str:
    return f"version {one[2]} of {one[0]} ({one[1]})"
