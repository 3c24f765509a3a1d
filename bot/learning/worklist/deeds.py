"""What editors do with an item: begin a draft, say why not, open it again, name its cause."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session, col, select

from bot.learning.worklist.errors import NoSuchTarget, NoSuchWork, RefusalUnexplained, WorkDecided
from bot.learning.worklist.keeping import SUBJECT
from bot.learning.worklist.models import Cause, WorkItem, WorkKind, WorkState
from bot.learning.worklist.targets import Target, added_to, new_content, targets, translated
from handoff.actors import Actor, require
from handoff.permissions import Permission
from kb_content.article_file import source_digest
from kb_content.studio import drafts
from kb_content.studio.contents import content_of
from kb_content.studio.models import Draft, DraftKind
from kb_content.studio.names import free_article_id, spelled
from kb_content.studio.values import article_from_content
from kb_content.studio.working import state_of
from store.audit import record
from store.changes import note_change


def get(session: Session, item_id: int) -> WorkItem:
    """Raises NoSuchWork."""
    item = session.get(WorkItem, item_id)
    if item is None:
        raise NoSuchWork
    return item


def targets_of(session: Session, item: WorkItem) -> list[Target]:
    """What a draft can be begun of for this item."""
    return targets(item, spelled(session))


def begin_draft(session: Session, item_id: int, target: str, actor: Actor, now: datetime) -> Draft:
    """The draft in which this item is worked, prefilled; on to the one that somebody writes already.

    ``target``: the key of one of ``targets_of``; the first of them if empty. Raises WorkDecided or NoSuchTarget.
    """
    require(session, actor, Permission.EDIT_ARTICLES)
    item = _open(session, item_id, WorkState.OPEN)
    found = targets_of(session, item)
    chosen = next((one for one in found if target in ("", one.key)), None)
    if chosen is None:
        raise NoSuchTarget
    draft = _begun(session, item, chosen, actor, now)
    item.state, item.draft_id, item.decided_by, item.decided_at = WorkState.DRAFTED, draft.id, actor.staff_id, now
    _note(session, item, "drafted", actor, now, draft=draft.id)
    return draft


def refuse(session: Session, item_id: int, reason: str, actor: Actor, now: datetime) -> WorkItem:
    """It will not be done; ``reason`` says why. Raises RefusalUnexplained or WorkDecided."""
    require(session, actor, Permission.EDIT_ARTICLES)
    if not reason.strip():
        raise RefusalUnexplained
    item = _open(session, item_id, WorkState.OPEN)
    item.state, item.reason = WorkState.WONT_DO, reason.strip()
    item.decided_by, item.decided_at = actor.staff_id, now
    _note(session, item, "wont_do", actor, now)
    return item


def open_again(session: Session, item_id: int, actor: Actor, now: datetime) -> WorkItem:
    """It is to be done after all; a draft that was begun stays a draft."""
    require(session, actor, Permission.EDIT_ARTICLES)
    item = _open(session, item_id, WorkState.WONT_DO, WorkState.DRAFTED)
    item.state, item.reason, item.draft_id = WorkState.OPEN, "", None
    item.decided_by, item.decided_at = actor.staff_id, now
    _note(session, item, "opened", actor, now)
    return item


def set_cause(session: Session, item_id: int, cause: Cause | None, actor: Actor, now: datetime) -> WorkItem:
    """Why it keeps coming, as an editor sees it."""
    require(session, actor, Permission.EDIT_ARTICLES)
    item = _open(session, item_id, *WorkState)
    item.cause, item.decided_by = cause, actor.staff_id
    _note(session, item, "cause", actor, now, cause=cause.value if cause else None)
    return item


def _begun(session: Session, item: WorkItem, target: Target, actor: Actor, now: datetime) -> Draft:
    origin = f"work:{item.id}"
    is_another = item.kind is WorkKind.UNANSWERED and target.is_new
    name = free_article_id(session, target.article) if is_another else target.article
    about = (DraftKind.ARTICLE, name, target.language)
    content = None
    if target.is_new:
        is_translation = item.kind is WorkKind.TRANSLATION
        content = _translation(session, item, target) if is_translation else new_content(item, target.title)
    draft = drafts.begin(session, *about, actor.staff_id, now, origin, content, actor.name)
    if target.is_new:
        return draft
    changed = added_to(draft.content, item)
    if changed == draft.content:
        return draft
    return drafts.save(session, draft.id or 0, draft.revision, changed, actor.staff_id, now, actor.name)


def _translation(session: Session, item: WorkItem, target: Target) -> dict[str, object]:
    source = state_of(session, DraftKind.ARTICLE, target.article, item.detail["source"]).content
    if source is None:
        raise NoSuchTarget
    article = article_from_content(target.article, item.detail["source"], source)
    return translated(content_of(article), item, source_digest(article))


def _open(session: Session, item_id: int, *states: WorkState) -> WorkItem:
    """The item, locked, in one of ``states``. Raises WorkDecided."""
    item = session.get(WorkItem, item_id, with_for_update=True, populate_existing=True)
    if item is None:
        raise NoSuchWork
    if item.state not in states:
        raise WorkDecided
    return item


def _note(session: Session, item: WorkItem, deed: str, actor: Actor, now: datetime, **detail: object) -> None:
    session.flush()
    # Titles and reasons may be customers' words, which the audit must not keep for good.
    record(session, actor.name, f"work.{deed}", SUBJECT, item.id, now, of=item.kind.value, **detail)
    note_change(session, SUBJECT, item.id or 0, now)


def drafted_from(session: Session, draft_ids: Sequence[int]) -> dict[int, list[WorkItem]]:
    """The items that are worked in each of these drafts."""
    found: dict[int, list[WorkItem]] = {}
    for item in session.exec(select(WorkItem).where(col(WorkItem.draft_id).in_(draft_ids))):
        found.setdefault(item.draft_id or 0, []).append(item)
    return found
