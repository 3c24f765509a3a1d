"""Releases: what is frozen when one is started, what is live, and how one goes live."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import update
from sqlmodel import Session, col, select

from kb_content.answering import wait_for_answers
from kb_content.articles import Contents, PublishedArticle, Sentence
from kb_content.errors import NoSuchRelease, ReleaseOutdated
from kb_content.glossary_file import term_from
from kb_content.gold_file import gold_from
from kb_content.intent_file import intent_from
from kb_content.models import ArticleVersion, KbArticle, Release, ReleaseArticle, ReleaseState
from kb_content.proposals import accepted_from, with_questions
from kb_content.studio.applying import apply_changes, values_of_change
from kb_content.studio.models import RolloutState
from kb_content.studio.overlay import Change, answerable, lay_over, refuse_outdated
from kb_content.studio.running import end, running
from kb_content.versions import article_from, passages_from, sha256_of
from store import leases
from store.audit import record
from store.changes import note_change

_BUILD = "build:"


def start_release(session: Session, now: datetime, source: str = "", drafts: Collection[int] = ()) -> int:
    """Freeze the current version of every unarchived article with the questions that were accepted for it, intents,
    gold questions, glossary and the house's own sentences, with the drafts of these ids laid over them. Returns its id.

    What is imported or edited afterwards does not reach it. The drafts' articles get their versions now; all else that
    they change is changed when it goes live. Raises NoSuchDraft, or DraftOutdated where the KB has moved on.
    """
    laid = lay_over(session, drafts, now)
    refuse_outdated(laid.changes)
    _keep_versions(session, laid.changes)
    gold = answerable(session, {row.article_id for row, _ in laid.versions})
    release = Release(
        created_at=now,
        digest=digest_of(laid.versions, laid.intents, gold, laid.glossary, laid.questions, laid.sentences),
        intents=laid.intents,
        gold=gold,
        glossary=laid.glossary,
        questions=laid.questions,
        sentences=laid.sentences,
        changes=[values_of_change(change) for change in laid.changes],
        source=source,
    )
    session.add(release)
    session.flush()
    session.add_all(ReleaseArticle(release_id=release.id or 0, version_id=one.id or 0) for _, one in laid.versions)
    session.flush()
    return release.id or 0


def digest_of(
    versions: Iterable[tuple[KbArticle, ArticleVersion]], intents: list[Any], gold: list[Any], *more: list[Any]
) -> str:
    """The hash of all that a release is built from; ``more``: its glossary, accepted questions and sentences."""
    frozen = [[row.article_id, row.language, version.number, version.sha256] for row, version in versions]
    # What there is none of says nothing, as before there was such a thing.
    return sha256_of([frozen, intents, gold, *filter(None, more)])


def _keep_versions(session: Session, changes: Iterable[Change]) -> None:
    """Give ids to the articles and versions that drafts bring. Nothing takes them up before they go live."""
    brought = [(one.row, one.version) for one in changes if one.row is not None and one.version is not None]
    session.add_all(row for row, _ in brought)
    session.flush()
    for row, version in brought:
        if version.id is None:
            version.kb_article_id, row.newest = row.id or 0, version.number
            session.add(version)
    session.flush()


def repeat_release(session: Session, now: datetime) -> int | None:
    """Freeze once more what is live, to be fitted anew, and nothing that was written since. Returns its id.

    None while nothing is live, or while another release is being built: it must not find a later one live.
    """
    live = live_release(session)
    if live is None or any(release_id > (live.id or 0) for release_id in being_built(session, now)):
        return None
    return copied(session, live, now).id


def copied(session: Session, release: Release, now: datetime) -> Release:
    """A new release with the contents of ``release``, which changes nothing of the KB and has no fit yet."""
    again = Release(
        created_at=now,
        digest=release.digest,
        intents=release.intents,
        gold=release.gold,
        glossary=release.glossary,
        questions=release.questions,
        sentences=release.sentences,
        source=release.source,
    )
    session.add(again)
    session.flush()
    versions = session.exec(select(ReleaseArticle.version_id).where(ReleaseArticle.release_id == release.id)).all()
    session.add_all(ReleaseArticle(release_id=again.id or 0, version_id=version_id) for version_id in versions)
    session.flush()
    return again


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
    keep_fit(session, release_id, parameters, threshold, figures)
    go_live(session, release_id, now, actor)


def keep_fit(
    session: Session, release_id: int, parameters: bytes | None, threshold: float | None, figures: dict[str, Any]
) -> None:
    """Keep what was fitted on ``release_id``, which then can go live or be staged. Raises NoSuchRelease."""
    release = session.get(Release, release_id)
    if release is None:
        raise NoSuchRelease
    release.parameters, release.threshold, release.figures = parameters, threshold, figures
    session.flush()


def go_live(session: Session, release_id: int, now: datetime, actor: str = "system") -> None:
    """Make ``release_id``, which has its fit, the live one; the rollout that runs is over by it, whichever release it
    was of. Raises as ``publish``."""
    release = session.get(Release, release_id)
    if release is None:
        raise NoSuchRelease
    before = locked_live(session)
    if before is not None and (before.id or 0) > release_id:
        raise ReleaseOutdated
    if before is not None and before.id != release_id:
        before.state = ReleaseState.RETIRED
        # The index that allows one live release looks at every single statement.
        session.flush()
    _end_rollout(session, release_id, now, actor)
    release.state, release.live_at = ReleaseState.LIVE, now
    session.flush()
    apply_changes(session, release, now, actor)
    replaced = before.id if before else None
    record(session, actor, "kb.publish", "release", release_id, now, digest=release.digest, replaced=replaced)
    note_change(session, "release", release_id, now)


def locked_live(session: Session) -> Release | None:
    """The live release, kept from going away until the transaction ends; whoever changes what is live begins so.

    Answers that are being written down are waited for: from then on none rests on what is no longer live.
    """
    wait_for_answers(session)
    while live_release_id(session) is not None:
        live = (Release.state == ReleaseState.LIVE,)
        found = session.exec(select(Release).where(*live).with_for_update()).one_or_none()
        # Who waited for another that went live finds that this one is live no more, and looks again.
        if found is not None:
            return found
    return None


def _end_rollout(session: Session, release_id: int, now: datetime, actor: str) -> None:
    rollout = running(session)
    if rollout is None:
        return
    if rollout.release_id == release_id:
        end(session, rollout, RolloutState.PROMOTED, now, actor=actor)
        return
    staged = session.get_one(Release, rollout.release_id)
    staged.state = ReleaseState.RETIRED
    # Of an import everything is in the working state, and so in every release that comes after it.
    without = ", without what this one changes" if staged.changes else ", for everybody"
    reason = f"Release {release_id} went live meanwhile{without}."
    end(session, rollout, RolloutState.STOPPED, now, reason=reason, actor=actor)


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
        sentences=tuple(Sentence(**values) for values in release.sentences),
    )
