"""Releases that are live no more: what of them is kept, and for how long."""

from __future__ import annotations

from sqlalchemy import ColumnElement, delete, exists, func, update
from sqlmodel import Session, col, select

from kb_content.models import Release, ReleaseArticle, ReleaseState
from kb_content.studio.models import Publication, Rollout


def newest_release_id(session: Session) -> int:
    """The id of the release that was begun last, 0 before the first."""
    return session.exec(select(func.max(Release.id))).one() or 0


def strip_retired(session: Session, kept: int) -> int:
    """Take from old releases what was fitted on them, save the ``kept`` newest that were live: to those one can roll
    back. Returns how many that were.

    Their article versions, and that those were live, stay: people have links to them.
    """
    retired, fitted = col(Release.state) == ReleaseState.RETIRED, col(Release.parameters).is_not(None)
    once_live = select(Release.id).where(retired, fitted, col(Release.live_at).is_not(None))
    newest = session.exec(once_live.order_by(col(Release.id).desc()).limit(kept)).all()
    statement = update(Release).where(retired, fitted, col(Release.id).not_in(newest)).values(parameters=None)
    return len(session.execute(statement.returning(col(Release.id))).all())


def drop_abandoned(session: Session, kept: int) -> int:
    """Delete old releases that no customer ever got, save those among the ``kept`` newest. Returns how many there
    were. A publication that came to nothing stays, without its release."""
    never = select(Release.id).where(_is_old(session, kept), ~was_given())
    ids = [release_id for release_id in session.exec(never) if release_id is not None]
    session.execute(update(Publication).where(col(Publication.release_id).in_(ids)).values(release_id=None))
    session.execute(delete(ReleaseArticle).where(col(ReleaseArticle.release_id).in_(ids)))
    session.execute(delete(Release).where(col(Release.id).in_(ids)))
    return len(ids)


def unstripped(session: Session) -> list[int]:
    """The releases whose vectors are needed: one for each content, of those that are live, begun, or have parameters
    still."""
    needed = (col(Release.state) != ReleaseState.RETIRED) | col(Release.parameters).is_not(None)
    newest = session.exec(select(func.max(Release.id)).where(needed).group_by(col(Release.digest)))
    return [release_id for release_id in newest if release_id is not None]


def was_given() -> ColumnElement[bool]:
    """Of a release: whether customers got it, as the live one or staged."""
    return col(Release.live_at).is_not(None) | exists().where(col(Rollout.release_id) == col(Release.id))


def _is_old(session: Session, kept: int) -> ColumnElement[bool]:
    """Retired, and older than the ``kept`` newest that are."""
    retired = col(Release.state) == ReleaseState.RETIRED
    newest = select(Release.id).where(retired).order_by(col(Release.id).desc()).limit(kept)
    return retired & col(Release.id).not_in(list(session.exec(newest)))
