"""What drafts change of their articles that an editor must have meant, and whether one has said so."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, dataclass
from typing import Any

from sqlmodel import Session

from kb_content.articles import Article
from kb_content.studio.content_check import Change, changes
from kb_content.studio.drafts import get
from kb_content.studio.models import Draft, DraftKind
from kb_content.studio.values import article_from_content, article_of
from kb_content.studio.working import state_under


@dataclass(frozen=True)
class ContentChange:
    """One change of one draft. ``is_ticked``: an editor looked at it and meant it."""

    draft_id: int
    name: str
    language: str
    change: Change
    is_ticked: bool


def content_changes(session: Session, draft_ids: Collection[int]) -> list[ContentChange]:
    """All changes of these drafts, draft by draft. Raises NoSuchDraft."""
    return [found for draft_id in draft_ids for found in _changes(session, get(session, draft_id))]


def _changes(session: Session, draft: Draft) -> list[ContentChange]:
    if draft.kind is not DraftKind.ARTICLE:
        return []
    new = None if draft.is_removal else article_of(draft)
    found = changes(_article_now(session, draft), new)
    ticked = set(draft.ticked)
    return [ContentChange(draft.id or 0, draft.name, draft.language, one, one.key in ticked) for one in found]


def _article_now(session: Session, draft: Draft) -> Article | None:
    content = state_under(session, draft).content
    return article_from_content(draft.name, draft.language, content) if content is not None else None


def as_values(found: ContentChange) -> dict[str, Any]:
    """One change as JSON holds it."""
    about = {"draft": found.draft_id, "name": found.name, "language": found.language, "ticked": found.is_ticked}
    return {**asdict(found.change), **about}
