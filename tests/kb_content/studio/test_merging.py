from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from drafted import ADA, BEN, BODY, KB, RESET, Writers, changed
from hypothesis import given
from hypothesis import strategies as st

from kb_content.glossary_file import term_from
from kb_content.intent_file import intent_from
from kb_content.studio.contents import content_of
from kb_content.studio.drafts import rebase, save
from kb_content.studio.faults import faults
from kb_content.studio.merging import Conflict, merge, merge_lines, merge_with_kb
from kb_content.studio.models import DraftKind
from store import reading

pytestmark = pytest.mark.any_database

BASE = content_of(RESET)
LINES = st.lists(st.sampled_from(["a", "b", "c", ""]), max_size=8)


def test_what_two_editors_changed_in_different_fields_is_both_kept() -> None:
    merged = merge(
        BASE, BASE | {"title": "Renew a password"}, BASE | {"category": "sign-in", "review_by": "2027-01-01"}
    )
    assert merged.conflicts == ()
    wanted = BASE | {"title": "Renew a password", "category": "sign-in", "review_by": "2027-01-01"}
    assert merged.content == wanted


def test_two_changes_of_the_same_field_are_a_conflict_and_yours_stands_until_it_is_decided() -> None:
    merged = merge(BASE, BASE | {"title": "Mine"}, BASE | {"title": "Theirs"})
    assert merged.conflicts == (Conflict("title", RESET.title, "Mine", "Theirs"),)
    assert merged.content["title"] == "Mine"


def test_the_same_change_by_both_is_no_conflict() -> None:
    both = BASE | {"title": "Same", "body": BODY + "\n\nMore."}
    assert merge(BASE, both, dict(both)).conflicts == ()


def test_what_was_emptied_stays_empty_and_is_a_conflict_only_where_the_other_wrote() -> None:
    assert merge(BASE, BASE | {"category": None}, BASE).content["category"] is None
    assert merge(BASE, BASE, BASE | {"category": None}).content["category"] is None
    assert [one.place for one in merge(BASE, BASE | {"intent": None}, BASE | {"intent": "x"}).conflicts] == ["intent"]


def test_questions_that_both_added_or_deleted_are_put_together() -> None:
    base = BASE | {"questions": ["one", "two", "three"]}
    yours = BASE | {"questions": ["one", "three", "mine"]}
    theirs = BASE | {"questions": ["two", "three", "theirs", "one"]}
    assert merge(base, yours, theirs).content["questions"] == ["three", "theirs", "one", "mine"]


def test_lines_of_the_text_that_only_one_changed_are_taken_from_them() -> None:
    base = "first\n\nsecond\n\nthird"
    yours, theirs = "FIRST\n\nsecond\n\nthird", "first\n\nsecond\n\nthird\n\nfourth"
    merged = merge({"body": base}, {"body": yours}, {"body": theirs})
    assert merged.content["body"] == "FIRST\n\nsecond\n\nthird\n\nfourth"
    assert merged.conflicts == ()


def test_a_conflict_in_the_text_shows_both_and_cannot_be_published(writers: Writers) -> None:
    yours, theirs = BODY.replace("Save", "Keep"), BODY.replace("Save", "Store")
    merged = merge({"body": BODY}, {"body": yours}, {"body": theirs})
    assert merged.content["body"].startswith(
        "<<<<<<< yours\nOpen the settings page and press Keep.\n=======\n"
        "Open the settings page and press Store.\n>>>>>>> theirs\n\n## On the phone"
    )
    assert [one.place for one in merged.conflicts] == ["body"]
    draft = writers.write(RESET, body=merged.content["body"])
    assert faults(draft)["body"].startswith("Two texts stand here")


def test_examples_of_an_intent_are_merged_by_language() -> None:
    base = {"examples": {"en": ["a"], "zh": ["甲"]}, "leads_to": "answer"}
    yours = {"examples": {"en": ["a", "b"], "zh": ["甲"]}, "leads_to": "answer"}
    theirs = {"examples": {"en": ["a"], "zh": ["甲", "乙"], "de": ["x"]}, "leads_to": "escalate"}
    merged = merge(base, yours, theirs)
    assert merged.content == {"examples": {"en": ["a", "b"], "zh": ["甲", "乙"], "de": ["x"]}, "leads_to": "escalate"}
    assert merged.conflicts == ()


