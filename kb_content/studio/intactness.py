"""Whether a release in the database is what was frozen: its versions, their contents and its digest."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlmodel import Session, col, select

from kb_content.models import ArticleVersion, KbArticle, Release, ReleaseArticle
from kb_content.releases import digest_of
from kb_content.versions import article_from, article_sha256, passages_from


@dataclass(frozen=True)
class Stored:
    """What the database says of a release. ``articles``: (id, language, version) of each, with its passages' keys."""

    release: int
    digest: str
    articles: dict[tuple[str, str, int], tuple[str, ...]]
    faults: tuple[str, ...]
    """Sentences about what is not as it was frozen; empty for a release that is whole."""

    @property
    def passages(self) -> int:
        return sum(map(len, self.articles.values()))


def stored(session: Session, release: Release) -> Stored:
    """``release`` as it lies in the database, with all hashes computed anew. Reads only."""
    found = session.exec(
        select(KbArticle, ArticleVersion)
        .where(KbArticle.id == ArticleVersion.kb_article_id)
        .where(ArticleVersion.id == ReleaseArticle.version_id)
        .where(ReleaseArticle.release_id == release.id)
        .order_by(col(KbArticle.article_id), col(KbArticle.language))
    ).all()
    faults = [] if release.digest in _digests(release, found) else ["its digest is not that of what it holds"]
    faults += [f"{_name(row, version)} was changed after it was published" for row, version in _changed(found)]
    return Stored(
        release=release.id or 0,
        digest=release.digest,
        articles={
            (row.article_id, row.language, version.number): tuple(one.key for one in passages_from(row, version))
            for row, version in found
        },
        faults=tuple(faults),
    )


def _digests(release: Release, found: Sequence[tuple[KbArticle, ArticleVersion]]) -> list[str]:
    """The digest in the order of plain text, and in the database's own, which older releases were frozen in."""
    rest = (release.intents, release.gold, release.glossary, release.questions, release.sentences)
    plain = sorted(found, key=lambda pair: (pair[0].article_id, pair[0].language))
    return [digest_of(plain, *rest), digest_of(found, *rest)]


def _changed(found: Iterable[tuple[KbArticle, ArticleVersion]]) -> Iterable[tuple[KbArticle, ArticleVersion]]:
    return ((row, version) for row, version in found if article_sha256(article_from(row, version)) != version.sha256)


def _name(row: KbArticle, version: ArticleVersion) -> str:
    return f"version {version.number} of {row.article_id} ({row.language})"
