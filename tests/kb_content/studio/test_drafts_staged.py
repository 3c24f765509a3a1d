"""Drafts in a release that some customers get first, and two editors at the same time."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from drafted import ADA, BEN, BODY, KB, LOCKED, RESET, Writers, changed

from kb_content import rollouts
from kb_content.errors import DraftChanged, DraftOutdated, DraftRefused
from kb_content.proposals import Proposal, decide, propose, proposed
from kb_content.releases import keep_fit, live_release_id
from kb_content.studio.drafts import begin, discard, is_outdated, save
from kb_content.studio.models import Draft, DraftKind
from store import reading, transaction

NEW_BODY = BODY.replace("Save", "Keep")


@pytest.fixture
def stage(writers: Writers) -> Callable[[Draft], int]:
    """Gives a release with the draft to half of the conversations."""

    def run(draft: Draft) -> int:
        release_id = writers.start([draft.id or 0])
        with transaction(writers.database) as session:
            keep_fit(session, release_id, b"fit", 0.5, {})
            rollouts.stage(session, release_id, 50, (), ADA, writers.now)
        return release_id

    return run


def test_what_is_staged_changes_the_kb_only_when_it_is_promoted(
    writers: Writers, stage: Callable[[Draft], int]
) -> None:
    draft = writers.write(RESET, body=NEW_BODY)
    stage(draft)
    assert (writers.row(RESET).current, writers.live_article("reset")) == (1, RESET)
    with pytest.raises(DraftRefused, match="stop its rollout"):
        writers.do(discard, draft.id, ADA, writers.now)
    writers.do(rollouts.promote, ADA, writers.now)
    live = writers.live_article("reset")
    assert live is not None
    assert (live.body, writers.row(RESET).current) == (NEW_BODY, 2)
    assert writers.draft(DraftKind.ARTICLE, "reset") is None


def test_a_stopped_rollout_leaves_the_draft_to_be_published_again(
    writers: Writers, stage: Callable[[Draft], int]
) -> None:
    draft = writers.write(RESET, body=NEW_BODY)
    stage(draft)
    writers.do(rollouts.stop, ADA, writers.now)
    assert writers.again(draft).content["body"] == NEW_BODY
    writers.publish([draft.id or 0])
    assert writers.row(RESET).newest == 2


def test_another_release_that_goes_live_ends_the_rollout_without_its_changes(
    writers: Writers, stage: Callable[[Draft], int]
) -> None:
    draft = writers.write(RESET, body=NEW_BODY)
    stage(draft)
    writers.bring(changed(KB, locked="Write to support to have it unlocked."))
    writers.publish()
    with reading(writers.database) as session:
        assert rollouts.running(session) is None
    assert writers.live_article("reset") == RESET
    writers.publish([draft.id or 0])
    assert [one.article.body for one in writers.live().articles if one.article.language == "en"] == [
        "Write to support to have it unlocked.",
        NEW_BODY,
    ]


def test_an_import_of_the_same_article_keeps_a_rollout_from_taking_it_back(
    writers: Writers, stage: Callable[[Draft], int]
) -> None:
    draft = writers.write(RESET, body=NEW_BODY)
    stage(draft)
    writers.bring(changed(KB, reset="Press the button that is called Renew."))
    with pytest.raises(DraftOutdated, match="`reset` was changed"):
        writers.do(rollouts.promote, ADA, writers.now)
    assert writers.live_article("reset") == RESET
    assert writers.again(draft).content["body"] == NEW_BODY


def test_a_roll_back_takes_the_kb_back_and_tells_a_draft_that_was_begun_since(writers: Writers) -> None:
    first = writers.do(_live_release)
    published = writers.write(RESET, body=NEW_BODY)
    writers.publish([published.id or 0])
    begun = writers.write(RESET, title="Renew")
    writers.do(rollouts.roll_back, first, ADA, writers.now)
    assert writers.live_article("reset") == RESET
    assert writers.do(is_outdated, begun)
    with pytest.raises(DraftOutdated):
        writers.start([begun.id or 0])


def test_a_question_that_was_accepted_once_and_is_deleted_by_an_editor_does_not_come_back(writers: Writers) -> None:
    with transaction(writers.database) as session:
        propose(session, [Proposal("locked", "en", "the door is shut", "ticket")], writers.now)
        ids = [row.id or 0 for one in proposed(session) for row in one.proposed]
        decide(session, ids, True, "ada", writers.now)
    writers.publish()
    kept = writers.live_article("locked")
    assert kept is not None
    assert kept.questions == ("the door is shut",)
    own = writers.write(LOCKED, questions=["the door is shut", "shut out"])
    writers.publish([own.id or 0])
    without = writers.write(LOCKED, questions=["shut out"])
    writers.publish([without.id or 0])
    live = writers.live_article("locked")
    assert live is not None
    assert live.questions == ("shut out",)


def test_of_two_editors_who_save_at_the_same_time_one_is_shown_what_the_other_wrote(writers: Writers) -> None:
    draft = writers.begin(DraftKind.ARTICLE, "reset", "en")
    results = _together(
        *(
            lambda by=by: writers.do(save, draft.id, 1, {**draft.content, "title": f"By {by}"}, by, writers.now)
            for by in (ADA, BEN)
        )
    )
    (saved,) = [one for one in results if isinstance(one, Draft)]
    (refused,) = [one for one in results if isinstance(one, DraftChanged)]
    assert (saved.revision, refused.draft.content["title"]) == (2, saved.content["title"])


def test_two_editors_who_begin_at_the_same_time_write_on_one_draft(writers: Writers) -> None:
    def write(by: int) -> Any:
        return writers.do(begin, DraftKind.ARTICLE, "pay", "en", by, writers.now)

    results = _together(lambda: write(ADA), lambda: write(BEN))
    assert len({one.id for one in results}) == 1
    assert len({one.made_by for one in results}) == 1


def _live_release(session: Any) -> int:
    return live_release_id(session) or 0


def _together(*deeds: Callable[[], Any]) -> list[Any]:
    """What each gives or raises, all begun at once."""
    gate, results = threading.Barrier(len(deeds)), []

    def run(deed: Callable[[], Any]) -> None:
        gate.wait(timeout=60)
        try:
            results.append(deed())
        except DraftChanged as refused:
            results.append(refused)

    threads = [threading.Thread(target=run, args=(deed,)) for deed in deeds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return results
