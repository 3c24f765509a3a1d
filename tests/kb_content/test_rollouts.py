from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlmodel import select

from kb_content import rollouts
from kb_content.agreement import Side
from kb_content.articles import Article, Intent, Term
from kb_content.catalogue import (
    apply_import,
    article_page,
    articles_overview,
    contents,
    drop_abandoned,
    live_release_id,
    plan_import,
    publish,
    start_release,
)
from kb_content.errors import KbError, NoRollout, NotRolledBack, NotStaged, ReleaseOutdated, RolloutRunning
from kb_content.folder import Folder
from kb_content.models import GlossaryRow, KbArticle, KbIntent, Release, ReleaseState
from kb_content.releases import keep_fit
from kb_content.studio.models import Publication, PublicationState, Rollout, RolloutState
from store import Database, reading, transaction
from store.models import Audit

TEXT = "Open the settings page and look for the button that is called Save."
RESET = Article("reset", "en", "Reset a password", TEXT)
RESET_ZH = Article("reset", "zh", "重置密码", "打开设置页面，找到名为保存更改的按钮，然后点击它。")
LOCKED = Article("locked", "en", "Unlock an account", TEXT)
ACCESS = Intent("access", examples={"en": ("cannot get in",)})
WIDER = replace(ACCESS, examples={"en": ("cannot get in", "the door stays shut")})
TERM, OTHER_TERM = Term("workspace", ("team",), "en"), Term("workspace", ("team", "space"), "en")
FIRST = Folder(articles=(RESET, RESET_ZH), intents=(ACCESS,), glossary=(TERM,))
SECOND = Folder(
    articles=(replace(RESET, body=f"{TEXT} Then wait."), LOCKED),
    intents=(WIDER, Intent("billing", examples={"en": ("my bill",)})),
    glossary=(OTHER_TERM,),
)
Bring = Callable[..., None]


@pytest.fixture
def bring(database: Database, now: datetime) -> Bring:
    """Makes the working state equal to a folder, whatever was done to it meanwhile."""

    def run(folder: Folder, at: datetime = now) -> None:
        with transaction(database) as session:
            apply_import(session, plan_import(session, folder, "mine", prefer=Side.THEIRS), at, actor="bob")

    return run


@pytest.fixture
def live(database: Database, bring: Bring, now: datetime) -> Callable[[Folder], int]:
    """Puts a folder live; returns the release."""

    def run(folder: Folder) -> int:
        bring(folder)
        with transaction(database) as session:
            release_id = start_release(session, now)
            publish(session, release_id, f"fit {release_id}".encode(), 0.7, {"n": release_id}, now, "bob")
        return release_id

    return run


def begun(database: Database, now: datetime) -> int:
    """A release of the working state that was built and is not live."""
    with transaction(database) as session:
        release_id = start_release(session, now)
        keep_fit(session, release_id, b"staged fit", 0.8, {})
    return release_id


def staged(database: Database, now: datetime, percent: int = 20, accounts: tuple[int, ...] = ()) -> int:
    release_id = begun(database, now)
    with transaction(database) as session:
        rollouts.stage(session, release_id, percent, accounts, 7, now, actor="Eve")
    return release_id


def state_of(database: Database, release_id: int) -> ReleaseState:
    with reading(database) as session:
        return session.get_one(Release, release_id).state


def ended(database: Database) -> tuple[RolloutState, str]:
    with reading(database) as session:
        rollout = session.exec(select(Rollout)).one()
        return rollout.state, rollout.reason


def working_state(database: Database) -> tuple[set[tuple[str, str, int, bool]], list[str], list[list[str]]]:
    with reading(database) as session:
        return (
            {
                (one.article_id, one.language, one.version, one.archived_at is None)
                for one in articles_overview(session)
            },
            [row.name for row in session.exec(select(KbIntent).order_by(KbIntent.name))],
            [row.data["also"] for row in session.exec(select(GlossaryRow))],
        )


Live = Callable[[Folder], int]


def test_a_staged_release_leaves_everybody_else_what_is_live(
    database: Database, live: Live, bring: Bring, now: datetime
) -> None:
    first = live(FIRST)
    bring(SECOND)
    second = staged(database, now, accounts=(9, 4, 9))
    with reading(database) as session:
        assert live_release_id(session) == first
        rollout = rollouts.running(session)
    assert rollout is not None
    assert (rollout.release_id, rollout.base_id, rollout.percent, rollout.accounts) == (second, first, 20, [4, 9])
    assert (rollout.begun_by, state_of(database, second)) == (7, ReleaseState.STAGED)


