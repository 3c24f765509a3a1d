from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlmodel import select

from kb_content.articles import Article, GoldQuestion, Intent, LeadsTo
from kb_content.catalogue import (
    SAMPLE,
    ImportPlan,
    NoSuchRelease,
    ReleaseOutdated,
    apply_import,
    article_page,
    articles_overview,
    contents,
    is_empty,
    is_sample_live,
    live_release,
    plan_import,
    publish,
    start_release,
)
from kb_content.folder import Folder
from kb_content.models import ArticleVersion, Release, ReleaseState
from kb_content.passages import split
from store import Database, reading, transaction
from store.changes import changes_after
from store.models import Audit

TEXT = "Open the settings page and look for the button that is called Save."
RESET = Article("reset", "en", "Reset a password", TEXT, ("forgot it",), "access", "account", ("login",))
RESET_ZH = Article("reset", "zh", "重置密码", "打开设置页面，找到名为保存更改的按钮，然后点击它。")
LOCKED = Article("locked", "en", "Unlock an account", TEXT, extra={"owner": "ada", "n": 1.5}, review_by="2027-01-01")
ACCESS = Intent("access", examples={"en": ("cannot get in",), "zh": ("登不上",)})
GOLD = (GoldQuestion("forgot", "en", ("reset",)), GoldQuestion("weather", "en", (), {"by": "eve"}))
KB = Folder(articles=(LOCKED, RESET, RESET_ZH), intents=(ACCESS,), gold=GOLD)


@pytest.fixture
def bring(database: Database, now: datetime) -> Callable[..., ImportPlan]:
    """Imports a folder and returns the plan that was carried out."""

    def run(folder: Folder, source: str = "mine", at: datetime = now, replace: bool = False) -> ImportPlan:
        with transaction(database) as session:
            plan = plan_import(session, folder, source, replace)
            apply_import(session, plan, at, actor="bob")
        return plan

    return run


@pytest.fixture
def release(database: Database, now: datetime) -> Callable[..., int]:
    """Starts a release of what is there and puts it live."""

    def run(at: datetime = now) -> int:
        with transaction(database) as session:
            release_id = start_release(session, at)
            publish(session, release_id, b"fit", 0.7, {"auroc": 0.9}, at, "bob")
        return release_id

    return run


Bring = Callable[..., ImportPlan]
Publish = Callable[..., int]


def titles(database: Database) -> list[tuple[str, str, int, bool]]:
    with reading(database) as session:
        return [
            (line.article_id, line.language, line.version, line.archived_at is not None)
            for line in articles_overview(session)
        ]


def test_what_was_imported_is_what_a_release_holds(database: Database, bring: Bring, release: Publish) -> None:
    bring(KB)
    release()
    with reading(database) as session:
        held = contents(session)
    assert tuple(published.article for published in held.articles) == KB.articles
    assert [published.version for published in held.articles] == [1, 1, 1]
    assert held.articles[1].passages == split(RESET, 1)
    assert held.intents == KB.intents
    assert held.gold == KB.gold


def test_a_second_import_of_the_same_folder_changes_nothing(database: Database, bring: Bring) -> None:
    assert len(bring(KB).added) == 3
    again = bring(KB)
    assert again.is_empty
    assert again.lines() == [
        "articles: 0 added, 0 changed, 0 archived, 3 unchanged; intents: 0 changed, 0 removed; "
        "gold questions: 0 added, 0 removed"
    ]
    with reading(database) as session:
        assert len(session.exec(select(ArticleVersion)).all()) == 3


def test_an_import_makes_the_kb_equal_to_its_folder(database: Database, bring: Bring) -> None:
    bring(KB)
    changed = replace(RESET, body="New text.")
    new = Article("new", "en", "New", TEXT)
    plan = bring(Folder(articles=(changed, RESET_ZH, new), intents=(replace(ACCESS, urgent=True),), gold=GOLD[:1]))
    assert plan.lines() == [
        "add      new (en)  New",
        "change   reset (en)  Reset a password",
        "archive  locked (en)",
        "change   intent access",
        "articles: 1 added, 1 changed, 1 archived, 1 unchanged; intents: 1 changed, 0 removed; "
        "gold questions: 0 added, 1 removed",
    ]
    assert titles(database) == [
        ("locked", "en", 1, True),
        ("new", "en", 1, False),
        ("reset", "en", 2, False),
        ("reset", "zh", 1, False),
    ]


