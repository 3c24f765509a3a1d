"""The staged rollout that runs, as a row: found here, and over when any release goes live."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session, select

from kb_content.studio.models import Publication, PublicationState, Rollout, RolloutState
from store.audit import record
from store.changes import note_change


def running(session: Session) -> Rollout | None:
    """The rollout that runs; at most one does."""
    return session.exec(select(Rollout).where(Rollout.state == RolloutState.RUNNING)).one_or_none()


def was_staged(session: Session, release_id: int | None) -> bool:
    """Whether some customers were given this release before, or instead of, everybody."""
    return session.exec(select(Rollout.id).where(Rollout.release_id == release_id).limit(1)).first() is not None


def brought(session: Session, rollout: Rollout) -> tuple[int, ...]:
    """The imports that its release was asked for with. Their content is in the working state while it runs: what is
    published to everybody meanwhile has it too."""
    found = select(Publication.check).where(Publication.release_id == rollout.release_id)
    return tuple(import_id for check in session.exec(found) for import_id in check.get("imports", ()))


def end(
    session: Session,
    rollout: Rollout,
    state: RolloutState,
    now: datetime,
    *,
    reason: str = "",
    staff_id: int | None = None,
    actor: str = "system",
) -> None:
    """This rollout is over, and so is the publication that staged it. What becomes of its release is the caller's."""
    rollout.state, rollout.reason = state, reason
    rollout.ended_at, rollout.ended_by = now, staff_id
    staged = (Publication.release_id == rollout.release_id, Publication.state == PublicationState.STAGED)
    for wish in session.exec(select(Publication).where(*staged)):
        is_live = state is RolloutState.PROMOTED
        wish.state = PublicationState.PUBLISHED if is_live else PublicationState.CANCELLED
        wish.finished_at, wish.problem = now, reason
        note_change(session, "publication", wish.id or 0, now)
    session.flush()
    detail = {"release": rollout.release_id, "state": state.value, "reason": reason}
    record(session, actor, "kb.rollout.end", "rollout", rollout.id, now, **detail)
    note_change(session, "rollout", rollout.id or 0, now)
