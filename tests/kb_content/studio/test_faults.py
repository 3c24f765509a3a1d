from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from drafted import RESET

from kb_content.studio.contents import content_of, faults
from kb_content.studio.drafts import is_publishable
from kb_content.studio.models import Draft, DraftKind

NOON = datetime(2026, 10, 1, 12, 0, tzinfo=UTC)


def _draft(kind: DraftKind, name: str, language: str, content: dict[str, Any]) -> Draft:
    return Draft(kind=kind, name=name, language=language, content=content, made_at=NOON, changed_at=NOON)


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("title", " ", "Write a title."),
        ("title", "x" * 301, "The title may have 300 characters."),
        ("body", "\n<!-- later -->\n", "Write the text"),
        ("body", "x" * 1_000_001, "divide the article"),
        ("body", "Press Save.\n<<<<<<< yours\na\n=======\nb\n>>>>>>> theirs", "Two texts stand here"),
        ("applies_to", "three", "Write product versions"),
        ("review_by", "soon", "Write a date"),
        ("review_by", "20270301", "Write a date"),
        ("audience", {"planes": ["a"]}, "not planes"),
        ("translated_from", "yesterday", "8 hex digits"),
    ],
)
def test_what_must_be_mended_before_an_article_is_published_is_said_for_its_field(
    field: str, value: Any, told: str
) -> None:
    draft = _draft(DraftKind.ARTICLE, "reset", "en", content_of(RESET) | {field: value})
    found = faults(draft)
    assert found.keys() == {field}
    assert told in found[field]
    assert is_publishable(draft, four_eyes=False) == found[field]


@pytest.mark.parametrize(
    ("kind", "content", "field"),
    [
        (DraftKind.INTENT, {}, "examples"),
        (DraftKind.INTENT, {"examples": {"en": ["a"]}, "priority": "high"}, "priority"),
        (DraftKind.INTENT, {"examples": {"en": ["a"]}, "tier": 4}, "tier"),
        (DraftKind.TERM, {}, "also"),
        (DraftKind.SENTENCE, {}, "text"),
        (DraftKind.SENTENCE, {"text": "x" * 2_001}, "text"),
    ],
)
def test_intents_terms_and_sentences_have_their_faults_too(
    kind: DraftKind, content: dict[str, Any], field: str
) -> None:
    assert faults(_draft(kind, "thing", "en", content)).keys() == {field}


def test_what_is_right_has_no_fault() -> None:
    good = content_of(RESET) | {"review_by": "2027-03-01", "applies_to": ">=3.2,<4", "audience": {"plans": ["vip"]}}
    assert faults(_draft(DraftKind.ARTICLE, "reset", "en", good)) == {}
    assert faults(_draft(DraftKind.INTENT, "thing", "", {"examples": {"en": ["a"]}, "tier": 3})) == {}
