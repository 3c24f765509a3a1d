"""A wish to publish: who may wish what, when it is taken up, and what keeps it back before anything is built."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from answered import Archive
from sqlmodel import Session, select

from bot.learning.building import BuildFailed
from bot.learning.publish import Fit
from bot.learning.studio.carrying_out import run_due
from bot.learning.studio.content import content_changes
from bot.learning.studio.due import ask_anew
from bot.learning.studio.errors import (
    AlreadyUnderWay,
    BadShare,
    ImportRolledOut,
    NotCancellable,
    NothingToPublish,
    NotPublishable,
    RolloutUnderWay,
)
from bot.learning.studio.publications import ask, cancel, not_publishable, publication_of
from bot.live import House
from kb_content import catalogue
from kb_content.articles import Article
from kb_content.studio import drafts
from kb_content.studio.four_eyes import set_four_eyes
from kb_content.studio.models import Draft, DraftKind, DraftState, Publication, PublicationState, Rollout, RolloutState
from store import Database, reading, transaction
from store.models import Audit

pytestmark = pytest.mark.usefixtures("quiet", "no_model")

HOUSE = House("http://kb.example")
STEPS = "Press **Forgot**.\n\nThe link is valid for 60 minutes.\n"
ARTICLES = (Article("reset", "en", "Reset a password", STEPS), Article("invoices", "en", "Find an invoice", "Look."))


@pytest.fixture
def archive(database: Database) -> Archive:
    made = Archive(database)
    made.publish(ARTICLES, ())
    made.later(minutes=1)
    return made


def draft(archive: Archive, name: str = "reset", **content: Any) -> int:
    """Bob's draft of an article with these changes; its id."""
    bob = archive.bob.staff_id
    with transaction(archive.database) as session:
        begun = drafts.begin(session, DraftKind.ARTICLE, name, "en", bob, archive.now)
        changed = {"title": "New", "body": "New.", **begun.content, **content}
        return drafts.save(session, begun.id or 0, begun.revision, changed, bob, archive.now).id or 0


def wish(archive: Archive, *draft_ids: int, **more: Any) -> int:
    with transaction(archive.database) as session:
        return ask(session, draft_ids, archive.bob.staff_id, archive.now, **more)


def found(archive: Archive, publication_id: int) -> Publication:
    with reading(archive.database) as session:
        return session.get_one(Publication, publication_id)


def carry_out(archive: Archive) -> int | None:
    """The server comes to it. Raises BuildFailed where something is built: there is no model."""
    return run_due(archive.database, Fit(), HOUSE, archive.now, lambda sentence: None)


def test_a_number_that_nobody_ticked_keeps_a_draft_back_before_anything_is_built(archive: Archive) -> None:
    draft_id = draft(archive, body=STEPS.replace("60", "90"))
    asked = wish(archive, draft_id)
    assert carry_out(archive) == asked
    kept_back = found(archive, asked)
    assert kept_back.state is PublicationState.BLOCKED
    ((change),) = kept_back.check["content"]
    assert (change["kind"], change["before"], change["after"], change["ticked"]) == (
        "number",
        "60 min",
        "90 min",
        False,
    )
    with reading(archive.database) as session:
        assert catalogue.live_release_id(session) == 1
        assert drafts.get(session, draft_id).content["body"] == STEPS.replace("60", "90"), "the draft is still there"


def test_a_change_that_was_ticked_goes_on_to_the_build(archive: Archive) -> None:
    draft_id = draft(archive, body=STEPS.replace("60", "90"))
    with transaction(archive.database) as session:
        keys = [one.change.key for one in content_changes(session, [draft_id])]
        drafts.tick(session, draft_id, keys, archive.bob.staff_id, archive.now)
    asked = wish(archive, draft_id)
    with pytest.raises(BuildFailed, match="no model"):
        carry_out(archive)
    failed = found(archive, asked)
    assert failed.state is PublicationState.FAILED
    assert "no model" in failed.problem
    assert failed.check["content"][0]["ticked"]