def test_a_promoted_release_is_the_live_one_with_its_own_fit(
    database: Database, live: Live, bring: Bring, now: datetime
) -> None:
    first = live(FIRST)
    bring(SECOND)
    second = staged(database, now)
    with transaction(database) as session:
        assert rollouts.promote(session, 8, now, actor="Max") == second
    with reading(database) as session:
        row = session.get_one(Release, second)
        assert (live_release_id(session), row.parameters, row.threshold) == (second, b"staged fit", 0.8)
        rollout = session.exec(select(Rollout)).one()
    assert (rollout.state, rollout.ended_by, rollout.ended_at) == (RolloutState.PROMOTED, 8, now)
    assert state_of(database, first) is ReleaseState.RETIRED


def test_a_stopped_release_is_nobodys_and_its_articles_still_open(
    database: Database, live: Live, bring: Bring, now: datetime
) -> None:
    first = live(FIRST)
    bring(SECOND)
    second = staged(database, now)
    with transaction(database) as session:
        assert rollouts.stop(session, 8, now, reason="worse answers", actor="Max") == rollouts.Stopped(second)
    assert ended(database) == (RolloutState.STOPPED, "worse answers")
    assert state_of(database, second) is ReleaseState.RETIRED
    # Customers were told from it: what they were quoted opens, long after such releases are swept away.
    with transaction(database) as session:
        drop_abandoned(session, 0)
    with reading(database) as session:
        page = article_page(session, "reset", "en", 2)
        assert live_release_id(session) == first
    assert page is not None
    assert page.was_published


def test_a_release_that_nobody_was_given_is_swept_away_and_its_versions_stay_for_staff(
    database: Database, live: Live, bring: Bring, now: datetime
) -> None:
    live(FIRST)
    bring(SECOND)
    second = begun(database, now)
    with transaction(database) as session:
        session.get_one(Release, second).state = ReleaseState.RETIRED
        session.flush()
        assert drop_abandoned(session, 0) == 1
    with reading(database) as session:
        page = article_page(session, "reset", "en", 2)
    assert page is not None
    assert not page.was_published


def test_another_release_that_goes_live_stops_the_rollout_and_says_which(
    database: Database, live: Live, bring: Bring, now: datetime
) -> None:
    live(FIRST)
    bring(SECOND)
    second = staged(database, now)
    third = live(FIRST)
    assert ended(database) == (RolloutState.STOPPED, f"Release {third} went live meanwhile, for everybody.")
    assert state_of(database, second) is ReleaseState.RETIRED
    with transaction(database) as session, pytest.raises(NoRollout):
        rollouts.promote(session, 8, now)


@pytest.mark.parametrize(
    ("deed", "state"), [("promote", PublicationState.PUBLISHED), ("stop", PublicationState.CANCELLED)]
)
def test_the_publication_that_staged_it_is_over_with_it(
    database: Database, live: Live, now: datetime, deed: str, state: PublicationState
) -> None:
    live(FIRST)
    release_id = staged(database, now)
    with transaction(database) as session:
        session.add(Publication(state=PublicationState.STAGED, asked_at=now, release_id=release_id))
    with transaction(database) as session:
        getattr(rollouts, deed)(session, 8, now)
    with reading(database) as session:
        assert session.exec(select(Publication)).one().state is state


def test_only_one_release_is_rolled_out_at_a_time(database: Database, live: Live, now: datetime) -> None:
    live(FIRST)
    second = staged(database, now)
    third = begun(database, now)
    with transaction(database) as session, pytest.raises(RolloutRunning, match=f"Release {second}"):
        rollouts.stage(session, third, 10, (), 7, now)


@pytest.mark.parametrize(("percent", "said"), [(0, "Nobody"), (101, "from 0 to 100"), (-1, "from 0 to 100")])
def test_a_share_that_means_nothing_is_refused(
    database: Database, live: Live, now: datetime, percent: int, said: str
) -> None:
    live(FIRST)
    release_id = begun(database, now)
    with transaction(database) as session, pytest.raises(NotStaged, match=said):
        rollouts.stage(session, release_id, percent, (), 7, now)


