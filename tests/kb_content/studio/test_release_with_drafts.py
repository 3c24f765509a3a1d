from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from drafted import ACCESS, ADA, BODY, KB, LOCKED, RESET, WORKSPACE, Writers, changed

from kb_content.articles import Article, Sentence
from kb_content.catalogue import article_page
from kb_content.errors import DraftOutdated, DraftRefused, NoSuchDraft
from kb_content.models import Release
from kb_content.releases import give_up
from kb_content.studio.contents import contents_with
from kb_content.studio.drafts import discard, mark_removal, save
from kb_content.studio.history import versions
from kb_content.studio.models import DraftKind
from store import reading
from store.leases import acquire

NEW_BODY = BODY.replace("Save", "Keep")


def test_a_draft_is_in_no_release_until_it_is_published(writers: Writers) -> None:
    writers.write(RESET, body=NEW_BODY)
    writers.publish()
    assert writers.live_article("reset") == RESET


def test_customers_read_a_draft_once_its_release_is_live_and_the_draft_is_gone(writers: Writers) -> None:
    draft = writers.write(RESET, body=NEW_BODY, title="Set a new password")
    release_id = writers.start([draft.id or 0])
    assert writers.live_article("reset") == RESET
    writers.go_live(release_id)
    live = writers.live_article("reset")
    assert live is not None
    assert (live.title, live.body, live.questions) == ("Set a new password", NEW_BODY, RESET.questions)
    assert writers.draft(DraftKind.ARTICLE, "reset") is None
    assert writers.live() == writers.next_release()


def test_a_version_says_who_wrote_it_and_an_imported_one_nobody(writers: Writers) -> None:
    draft = writers.write(RESET, body=NEW_BODY, by=7)
    writers.publish([draft.id or 0])
    with reading(writers.database) as session:
        assert [one.made_by for one in versions(session, "reset", "en")] == [7, None]


def test_a_release_that_is_given_up_leaves_the_working_state_as_it_was(writers: Writers) -> None:
    draft = writers.write(RESET, body=NEW_BODY)
    release_id = writers.start([draft.id or 0])
    writers.do(give_up, release_id)
    assert (writers.row(RESET).current, writers.row(RESET).newest) == (1, 2)
    writers.publish()
    assert writers.live_article("reset") == RESET
    assert writers.again(draft).content["body"] == NEW_BODY


def test_what_was_blocked_and_is_published_after_all_makes_no_second_version(writers: Writers) -> None:
    draft = writers.write(RESET, body=NEW_BODY)
    writers.do(give_up, writers.start([draft.id or 0]))
    writers.publish([draft.id or 0])
    assert (writers.row(RESET).current, writers.row(RESET).newest) == (2, 2)


def test_a_new_article_is_nowhere_until_it_is_live(writers: Writers) -> None:
    draft = writers.write("billing", title="Pay by card", body="Open Billing and enter the number of your card.")
    release_id = writers.start([draft.id or 0])
    with reading(writers.database) as session:
        assert article_page(session, "billing", "en") is None
    writers.go_live(release_id)
    with reading(writers.database) as session:
        page = article_page(session, "billing", "en")
    assert page is not None
    assert (page.version, page.article.title, page.was_published) == (1, "Pay by card", True)


def test_a_removal_archives_the_article_and_a_draft_brings_it_back(writers: Writers) -> None:
    draft = writers.write(LOCKED)
    writers.do(mark_removal, draft.id, ADA, writers.now)
    writers.publish([draft.id or 0])
    assert writers.live_article("locked") is None
    assert [one.text for one in writers.live().gold] == ["forgot"]
    back = writers.write("locked", title=LOCKED.title, body=LOCKED.body)
    writers.publish([back.id or 0])
    assert writers.live_article("locked") == LOCKED
    assert writers.row(LOCKED).newest == 1


def test_an_edit_that_was_made_while_its_release_was_built_is_not_lost(writers: Writers) -> None:
    draft = writers.write(RESET, body=NEW_BODY)
    release_id = writers.start([draft.id or 0])
    writers.do(save, draft.id, draft.revision, {**draft.content, "title": "Later"}, ADA, writers.now)
    writers.go_live(release_id)
    left = writers.again(draft)
    assert (left.content["title"], left.base) == ("Later", 2)
    writers.publish([draft.id or 0])
    live = writers.live_article("reset")
    assert live is not None
    assert (live.title, live.body) == ("Later", NEW_BODY)


def test_a_draft_that_an_import_overtook_is_refused_instead_of_taking_the_import_back(writers: Writers) -> None:
    draft = writers.write(RESET, body=NEW_BODY)
    writers.bring(changed(KB, reset="Press the button that is called Renew."))
    with pytest.raises(DraftOutdated, match="`reset` was changed"):
        writers.start([draft.id or 0])


