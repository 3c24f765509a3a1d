"""Set what the next release takes back to what a release had, without touching anything that was ever published."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlmodel import Session, SQLModel, func, select

from kb_content.glossary_file import same_word
from kb_content.models import ArticleVersion, GlossaryRow, KbArticle, KbIntent, KbSentence, Release, ReleaseArticle
from kb_content.versions import sha256_of
from store.changes import note_change


def set_to(session: Session, release: Release, now: datetime) -> None:
    """Make articles, intents, terms and sentences those of ``release``. Its gold questions are left alone: they say
    what is right, whatever is live. So are questions that were accepted since, and every draft.
    """
    _set_articles(session, release, now)
    home = _home(session)
    _set_intents(session, release, home)
    _set_terms(session, release, home)
    _set_sentences(session, release, home)
    session.flush()


def _set_articles(session: Session, release: Release, now: datetime) -> None:
    found = session.exec(
        select(ArticleVersion.kb_article_id, ArticleVersion.number)
        .where(ArticleVersion.id == ReleaseArticle.version_id)
        .where(ReleaseArticle.release_id == release.id)
    )
    numbers = dict(found.all())
    for row in session.exec(select(KbArticle).where(KbArticle.current > 0)):
        number = numbers.get(row.id or 0)
        before = (row.current, row.archived_at is None)
        if number is None:
            row.archived_at = row.archived_at or now
        else:
            row.current, row.archived_at = number, None
        if before != (row.current, row.archived_at is None):
            note_change(session, "article", row.id or 0, now, row.current)


def _set_intents(session: Session, release: Release, home: str) -> None:
    rows = {row.name: row for row in session.exec(select(KbIntent))}
    wanted = {values["name"]: values for values in release.intents}
    _drop(session, (row for name, row in rows.items() if name not in wanted))
    for name, values in wanted.items():
        if name not in rows:
            session.add(KbIntent(name=name, data=values, source=home))
        elif sha256_of(rows[name].data) != sha256_of(values):
            rows[name].data = values


def _set_terms(session: Session, release: Release, home: str) -> None:
    """A term has no name: one that says something else is another one."""
    rows = {sha256_of(row.data): row for row in session.exec(select(GlossaryRow))}
    wanted = {sha256_of(values): values for values in release.glossary}
    sources = {_word(row.data): row.source for row in rows.values()}
    _drop(session, (row for sha256, row in rows.items() if sha256 not in wanted))
    for sha256, values in wanted.items():
        if sha256 not in rows:
            session.add(GlossaryRow(data=values, source=sources.get(_word(values), home)))


def _set_sentences(session: Session, release: Release, home: str) -> None:
    rows = {(row.key, row.language): row for row in session.exec(select(KbSentence))}
    wanted = {(values["key"], values["language"]): values["text"] for values in release.sentences}
    _drop(session, (row for named, row in rows.items() if named not in wanted))
    for (key, language), text in wanted.items():
        if (key, language) in rows:
            rows[key, language].text = text
        else:
            session.add(KbSentence(key=key, language=language, text=text, source=home))


def _drop(session: Session, rows: Iterable[SQLModel]) -> None:
    for row in rows:
        session.delete(row)


def _word(values: dict[str, Any]) -> tuple[str, str]:
    return str(values.get("language", "")), same_word(values["term"])


def _home(session: Session) -> str:
    """The source that most articles follow: what comes back belongs there, so that its next import knows it."""
    counted: Iterable[str] = session.exec(
        select(KbArticle.source).group_by(KbArticle.source).order_by(func.count().desc(), KbArticle.source).limit(1)
    )
    return next(iter(counted), "")