def test_a_reason_lets_unticked_changes_pass_and_stays_with_the_publication(archive: Archive) -> None:
    asked = wish(archive, draft(archive, body="Ask us."), override="  it was all wrong ")
    with pytest.raises(BuildFailed, match="no model"):
        carry_out(archive)
    assert found(archive, asked).override == "it was all wrong"
    with reading(archive.database) as session:
        said = session.exec(select(Audit).where(Audit.action == "kb.publish.ask")).one()
    assert (said.actor, said.detail["override"]) == ("Bob", "it was all wrong")


def test_other_wording_needs_no_tick(archive: Archive) -> None:
    wish(archive, draft(archive, body=STEPS.replace("Press", "Click")))
    with pytest.raises(BuildFailed, match="no model"):
        carry_out(archive)


def test_a_draft_is_in_one_publication_at_a_time_until_that_is_cancelled(archive: Archive) -> None:
    draft_id = draft(archive)
    asked = wish(archive, draft_id)
    with pytest.raises(AlreadyUnderWay):
        wish(archive, draft_id)
    with transaction(archive.database) as session:
        cancel(session, asked, archive.bob.staff_id, archive.now)
    assert found(archive, asked).state is PublicationState.CANCELLED
    assert carry_out(archive) is None, "what was cancelled is not built"
    again = wish(archive, draft_id)
    with reading(archive.database) as session:
        newest = publication_of(session, draft_id)
    assert newest is not None
    assert newest.id == again
    with transaction(archive.database) as session, pytest.raises(NotCancellable):
        cancel(session, asked, archive.bob.staff_id, archive.now)


def test_what_cannot_be_published_is_refused_at_once(archive: Archive) -> None:
    with pytest.raises(NothingToPublish):
        wish(archive, 77)
    with pytest.raises(NotPublishable):
        wish(archive, draft(archive, title=""))
    with pytest.raises(BadShare):
        wish(archive, draft(archive, "invoices"), percent=100)
    with transaction(archive.database) as session:
        session.add(Rollout(release_id=1, base_id=1, percent=5, begun_at=archive.now))
    with pytest.raises(RolloutUnderWay):
        wish(archive, draft(archive, "invoices"), percent=10)


def test_an_approved_draft_that_was_edited_after_publishing_was_asked_for_is_not_published(archive: Archive) -> None:
    draft_id = draft(archive)
    with transaction(archive.database) as session:
        set_four_eyes(session, True, archive.bob.staff_id, archive.now)
    with pytest.raises(NotPublishable, match="Another editor"):
        wish(archive, draft_id)
    with transaction(archive.database) as session:
        drafts.submit(session, draft_id, archive.bob.staff_id, archive.now)
        drafts.approve(session, draft_id, 4711, archive.now)
    asked = wish(archive, draft_id)
    draft(archive, body="Something that nobody approved.")
    assert carry_out(archive) == asked
    assert "Another editor" in found(archive, asked).problem


def test_what_is_scheduled_for_the_same_moment_is_published_together_and_once(archive: Archive) -> None:
    at = archive.now + timedelta(hours=1)
    ids = [draft(archive), draft(archive, "invoices")]
    with transaction(archive.database) as session:
        for draft_id in ids:
            drafts.schedule(session, draft_id, at, archive.bob.staff_id, archive.now)
    assert carry_out(archive) is None, "its hour has not come"
    archive.later(hours=1)
    ask_anew(archive.database, archive.now)
    ask_anew(archive.database, archive.now)
    with reading(archive.database) as session:
        (asked,) = session.exec(select(Publication)).all()
        assert asked.drafts == ids
        assert all(drafts.get(session, draft_id).publish_at is None for draft_id in ids)


