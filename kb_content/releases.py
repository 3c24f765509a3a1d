"""Releases: what is frozen when one is started, what is live, and how one goes live."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import update
from sqlmodel import Session, col, select

from kb_content.articles import Contents, PublishedArticle
from kb_content.errors import NoSuchRelease, ReleaseOutdated
from kb_content.glossary_file import term_from
from kb_content.gold_file import gold_from
from kb_content.intent_file import intent_from
from kb_content.models import (
    ArticleVersion,
    GlossaryRow,
    GoldRow,
    KbArticle,
    KbIntent,
    Release,
    ReleaseArticle,
    ReleaseState,
)
from kb_content.proposals import accepted_from, accepted_values, with_questions
from kb_content.versions import article_from, passages_from, sha256_of
from store import leases
from store.audit import record
from store.changes import note_change

_BUILD = "build:"


def start_release(session: Session, now: datetime, source: str = "") -> int:
    """Freeze the current version of every unarchived article with the questions that were accepted for it, intents,
    gold questions and glossary. Returns its id.

    What is imported or edited afterwards does not reach it.
    """
    versions = _current_versions(session)
    intents = [row.data for row in session.exec(select(KbIntent).order_by(KbIntent.name))]
    gold = _answerable(session, {row.article_id for row, _ in versions})
    glossary = [row.data for row in session.exec(select(GlossaryRow).order_by(col(GlossaryRow.id)))]
    questions = accepted_values(session)
    frozen = [[row.article_id, row.language, version.number, version.sha256] for row, version in versions]
    release = Release(
        created_at=now,
        # Without a glossary and accepted questions as it was before there were any.
        digest=sha256_of([frozen, intents, gold, *filter(None, (glossary, questions))]),
        intents=intents,
        gold=gold,
        glossary=glossary,
        questions=questions,
        source=source,
    )
    session.add(release)
    session.flush()
    session.add_all(ReleaseArticle(release_id=release.id or 0, version_id=version.id or 0) for _, version in versions)
    session.flush()
    return release.id or 0


def repeat_release(session: Session, now: datetime) -> int | None:
    """Freeze once more what is live, to be fitted anew, and nothing that was written since. Returns its id.

    None while nothing is live, or while another release is being built: it must not find a later one live.
    """
    live = live_release(session)
    if live is None or any(release_id > (live.id or 0) for release_id in being_built(session, now)):
        return None
    again = Release(
        created_at=now,
        digest=live.digest,
        intents=live.intents,
        gold=live.gold,
        glossary=live.glossary,
        questions=live.questions,
        source=live.source,
    )
    session.add(again)
    session.flush()
    versions = session.exec(select(ReleaseArticle.version_id).where(ReleaseArticle.release_id == live.id)).all()
    session.add_all(ReleaseArticle(release_id=again.id or 0, version_id=version_id) for version_id in versions)
    session.flush()
    return again.id


def build_lease(release_id: int) -> str:
    """The name of the lease that who builds this release holds while at it."""
    return f"{_BUILD}{release_id}"


def being_built(session: Session, now: datetime) -> set[int]:
    """The releases that somebody builds now: one that was killed meanwhile no longer holds the lease."""
    held = {lease.name for lease in leases.alive(session, _BUILD, now)}
    begun = session.exec(select(Release.id).where(Release.state == ReleaseState.BUILDING)).all()
    return {release_id for release_id in begun if release_id is not None and build_lease(release_id) in held}


def give_up(session: Session, release_id: int) -> bool:
    """This release is built no longer; False if it went live, or was given up before."""
    begun = (col(Release.id) == release_id, col(Release.state) == ReleaseState.BUILDING)
    statement = update(Release).where(*begun).values(state=ReleaseState.RETIRED).returning(col(Release.id))
    return session.execute(statement).first() is not None


def give_up_dead(session: Session, now: datetime) -> int:
    """Give up the releases whose builders are gone. Returns how many there were."""
    alive = being_built(session, now)
    begun = session.exec(select(Release.id).where(Release.state == ReleaseState.BUILDING)).all()
    return sum(give_up(session, release_id or 0) for release_id in begun if release_id not in alive)


def publish(
    session: Session,
    release_id: int,
    parameters: bytes | None,
    threshold: float | None,
    figures: dict[str, Any],
    now: datetime,
    actor: str = "system",
) -> None:
    """Make ``release_id`` live with what was fitted on it; what was live is retired in the same transaction.

    Raises NoSuchRelease, or ReleaseOutdated where a release that was started later is live already.
    """
    release = session.get(Release, release_id)
    if release is None:
        raise NoSuchRelease
    before = session.exec(select(Release).where(Release.state == ReleaseState.LIVE).with_for_update()).one_or_none()
    if before is not None and (before.id or 0) > release_id:
        raise ReleaseOutdated
    if before is not None and before.id != release_id:
        before.state = ReleaseState.RETIRED
        # The index that allows one live release looks at every single statement.
        session.flush()
    release.state, release.live_at = ReleaseState.LIVE, now
    release.parameters, release.threshold, release.figures = parameters, threshold, figures
    session.flush()
    replaced = before.id if before else None
    record(session, actor, "kb.publish", "release", release_id, now, digest=release.digest, replaced=replaced)
    note_change(session, "release", release_id, now)


def live_release_id(session: Session) -> int | None:
    """The id alone, for whoever asks often: a release carries all that was fitted on it."""
    return session.exec(select(Release.id).where(Release.state == ReleaseState.LIVE)).one_or_none()


def live_release(session: Session) -> Release | None:
    return session.exec(select(Release).where(Release.state == ReleaseState.LIVE)).one_or_none()


def contents(session: Session, release_id: int | None = None) -> Contents:
    """All that a release is built from; of the live one without ``release_id``, empty while nothing is live."""
    release = live_release(session) if release_id is None else session.get(Release, release_id)
    if release is None:
        if release_id is None:
            return Contents(())
        raise NoSuchRelease
    found = session.exec(
        select(KbArticle, ArticleVersion)
        .where(KbArticle.id == ArticleVersion.kb_article_id)
        .where(ArticleVersion.id == ReleaseArticle.version_id)
        .where(ReleaseArticle.release_id == release.id)
        .order_by(col(KbArticle.article_id), col(KbArticle.language))
    )
    accepted = accepted_from(release.questions)
    return Contents(
        articles=tuple(
            PublishedArticle(
                with_questions(article_from(row, version), accepted), version.number, passages_from(row, version)
            )
            for row, version in found
        ),
        intents=tuple(map(intent_from, release.intents)),
        gold=tuple(map(gold_from, release.gold)),
        glossary=tuple(map(term_from, release.glossary)),
    )


def _current_versions(session: Session) -> Sequence[tuple[KbArticle, ArticleVersion]]:
    return session.exec(
        select(KbArticle, ArticleVersion)
        .where(KbArticle.id == ArticleVersion.kb_article_id)
        .where(KbArticle.current == ArticleVersion.number)
        .where(col(KbArticle.archived_at).is_(None))
        .order_by(col(KbArticle.article_id), col(KbArticle.language))
    ).all()


def _answerable(session: Session, there: set[str]) -> list[dict[str, Any]]:
    """The gold questions that this release can be held against: their articles are in it, or they expect none."""
    rows = session.exec(select(GoldRow).order_by(col(GoldRow.id)))
    return [row.data for row in rows if not row.data["expect"] or there.intersection(row.data["expect"])]
