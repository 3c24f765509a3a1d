"""Which language of an article the others were translated from, and what of it each of them was made from."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlmodel import Session, col, select

from kb_content.article_file import source_digest
from kb_content.models import ArticleVersion, KbArticle
from kb_content.versions import article_from

SOURCE_LANGUAGE = "en"
"""The language that others are translated from, where an article does not say otherwise."""
DIGITS = 8
Version = tuple[KbArticle, ArticleVersion]


def source_among(held: Mapping[str, Version]) -> str | None:
    """Which language the others come from."""
    return source_language({language: version.meta.get("translated_from") for language, (_, version) in held.items()})


def source_language(translated_from: Mapping[str, str | None]) -> str | None:
    """English, or the only language that does not say it is a translation; by what each says of that."""
    originals = [language for language, said in translated_from.items() if not said]
    if SOURCE_LANGUAGE in originals:
        return SOURCE_LANGUAGE
    return originals[0] if len(originals) == 1 else None


def of_article(session: Session, article_id: str) -> dict[str, Version]:
    """The current version of the article in each language that is not archived."""
    found = session.exec(
        select(KbArticle, ArticleVersion)
        .where(KbArticle.article_id == article_id, col(KbArticle.archived_at).is_(None))
        .where(KbArticle.id == ArticleVersion.kb_article_id)
        .where(KbArticle.current == ArticleVersion.number)
        .order_by(KbArticle.language)
    )
    return {row.language: (row, version) for row, version in found}


def made_from(session: Session, translation: Version, source: Version) -> str:
    """The digest of the source text that a version of a translation was made from: what it says itself, else what the
    source said when it was made."""
    (_, version), (source_row, newest) = translation, source
    if written := version.meta.get("translated_from"):
        return str(written)[:DIGITS]
    then = newest if newest.created_at <= version.created_at else _version_at(session, source_row, version.created_at)
    return source_digest(article_from(source_row, then or newest))


def inherited_source(session: Session, article_id: str, language: str) -> str | None:
    """What the article in ``language`` was made from, so that a new version of it says so, too: mending a word in a
    translation does not bring it up to date. None for what is no translation."""
    held = of_article(session, article_id)
    source = source_among(held)
    if source is None or source == language or language not in held:
        return None
    return made_from(session, held[language], held[source])


def _version_at(session: Session, row: KbArticle, moment: datetime) -> ArticleVersion | None:
    query = select(ArticleVersion).where(ArticleVersion.kb_article_id == row.id, ArticleVersion.created_at <= moment)
    return session.exec(query.order_by(col(ArticleVersion.number).desc()).limit(1)).first()