def test_planning_alone_writes_nothing(database: Database) -> None:
    with reading(database) as session:
        assert len(plan_import(session, KB, "mine").added) == 3
    with reading(database) as session:
        assert is_empty(session)


def test_articles_of_other_sources_stay(database: Database, bring: Bring) -> None:
    bring(Folder(articles=(LOCKED,), intents=(ACCESS,), gold=GOLD), SAMPLE)
    plan = bring(Folder(articles=(RESET,)))
    assert plan.archived == ()
    assert titles(database) == [("locked", "en", 1, False), ("reset", "en", 1, False)]


def test_replace_drops_everything_else(database: Database, bring: Bring, release: Publish) -> None:
    bring(KB, SAMPLE)
    release()
    plan = bring(Folder(articles=(RESET_ZH, replace(LOCKED, id="own"))), replace=True)
    assert plan.archived == (("locked", "en"), ("reset", "en"))
    assert (plan.intents_removed, plan.gold_removed) == (("access",), 2)
    release()
    with reading(database) as session:
        held = contents(session)
        assert not is_sample_live(session)
    assert [published.article.id for published in held.articles] == ["own", "reset"]
    assert (held.intents, held.gold) == ((), ())


def test_an_article_of_two_sources_follows_the_later_one(database: Database, bring: Bring) -> None:
    bring(KB, SAMPLE)
    plan = bring(Folder(articles=(RESET,)))
    assert plan.taken_over == (("reset", "en"),)
    assert not plan.is_empty
    with reading(database) as session:
        assert {(line.article_id, line.language): line.source for line in articles_overview(session)} == {
            ("locked", "en"): SAMPLE,
            ("reset", "en"): "mine",
            ("reset", "zh"): SAMPLE,
        }
    assert bring(Folder(articles=(LOCKED, RESET_ZH)), SAMPLE).archived == ()


def test_an_archived_article_comes_back_with_its_versions(database: Database, bring: Bring) -> None:
    bring(KB)
    bring(Folder(articles=(RESET,)))
    assert [article.id for article in bring(KB).added] == ["locked", "reset"]
    assert titles(database) == [("locked", "en", 1, False), ("reset", "en", 1, False), ("reset", "zh", 1, False)]


def test_an_article_whose_file_could_not_be_read_is_not_taken_for_deleted(database: Database, bring: Bring) -> None:
    bring(KB)
    plan = bring(Folder(articles=(RESET,), unread_articles=frozenset({"locked"}), unread_intents=frozenset({"access"})))
    assert plan.archived == (("reset", "zh"),)
    assert plan.unread == (("locked", "en"),)
    assert plan.intents_removed == ()
    assert "keep     locked (en)  (its file could not be read)" in plan.lines()


def test_only_a_changed_content_makes_a_version(database: Database, bring: Bring) -> None:
    bring(KB)
    for number, changed in enumerate(
        [replace(RESET, tags=("x",)), replace(RESET, tags=("x",), audience={"plans": ["vip"]}), RESET], start=2
    ):
        bring(replace(KB, articles=(changed,)))
        assert ("reset", "en", number, False) in titles(database)


def test_a_source_reference_that_only_export_wrote_is_no_change(bring: Bring) -> None:
    bring(KB)
    exported = replace(RESET_ZH, translated_from="9f2c61aa")
    assert bring(replace(KB, articles=(LOCKED, RESET, exported))).is_empty
    assert bring(replace(KB, articles=(LOCKED, RESET, replace(exported, body="改过的正文。")))).changed
    assert bring(replace(KB, articles=(LOCKED, RESET, replace(RESET_ZH, body="改过的正文。")))).changed


def test_a_release_is_frozen(database: Database, bring: Bring, release: Publish) -> None:
    bring(KB)
    first = release()
    bring(Folder(articles=(replace(RESET, body="New text."),)))
    with reading(database) as session:
        assert tuple(published.article for published in contents(session).articles) == KB.articles
    release()
    with reading(database) as session:
        assert [published.version for published in contents(session).articles] == [2]
        assert tuple(published.article for published in contents(session, first).articles) == KB.articles
        assert contents(session, first).intents == (ACCESS,)