def test_the_first_release_of_all_is_for_everybody(database: Database, bring: Bring, now: datetime) -> None:
    bring(FIRST)
    release_id = begun(database, now)
    with transaction(database) as session, pytest.raises(NotStaged, match="Nothing is live"):
        rollouts.stage(session, release_id, 10, (), 7, now)


def test_a_release_begun_before_the_live_one_is_not_staged(database: Database, live: Live, now: datetime) -> None:
    live(FIRST)
    older = begun(database, now)
    live(SECOND)
    with transaction(database) as session, pytest.raises(ReleaseOutdated):
        rollouts.stage(session, older, 10, (), 7, now)


def test_a_rollout_is_widened_to_more_conversations(database: Database, live: Live, now: datetime) -> None:
    live(FIRST)
    staged(database, now, percent=5)
    with transaction(database) as session:
        rollouts.widen(session, 50, [3], now, actor="Max")
    with reading(database) as session:
        rollout = rollouts.running(session)
    assert rollout is not None
    assert (rollout.percent, rollout.accounts) == (50, [3])


def test_a_rollback_brings_back_what_was_live_and_what_it_was_made_of(
    database: Database, live: Live, now: datetime
) -> None:
    first = live(FIRST)
    before, said = working_state(database), contents_of(database)
    second = live(SECOND)
    assert contents_of(database) != said
    with transaction(database) as session:
        third = rollouts.roll_back(session, first, 7, now + timedelta(hours=1), reason="wrong steps", actor="Eve")
    assert third > second
    assert contents_of(database) == said
    with reading(database) as session:
        row = session.get_one(Release, third)
        assert (live_release_id(session), row.parameters, row.figures) == (third, f"fit {first}".encode(), {"n": first})
        entry = session.exec(select(Audit).where(Audit.action == "kb.roll_back")).one()
    assert (entry.actor, entry.detail) == ("Eve", {"to": first, "staff": 7, "reason": "wrong steps"})
    # What came since is archived, never deleted; everything else is as it was.
    assert working_state(database) == (before[0] | {("locked", "en", 1, False)}, *before[1:])


def test_what_comes_after_a_rollback_goes_on_from_it(
    database: Database, live: Live, bring: Bring, now: datetime
) -> None:
    first = live(FIRST)
    live(SECOND)
    with transaction(database) as session:
        rollouts.roll_back(session, first, 7, now)
    fourth = begun(database, now)
    with reading(database) as session:
        titles = {one.article.title for one in contents(session, fourth).articles}
    assert titles == {"Reset a password", "重置密码"}
    # The version number of an edit after it is a new one: links to the second version keep what they quoted.
    bring(replace(FIRST, articles=(replace(RESET, title="Get back in"), RESET_ZH)))
    with reading(database) as session:
        row = session.exec(select(KbArticle).where(KbArticle.article_id == "reset", KbArticle.language == "en")).one()
        second = article_page(session, "reset", "en", 2)
    assert (row.current, row.newest) == (3, 3)
    assert second is not None
    assert second.article.body.endswith("Then wait.")


def test_a_rollback_wins_over_what_is_being_built(database: Database, live: Live, now: datetime) -> None:
    first = live(FIRST)
    live(SECOND)
    building = begun(database, now)
    with transaction(database) as session:
        rollouts.roll_back(session, first, 7, now)
    with transaction(database) as session, pytest.raises(ReleaseOutdated):
        publish(session, building, b"fit", 0.7, {}, now)


def test_a_rollback_ends_the_rollout(database: Database, live: Live, now: datetime) -> None:
    first = live(FIRST)
    live(SECOND)
    staged(database, now)
    with transaction(database) as session:
        rollouts.roll_back(session, first, 7, now)
    assert ended(database)[0] is RolloutState.STOPPED


def test_what_cannot_come_back_says_why(database: Database, live: Live, now: datetime) -> None:
    first, second = live(FIRST), live(SECOND)
    never = begun(database, now)
    with transaction(database) as session:
        session.get_one(Release, first).parameters = None
    expected = {first: "too old to be kept", second: "live already", never: "never live"}
    for release_id, said in expected.items():
        with transaction(database) as session, pytest.raises(NotRolledBack, match=said):
            rollouts.roll_back(session, release_id, 7, now)
    with transaction(database) as session, pytest.raises(KbError):
        rollouts.roll_back(session, 999, 7, now)


def contents_of(database: Database) -> object:
    with reading(database) as session:
        return contents(session)
