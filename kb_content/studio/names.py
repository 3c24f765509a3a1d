"""What a draft may be called."""

from __future__ import annotations

from sqlmodel import Session

from kb_content.errors import BadName
from kb_content.fields import one_line
from kb_content.ids import ARTICLE_ID
from kb_content.language import normal_tag
from kb_content.studio.models import DraftKind
from kb_content.studio.working import find_term

_LONGEST_TERM = 200
_LONGEST_KEY = 100


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


def _term(session: Session, name: str, language: str) -> str:
    if not 0 < len(name) <= _LONGEST_TERM:
        raise BadName(f"Write the term; it may have {_LONGEST_TERM} characters.")
    there = find_term(session, name, language)
    return str(there.data["term"]) if there else name
