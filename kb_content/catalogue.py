"""The catalogue: what the knowledge base holds, for pages, the console and whoever imports or publishes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlmodel import Session, col, select

from kb_content.articles import Article, Passage, Term
from kb_content.errors import KbError, NoSuchRelease, ReleaseOutdated
from kb_content.glossary_file import term_from
from kb_content.imports import ImportPlan, apply_import, plan_import
from kb_content.models import ArticleVersion, GlossaryRow, KbArticle, Release, ReleaseArticle, ReleaseState
from kb_content.old_releases import drop_abandoned, newest_release_id, strip_retired, unstripped, was_given
from kb_content.proposals import accepted_of, with_questions
from kb_content.releases import (
    being_built,
    build_lease,
    contents,
    give_up,
    give_up_dead,
    live_release,
    live_release_id,
    publish,
    repeat_release,
    start_release,
)
from kb_content.versions import article_from, passages_from

SAMPLE = "sample"
"""The source name of the knowledge base that comes with Firstline."""


@dataclass(frozen=True)
class ArticlePage:
    """One version of an article, as a page shows it; the current one with the questions that were accepted for it."""

    article: Article
    version: int
    passages: tuple[Passage, ...]
    created_at: datetime
    newest: int
    is_archived: bool
    is_live: bool
    was_published: bool
    """Whether this version was ever live. What never was is for staff only."""
    is_restricted: bool
    """Whether this version is, or the one that is live now, for some customers only: what an editor closes, closes
    with all that was open before."""
    languages: tuple[str, ...]
    """All languages of the article that are not archived."""
    open_languages: tuple[str, ...]
    """Those of them in which it is for everybody."""


@dataclass(frozen=True)
class ArticleLine:
    """An article in the console's list, as its current version has it."""

    article_id: str
    language: str
    title: str
    category: str | None
    version: int
    source: str
    review_by: str | None
    archived_at: datetime | None


def sample_folder() -> Path:
    """Where the sample knowledge base lies."""
    return Path(__file__).parent / "sample"


def article_page(session: Session, article_id: str, language: str, version: int | None = None) -> ArticlePage | None:
    """A version of an article, the live one without ``version``; None where there is none.

    Old and archived versions stay readable, for the citations that quote them.
    """
    row = session.exec(
        select(KbArticle).where(KbArticle.article_id == article_id, KbArticle.language == language)
    ).one_or_none()
    if row is None:
        return None
    live = _live_version(session, row)
    wanted = version if version is not None else live
    found = session.exec(
        select(ArticleVersion).where(ArticleVersion.kb_article_id == row.id, ArticleVersion.number == wanted)
    ).one_or_none()
    if found is None:
        return None
    article, languages = article_from(row, found), _languages(session, article_id)
    if found.number == row.current:
        article = with_questions(article, accepted_of(session, article_id, language))
    return ArticlePage(
        article=article,
        version=found.number,
        passages=passages_from(row, found),
        created_at=found.created_at,
        newest=row.newest,
        is_archived=row.archived_at is not None,
        is_live=found.number == live,
        was_published=_was_published(session, found),
        is_restricted=not (article.is_for_everybody and _is_open(session, row, live or row.current or row.newest)),
        languages=tuple(languages),
        open_languages=tuple(language for language, is_open in languages.items() if is_open),
    )


def articles_overview(session: Session) -> list[ArticleLine]:
    """Every article, archived ones too, by id and language."""
    found = session.exec(
        select(KbArticle, ArticleVersion.title, ArticleVersion.meta)
        .where(KbArticle.id == ArticleVersion.kb_article_id)
        .where(KbArticle.current == ArticleVersion.number)
        .order_by(col(KbArticle.article_id), col(KbArticle.language))
    )
    return [
        ArticleLine(
            article_id=row.article_id,
            language=row.language,
            title=title,
            category=meta.get("category"),
            version=row.current,
            source=row.source,
            review_by=meta.get("review_by"),
            archived_at=row.archived_at,
        )
        for row, title, meta in found
    ]


def article_ids(session: Session, language: str) -> frozenset[str]:
    """The ids of all articles in ``language``, archived ones too: what a link in the console may lead to."""
    return frozenset(session.exec(select(KbArticle.article_id).where(KbArticle.language == language)))


