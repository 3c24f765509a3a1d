"""The working state of the knowledge base: what the next release takes, before any draft is laid over it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session, col, select

from kb_content.glossary_file import same_word
from kb_content.models import ArticleVersion, GlossaryRow, KbArticle, KbIntent, KbSentence
from kb_content.studio.models import Draft, DraftKind
from kb_content.studio.values import Content, content_of
from kb_content.versions import article_from, sha256_of

WRITTEN = "console"
"""The source of what was written in the console and never came from a folder."""


@dataclass(frozen=True)
class KbState:
    """What the KB says of one thing. ``content`` is None where it says nothing: not there, or archived.

    ``number``: of an article the version, 0 where there never was one. ``sha256`` is empty where it says nothing.
    ``last``: what an archived article said.
    """

    content: Content | None = None
    number: int = 0
    sha256: str = ""
    last: Content | None = None


def state_of(session: Session, kind: DraftKind, name: str, language: str) -> KbState:
    """What the working state says of the thing that a draft of this kind, name and language is of."""
    if kind is DraftKind.ARTICLE:
        return _article_state(session, name, language)
    if kind is DraftKind.SENTENCE:
        sentence = find_sentence(session, name, language)
        return _plain_state({"text": sentence.text}) if sentence else KbState()
    row: KbIntent | GlossaryRow | None
    row = find_intent(session, name) if kind is DraftKind.INTENT else find_term(session, name, language)
    return _plain_state(dict(row.data)) if row else KbState()


def state_under(session: Session, draft: Draft) -> KbState:
    """What the KB says now of the thing that ``draft`` is of."""
    return state_of(session, draft.kind, draft.name, draft.language)


def current_versions(session: Session) -> Sequence[tuple[KbArticle, ArticleVersion]]:
    """The version of every unarchived article that the next release takes, by id and language."""
    return session.exec(
        select(KbArticle, ArticleVersion)
        .where(KbArticle.id == ArticleVersion.kb_article_id)
        .where(KbArticle.current == ArticleVersion.number)
        .where(col(KbArticle.archived_at).is_(None))
        .order_by(col(KbArticle.article_id), col(KbArticle.language))
    ).all()


def intents_now(session: Session) -> list[dict[str, Any]]:
    return [row.data for row in session.exec(select(KbIntent).order_by(KbIntent.name))]


def glossary_now(session: Session) -> list[dict[str, Any]]:
    return [row.data for row in session.exec(select(GlossaryRow).order_by(col(GlossaryRow.id)))]


def sentences_now(session: Session) -> list[dict[str, Any]]:
    """As a release keeps them, by key and language."""
    rows = session.exec(select(KbSentence).order_by(KbSentence.key, KbSentence.language))
    return [{"key": row.key, "language": row.language, "text": row.text} for row in rows]


def find_article(session: Session, article_id: str, language: str) -> KbArticle | None:
    query = select(KbArticle).where(KbArticle.article_id == article_id, KbArticle.language == language)
    return session.exec(query).one_or_none()


def find_version(session: Session, row: KbArticle, number: int) -> ArticleVersion | None:
    query = select(ArticleVersion).where(ArticleVersion.kb_article_id == row.id, ArticleVersion.number == number)
    return session.exec(query).one_or_none()


def find_intent(session: Session, name: str) -> KbIntent | None:
    return session.exec(select(KbIntent).where(KbIntent.name == name)).one_or_none()


def find_sentence(session: Session, key: str, language: str) -> KbSentence | None:
    query = select(KbSentence).where(KbSentence.key == key, KbSentence.language == language)
    return session.exec(query).one_or_none()


def find_term(session: Session, term: str, language: str) -> GlossaryRow | None:
    """The first row of the term, however it is spelt."""
    rows = session.exec(select(GlossaryRow).order_by(col(GlossaryRow.id)))
    return next((row for row in rows if is_term(row.data, term, language)), None)


def is_term(data: dict[str, Any], term: str, language: str) -> bool:
    return bool(data["language"] == language and same_word(data["term"]) == same_word(term))


def _article_state(session: Session, article_id: str, language: str) -> KbState:
    row = find_article(session, article_id, language)
    version = find_version(session, row, row.current) if row else None
    if row is None or version is None:
        return KbState()
    content = content_of(article_from(row, version))
    if row.archived_at is not None:
        return KbState(number=row.current, last=content)
    return KbState(content, row.current, version.sha256)


def _plain_state(content: Content) -> KbState:
    return KbState(content, sha256=sha256_of(content))
