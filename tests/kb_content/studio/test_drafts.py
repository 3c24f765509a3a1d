from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from drafted import ADA, BEN, KB, LOCKED, RESET, WORKSPACE, Writers, changed
from sqlmodel import col, select

from kb_content.articles import Intent
from kb_content.errors import BadName, DraftChanged, DraftRefused, NoSuchDraft
from kb_content.studio.contents import article_of, content_of, content_of_intent, content_of_term, intent_of, term_of
from kb_content.studio.drafts import (
    approve,
    begin,
    discard,
    drafts,
    due,
    is_outdated,
    is_publishable,
    mark_removal,
    rebase,
    save,
    schedule,
    send_back,
    submit,
    tick,
    unschedule,
)
from kb_content.studio.four_eyes import set_four_eyes
from kb_content.studio.models import DraftKind, DraftState
from store import reading, transaction
from store.changes import changes_after
from store.models import Audit

ARTICLE = DraftKind.ARTICLE


def test_a_draft_begins_with_what_the_kb_says(writers: Writers) -> None:
    draft = writers.begin(ARTICLE, "reset", "en")
    assert article_of(draft) == RESET
    assert draft.content == content_of(RESET)
    assert (draft.base, draft.revision, draft.state, draft.made_by) == (1, 1, DraftState.DRAFT, ADA)


def test_whoever_begins_it_again_writes_on_the_same_draft(writers: Writers) -> None:
    first = writers.write(RESET, title="Renew a password")
    again = writers.do(begin, ARTICLE, "reset", "en", BEN, writers.now)
    assert (again.id, again.content["title"], again.made_by) == (first.id, "Renew a password", ADA)
    assert len(writers.do(drafts)) == 1


def test_a_draft_of_something_new_is_empty(writers: Writers) -> None:
    draft = writers.begin(ARTICLE, "billing", "zh-hans")
    assert (draft.language, draft.base, draft.base_sha256) == ("zh-Hans", 0, "")
    assert draft.content["title"] == ""
    assert is_publishable(draft, four_eyes=False) == "Write a title."


def test_what_nothing_can_be_called_is_refused(writers: Writers) -> None:
    for kind, name, language, told in (
        (ARTICLE, "no such/name", "en", "letters a-z"),
        (ARTICLE, "good", "not a language", "is no language"),
        (DraftKind.INTENT, "", "", "letters a-z"),
        (DraftKind.TERM, " ", "en", "Write the term"),
        (DraftKind.SENTENCE, "", "en", "no such sentence"),
    ):
        with pytest.raises(BadName, match=told):
            writers.begin(kind, name, language)
    assert writers.do(drafts) == []


def test_intents_and_terms_come_back_from_their_drafts_as_they_were(writers: Writers) -> None:
    intent = Intent("access", examples={"en": ("cannot get in",)}, tier=2, priority="P1", extra={"owner": "ada"})
    draft = writers.begin(DraftKind.INTENT, "access", content=content_of_intent(intent))
    assert intent_of(draft) == intent
    term = writers.begin(DraftKind.TERM, "work-space", "en")
    assert (term.name, term_of(term)) == ("workspace", WORKSPACE)
    assert term.content == content_of_term(WORKSPACE)


def test_a_save_is_kept_and_the_next_one_goes_on_from_it(writers: Writers) -> None:
    draft = writers.write(
        RESET, title="  Renew\n a password ", questions=["lost it", "lost it", ""], body="One\r\nTwo  "
    )
    assert draft.content["title"] == "Renew a password"
    assert draft.content["questions"] == ["lost it"]
    assert draft.content["body"] == "One\nTwo  ", "nothing is taken from under the writer's cursor"
    assert article_of(draft).body == "One\nTwo"
    again = writers.do(save, draft.id, draft.revision, {**draft.content, "tags": "login\nphone"}, ADA, writers.now)
    assert (again.revision, again.content["tags"]) == (draft.revision + 1, ["login", "phone"])


def test_saving_what_is_there_already_changes_nothing(writers: Writers) -> None:
    draft = writers.write(RESET, title="Renew")
    again = writers.do(save, draft.id, draft.revision, draft.content, BEN, writers.now + timedelta(hours=1))
    assert (again.revision, again.changed_by, again.changed_at) == (draft.revision, ADA, writers.now)


def test_who_saves_an_older_revision_is_shown_what_the_other_wrote(writers: Writers) -> None:
    opened = writers.begin(ARTICLE, "reset", "en")
    writers.do(save, opened.id, opened.revision, {**opened.content, "title": "Theirs"}, BEN, writers.now)
    with pytest.raises(DraftChanged, match="Somebody else saved") as refused:
        writers.do(save, opened.id, opened.revision, {**opened.content, "title": "Mine"}, ADA, writers.now)
    theirs = refused.value.draft
    assert (theirs.content["title"], theirs.changed_by, theirs.revision) == ("Theirs", BEN, 2)
    assert writers.again(opened).content["title"] == "Theirs"


