"""What a release with drafts changes of the knowledge base: kept with it, and carried out when it goes live."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from kb_content.errors import DraftOutdated
from kb_content.models import ArticleVersion, GlossaryRow, KbArticle, KbIntent, KbSentence, Release
from kb_content.proposals import withdraw
from kb_content.studio.models import Draft, DraftKind
from kb_content.studio.overlay import Change, deleted_questions
from kb_content.studio.working import WRITTEN, find_sentence, find_version, is_term, state_of
from store.changes import note_change

Values = dict[str, Any]


def values_of_change(change: Change) -> Values:
    """``change`` as ``Release.changes`` keeps it; its rows must have their ids.

    ``base``: the hash of what the KB said of it, which it must still say when the release goes live.
    """
    draft = change.draft
    return {
        "kind": draft.kind.value,
        "name": draft.name,
        "language": draft.language,
        "draft": draft.id,
        "revision": draft.revision,
        "base": change.base_sha256,
        "row": change.row.id if change.row else None,
        "version": change.version.number if change.version else None,
        "data": change.data,
    }


def apply_changes(session: Session, release: Release, now: datetime, actor: str = "system") -> None:
    """Make the working state what ``release`` says, and delete the drafts that are published by it.

    Raises DraftOutdated where the KB was changed meanwhile in the same place: that is not to be lost silently.
    """
    for change in release.changes:
        kind = DraftKind(change["kind"])
        there = state_of(session, kind, change["name"], change["language"])
        if there.sha256 != change["base"]:
            raise DraftOutdated(
                f"`{change['name']}` was changed in the knowledge base while this release was on its way: open its "
                "draft, take over what changed, and publish again."
            )
        _APPLY[kind](session, change, now, actor)
        session.flush()
        _finish_draft(session, kind, change, now)
    session.flush()


def _article(session: Session, change: Values, now: datetime, actor: str) -> None:
    row = session.get_one(KbArticle, change["row"], with_for_update=True)
    if change["version"] is None:
        row.archived_at = now
    else:
        before = find_version(session, row, row.current)
        row.current, row.archived_at = change["version"], None
        _withdraw_deleted(session, row, before, now, actor)
    note_change(session, "article", row.id or 0, now, row.current)


def _withdraw_deleted(
    session: Session, row: KbArticle, before: ArticleVersion | None, now: datetime, actor: str
) -> None:
    """What an editor deleted from the article's questions must not come back as one that was accepted once."""
    after = find_version(session, row, row.current)
    if after is not None and (gone := deleted_questions(before, after)):
        withdraw(session, {(row.article_id, row.language): gone}, actor, now)


def _intent(session: Session, change: Values, now: datetime, actor: str) -> None:
    row = session.exec(select(KbIntent).where(KbIntent.name == change["name"])).one_or_none()
    if change["data"] is None:
        if row is not None:
            session.delete(row)
    elif row is None:
        session.add(KbIntent(name=change["name"], data=change["data"], source=WRITTEN))
    else:
        row.data = change["data"]


def _term(session: Session, change: Values, now: datetime, actor: str) -> None:
    rows = session.exec(select(GlossaryRow).order_by(col(GlossaryRow.id)))
    same = [row for row in rows if is_term(row.data, change["name"], change["language"])]
    if change["data"] is not None:
        kept = same.pop(0) if same else GlossaryRow(source=WRITTEN)
        kept.data = change["data"]
        session.add(kept)
    for row in same:
        session.delete(row)


def _sentence(session: Session, change: Values, now: datetime, actor: str) -> None:
    row = find_sentence(session, change["name"], change["language"])
    if change["data"] is None:
        if row is not None:
            session.delete(row)
    elif row is None:
        session.add(KbSentence(**change["data"], source=WRITTEN))
    else:
        row.text = change["data"]["text"]


_APPLY = {
    DraftKind.ARTICLE: _article,
    DraftKind.INTENT: _intent,
    DraftKind.TERM: _term,
    DraftKind.SENTENCE: _sentence,
}


def _finish_draft(session: Session, kind: DraftKind, change: Values, now: datetime) -> None:
    """The draft is done; one that was edited meanwhile goes on from what is live now."""
    draft = session.get(Draft, change["draft"], with_for_update=True, populate_existing=True)
    if draft is None or (draft.kind, draft.name, draft.language) != (kind, change["name"], change["language"]):
        return
    if draft.revision == change["revision"]:
        session.delete(draft)
    else:
        there = state_of(session, kind, draft.name, draft.language)
        draft.base, draft.base_sha256 = there.number, there.sha256
    note_change(session, "draft", change["draft"], now, draft.revision)
