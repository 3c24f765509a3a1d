"""What articles are called, for pages that have only their ids."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlmodel import Session, col, select

from kb_content.models import ArticleVersion, KbArticle
from kb_content.studio.models import Draft, DraftKind


@dataclass(frozen=True)
class Named:
    """An article in one language. ``draft_id``: of one that nobody has published yet. Without ``language`` it is in
    neither, and ``title`` is the id."""

    title: str
    language: str = ""
    draft_id: int | None = None


@dataclass(frozen=True)
class Titles:
    """Articles by (id, language)."""

    held: Mapping[tuple[str, str], Named]

    def named(self, article_id: str, language: str = "") -> Named:
        """The article in ``language``, else in another that it is written in."""
        others = (named for (name, _), named in self.held.items() if name == article_id)
        return self.held.get((article_id, language)) or next(others, Named(article_id))


def titles(session: Session, ids: Iterable[str]) -> Titles:
    """What these articles are called in the KB, archived ones too; new ones as in their drafts."""
    wanted = set(ids)
    drafted = session.exec(select(Draft).where(Draft.kind == DraftKind.ARTICLE, col(Draft.name).in_(wanted)))
    found = {
        (draft.name, draft.language): Named(str(draft.content.get("title") or draft.name), draft.language, draft.id)
        for draft in drafted
    }
    rows = session.exec(
        select(KbArticle.article_id, KbArticle.language, ArticleVersion.title)
        .where(KbArticle.id == ArticleVersion.kb_article_id, KbArticle.current == ArticleVersion.number)
        .where(col(KbArticle.article_id).in_(wanted))
    )
    found |= {(name, language): Named(title, language) for name, language, title in rows}
    return Titles(dict(sorted(found.items())))
