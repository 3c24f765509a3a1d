"""Which releases customers are answered from now, and holding them while an answer is written down.

An answer rests on a release that was read some time before. Who writes it down holds what is live (shared: answers do
not wait for each other) and looks whether what it cites may still be said; who changes what is live waits for those
answers, and every later one sees the change. So once a deletion is committed, nothing recorded after it cites it.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import text
from sqlmodel import Session, col, select

from kb_content.models import ArticleVersion, KbArticle, Release, ReleaseArticle, ReleaseState
from kb_content.studio.models import Rollout, RolloutState
from store.prepared import Prepared

_LOCK = 7_301_947
_SHARED = Prepared(text("SELECT pg_advisory_xact_lock_shared(:key)"))
_ALONE = Prepared(text("SELECT pg_advisory_xact_lock(:key)"))
_ANSWERING = Prepared(
    select(
        select(Release.id).where(Release.state == ReleaseState.LIVE).scalar_subquery(),
        select(Rollout.release_id).where(Rollout.state == RolloutState.RUNNING).scalar_subquery(),
    )
)
# On SQLite there is one writer at a time, and it began before it looked.

Cited = tuple[str, str, int]
"""An article's id, language and version."""


@dataclass(frozen=True)
class Answering:
    """The live release, and the one that is rolled out, by id; None where there is none."""

    live: int | None
    staged: int | None = None

    def __contains__(self, release_id: int) -> bool:
        return release_id in (self.live, self.staged)


def answering(session: Session) -> Answering:
    """What customers are answered from, as far as this session sees."""
    live, staged = _ANSWERING.first(session) or (None, None)
    return Answering(live, staged)


def hold(session: Session) -> Answering:
    """The same, and it stays so until the transaction ends. To be called before anything else is locked in it."""
    _lock(session, _SHARED)
    return answering(session)


def wait_for_answers(session: Session) -> None:
    """Until the transaction ends, no answer is written down by those who ``hold``; those under way are waited for."""
    _lock(session, _ALONE)


def may_be_cited(session: Session, cited: Collection[Cited]) -> bool:
    """Whether all of these are in the live release, so that an answer which rests on them is right to give."""
    if not cited:
        return True
    found = session.exec(
        select(KbArticle.article_id, KbArticle.language, ArticleVersion.number)
        .where(KbArticle.id == ArticleVersion.kb_article_id)
        .where(ArticleVersion.id == ReleaseArticle.version_id)
        .where(ReleaseArticle.release_id == Release.id)
        .where(Release.state == ReleaseState.LIVE)
        .where(col(KbArticle.article_id).in_({article_id for article_id, _, _ in cited}))
    )
    return set(cited) <= set(found.all())


def _lock(session: Session, statement: Prepared) -> None:
    if session.get_bind().dialect.name == "postgresql":
        statement.rows(session, key=_LOCK)