def test_half_written_values_of_the_wrong_kind_break_nothing(writers: Writers) -> None:
    draft = writers.begin(ARTICLE, "reset", "en")
    odd = {"title": None, "body": 7, "questions": {"a": 1}, "tags": None, "audience": [], "extra": "x", "intent": ["a"]}
    saved = writers.do(save, draft.id, draft.revision, odd, ADA, writers.now)
    assert (saved.content["title"], saved.content["body"], saved.content["questions"]) == ("", "7", [])
    intent = writers.begin(DraftKind.INTENT, "new-one", content={"leads_to": "nowhere", "tier": "x", "examples": "a"})
    assert intent_of(intent) == Intent("new-one")


def test_what_cannot_be_published_is_not_submitted_either(writers: Writers) -> None:
    draft = writers.write(RESET, title=" ")
    with pytest.raises(DraftRefused, match=r"Write a title\."):
        writers.do(submit, draft.id, ADA, writers.now)


def test_an_approved_draft_that_was_edited_again_needs_a_new_approval(writers: Writers) -> None:
    draft = writers.write(RESET, title="Renew")
    writers.do(submit, draft.id, ADA, writers.now)
    approved = writers.do(approve, draft.id, BEN, writers.now)
    assert is_publishable(approved, four_eyes=True) is None
    edited = writers.do(save, draft.id, approved.revision, {**draft.content, "title": "Anew"}, ADA, writers.now)
    assert edited.state is DraftState.DRAFT
    assert "Another editor must approve" in (is_publishable(edited, four_eyes=True) or "")
    assert is_publishable(edited, four_eyes=False) is None


def test_nobody_approves_what_they_wrote_or_submitted(writers: Writers) -> None:
    draft = writers.write(RESET, title="Renew", by=BEN)
    writers.do(submit, draft.id, ADA, writers.now)
    for own in (ADA, BEN):
        with pytest.raises(DraftRefused, match="Somebody else"):
            writers.do(approve, draft.id, own, writers.now)
    assert writers.do(approve, draft.id, 3, writers.now).approved_by == 3


def test_a_reviewer_does_not_approve_what_they_have_not_read(writers: Writers) -> None:
    draft = writers.write(RESET, title="Renew")
    writers.do(submit, draft.id, ADA, writers.now)
    writers.do(save, draft.id, draft.revision, {**draft.content, "title": "Sneaky"}, ADA, writers.now)
    with pytest.raises(DraftChanged):
        writers.do(approve, draft.id, BEN, writers.now, revision=draft.revision)
    assert writers.again(draft).state is DraftState.IN_REVIEW


def test_only_what_is_in_review_can_be_approved(writers: Writers) -> None:
    draft = writers.write(RESET, title="Renew")
    with pytest.raises(DraftRefused, match="submit it first"):
        writers.do(approve, draft.id, BEN, writers.now)


def test_a_draft_that_is_sent_back_says_why(writers: Writers) -> None:
    draft = writers.write(RESET, title="Renew")
    writers.do(submit, draft.id, ADA, writers.now, "please look at the title")
    assert writers.again(draft).note == "please look at the title"
    back = writers.do(send_back, draft.id, "Name the button, too. ", BEN, writers.now)
    assert (back.state, back.note) == (DraftState.DRAFT, "Name the button, too.")


def test_a_scheduled_draft_is_due_when_its_time_has_come(writers: Writers) -> None:
    draft, later = writers.write(RESET, title="Renew"), writers.now + timedelta(hours=3)
    writers.do(schedule, draft.id, later, ADA, writers.now)
    assert writers.do(due, writers.now + timedelta(hours=2)) == []
    assert [one.id for one in writers.do(due, later)] == [draft.id]
    assert writers.do(unschedule, draft.id, ADA, writers.now).state is DraftState.DRAFT
    assert writers.do(due, later) == []


def test_what_has_passed_or_lacks_its_approval_is_not_scheduled(writers: Writers) -> None:
    draft = writers.write(RESET, title="Renew")
    with pytest.raises(DraftRefused, match="has passed"):
        writers.do(schedule, draft.id, writers.now, ADA, writers.now)
    writers.do(set_four_eyes, True, ADA, writers.now)
    with pytest.raises(DraftRefused, match="Another editor"):
        writers.do(schedule, draft.id, writers.now + timedelta(hours=1), ADA, writers.now)
    writers.do(submit, draft.id, ADA, writers.now)
    writers.do(approve, draft.id, BEN, writers.now)
    scheduled = writers.do(schedule, draft.id, writers.now + timedelta(hours=1), ADA, writers.now)
    assert (scheduled.state, is_publishable(scheduled, four_eyes=True)) == (DraftState.SCHEDULED, None)
    assert writers.do(unschedule, draft.id, ADA, writers.now).state is DraftState.APPROVED


