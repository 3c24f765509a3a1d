"""The glossary's way: imported, exported, frozen into a release."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from kb_content.articles import Article, Contents, Term
from kb_content.catalogue import ImportPlan, apply_import, contents, glossary, plan_import, publish, start_release
from kb_content.export import export_folder
from kb_content.folder import Folder, read_folder
from kb_content.models import Release
from store import Database, reading, transaction

pytestmark = pytest.mark.any_database

PAGE = Article("a", "en", "Workspaces", "All about workspaces and seats.")
SPACE = Term("workspace", ("team space", "工作空间"), "en", "Where a team works.", {"owner": ["eve"]})
SEAT = Term("seat", ("licence",), "en")
KB = Folder(articles=(PAGE,), glossary=(SPACE, SEAT))

Bring = Callable[..., ImportPlan]
Freeze = Callable[[], tuple[str, Contents]]


@pytest.fixture
def bring(database: Database, now: datetime) -> Bring:
    def run(folder: Folder, source: str = "mine", replace: bool = False) -> ImportPlan:
        with transaction(database) as session:
            plan = plan_import(session, folder, source, replace)
            apply_import(session, plan, now)
        return plan

    return run


@pytest.fixture
def freeze(database: Database, now: datetime) -> Freeze:
    """Publishes what is there; returns the release's digest and what is live then."""

    def run() -> tuple[str, Contents]:
        with transaction(database) as session:
            release_id = start_release(session, now)
            publish(session, release_id, b"", None, {}, now)
        with reading(database) as session:
            return session.get_one(Release, release_id).digest, contents(session)

    return run


def held(database: Database) -> list[tuple[str, str]]:
    with reading(database) as session:
        return [(term.term, source) for term, source in glossary(session)]


def test_an_imported_glossary_is_what_a_release_holds(bring: Bring, freeze: Freeze) -> None:
    bring(KB)
    assert freeze()[1].glossary == (SPACE, SEAT)


def test_what_is_edited_after_a_release_does_not_reach_it(database: Database, bring: Bring, freeze: Freeze) -> None:
    bring(KB)
    freeze()
    bring(replace(KB, glossary=(SEAT,)))
    with reading(database) as session:
        assert contents(session).glossary == (SPACE, SEAT)


def test_a_new_word_makes_another_release_and_a_kb_without_glossary_stays_the_same(
    bring: Bring, freeze: Freeze
) -> None:
    bring(replace(KB, glossary=()))
    before, _ = freeze()
    bring(KB)
    with_terms, _ = freeze()
    assert freeze()[0] == with_terms != before
    bring(replace(KB, glossary=()))
    assert freeze()[0] == before


def test_a_second_import_changes_nothing_and_says_so(bring: Bring) -> None:
    assert bring(KB).summary().endswith("; terms: 2 added, 0 removed")
    again = bring(KB)
    assert again.is_empty
    assert again.summary().endswith("; terms: 0 added, 0 removed")


def test_an_import_makes_the_terms_of_its_source_equal_to_the_folder(database: Database, bring: Bring) -> None:
    bring(KB)
    bring(Folder(glossary=(Term("board", ("table",), "en"),)), source="theirs")
    plan = bring(replace(KB, glossary=(replace(SEAT, also=("licence", "license")),)))
    assert (plan.terms_added, plan.terms_removed, plan.is_empty) == (1, 2, False)
    assert held(database) == [("board", "theirs"), ("seat", "mine")]


def test_replacing_drops_the_terms_of_all_other_sources(database: Database, bring: Bring) -> None:
    bring(Folder(articles=(PAGE,), glossary=(Term("board", ("table",), "en"),)), source="sample")
    plan = bring(KB, replace=True)
    assert plan.terms_removed == 1
    assert held(database) == [("seat", "mine"), ("workspace", "mine")]


def test_a_glossary_that_could_not_be_read_stays_as_it_was(database: Database, bring: Bring) -> None:
    bring(KB)
    assert bring(replace(KB, glossary=(), is_glossary_read=False)).is_empty
    assert len(held(database)) == 2


def test_a_folder_without_glossary_says_nothing_of_terms(bring: Bring) -> None:
    assert "terms" not in bring(replace(KB, glossary=())).summary()


def test_a_glossary_is_exported_and_imported_without_loss(database: Database, bring: Bring, tmp_path: Path) -> None:
    bring(KB)
    with reading(database) as session:
        export_folder(session, tmp_path / "out")
    folder = read_folder(tmp_path / "out")
    assert folder.glossary == KB.glossary
    assert bring(folder).is_empty


def test_a_glossary_that_is_gone_is_removed_from_an_export(database: Database, bring: Bring, tmp_path: Path) -> None:
    bring(KB)
    with reading(database) as session:
        export_folder(session, tmp_path / "out")
    bring(replace(KB, glossary=()))
    with reading(database) as session:
        assert export_folder(session, tmp_path / "out").removed == 1
    assert not (tmp_path / "out" / "glossary.yml").exists()
