"""The versions of an article: who wrote them, when they were live, what changed, and how an old one comes back."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import load_only
from sqlmodel import Session, col, select

from kb_content.errors import DraftRefused, KbError
from kb_content.models import ArticleVersion, Release, ReleaseArticle
from kb_content.old_releases import was_given
from kb_content.releases import live_release_id
from kb_content.studio.difference import ArticleDiff, Fate, FieldDiff, PassageDiff, diff
from kb_content.studio.drafts import begin, draft_of, save
from kb_content.studio.models import Draft, DraftKind, Rollout
from kb_content.studio.values import content_of
from kb_content.studio.working import find_article, find_version, state_of
from kb_content.versions import article_from

_SHOWN: tuple[Any, ...] = (
    ArticleVersion.number,
    ArticleVersion.title,
    ArticleVersion.made_by,
    ArticleVersion.created_at,
)


class NoSuchVersion(KbError):
    """There is no such version of this article. Look at its list of versions."""


@dataclass(frozen=True)
class InRelease:
    """A release with a version that customers got. ``live_at``: since when; of one that was only staged, since it was
    rolled out to some of them."""

    release_id: int
    live_at: datetime
    is_live: bool
    was_staged_only: bool = False


@dataclass(frozen=True)
class VersionLine:
    """One version in an article's history. ``releases``: those that customers got with it, the newest first."""

    number: int
    title: str
    made_by: int | None
    """The staff member whose draft it was; None for what was imported."""
    created_at: datetime
    is_current: bool
    """Whether the next release takes it."""
    releases: tuple[InRelease, ...] = ()

    @property
    def is_live(self) -> bool:
        return any(one.is_live for one in self.releases)

    @property
    def was_published(self) -> bool:
        return bool(self.releases)


def versions(session: Session, article_id: str, language: str) -> list[VersionLine]:
    """Every version of the article, the newest first; none for an article that there never was."""
    row = find_article(session, article_id, language)
    if row is None:
        return []
    found = session.exec(
        select(ArticleVersion)
        .options(load_only(*_SHOWN))
        .where(ArticleVersion.kb_article_id == row.id)
        .order_by(col(ArticleVersion.number).desc())
    )
    releases = _releases(session, row.id or 0)
    return [
        VersionLine(
            one.number, one.title, one.made_by, one.created_at, one.number == row.current, tuple(releases[one.id or 0])
        )
        for one in found
    ]


def restore(
    session: Session,
    article_id: str,
    language: str,
    number: int,
    staff_id: int | None,
    now: datetime,
    actor: str = "",
) -> Draft:
    """A draft that says what version ``number`` said. Raises NoSuchVersion, or DraftRefused where another draft of the
    article has been written on: that is not to be lost."""
    row = find_article(session, article_id, language)
    version = find_version(session, row, number) if row else None
    if row is None or version is None:
        raise NoSuchVersion
    content = content_of(article_from(row, version))
    there = draft_of(session, DraftKind.ARTICLE, row.article_id, row.language)
    if there is None:
        origin = f"version:{number}"
        return begin(session, DraftKind.ARTICLE, article_id, language, staff_id, now, origin, content, actor)
    if there.content != state_of(session, DraftKind.ARTICLE, article_id, language).content:
        raise DraftRefused("Somebody is writing on this article: publish or discard that draft, then restore.")
    return save(session, there.id or 0, there.revision, content, staff_id, now, actor)


def _releases(session: Session, kb_article_id: int) -> dict[int, list[InRelease]]:
    """By the id of the version, the releases that customers got with it."""
    live = live_release_id(session)
    staged = dict(session.exec(select(Rollout.release_id, Rollout.begun_at).order_by(col(Rollout.id))).all())
    found = session.exec(
        select(ArticleVersion.id, Release.id, Release.live_at)
        .where(ArticleVersion.kb_article_id == kb_article_id)
        .where(ReleaseArticle.version_id == ArticleVersion.id)
        .where(ReleaseArticle.release_id == Release.id)
        .where(was_given())
        .order_by(col(Release.id).desc())
    )
    by_version: dict[int, list[InRelease]] = defaultdict(list)
    for version_id, release_id, live_at in found:
        given_at = live_at or staged.get(release_id or 0)
        if version_id is not None and release_id is not None and given_at is not None:
            by_version[version_id].append(InRelease(release_id, given_at, release_id == live, live_at is None))
    return by_version


__all__ = [
    "ArticleDiff",
    "Fate",
    "FieldDiff",
    "InRelease",
    "NoSuchVersion",
    "PassageDiff",
    "VersionLine",
    "diff",
    "restore",
    "versions",
]
