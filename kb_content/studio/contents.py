"""What a draft says, as the values that a release is built from; and the knowledge base with drafts laid over it."""

from __future__ import annotations

from kb_content.studio.faults import faults
from kb_content.studio.overlay import contents_with
from kb_content.studio.values import (
    article_of,
    cleaned,
    content_of,
    content_of_intent,
    content_of_sentence,
    content_of_term,
    intent_of,
    sentence_of,
    term_of,
)

__all__ = [
    "article_of",
    "cleaned",
    "content_of",
    "content_of_intent",
    "content_of_sentence",
    "content_of_term",
    "contents_with",
    "faults",
    "intent_of",
    "sentence_of",
    "term_of",
]
