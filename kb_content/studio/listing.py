"""Every article for the editors' list: what the KB says now, and the draft of it that somebody is writing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlmodel import Session, col, select

from kb_content.models import ArticleVersion, KbArticle
from kb_content.studio.models import Draft, DraftKind, DraftState
from kb_content.studio.values import article_of
from store import fulltext

ANY, PUBLISHED, DRAFTED, UNPUBLISHED, STALE, ARCHIVED = "", "published", "drafted", "new", "stale", "archived"
STATES = (ANY, PUBLISHED, DRAFTED, UNPUBLISHED, STALE, ARCHIVED)


@dataclass(frozen=True)
class Line:
    """One language of an article. ``version`` is 0 for one that was never published: then it is as its draft says."""

    article_id: str
    language: str
    title: str
    category: str = ""
    tags: tuple[str, ...] = ()
    questions: tuple[str, ...] = ()
    review_by: str | None = None
    version: int = 0
    source: str = ""
    archived_at: datetime | None = None
    draft_id: int | None = None
    draft_state: DraftState | None = None
    is_removal: bool = False

    def is_stale(self, today: date) -> bool:
        """Whether somebody should have looked at it by now."""
        return self.archived_at is None and self.review_by is not None and self.review_by <= today.isoformat()


@dataclass(frozen=True)
class Wanted:
    """Which articles to list; empty values want all. ``words``: all of them in title, questions, category, tags, id."""

    words: str = ""
    language: str = ""
    category: str = ""
    tag: str = ""
    state: str = ANY


def article_lines(session: Session) -> list[Line]:
    """Every article, archived and never published ones too, by id and language."""
    found = session.exec(
        select(KbArticle, ArticleVersion.title, ArticleVersion.meta)
        .where(KbArticle.id == ArticleVersion.kb_article_id)
        .where(KbArticle.current == ArticleVersion.number)
    )
    lines = {
        (row.article_id, row.language): Line(
            article_id=row.article_id,
            language=row.language,
            title=title,
            category=meta.get("category") or "",
            tags=tuple(meta.get("tags") or ()),
            questions=tuple(meta.get("questions") or ()),
            review_by=meta.get("review_by"),
            version=row.current,
            source=row.source,
            archived_at=row.archived_at,
        )
        for row, title, meta in found
    }
    for draft in session.exec(select(Draft).where(col(Draft.kind) == DraftKind.ARTICLE)):
        key = draft.name, draft.language
        line = lines.get(key) or _of_draft(draft)
        lines[key] = replace(line, draft_id=draft.id, draft_state=draft.state, is_removal=draft.is_removal)
    return [lines[key] for key in sorted(lines)]


def chosen(lines: list[Line], wanted: Wanted, today: date) -> list[Line]:
    """Those of ``lines`` that are wanted. Archived ones only where they are asked for. Pure."""
    words = list(fulltext.tokens(wanted.words))
    return [
        line
        for line in lines
        if wanted.language in ("", line.language)
        and wanted.category in ("", line.category)
        and (not wanted.tag or wanted.tag in line.tags)
        and _is_in(line, wanted.state, today)
        and _holds(line, words)
    ]


def _is_in(line: Line, state: str, today: date) -> bool:
    match state:
        case "archived":
            return line.archived_at is not None
        case "drafted":
            return line.draft_id is not None
        case "new":
            return line.version == 0
        case "stale":
            return line.is_stale(today)
        case "published":
            return line.version > 0 and line.archived_at is None
    return line.archived_at is None or line.draft_id is not None


def _holds(line: Line, words: list[str]) -> bool:
    """Width and case folded."""
    if not words:
        return True
    text = " ".join([line.article_id, line.title, line.category, *line.tags, *line.questions])
    have = " ".join(fulltext.tokens(text))
    return all(word in have for word in words)


def _of_draft(draft: Draft) -> Line:
    article = article_of(draft)
    return Line(
        article_id=draft.name,
        language=draft.language,
        title=article.title,
        category=article.category or "",
        tags=article.tags,
        questions=article.questions,
        review_by=article.review_by,
    )
