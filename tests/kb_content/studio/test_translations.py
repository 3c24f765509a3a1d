from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from drafted import ADA, BODY, KB, LOCKED, RESET, RESET_ZH, Writers, changed

from kb_content.article_file import source_digest
from kb_content.errors import DraftRefused
from kb_content.studio.drafts import mark_removal
from kb_content.studio.models import Draft
from kb_content.studio.translations import (
    Pair,
    begin_translation,
    is_draft_behind,
    mark_translated,
    source_of,
    translation_state,
)

pytestmark = pytest.mark.any_database

NEW_BODY = BODY.replace("Save", "Keep")


def _state(writers: Writers, article_id: str = "reset") -> Pair:
    found: list[Pair] = writers.do(translation_state)
    return next(one for one in found if one.article_id == article_id)


def test_a_translation_is_behind_once_its_source_was_changed(writers: Writers) -> None:
    assert [(one.language, one.is_behind) for one in _state(writers).translations] == [("zh", False)]
    writers.bring(changed(KB, reset=NEW_BODY), at=writers.now + timedelta(hours=1))
    state = _state(writers)
    assert (state.source, state.title) == ("en", RESET.title)
    assert [(one.language, one.is_behind) for one in state.translations] == [("zh", True)]
    assert not state.is_complete


def test_only_a_draft_that_nobody_published_makes_nothing_old(writers: Writers) -> None:
    writers.write(RESET, body=NEW_BODY)
    assert not _state(writers).translations[0].is_behind


def test_mending_a_word_in_a_translation_does_not_bring_it_up_to_date(writers: Writers) -> None:
    writers.publish([writers.write(RESET, body=NEW_BODY).id or 0], at=writers.now + timedelta(hours=1))
    mended = writers.write(RESET_ZH, title="重设密码")
    writers.publish([mended.id or 0], at=writers.now + timedelta(hours=2))
    assert _state(writers).translations[0].is_behind
    assert writers.live_article("reset", "zh") == replace(
        RESET_ZH, title="重设密码", translated_from=source_digest(RESET)
    )


def test_who_says_that_a_translation_is_up_to_date_makes_it_so(writers: Writers) -> None:
    writers.publish([writers.write(RESET, body=NEW_BODY).id or 0], at=writers.now + timedelta(hours=1))
    draft = writers.write(RESET_ZH, title="重设密码")
    draft = writers.do(mark_translated, draft.id, draft.revision, ADA, writers.now)
    writers.publish([draft.id], at=writers.now + timedelta(hours=2))
    assert not _state(writers).translations[0].is_behind
    writers.publish([writers.write(RESET, title="Anew").id or 0], at=writers.now + timedelta(hours=3))
    assert _state(writers).translations[0].is_behind


def test_the_draft_of_a_translation_says_that_its_source_was_changed_until_somebody_says_it_is_up_to_date(
    writers: Writers,
) -> None:
    """Also where the translation came from a folder that names no source text."""
    draft = writers.write(RESET_ZH, title="重设密码")
    assert not _is_behind(writers, draft)
    english = writers.write(RESET, body="Open the settings page and press **Renew**.")
    writers.publish([english.id or 0], writers.now + timedelta(hours=1))
    assert _is_behind(writers, draft)
    writers.do(mark_translated, draft.id, draft.revision, ADA, writers.now + timedelta(hours=2))
    assert not _is_behind(writers, writers.again(draft))
    writers.publish([draft.id or 0], writers.now + timedelta(hours=3))
    assert not _state(writers).translations[0].is_behind


def _is_behind(writers: Writers, draft: Draft) -> bool:
    source = writers.do(source_of, draft.name, draft.language)
    return bool(writers.do(is_draft_behind, draft, source))


def test_missing_is_a_language_that_most_articles_have_or_that_was_asked_for(writers: Writers) -> None:
    assert _state(writers, "locked").missing == ()
    asked = {one.article_id: one.missing for one in writers.do(translation_state, ["zh", "de", "en"])}
    assert asked == {"locked": ("de", "zh"), "reset": ("de",)}
    draft = writers.write("pay", "zh", title="付款", body="打开账单页面，输入您的卡号。")
    writers.publish([draft.id or 0])
    assert _state(writers, "locked").missing == ("zh",)
    assert _state(writers, "pay").missing == ("en",)


def test_a_translation_begins_with_what_is_not_words_and_says_what_it_is_made_from(writers: Writers) -> None:
    draft = writers.do(begin_translation, "reset", "de", ADA, writers.now)
    content = draft.content
    assert (content["title"], content["body"], content["questions"]) == ("", "", [])
    assert (content["intent"], content["tags"], content["translated_from"]) == (
        "access",
        ["login"],
        source_digest(RESET),
    )
    assert (draft.origin, draft.base) == ("translation:en", 0)
    assert writers.do(begin_translation, "reset", "de", ADA, writers.now).id == draft.id


def test_a_translation_that_is_there_is_written_on(writers: Writers) -> None:
    draft = writers.do(begin_translation, "reset", "zh", ADA, writers.now)
    assert draft.content["title"] == RESET_ZH.title


def test_the_language_that_says_it_is_no_translation_is_the_source(writers: Writers) -> None:
    chinese = writers.write("pay", "zh", title="付款", body="打开账单页面，输入您的卡号。")
    writers.publish([chinese.id or 0])
    english = writers.do(begin_translation, "pay", "en", ADA, writers.now)
    english = writers.write("pay", "en", title="Pay", body="Open Billing and enter the number of your card.")
    writers.publish([english.id or 0])
    state = _state(writers, "pay")
    assert (state.source, state.title, [one.language for one in state.translations]) == ("zh", "付款", ["en"])


def test_there_must_be_something_to_translate_from(writers: Writers) -> None:
    with pytest.raises(DraftRefused, match="nothing to translate"):
        writers.do(begin_translation, "no-such", "zh", ADA, writers.now)
    only = writers.write(LOCKED)
    with pytest.raises(DraftRefused, match="not translated"):
        writers.do(mark_translated, only.id, only.revision, ADA, writers.now)


def test_an_archived_article_is_in_no_list(writers: Writers) -> None:
    draft = writers.write(LOCKED)
    writers.do(mark_removal, draft.id, ADA, writers.now)
    writers.publish([draft.id or 0])
    assert [one.article_id for one in writers.do(translation_state)] == ["reset"]
