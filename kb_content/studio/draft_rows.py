"""Drafts as rows: found, locked, moved on to another revision, and what is told of it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from kb_content.errors import DraftChanged, NoSuchDraft
from kb_content.studio.models import Draft, DraftKind, DraftState
from store.audit import record
from store.changes import note_change

SUBJECT = "draft"
"""What changes and the audit log call it."""
_NOT_AGAIN = 600
"""Seconds within which saving on and on is written into the audit log once."""


def draft_of(session: Session, kind: DraftKind, name: str, language: str) -> Draft | None:
    query = select(Draft).where(Draft.kind == kind, Draft.name == name, Draft.language == language)
    return session.exec(query).one_or_none()


def drafts(
    session: Session, kind: DraftKind | None = None, state: DraftState | None = None, language: str | None = None
) -> list[Draft]:
    """All drafts, or those of a kind, state and language; the one that was changed last comes first."""
    query = select(Draft).order_by(col(Draft.changed_at).desc(), col(Draft.id).desc())
    if kind is not None:
        query = query.where(Draft.kind == kind)
    if state is not None:
        query = query.where(Draft.state == state)
    if language is not None:
        query = query.where(Draft.language == language)
    return list(session.exec(query))


def due(session: Session, now: datetime) -> list[Draft]:
    """The scheduled drafts whose time has come, the longest waiting first."""
    is_due = (Draft.state == DraftState.SCHEDULED, col(Draft.publish_at) <= now)
    return list(session.exec(select(Draft).where(*is_due).order_by(col(Draft.publish_at), col(Draft.id))))


def get(session: Session, draft_id: int) -> Draft:
    """Raises NoSuchDraft."""
    draft = session.get(Draft, draft_id)
    if draft is None:
        raise NoSuchDraft
    return draft


def locked(session: Session, draft_id: int, revision: int | None = None) -> Draft:
    draft = session.get(Draft, draft_id, with_for_update=True, populate_existing=True)
    if draft is None:
        raise NoSuchDraft
    if revision is not None and draft.revision != revision:
        # The rollback that follows must not take its values away.
        session.expunge(draft)
        raise DraftChanged(draft)
    return draft


def moved_on(session: Session, draft: Draft, deed: str, staff_id: int | None, now: datetime, actor: str) -> None:
    """A new revision. Nobody has approved this one."""
    is_again = deed == "save" and draft.changed_by == staff_id and draft.approved_by is None and draft.revision > 1
    is_told = is_again and (now - draft.changed_at).total_seconds() < _NOT_AGAIN
    draft.revision += 1
    draft.changed_by, draft.changed_at = staff_id, now
    draft.approved_by, draft.publish_at = None, None
    if draft.state is not DraftState.IN_REVIEW:
        draft.state = DraftState.DRAFT
    told(session, draft, "" if is_told else deed, staff_id, now, actor, revision=draft.revision)


def told(
    session: Session, draft: Draft, deed: str, staff_id: int | None, now: datetime, actor: str, **detail: Any
) -> None:
    session.flush()
    if deed:
        record(session, actor or f"staff {staff_id}", f"kb.draft.{deed}", SUBJECT, draft.id, now, **detail)
    note_change(session, SUBJECT, draft.id or 0, now, draft.revision)
