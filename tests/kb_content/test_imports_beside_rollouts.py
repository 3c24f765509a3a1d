"""An import beside a staged rollout: neither loses what the other brings, and what happens is said."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlmodel import select

from kb_content import rollouts
from kb_content.articles import Article
from kb_content.catalogue import apply_import, contents, plan_import, publish, start_release
from kb_content.errors import DraftOutdated, NotUndone
from kb_content.folder import Folder
from kb_content.releases import keep_fit
from kb_content.studio import drafts
from kb_content.studio.models import Draft, DraftKind, Publication, PublicationState, Rollout, RolloutState
from kb_content.undoing import undo
from store import Database, reading, transaction

RESET = Article("reset", "en", "Reset a password", "Open the page.")
LOCKED = Article("locked", "en", "Unlock an account", "Wait 15 minutes.")
EDITED = {"title": "Reset a password", "body": "Open the sign-in page."}


def bring(database: Database, articles: tuple[Article, ...], now: datetime) -> int:
    with transaction(database) as session:
        brought = apply_import(session, plan_import(session, Folder(articles=articles), "git"), now, "bob")
    assert brought is not None
    return brought


def built(database: Database, now: datetime, draft_ids: tuple[int, ...] = ()) -> int:
    with transaction(database) as session:
        release_id = start_release(session, now, drafts=draft_ids)
        keep_fit(session, release_id, b"fit", 0.8, {})
    return release_id


def go_live(database: Database, release_id: int, now: datetime) -> None:
    with transaction(database) as session:
        publish(session, release_id, b"fit", 0.8, {}, now)


def bodies(database: Database) -> dict[str, str]:
    with reading(database) as session:
        return {one.article.id: one.article.body for one in contents(session).articles}


@pytest.fixture
def draft_id(database: Database, now: datetime) -> int:
    """A draft of one article, in a release that a share of the conversations gets; two articles are live."""
    bring(database, (RESET, LOCKED), now)
    go_live(database, built(database, now), now)
    with transaction(database) as session:
        draft = drafts.begin(session, DraftKind.ARTICLE, "reset", "en", 1, now)
        drafts.save(session, draft.id or 0, draft.revision, EDITED, 1, now)
        draft_id = draft.id or 0
    staged = built(database, now, (draft_id,))
    with transaction(database) as session:
        rollouts.stage(session, staged, 10, (), 1, now)
    return draft_id


def test_an_import_that_goes_live_ends_the_rollout_and_its_draft_can_be_published_again(
    database: Database, draft_id: int, now: datetime
) -> None:
    bring(database, (RESET, replace(LOCKED, body="Wait an hour.")), now)
    release_id = built(database, now)
    go_live(database, release_id, now)
    assert bodies(database) == {"reset": "Open the page.", "locked": "Wait an hour."}
    with reading(database) as session:
        rollout = session.exec(select(Rollout)).one()
        assert session.get(Draft, draft_id) is not None
    assert rollout.state is RolloutState.STOPPED
    assert rollout.reason == f"Release {release_id} went live meanwhile, without what this one changes."
    go_live(database, built(database, now, (draft_id,)), now)
    assert bodies(database) == {"reset": "Open the sign-in page.", "locked": "Wait an hour."}


def test_a_rollout_is_promoted_beside_an_import_of_other_articles_which_comes_with_the_next_release(
    database: Database, draft_id: int, now: datetime
) -> None:
    bring(database, (RESET, replace(LOCKED, body="Wait an hour.")), now)
    with transaction(database) as session:
        rollouts.promote(session, 1, now)
    assert bodies(database) == {"reset": "Open the sign-in page.", "locked": "Wait 15 minutes."}
    go_live(database, built(database, now), now)
    assert bodies(database) == {"reset": "Open the sign-in page.", "locked": "Wait an hour."}


def test_a_rollout_of_an_article_that_an_import_changed_is_not_promoted_over_it(
    database: Database, draft_id: int, now: datetime
) -> None:
    bring(database, (replace(RESET, body="Open the app."), LOCKED), now)
    said = r"`reset` was changed .* open its draft, take over what changed"
    with pytest.raises(DraftOutdated, match=said), transaction(database) as session:
        rollouts.promote(session, 1, now)
    assert bodies(database)["reset"] == "Open the page.", "everybody else has what they had"
    with reading(database) as session:
        assert rollouts.running(session) is not None
    go_live(database, built(database, now), now)
    assert bodies(database)["reset"] == "Open the app."


def test_an_import_undone_while_a_rollout_runs_leaves_the_rollout_as_it_is(
    database: Database, draft_id: int, now: datetime
) -> None:
    brought = bring(database, (replace(RESET, body="Open the app."), LOCKED), now)
    with transaction(database) as session:
        undo(session, brought, "eve", now)
    with transaction(database) as session:
        rollouts.promote(session, 1, now + timedelta(hours=1))
    assert bodies(database) == {"reset": "Open the sign-in page.", "locked": "Wait 15 minutes."}


def test_an_import_is_not_undone_over_a_draft_that_was_promoted_on_top_of_it(
    database: Database, draft_id: int, now: datetime
) -> None:
    with transaction(database) as session:
        rollouts.promote(session, 1, now)
    with pytest.raises(NotUndone, match=r"reset \(en\) changed since"), transaction(database) as session:
        undo(session, 1, "eve", now)


def rolled_out(database: Database, imports: list[int], now: datetime) -> None:
    """What is there now, for a share of the conversations; these imports were brought in for it."""
    release_id = built(database, now)
    with transaction(database) as session:
        state = PublicationState.STAGED
        session.add(
            Publication(state=state, asked_at=now, percent=10, release_id=release_id, check={"imports": imports})
        )
        rollouts.stage(session, release_id, 10, (), None, now)


@pytest.fixture
def brought(database: Database, now: datetime) -> int:
    """An import that changes one article and brings another, rolled out to some."""
    bring(database, (RESET,), now)
    go_live(database, built(database, now), now)
    import_id = bring(database, (replace(RESET, body="Call us."), LOCKED), now)
    rolled_out(database, [import_id], now)
    return import_id


def test_an_import_is_taken_back_with_the_rollout_that_it_was_of(
    database: Database, brought: int, now: datetime
) -> None:
    with transaction(database) as session:
        assert rollouts.stop(session, 1, now, actor="ada").taken_back == (brought,)
    # What is published next has nothing of it, and it can be brought in once more.
    go_live(database, built(database, now), now)
    assert bodies(database) == {"reset": "Open the page."}
    again = bring(database, (replace(RESET, body="Call us."), LOCKED), now)
    assert again != brought


def test_an_import_that_is_promoted_stays(database: Database, brought: int, now: datetime) -> None:
    with transaction(database) as session:
        rollouts.promote(session, 1, now)
    go_live(database, built(database, now), now)
    assert bodies(database) == {"reset": "Call us.", "locked": "Wait 15 minutes."}


def test_a_rollout_is_stopped_although_its_import_cannot_be_undone_any_more(
    database: Database, brought: int, now: datetime
) -> None:
    bring(database, (replace(RESET, body="Write to us."), LOCKED), now)
    with transaction(database) as session:
        assert rollouts.stop(session, 1, now) == rollouts.Stopped(2, left=(brought,))
    with reading(database) as session:
        assert session.exec(select(Rollout)).one().state is RolloutState.STOPPED


def test_an_import_that_somebody_undid_before_is_undone_once(database: Database, brought: int, now: datetime) -> None:
    with transaction(database) as session:
        undo(session, brought, "bob", now)
    with transaction(database) as session:
        assert rollouts.stop(session, 1, now).taken_back == (brought,)
