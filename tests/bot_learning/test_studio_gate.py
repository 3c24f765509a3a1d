"""The gate with the real models: what an edit does to the answers is seen while editing and before it goes live."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlmodel import select
from studio_kb import ARTICLES, GOLD, NOW, RESET, drafted, dropped, publish_small

from bot.learning.publish import Fit, publish_newest
from bot.learning.studio.asking import ask_drafts
from bot.learning.studio.carrying_out import run_due
from bot.learning.studio.comparing import Effect
from bot.learning.studio.content import content_changes
from bot.learning.studio.publications import ask
from bot.learning.studio.quick import NothingLive, QuickChecks
from bot.live import House, Live
from handoff.models import Role
from handoff.staff import add_staff
from kb_content import catalogue
from kb_content.errors import ReleaseOutdated
from kb_content.studio import drafts
from kb_content.studio.models import Publication, PublicationState, Rollout
from store import Database, open_database, reading, transaction
from store.models import Audit

pytestmark = pytest.mark.usefixtures("quiet")

HOUSE = House("http://kb.example")
AVATAR = {
    "title": "Change your picture",
    "body": "Press **Picture** in your profile and choose a file.\n",
    "questions": ["how do I change my avatar"],
}


class Kb:
    """The small KB, live, with what makes quick checks beside it."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.release = publish_small(database)
        self.live = Live(HOUSE)
        self.live.refresh(database)
        self.quick = QuickChecks(HOUSE)
        with transaction(database) as session:
            add_staff(session, "bob@example.com", "Bob", Role.ADMIN, NOW)


@pytest.fixture(scope="module")
def kb(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kb]:
    file = shutil.copyfile(sqlite_template, tmp_path_factory.mktemp("gate") / "firstline.db")
    database = open_database(f"sqlite:///{file}")
    yield Kb(database)
    database.close()


def test_an_edit_that_loses_its_questions_is_seen_while_editing(kb: Kb) -> None:
    draft_id = drafted(kb.database, **AVATAR)
    checked = kb.quick.check(kb.database, kb.live.serving, [draft_id])
    lost = {one.question.text for one in checked.compared if one.is_loss}
    dropped(kb.database, draft_id)
    assert lost == {"forgot the password of my account", "I do not remember my password"}
    assert checked.release == kb.release
    assert len(checked.compared) == len(GOLD)


def test_other_words_change_no_answer(kb: Kb) -> None:
    draft_id = drafted(kb.database, body=RESET.body.replace("Press", "Click") + "\nThat is all.\n")
    checked = kb.quick.check(kb.database, kb.live.serving, [draft_id])
    dropped(kb.database, draft_id)
    assert {one.effect for one in checked.compared} == {Effect.SAME}


def test_a_removed_article_is_no_answer_any_more_and_what_is_saved_next_is_seen_at_once(kb: Kb) -> None:
    draft_id = drafted(kb.database, "invoices")
    assert not any(one.is_loss for one in kb.quick.check(kb.database, kb.live.serving, [draft_id]).compared)
    with transaction(kb.database) as session:
        drafts.mark_removal(session, draft_id, 1, NOW)
    lost = [one for one in kb.quick.check(kb.database, kb.live.serving, [draft_id]).compared if one.is_loss]
    asked = ask_drafts(kb.quick, kb.database, kb.live.serving, [draft_id], "where can I download my invoice")
    dropped(kb.database, draft_id)
    assert [one.question.expect for one in lost] == [("invoices",)]
    assert "invoices" not in {passage["article"] for passage in asked.after["why"]["passages"]}
    assert "invoices" in {passage["article"] for passage in asked.before["why"]["passages"]}


def test_the_draft_is_asked_beside_what_is_live(kb: Kb) -> None:
    draft_id = drafted(kb.database, body=RESET.body.replace("60 minutes", "90 minutes"))
    asked = ask_drafts(kb.quick, kb.database, kb.live.serving, [draft_id], "I forgot my password")
    dropped(kb.database, draft_id)
    assert "60 minutes" in asked.before["text"]
    assert "90 minutes" in asked.after["text"]
    assert not asked.is_same
    assert asked.after["why"]["release"] is None
    with reading(kb.database) as session:
        assert catalogue.live_release_id(session) == kb.release, "asking puts nothing live"