def test_a_scheduled_draft_that_lacks_an_approval_by_then_says_so_and_holds_up_no_other(archive: Archive) -> None:
    draft_id, approved = draft(archive), draft(archive, "invoices")
    at, bob = archive.now + timedelta(hours=1), archive.bob.staff_id
    with transaction(archive.database) as session:
        drafts.submit(session, approved, bob, archive.now)
        drafts.approve(session, approved, 4711, archive.now)
        for one in (draft_id, approved):
            drafts.schedule(session, one, at, bob, archive.now)
        set_four_eyes(session, True, bob, archive.now)
    archive.later(hours=1)
    ask_anew(archive.database, archive.now)
    ask_anew(archive.database, archive.now)
    with reading(archive.database) as session:
        refused, asked = publication_of(session, draft_id), publication_of(session, approved)
        assert refused is not None
        assert asked is not None
        assert (refused.state, asked.state) == (PublicationState.FAILED, PublicationState.ASKED)
        assert "Another editor" in refused.problem
        assert drafts.get(session, draft_id).publish_at is None
        assert len(session.exec(select(Publication)).all()) == 2


def test_what_is_kept_back_at_its_hour_says_so_and_is_not_tried_again_by_itself(archive: Archive) -> None:
    draft_id = draft(archive, body=STEPS.replace("60", "90"))
    with transaction(archive.database) as session:
        drafts.schedule(session, draft_id, archive.now + timedelta(hours=1), archive.bob.staff_id, archive.now)
    archive.later(hours=1)
    assert carry_out(archive) is not None
    assert carry_out(archive) is None
    with reading(archive.database) as session:
        kept_back, there = publication_of(session, draft_id), drafts.get(session, draft_id)
        assert kept_back is not None
        assert (kept_back.state, kept_back.check["by"]) == (PublicationState.BLOCKED, "Bob")
        assert (there.state, there.publish_at) == (DraftState.DRAFT, None)


@pytest.mark.parametrize("how", ["unscheduled", "edited"])
def test_what_is_scheduled_no_more_is_not_published_at_its_hour(archive: Archive, how: str) -> None:
    draft_id, bob = draft(archive), archive.bob.staff_id
    with transaction(archive.database) as session:
        drafts.schedule(session, draft_id, archive.now + timedelta(hours=1), bob, archive.now)
        if how == "unscheduled":
            drafts.unschedule(session, draft_id, bob, archive.now)
    if how == "edited":
        draft(archive, body="Something else.")
    archive.later(hours=2)
    assert carry_out(archive) is None
    with reading(archive.database) as session:
        assert drafts.get(session, draft_id).state is DraftState.DRAFT
        assert not session.exec(select(Publication)).all()


def test_of_two_that_were_to_go_to_some_first_the_second_is_told_before_anything_is_built(archive: Archive) -> None:
    asked = wish(archive, draft(archive), percent=10)
    with transaction(archive.database) as session:
        session.add(Rollout(release_id=1, base_id=1, percent=5, begun_at=archive.now))
    assert carry_out(archive) == asked
    over = found(archive, asked)
    assert over.state is PublicationState.FAILED
    assert "Promote or stop it first" in over.problem


def test_what_a_draft_becomes_after_its_approval_needs_another_one(archive: Archive) -> None:
    """Whichever way it is changed: nothing goes live that only its writer has seen."""
    bob, now = archive.bob.staff_id, archive.now
    draft_id = draft(archive)
    taken: dict[str, Callable[[Session, Draft], object]] = {
        "saved": lambda session, one: drafts.save(
            session, draft_id, one.revision, {"title": "X", "body": "X"}, bob, now
        ),
        "merged": lambda session, one: drafts.rebase(session, draft_id, one.revision, one.content, bob, now),
        "taken out": lambda session, one: drafts.mark_removal(session, draft_id, bob, now),
        "kept after all": lambda session, one: drafts.mark_removal(session, draft_id, bob, now, False),
        "submitted again": lambda session, one: drafts.submit(session, draft_id, bob, now),
        "sent back": lambda session, one: drafts.send_back(session, draft_id, "no", bob, now),
    }
    with transaction(archive.database) as session:
        set_four_eyes(session, True, bob, now)
    for how, deed in taken.items():
        with transaction(archive.database) as session:
            drafts.submit(session, draft_id, bob, now)
            drafts.approve(session, draft_id, 4711, now)
            assert not_publishable(session, drafts.get(session, draft_id)) is None
            deed(session, drafts.get(session, draft_id))
            assert "Another editor" in (not_publishable(session, drafts.get(session, draft_id)) or ""), how