def open_pages(session: Session, language: str) -> frozenset[str]:
    """The ids of the articles in ``language`` that are live and for everybody: what a public link may lead to."""
    found = session.exec(
        select(KbArticle.article_id, ArticleVersion.meta)
        .where(KbArticle.language == language)
        .where(KbArticle.id == ArticleVersion.kb_article_id)
        .where(ArticleVersion.id == ReleaseArticle.version_id)
        .where(ReleaseArticle.release_id == Release.id)
        .where(Release.state == ReleaseState.LIVE)
    )
    return frozenset(article_id for article_id, meta in found if not any((meta.get("audience") or {}).values()))


def glossary(session: Session) -> list[tuple[Term, str]]:
    """Every term with the source that it came from, by language and term."""
    rows = session.exec(select(GlossaryRow).order_by(col(GlossaryRow.id)))
    found = [(term_from(row.data), row.source) for row in rows]
    return sorted(found, key=lambda one: (one[0].language, one[0].term.casefold()))


def is_empty(session: Session) -> bool:
    """Whether nothing was ever imported or written."""
    return session.exec(select(KbArticle.id).limit(1)).first() is None


def is_sample_live(session: Session) -> bool:
    """Whether an article of the sample can be an answer right now."""
    found = session.exec(
        select(KbArticle.id)
        .where(KbArticle.source == SAMPLE)
        .where(KbArticle.id == ArticleVersion.kb_article_id)
        .where(ArticleVersion.id == ReleaseArticle.version_id)
        .where(ReleaseArticle.release_id == Release.id)
        .where(Release.state == ReleaseState.LIVE)
        .limit(1)
    )
    return found.first() is not None


def is_all_sample(session: Session) -> bool:
    """Whether customers are answered from the sample, and nobody has brought or written an article beside it."""
    own = select(KbArticle.id).where(KbArticle.source != SAMPLE, KbArticle.current > 0)
    is_alone = session.exec(own.where(col(KbArticle.archived_at).is_(None)).limit(1)).first() is None
    return is_alone and is_sample_live(session)


def _live_version(session: Session, row: KbArticle) -> int | None:
    return session.exec(
        select(ArticleVersion.number)
        .where(ArticleVersion.kb_article_id == row.id)
        .where(ArticleVersion.id == ReleaseArticle.version_id)
        .where(ReleaseArticle.release_id == Release.id)
        .where(Release.state == ReleaseState.LIVE)
    ).one_or_none()


def _was_published(session: Session, version: ArticleVersion) -> bool:
    found = session.exec(
        select(Release.id)
        .where(ReleaseArticle.version_id == version.id)
        .where(ReleaseArticle.release_id == Release.id)
        .where(was_given())
        .limit(1)
    )
    return found.first() is not None


def _is_open(session: Session, row: KbArticle, version: int) -> bool:
    """Whether that version of the article is for everybody."""
    query = select(ArticleVersion).where(ArticleVersion.kb_article_id == row.id, ArticleVersion.number == version)
    found = session.exec(query).one_or_none()
    return found is None or article_from(row, found).is_for_everybody


def _languages(session: Session, article_id: str) -> dict[str, bool]:
    """The languages of the article that are not archived, and whether it is for everybody in each."""
    found = session.exec(
        select(KbArticle, ArticleVersion)
        .where(KbArticle.id == ArticleVersion.kb_article_id)
        .where(KbArticle.current == ArticleVersion.number)
        .where(KbArticle.article_id == article_id, col(KbArticle.archived_at).is_(None))
        .order_by(KbArticle.language)
    )
    return {row.language: article_from(row, version).is_for_everybody for row, version in found}


__all__ = [
    "SAMPLE",
    "ArticleLine",
    "ArticlePage",
    "ImportPlan",
    "KbError",
    "NoSuchRelease",
    "ReleaseOutdated",
    "apply_import",
    "article_ids",
    "article_page",
    "articles_overview",
    "being_built",
    "build_lease",
    "contents",
    "drop_abandoned",
    "give_up",
    "give_up_dead",
    "glossary",
    "is_all_sample",
    "is_empty",
    "is_sample_live",
    "live_release",
    "live_release_id",
    "newest_release_id",
    "open_pages",
    "plan_import",
    "publish",
    "repeat_release",
    "sample_folder",
    "start_release",
    "strip_retired",
    "unstripped",
]