def test_without_a_live_release_there_is_nothing_to_hold_a_draft_against(kb: Kb) -> None:
    with pytest.raises(NothingLive):
        kb.quick.check(kb.database, None, [])


def carried_out(kb: Kb, draft_id: int, reason: str = "", percent: int | None = None) -> Publication:
    """Everything ticked, asked for, and done by the server."""
    with transaction(kb.database) as session:
        keys = [one.change.key for one in content_changes(session, [draft_id])]
        drafts.tick(session, draft_id, keys, 1, NOW)
        asked = ask(session, [draft_id], 1, NOW, override=reason, percent=percent)
    assert run_due(kb.database, Fit(), HOUSE, NOW, lambda sentence: None) == asked
    with reading(kb.database) as session:
        return session.get_one(Publication, asked)


def test_a_bad_edit_is_kept_back_by_the_full_check_until_somebody_says_why(kb: Kb) -> None:
    draft_id = drafted(kb.database, **AVATAR)
    kept_back = carried_out(kb, draft_id)
    assert kept_back.state is PublicationState.BLOCKED
    assert kept_back.check["blocking"] == 2
    assert {one["text"] for one in kept_back.check["changed"] if one["loss"]} >= {"I do not remember my password"}
    with reading(kb.database) as session:
        assert catalogue.live_release_id(session) == kb.release
        assert catalogue.being_built(session, NOW) == set()

    staged = carried_out(kb, draft_id, "we moved to single sign-on", percent=20)
    assert staged.state is PublicationState.STAGED
    with reading(kb.database) as session:
        assert catalogue.live_release_id(session) == kb.release, "the others get what is live"
        assert session.get_one(Rollout, 1).release_id == staged.release_id
        titles = {one.article.title for one in catalogue.contents(session, staged.release_id).articles}
        assert drafts.get(session, draft_id).name == "reset-password"
        said = session.exec(select(Audit).where(Audit.action == "kb.publish.override")).one()
    assert (said.actor, said.detail["reason"], said.detail["worse"]) == ("Bob", "we moved to single sign-on", 2)
    assert titles == {one.title for one in ARTICLES if one is not RESET} | {"Change your picture"}


def test_a_good_edit_goes_live_although_another_release_did_while_it_was_built_and_its_draft_is_gone(kb: Kb) -> None:
    draft_id = drafted(kb.database, "export", body="Choose **Export** in the project's menu. It takes a moment.\n")
    with transaction(kb.database) as session:
        asked = ask(session, [draft_id], 1, NOW)

    def meanwhile(sentence: str) -> None:
        with transaction(kb.database) as session:
            if catalogue.live_release_id(session) == kb.release:
                catalogue.publish(session, catalogue.start_release(session, NOW), b"", 0.5, {}, NOW)

    assert run_due(kb.database, Fit(), HOUSE, NOW, meanwhile) == asked
    with reading(kb.database) as session:
        assert session.get_one(Publication, asked).state is PublicationState.ASKED, "it is held against that one, too"
    assert run_due(kb.database, Fit(), HOUSE, NOW, meanwhile) == asked
    with reading(kb.database) as session:
        published = session.get_one(Publication, asked)
    assert published.state is PublicationState.PUBLISHED, published.problem
    with reading(kb.database) as session:
        assert catalogue.live_release_id(session) == published.release_id
        (export,) = (one.article for one in catalogue.contents(session).articles if one.article.id == "export")
        assert [draft.id for draft in drafts.drafts(session)] != [draft_id]
    assert "It takes a moment" in export.body


def test_a_command_that_was_building_meanwhile_does_not_take_back_what_drafts_changed(kb: Kb) -> None:
    """What was taken out must not be said again because something older goes live after it."""
    draft_id = drafted(kb.database, "dark-mode")
    with transaction(kb.database) as session:
        drafts.mark_removal(session, draft_id, 1, NOW)
        removing = catalogue.start_release(session, NOW, drafts=[draft_id])

    def meanwhile(sentence: str) -> None:
        with transaction(kb.database) as session:
            if catalogue.live_release_id(session) != removing:
                catalogue.publish(session, removing, b"", 0.5, {}, NOW)

    with pytest.raises(ReleaseOutdated):
        publish_newest(kb.database, Fit(), "command line", NOW, meanwhile)
    with reading(kb.database) as session:
        assert "dark-mode" not in {one.article.id for one in catalogue.contents(session).articles}