def test_an_import_during_the_build_is_not_taken_back_either(writers: Writers) -> None:
    draft = writers.write(RESET, body=NEW_BODY)
    release_id = writers.start([draft.id or 0])
    writers.bring(changed(KB, reset="Press the button that is called Renew."))
    with pytest.raises(DraftOutdated, match="on its way"):
        writers.go_live(release_id)
    assert writers.live_article("reset") == RESET
    assert writers.again(draft).content["body"] == NEW_BODY


def test_an_import_of_another_article_during_the_build_waits_for_its_own_release(writers: Writers) -> None:
    draft = writers.write(RESET, body=NEW_BODY)
    release_id = writers.start([draft.id or 0])
    writers.bring(changed(KB, locked="Write to support to have it unlocked."), at=writers.now)
    writers.go_live(release_id)
    assert writers.live_article("locked") == LOCKED
    bodies = {
        one.article.id: one.article.body for one in writers.next_release().articles if one.article.language == "en"
    }
    assert bodies == {"locked": "Write to support to have it unlocked.", "reset": NEW_BODY}


@pytest.mark.parametrize(
    ("kind", "name", "language", "content", "shown"),
    [
        (
            DraftKind.INTENT,
            "access",
            "",
            {"leads_to": "answer", "examples": {"en": ["locked out"]}},
            lambda held: [one.examples for one in held.intents],
        ),
        (DraftKind.TERM, "Workspace", "en", {"also": ["hub"]}, lambda held: [one.also for one in held.glossary]),
        (DraftKind.SENTENCE, "thanks", "en", {"text": "Any time!"}, lambda held: list(held.sentences)),
    ],
)
def test_intents_terms_and_sentences_go_live_with_their_drafts(
    writers: Writers, kind: DraftKind, name: str, language: str, content: dict[str, Any], shown: Callable[..., Any]
) -> None:
    wanted = {
        DraftKind.INTENT: [{"en": ("locked out",)}],
        DraftKind.TERM: [("hub",)],
        DraftKind.SENTENCE: [Sentence("thanks", "en", "Any time!")],
    }[kind]
    draft = writers.begin(kind, name, language)
    draft = writers.do(save, draft.id, draft.revision, content, ADA, writers.now)
    writers.publish()
    assert shown(writers.live()) != wanted
    writers.publish([draft.id])
    assert shown(writers.live()) == wanted
    assert writers.next_release() == writers.live()
    gone = writers.begin(kind, name, language)
    writers.do(mark_removal, gone.id, ADA, writers.now)
    writers.publish([gone.id or 0])
    assert shown(writers.live()) == []
    assert writers.next_release() == writers.live()


def test_several_drafts_go_live_together(writers: Writers) -> None:
    first = writers.write(RESET, body=NEW_BODY)
    second = writers.write("billing", title="Pay", body="Enter the number of your card under Billing.")
    writers.publish([first.id or 0, second.id or 0])
    assert [one.article.id for one in writers.live().articles] == ["billing", "locked", "reset", "reset"]
    assert writers.live().intents == (ACCESS,)
    assert writers.live().glossary == (WORKSPACE,)


def test_a_draft_that_is_gone_cannot_be_published(writers: Writers) -> None:
    draft = writers.write(RESET, body=NEW_BODY)
    writers.do(discard, draft.id, ADA, writers.now)
    with pytest.raises(NoSuchDraft, match="published or discarded"):
        writers.start([draft.id or 0])


def test_a_draft_that_is_being_published_cannot_be_discarded(writers: Writers) -> None:
    draft = writers.write(RESET, body=NEW_BODY)
    release_id = writers.start([draft.id or 0])
    writers.do(acquire, f"build:{release_id}", "builder", writers.now, timedelta(minutes=1))
    with pytest.raises(DraftRefused, match="being published"):
        writers.do(discard, draft.id, ADA, writers.now)


def test_a_look_at_drafts_sees_what_their_release_will_hold_and_writes_nothing(writers: Writers) -> None:
    draft = writers.write(RESET, body=NEW_BODY)
    new = writers.write("billing", title="Pay", body="Enter the number of your card under Billing.")
    ids = [draft.id or 0, new.id or 0]
    with reading(writers.database) as session:
        seen = contents_with(session, ids)
    assert (writers.row(RESET).newest, writers.row(RESET).current) == (1, 1)
    writers.publish(ids)
    assert seen == writers.live()


def test_the_same_contents_have_the_same_digest_with_drafts_or_without(writers: Writers) -> None:
    article = Article("billing", "en", "Pay", "Enter the number of your card under Billing.")
    draft = writers.write(article, title=article.title, body=article.body)
    published = writers.publish([draft.id or 0])
    assert writers.do(_digest, published) == writers.do(_digest, writers.start())


def _digest(session: Any, release_id: int) -> str:
    return str(session.get_one(Release, release_id).digest)
