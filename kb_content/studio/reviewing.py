"""From written to published: who looks at a draft, who approves it, and when it is due."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlmodel import Session, select

from kb_content.errors import DraftRefused
from kb_content.studio.draft_rows import locked, told
from kb_content.studio.faults import faults
from kb_content.studio.four_eyes import four_eyes
from kb_content.studio.models import Draft, DraftState


def submit(
    session: Session, draft_id: int, staff_id: int | None, now: datetime, note: str = "", actor: str = ""
) -> Draft:
    """Give it to another editor for review. Raises DraftRefused while something in it must be mended."""
    draft = locked(session, draft_id)
    if draft.state is DraftState.IN_REVIEW:
        return draft
    _refuse_faults(draft)
    draft.state, draft.submitted_by, draft.approved_by, draft.publish_at = DraftState.IN_REVIEW, staff_id, None, None
    draft.note = note.strip()
    told(session, draft, "submit", staff_id, now, actor)
    return draft


def approve(
    session: Session, draft_id: int, staff_id: int | None, now: datetime, revision: int | None = None, actor: str = ""
) -> Draft:
    """``revision``: what the reviewer has read. Raises DraftChanged where it was edited since, DraftRefused for who
    wrote or submitted it and for what is not in review."""
    draft = locked(session, draft_id, revision)
    if draft.state is not DraftState.IN_REVIEW:
        raise DraftRefused("Only a draft that is in review can be approved: submit it first.")
    if staff_id in _hands(draft):
        raise DraftRefused("Somebody else must approve it: you submitted it or changed it last.")
    draft.state, draft.approved_by = DraftState.APPROVED, staff_id
    told(session, draft, "approve", staff_id, now, actor, revision=draft.revision)
    return draft


def send_back(
    session: Session, draft_id: int, note: str, staff_id: int | None, now: datetime, actor: str = ""
) -> Draft:
    """A draft again, with what its reviewer wants changed."""
    draft = locked(session, draft_id)
    draft.state, draft.approved_by, draft.publish_at = DraftState.DRAFT, None, None
    draft.note = note.strip()
    told(session, draft, "send_back", staff_id, now, actor)
    return draft


def schedule(
    session: Session, draft_id: int, at: datetime, staff_id: int | None, now: datetime, actor: str = ""
) -> Draft:
    """Have it published at ``at``. Raises DraftRefused where it could not be published, or ``at`` has passed."""
    draft = locked(session, draft_id)
    if at <= now:
        raise DraftRefused("That moment has passed: choose a later one, or publish it now.")
    if reason := is_publishable(draft, four_eyes(session)):
        raise DraftRefused(reason)
    draft.state, draft.publish_at = DraftState.SCHEDULED, at
    told(session, draft, "schedule", staff_id, now, actor, at=at.isoformat())
    return draft


def unschedule(session: Session, draft_id: int, staff_id: int | None, now: datetime, actor: str = "") -> Draft:
    draft = locked(session, draft_id)
    if draft.state is DraftState.SCHEDULED:
        draft.state = DraftState.DRAFT if draft.approved_by is None else DraftState.APPROVED
        draft.publish_at = None
        told(session, draft, "unschedule", staff_id, now, actor)
    return draft


def tick(
    session: Session, draft_id: int, keys: Collection[str], staff_id: int | None, now: datetime, actor: str = ""
) -> Draft:
    """These changes, and no others, were looked at and meant."""
    draft, ticked = locked(session, draft_id), sorted(set(keys))
    if ticked != draft.ticked:
        draft.ticked = ticked
        told(session, draft, "tick", staff_id, now, actor, count=len(ticked))
    return draft


def is_publishable(draft: Draft, four_eyes: bool) -> str | None:
    """Why the draft cannot be published as it is, as a sentence; None if it can. Pure."""
    if found := faults(draft):
        return next(iter(found.values()))
    if four_eyes and (draft.approved_by is None or draft.approved_by in _hands(draft)):
        if draft.state is DraftState.IN_REVIEW:
            return "Another editor must approve it first: it is in review."
        return "Another editor must approve it first: submit it for review."
    return None


def may_approve(draft: Draft, staff_id: int | None) -> bool:
    """Whether they are a second pair of eyes. Pure."""
    return draft.state is DraftState.IN_REVIEW and staff_id not in _hands(draft)


def wait_for(session: Session, staff_id: int | None) -> int:
    """How many drafts wait for the eyes of ``staff_id``."""
    waiting = select(Draft.submitted_by, Draft.changed_by).where(Draft.state == DraftState.IN_REVIEW)
    return sum(staff_id not in hands for hands in session.exec(waiting))


def _hands(draft: Draft) -> set[int]:
    """Who must not approve it."""
    return {staff_id for staff_id in (draft.submitted_by, draft.changed_by) if staff_id is not None}


def _refuse_faults(draft: Draft) -> None:
    if found := faults(draft):
        raise DraftRefused(next(iter(found.values())))
