"""What editors write before it is published: begun, saved, reviewed, scheduled, discarded.

Every function works in the caller's transaction. ``staff_id`` is who does it, ``actor`` what the audit log calls them.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from kb_content.errors import DraftRefused
from kb_content.models import Release, ReleaseState
from kb_content.releases import being_built
from kb_content.studio.draft_rows import draft_of, drafts, due, get, locked, moved_on, told
from kb_content.studio.models import Draft, DraftKind
from kb_content.studio.names import proper_name
from kb_content.studio.reviewing import (
    approve,
    is_publishable,
    may_approve,
    schedule,
    send_back,
    submit,
    tick,
    unschedule,
)
from kb_content.studio.values import cleaned
from kb_content.studio.working import state_of, state_under
from store.inserts import insert

__all__ = [
    "approve",
    "begin",
    "discard",
    "draft_of",
    "drafts",
    "due",
    "get",
    "is_outdated",
    "is_publishable",
    "mark_removal",
    "may_approve",
    "rebase",
    "save",
    "schedule",
    "send_back",
    "submit",
    "tick",
    "unschedule",
]


def begin(
    session: Session,
    kind: DraftKind,
    name: str,
    language: str,
    staff_id: int | None,
    now: datetime,
    origin: str = "",
    content: Mapping[str, Any] | None = None,
    actor: str = "",
) -> Draft:
    """The draft of this thing: the one that is there already, else a new one with what the KB says, of an archived
    article what it said last, or ``content``.

    Raises BadName for a name or language that nothing can have.
    """
    name, language = proper_name(session, kind, name, language)
    there = draft_of(session, kind, name, language)
    if there is not None:
        return there
    now_there = state_of(session, kind, name, language)
    written = content if content is not None else now_there.content or now_there.last or {}
    values = {
        **Draft(kind=kind, name=name, language=language, made_at=now, changed_at=now).model_dump(exclude={"id"}),
        "content": cleaned(kind, name, language, written),
        "base": now_there.number,
        "base_sha256": now_there.sha256,
        "origin": origin[:100],
        "made_by": staff_id,
        "changed_by": staff_id,
    }
    # Another editor may begin it at this very moment: then both write on that one.
    begun = session.execute(insert(session, Draft).values(values).on_conflict_do_nothing().returning(col(Draft.id)))
    is_mine = begun.first() is not None
    draft = draft_of(session, kind, name, language)
    assert draft is not None
    if is_mine:
        told(session, draft, "begin", staff_id, now, actor, of=kind.value, name=name, language=language, origin=origin)
    return draft


def save(
    session: Session,
    draft_id: int,
    revision: int,
    content: Mapping[str, Any],
    staff_id: int | None,
    now: datetime,
    actor: str = "",
) -> Draft:
    """Keep ``content``, which its writer began from ``revision``. What was approved or scheduled is a draft again.

    Raises NoSuchDraft, or DraftChanged with the row where somebody saved another revision meanwhile.
    """
    draft = locked(session, draft_id, revision)
    written = cleaned(draft.kind, draft.name, draft.language, content)
    if written == draft.content:
        return draft
    draft.content = written
    moved_on(session, draft, "save", staff_id, now, actor)
    return draft


def rebase(
    session: Session,
    draft_id: int,
    revision: int,
    content: Mapping[str, Any],
    staff_id: int | None,
    now: datetime,
    actor: str = "",
) -> Draft:
    """Save ``content``, in which what the KB says now was taken over: the draft begins from that.

    Raises as ``save``.
    """
    draft = locked(session, draft_id, revision)
    now_there = state_under(session, draft)
    draft.content = cleaned(draft.kind, draft.name, draft.language, content)
    draft.base, draft.base_sha256 = now_there.number, now_there.sha256
    moved_on(session, draft, "rebase", staff_id, now, actor)
    return draft


def mark_removal(
    session: Session, draft_id: int, staff_id: int | None, now: datetime, is_removal: bool = True, actor: str = ""
) -> Draft:
    """Have the thing taken out of the KB when the draft is published, or not after all. Raises DraftRefused for what
    the KB does not have."""
    draft = locked(session, draft_id)
    if is_removal and not state_under(session, draft).sha256:
        raise DraftRefused("The knowledge base does not have this yet, so it cannot be taken out: discard the draft.")
    if draft.is_removal is not is_removal:
        draft.is_removal = is_removal
        moved_on(session, draft, "remove" if is_removal else "keep", staff_id, now, actor)
    return draft


def discard(session: Session, draft_id: int, staff_id: int | None, now: datetime, actor: str = "") -> None:
    """Delete it; the KB stays as it is. Raises DraftRefused while a release with it is being built or rolled out."""
    draft = locked(session, draft_id)
    if _is_on_its_way(session, draft, now):
        raise DraftRefused("It is being published: cancel that or stop its rollout first, then discard it.")
    detail = {"of": draft.kind.value, "name": draft.name, "language": draft.language}
    told(session, draft, "discard", staff_id, now, actor, **detail)
    session.delete(draft)
    session.flush()


def is_outdated(session: Session, draft: Draft) -> bool:
    """Whether the KB was changed after the draft was begun, so that publishing it would take that back."""
    return state_under(session, draft).sha256 != draft.base_sha256


def _is_on_its_way(session: Session, draft: Draft, now: datetime) -> bool:
    staged = session.exec(select(Release).where(Release.state == ReleaseState.STAGED)).all()
    building = [session.get_one(Release, release_id) for release_id in being_built(session, now)]
    return any(change["draft"] == draft.id for release in (*staged, *building) for change in release.changes)
