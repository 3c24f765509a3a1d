"""What a draft may be called, and what one is called that nobody has named yet."""

from __future__ import annotations

from sqlalchemy import func
from sqlmodel import Session, col, select

from kb_content.errors import BadName
from kb_content.fields import one_line
from kb_content.ids import ARTICLE_ID
from kb_content.language import normal_tag
from kb_content.models import KbArticle
from kb_content.studio.models import Draft, DraftKind
from kb_content.studio.working import find_term

_LONGEST_TERM = 200
_LONGEST_KEY = 100
_LONGEST_FREE = 60


def proper_name(session: Session, kind: DraftKind, name: str, language: str) -> tuple[str, str]:
    """Name and language as the KB spells them. Raises BadName."""
    name = one_line(name)
    if kind in (DraftKind.ARTICLE, DraftKind.INTENT) and not ARTICLE_ID.match(name):
        raise BadName
    if kind is DraftKind.INTENT:
        return name, ""
    tag = normal_tag(language.strip())
    if tag is None:
        raise BadName(f"`{language[:40]}` is no language: write en, zh, pt-BR …")
    if kind is DraftKind.TERM:
        return _term(session, name, tag), tag
    if kind is DraftKind.SENTENCE and not 0 < len(name) <= _LONGEST_KEY:
        raise BadName("There is no such sentence.")
    return name, tag


def free_article_id(session: Session, wanted: str) -> str:
    """``wanted``, an id made of a title, or that with a number: an id that neither an article nor a draft has, of any
    language, else the two would be one pair."""
    wanted = wanted.lower()[:_LONGEST_FREE].strip("-._") or "article"
    articles = session.exec(select(KbArticle.article_id).where(col(KbArticle.article_id).startswith(wanted)))
    begun = session.exec(select(Draft.name).where(Draft.kind == DraftKind.ARTICLE))
    taken = {*articles, *begun}
    names = (wanted, *(f"{wanted}-{number}" for number in range(2, len(taken) + 3)))
    return next(name for name in names if name not in taken)


def spelled(session: Session) -> dict[str, str]:
    """How the KB spells each language that it has, by the language without country or script: zh-CN for zh."""
    rows = session.exec(
        select(KbArticle.language, func.count())
        .where(col(KbArticle.archived_at).is_(None), KbArticle.current > 0)
        .group_by(KbArticle.language)
        .order_by(func.count().desc(), KbArticle.language)
    )
    found: dict[str, str] = {}
    for language, _ in rows:
        found.setdefault(language.split("-")[0].lower(), language)
    return found


def _term(session: Session, name: str, language: str) -> str:
    if not 0 < len(name) <= _LONGEST_TERM:
        raise BadName(f"Write the term; it may have {_LONGEST_TERM} characters.")
    there = find_term(session, name, language)
    return str(there.data["term"]) if there else name