def test_one_release_is_live_and_the_one_before_is_retired(
    database: Database, bring: Bring, release: Publish, now: datetime
) -> None:
    bring(KB)
    first, second = release(), release(now + timedelta(hours=1))
    with reading(database) as session:
        states = {found.id: found.state for found in session.exec(select(Release))}
        live = live_release(session)
        audited = session.exec(select(Audit).where(Audit.action == "kb.publish").order_by(Audit.id)).all()  # type: ignore[arg-type]
        changes = [change.subject_id for change in changes_after(session, 0) if change.kind == "release"]
    assert states == {first: ReleaseState.RETIRED, second: ReleaseState.LIVE}
    assert live
    assert (live.id, live.parameters, live.threshold, live.figures) == (second, b"fit", 0.7, {"auroc": 0.9})
    assert live.live_at == now + timedelta(hours=1)
    assert [(row.actor, row.subject_id, row.detail["replaced"]) for row in audited] == [
        ("bob", first, None),
        ("bob", second, first),
    ]
    assert changes == [first, second]


def test_a_release_that_took_too_long_does_not_undo_a_newer_one(
    database: Database, bring: Bring, release: Publish, now: datetime
) -> None:
    bring(KB)
    with transaction(database) as session:
        slow = start_release(session, now)
    quick = release()
    with pytest.raises(ReleaseOutdated), transaction(database) as session:
        publish(session, slow, None, None, {}, now)
    with reading(database) as session:
        live = live_release(session)
        assert live
        assert live.id == quick


def test_an_unknown_release_is_a_sentence(database: Database, now: datetime) -> None:
    with pytest.raises(NoSuchRelease, match="no such release"), transaction(database) as session:
        publish(session, 99, None, None, {}, now)
    with pytest.raises(NoSuchRelease), reading(database) as session:
        contents(session, 99)


def test_nothing_is_live_in_an_empty_kb(database: Database) -> None:
    with reading(database) as session:
        assert live_release(session) is None
        assert contents(session).articles == ()
        assert not is_sample_live(session)
        assert is_empty(session)


def test_two_releases_of_the_same_contents_have_the_same_digest(
    database: Database, bring: Bring, release: Publish
) -> None:
    bring(KB)
    first, second = release(), release()
    bring(replace(KB, intents=(replace(ACCESS, leads_to=LeadsTo.ESCALATE),)))
    third = release()
    with reading(database) as session:
        digests: dict[Any, str] = {found.id: found.digest for found in session.exec(select(Release))}
    assert digests[first] == digests[second] != digests[third]


def test_gold_for_articles_that_are_gone_stays_out_of_a_release(
    database: Database, bring: Bring, release: Publish
) -> None:
    bring(KB)
    bring(replace(KB, articles=(LOCKED,)))
    release()
    with reading(database) as session:
        assert [question.text for question in contents(session).gold] == ["weather"]


def test_an_old_citation_still_opens_what_it_quoted(database: Database, bring: Bring, release: Publish) -> None:
    bring(KB)
    release()
    bring(Folder(articles=(replace(RESET, title="Renamed", body="New text."),)))
    release()
    bring(Folder(articles=(replace(RESET, body="A draft."),)))
    with reading(database) as session:
        now_live = article_page(session, "reset", "en")
        old = article_page(session, "reset", "en", 1)
        draft = article_page(session, "reset", "en", 3)
        archived = article_page(session, "reset", "zh", 1)
        assert article_page(session, "reset", "en", 9) is None
        assert article_page(session, "reset", "fr") is None
        assert article_page(session, "reset", "zh") is None
    assert now_live
    assert (now_live.version, now_live.article.title, now_live.is_live, now_live.newest) == (2, "Renamed", True, 3)
    assert old
    assert (old.article, old.passages, old.is_live, old.was_published) == (RESET, split(RESET, 1), False, True)
    assert draft
    assert (draft.is_live, draft.was_published) == (False, False)
    assert archived
    assert (archived.is_archived, archived.languages) == (True, ("en",))


def test_the_console_sees_where_articles_came_from(
    database: Database, bring: Bring, release: Publish, now: datetime
) -> None:
    bring(KB, SAMPLE)
    with reading(database) as session:
        assert not is_sample_live(session)
        line = articles_overview(session)[0]
    assert (line.title, line.category, line.review_by, line.source) == ("Unlock an account", None, "2027-01-01", SAMPLE)
    release()
    with reading(database) as session:
        assert is_sample_live(session)
        imported = session.exec(select(Audit).where(Audit.action == "kb.import")).one()
    assert (imported.actor, imported.at, imported.detail["source"]) == ("bob", now, SAMPLE)


def test_an_import_that_fails_leaves_nothing_behind(database: Database, now: datetime) -> None:
    def fail() -> None:
        with transaction(database) as session:
            apply_import(session, plan_import(session, KB, "mine"), now)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    with reading(database) as session:
        assert is_empty(session)
