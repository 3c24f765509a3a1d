"""What must be mended in a draft before it can be published, a sentence for each field. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from kb_content.articles import Article
from kb_content.dialects import plain_markdown
from kb_content.html import to_text
from kb_content.studio.models import Draft, DraftKind
from kb_content.studio.values import article_of, intent_of, sentence_of, term_of

YOURS, THEIRS = "<<<<<<< yours", ">>>>>>> theirs"
"""The lines with which a merge encloses what an editor must decide."""
LONGEST_TITLE = 300
LONGEST_BODY = 1_000_000
LONGEST_SENTENCE = 2_000
_PRIORITY = re.compile(r"P[0-3]\Z")
_REFERENCE = re.compile(r"[0-9a-f]{8,64}\Z")


def faults(draft: Draft) -> dict[str, str]:
    """By the name of the field, what is wrong with it and what to do; empty where the draft can be published."""
    if draft.is_removal:
        return {}
    found = _ABOUT[draft.kind](draft)
    return {name: sentence for name, sentence in found.items() if sentence}


def _about_article(draft: Draft) -> dict[str, str]:
    article = article_of(draft)
    return {
        "title": _title(article),
        "body": _body(article),
        "audience": _audience(article.audience),
        "applies_to": _applies_to(article.applies_to),
        "review_by": _review_by(article.review_by),
        "translated_from": _translated_from(article.translated_from),
    }


def _about_intent(draft: Draft) -> dict[str, str]:
    intent = intent_of(draft)
    wrong_priority = intent.priority is not None and not _PRIORITY.match(intent.priority)
    return {
        "examples": "" if intent.examples else "Write some examples: without them no message is ever read as this.",
        "priority": "The priority must be P0, P1, P2 or P3." if wrong_priority else "",
        "tier": "The tier must be 1, 2 or 3." if intent.tier not in (None, 1, 2, 3) else "",
    }


def _about_term(draft: Draft) -> dict[str, str]:
    term = term_of(draft)
    return {"also": "" if term.also else "Write the other words that customers use for it."}


def _about_sentence(draft: Draft) -> dict[str, str]:
    text = sentence_of(draft).text
    if not text:
        return {"text": "Write the sentence, or remove it: then the one that comes with Firstline is said again."}
    return {"text": f"The sentence may have {LONGEST_SENTENCE} characters." if len(text) > LONGEST_SENTENCE else ""}


_ABOUT = {
    DraftKind.ARTICLE: _about_article,
    DraftKind.INTENT: _about_intent,
    DraftKind.TERM: _about_term,
    DraftKind.SENTENCE: _about_sentence,
}


def _title(article: Article) -> str:
    if not article.title:
        return "Write a title."
    return f"The title may have {LONGEST_TITLE} characters." if len(article.title) > LONGEST_TITLE else ""


def _body(article: Article) -> str:
    if len(article.body) > LONGEST_BODY:
        return f"The text may have {LONGEST_BODY:,} characters: divide the article."
    if any(line in (YOURS, THEIRS) for line in article.body.split("\n")):
        return f"Two texts stand here: choose between them, and delete the lines `{YOURS}` to `{THEIRS}`."
    if not to_text(plain_markdown(article.body)).strip():
        return "Write the text: without words it can never be an answer."
    return ""


def _audience(audience: Mapping[str, Any]) -> str:
    unknown = sorted(set(audience) - {"plans", "roles"})
    return f"The audience knows plans and roles, not {unknown[0][:40]}." if unknown else ""


def _applies_to(written: str | None) -> str:
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    try:
        SpecifierSet(written or "")
    except InvalidSpecifier:
        return "Write product versions such as >=3.2,<4."
    return ""


def _review_by(written: str | None) -> str:
    try:
        is_date = written is None or date.fromisoformat(written).isoformat() == written
    except ValueError:
        is_date = False
    return "" if is_date else "Write a date such as 2027-03-01."


def _translated_from(written: str | None) -> str:
    return "" if written is None or _REFERENCE.match(written) else "This must be 8 hex digits; leave it empty."