def test_without_a_base_all_that_differs_is_a_conflict_and_nothing_is_lost() -> None:
    merged = merge(
        None, {"title": "A", "body": "one\ntwo", "tags": ["x"]}, {"title": "A", "body": "one\n2", "tags": ["y"]}
    )
    assert [one.place for one in merged.conflicts] == ["body"]
    assert merged.content["tags"] == ["y", "x"]
    assert {"one", "two", "2"} <= set(merged.content["body"].split("\n"))


@given(LINES, LINES)
def test_who_changed_nothing_gets_what_the_other_wrote(base: list[str], theirs: list[str]) -> None:
    assert merge_lines(base, base, theirs) == (theirs, False)
    assert merge_lines(base, theirs, base) == (theirs, False)


@given(LINES, LINES, LINES)
def test_a_merge_loses_no_line_that_either_wrote_anew(base: list[str], yours: list[str], theirs: list[str]) -> None:
    merged, is_conflict = merge_lines(base, [*yours, "mine"], [*theirs, "other"])
    assert {"mine", "other"} <= set(merged)
    assert is_conflict is ("=======" in merged)


@given(LINES, LINES)
def test_the_same_edit_twice_is_that_edit(base: list[str], edited: list[str]) -> None:
    assert merge_lines(base, edited, edited) == (edited, False)


def test_an_import_under_a_draft_is_taken_over_and_the_draft_can_be_published(writers: Writers) -> None:
    draft = writers.write(RESET, title="Renew", body=BODY.replace("gear", "wheel"))
    writers.bring(changed(KB, reset=BODY.replace("Save", "Keep")))
    with reading(writers.database) as session:
        merged = merge_with_kb(session, draft)
    assert merged.conflicts == ()
    rebased = writers.do(rebase, draft.id, draft.revision, merged.content, ADA, writers.now)
    writers.publish([rebased.id])
    live = writers.live_article("reset")
    assert live is not None
    assert (live.title, live.body) == ("Renew", BODY.replace("gear", "wheel").replace("Save", "Keep"))


@pytest.mark.parametrize(
    ("kind", "name", "language", "mine", "theirs", "wanted"),
    [
        (
            DraftKind.INTENT,
            "access",
            "",
            {"urgent": True},
            {"examples": {"en": ["cannot get in"], "zh": ["登不上", "进不去"]}},
            {"urgent": True, "examples": {"en": ["cannot get in"], "zh": ["登不上", "进不去"]}},
        ),
        (DraftKind.TERM, "workspace", "en", {"also": ["team space", "hub"]}, {"meaning": "a room"}, None),
    ],
)
def test_intents_and_terms_know_their_base_from_the_releases(
    writers: Writers, kind: DraftKind, name: str, language: str, mine: Any, theirs: Any, wanted: Any
) -> None:
    ours = writers.begin(kind, name, language)
    draft = writers.do(save, ours.id, ours.revision, {**ours.content, **mine}, ADA, writers.now)
    # Somebody else's draft of the same thing cannot be; an import can change it, here through the row itself.
    _imported(writers, kind, {**ours.content, **theirs})
    with reading(writers.database) as session:
        merged = merge_with_kb(session, draft)
    assert merged.conflicts == ()
    expected = wanted or {**mine, **theirs}
    assert {key: merged.content[key] for key in expected} == expected


def _imported(writers: Writers, kind: DraftKind, content: dict[str, Any]) -> None:
    if kind is DraftKind.INTENT:
        writers.bring(replace(KB, intents=(intent_from(content),)))
    else:
        writers.bring(replace(KB, glossary=(term_from(content),)))


def test_two_editors_at_one_draft_can_merge_what_they_wrote(writers: Writers) -> None:
    opened = writers.begin(DraftKind.ARTICLE, "reset", "en")
    theirs = writers.do(save, opened.id, 1, {**opened.content, "title": "Theirs"}, BEN, writers.now)
    mine = {**opened.content, "tags": ["login", "phone"]}
    merged = merge(opened.content, mine, theirs.content)
    saved = writers.do(save, opened.id, theirs.revision, merged.content, ADA, writers.now)
    assert (saved.content["title"], saved.content["tags"]) == ("Theirs", ["login", "phone"])