def test_of_several_drafts_each_needs_its_approval(archive: Archive) -> None:
    both, bob = [draft(archive), draft(archive, "invoices")], archive.bob.staff_id
    with transaction(archive.database) as session:
        set_four_eyes(session, True, bob, archive.now)
        drafts.submit(session, both[0], bob, archive.now)
        drafts.approve(session, both[0], 4711, archive.now)
    with pytest.raises(NotPublishable, match="Another editor"):
        wish(archive, *both)
    with pytest.raises(NotPublishable, match="Another editor"):
        wish(archive, *both, override="it is urgent", percent=10)


def test_what_is_cancelled_while_it_is_built_is_dropped_and_stays_cancelled(archive: Archive) -> None:
    asked = wish(archive, draft(archive))

    def cancelling(sentence: str) -> None:
        with transaction(archive.database) as session:
            cancel(session, asked, archive.bob.staff_id, archive.now)

    assert run_due(archive.database, Fit(), HOUSE, archive.now, cancelling) == asked
    dropped = found(archive, asked)
    assert (dropped.state, dropped.problem) == (PublicationState.CANCELLED, "")
    with reading(archive.database) as session:
        assert catalogue.being_built(session, archive.now) == set()


def test_progress_is_written_down_as_it_goes(archive: Archive) -> None:
    asked, seen = wish(archive, draft(archive)), []

    def looking(sentence: str) -> None:
        seen.append(found(archive, asked).state)

    with pytest.raises(BuildFailed):
        run_due(archive.database, Fit(), HOUSE, archive.now, looking)
    assert seen == [PublicationState.BUILDING]


def import_rolled_out(archive: Archive) -> None:
    """An import is being tried on some conversations."""
    with transaction(archive.database) as session:
        state = PublicationState.STAGED
        session.add(Publication(state=state, asked_at=archive.now, percent=5, release_id=1, check={"imports": [7]}))
        session.add(Rollout(release_id=1, base_id=1, percent=5, begun_at=archive.now))


def test_no_draft_is_published_beside_an_import_that_only_some_should_get(archive: Archive) -> None:
    draft_id = draft(archive)
    waiting = wish(archive, draft(archive, "invoices"))
    import_rolled_out(archive)
    with pytest.raises(ImportRolledOut, match="Give it to everybody or stop it first"):
        wish(archive, draft_id)
    # One that was asked for before is told when its turn comes.
    assert carry_out(archive) == waiting
    assert "An import is being tried on some conversations" in found(archive, waiting).problem


def test_what_is_scheduled_waits_for_the_end_of_such_a_rollout(archive: Archive) -> None:
    draft_id, bob = draft(archive), archive.bob.staff_id
    with transaction(archive.database) as session:
        drafts.schedule(session, draft_id, archive.now + timedelta(hours=1), bob, archive.now)
    import_rolled_out(archive)
    archive.later(hours=2)
    ask_anew(archive.database, archive.now)
    with transaction(archive.database) as session:
        assert drafts.get(session, draft_id).state is DraftState.SCHEDULED
        session.exec(select(Rollout)).one().state = RolloutState.STOPPED
    ask_anew(archive.database, archive.now)
    with reading(archive.database) as session:
        assert [one.drafts for one in session.exec(select(Publication)) if one.percent is None] == [[draft_id]]


def test_what_goes_to_some_first_is_a_wish_of_its_own_beside_one_for_everybody(archive: Archive) -> None:
    for_all = wish(archive)
    assert wish(archive) == for_all
    assert wish(archive, percent=10) != for_all