def test_only_what_the_kb_has_can_be_taken_out_and_then_needs_no_words(writers: Writers) -> None:
    draft = writers.write(LOCKED, title="")
    assert is_publishable(writers.do(mark_removal, draft.id, ADA, writers.now), four_eyes=False) is None
    kept = writers.do(mark_removal, draft.id, ADA, writers.now, is_removal=False)
    assert (kept.is_removal, is_publishable(kept, four_eyes=False)) == (False, "Write a title.")
    with pytest.raises(DraftRefused, match="does not have this yet"):
        writers.do(mark_removal, writers.write("billing").id, ADA, writers.now)


def test_what_was_ticked_stays_while_somebody_writes_on(writers: Writers) -> None:
    draft = writers.write(RESET, title="Renew")
    writers.do(tick, draft.id, ["number:b", "number:a", "number:a"], ADA, writers.now)
    writers.do(save, draft.id, draft.revision, {**draft.content, "title": "Again"}, ADA, writers.now)
    assert writers.again(draft).ticked == ["number:a", "number:b"]
    assert writers.do(tick, draft.id, ["number:b"], ADA, writers.now).ticked == ["number:b"]


def test_a_draft_that_the_kb_has_left_behind_says_so_until_that_is_taken_over(writers: Writers) -> None:
    draft = writers.write(RESET, title="Renew")
    assert not writers.do(is_outdated, draft)
    writers.bring(changed(KB, reset="Press the button that is called Renew."))
    assert writers.do(is_outdated, draft)
    merged = {**draft.content, "body": "Press the button that is called Renew."}
    rebased = writers.do(rebase, draft.id, draft.revision, merged, ADA, writers.now)
    assert (rebased.base, writers.do(is_outdated, rebased)) == (2, False)
    writers.publish([draft.id or 0])
    live = writers.live_article("reset")
    assert live == replace(RESET, title="Renew", body="Press the button that is called Renew.")


def test_what_others_discarded_cannot_be_written_on(writers: Writers) -> None:
    draft = writers.write(RESET, title="Renew")
    writers.do(discard, draft.id, BEN, writers.now)
    with pytest.raises(NoSuchDraft, match="published or discarded"):
        writers.do(save, draft.id, draft.revision, draft.content, ADA, writers.now)
    assert writers.live_article("reset") == RESET


def test_the_list_shows_drafts_by_kind_state_and_language(writers: Writers) -> None:
    writers.write(RESET, title="Renew")
    chinese = writers.write("reset", "zh", title="重设")
    intent = writers.begin(DraftKind.INTENT, "access")
    writers.do(submit, chinese.id, ADA, writers.now)
    assert [one.id for one in writers.do(drafts, DraftKind.INTENT)] == [intent.id]
    assert [one.id for one in writers.do(drafts, language="zh")] == [chinese.id]
    assert [one.id for one in writers.do(drafts, state=DraftState.IN_REVIEW)] == [chinese.id]
    assert len(writers.do(drafts)) == 3


def test_the_audit_log_has_every_deed_and_of_a_writer_s_saves_the_first(writers: Writers) -> None:
    with transaction(writers.database) as session:
        draft = begin(session, ARTICLE, "reset", "en", ADA, writers.now, actor="Ada")
        for number in range(3):
            saved = {**draft.content, "title": f"Title {number}"}
            draft = save(session, draft.id or 0, draft.revision, saved, ADA, writers.now, actor="Ada")
        draft = save(session, draft.id or 0, draft.revision, content_of(RESET), BEN, writers.now, actor="Ben")
        submit(session, draft.id or 0, BEN, writers.now, actor="Ben")
        approve(session, draft.id or 0, ADA, writers.now, actor="Ada")
        discard(session, draft.id or 0, ADA, writers.now)
    with reading(writers.database) as session:
        rows = session.exec(select(Audit).where(Audit.kind == "draft").order_by(col(Audit.id))).all()
        noted = [change.kind for change in changes_after(session, 0)]
    assert [(row.actor, row.action.removeprefix("kb.draft.")) for row in rows] == [
        ("Ada", "begin"),
        ("Ada", "save"),
        ("Ben", "save"),
        ("Ben", "submit"),
        ("Ada", "approve"),
        ("staff 1", "discard"),
    ]
    assert "draft" in noted


def test_no_words_of_a_draft_are_in_the_audit_log(writers: Writers) -> None:
    writers.write(RESET, body="Mr Smith of Acme asked for it.")
    with reading(writers.database) as session:
        details = [str(row.detail) for row in session.exec(select(Audit).where(Audit.kind == "draft"))]
    assert details
    assert not any("Smith" in detail for detail in details)


def test_a_draft_begun_from_somewhere_else_says_where(writers: Writers) -> None:
    content = {"title": "Pay", "body": "Enter the number of your card."}
    draft = writers.do(begin, ARTICLE, "pay", "en", None, writers.now, "ticket:7", content)
    assert (draft.origin, draft.made_by, draft.content["title"]) == ("ticket:7", None, "Pay")
