"""Where drafts are edited: each kind has its own page, and all of them answer to /console/drafts/ID."""

from __future__ import annotations

from urllib.parse import quote, urlencode

from kb_content.agreement import Named
from kb_content.studio.models import Draft, DraftKind


def place_of(draft: Draft) -> str:
    """The page on which this draft is written."""
    match draft.kind:
        case DraftKind.ARTICLE:
            return f"/console/drafts/{draft.id}"
        case DraftKind.INTENT:
            return f"/console/intents/{quote(draft.name)}"
        case DraftKind.TERM:
            return f"/console/articles/glossary/term?{urlencode({'term': draft.name, 'language': draft.language})}"
    return f"/console/sentences/{quote(draft.name)}/{quote(draft.language)}"


def place_without(draft: Draft) -> str:
    """Where to go once the draft is gone: to what the KB has of it, else to the list."""
    match draft.kind:
        case DraftKind.ARTICLE if draft.base:
            return article_place(draft.name, draft.language)
        case DraftKind.INTENT:
            return "/console/intents"
        case DraftKind.TERM:
            return "/console/articles/glossary"
        case DraftKind.SENTENCE:
            return "/console/sentences"
    return "/console/drafts"


def thing_place(named: Named) -> str:
    """The page on which a thing of the KB is read."""
    match named.kind:
        case "article":
            return article_place(named.name, named.language)
        case "intent":
            return f"/console/intents/{quote(named.name)}"
        case "sentence":
            return f"/console/sentences/{quote(named.name)}/{quote(named.language)}"
        case "term":
            return "/console/articles/glossary"
    return "/console/gold"


def article_place(article_id: str, language: str) -> str:
    return f"/console/articles/{quote(article_id)}/{quote(language)}"
