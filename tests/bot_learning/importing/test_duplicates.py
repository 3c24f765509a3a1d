"""Articles that say what another one says are named before they are imported."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from small_kb import articles

from bot.learning.importing.duplicates import Piece, duplicates
from bot.learning.importing.looking import Looked, look_closer
from bot.learning.publish import carry_out, plan
from kb_content.articles import Article
from kb_content.folder import Folder
from retrieval.vectors import VectorKey, load_vectors
from store import Database, reading


def unit(*rows: list[float]) -> np.ndarray:
    found = np.array(rows, np.float32)
    return found / np.linalg.norm(found, axis=1, keepdims=True)


def test_each_passage_counts_for_the_nearest_article_and_old_pairs_are_nobodys_business() -> None:
    pieces = [
        Piece("new", "one", True),
        Piece("new", "two", True),
        Piece("old", "one", False),
        Piece("older", "one", False),
    ]
    found = duplicates(pieces, unit([1, 0, 0], [0, 1, 0], [0.99, 0.1, 0], [0.95, 0.3, 0]), 0.0)
    assert [(one.article, one.other, one.passages, one.of, one.texts) for one in found] == [
        ("new", "old", 1, 2, ("one", "one"))
    ]


def test_two_of_the_import_that_say_the_same_are_named_once() -> None:
    pieces = [Piece("a", "x", True), Piece("b", "x", True), Piece("c", "y", True)]
    found = duplicates(pieces, unit([1, 0], [1, 0.01], [0, 1]), 0.0)
    assert [(one.article, one.other, one.other_is_new) for one in found] == [("a", "b", True)]
    assert duplicates(pieces[:1], unit([1, 0]), 0.0) == []


@pytest.fixture(scope="module")
def copies() -> tuple[Article, ...]:
    """One that is there already under another name, one that nobody has, and a translation of one that is there."""
    there = next(one for one in articles() if one.id == "export-report")
    chinese = next(one for one in articles() if one.language == "zh" and one.id == "import-csv")
    return (
        replace(there, id="get-a-report-out", title="Get a report out", body=there.body.replace("Open", "First open")),
        Article("printer", "en", "Connect a printer", "Plug the cable in and choose the printer from the list."),
        replace(chinese, id="daoru", title="导入任务列表"),
    )


def test_a_closer_look_finds_them_and_its_vectors_are_kept(
    sqlite_database: Database, copies: tuple[Article, ...]
) -> None:
    from datetime import UTC, datetime

    carry_out(sqlite_database, plan(sqlite_database, Folder(articles()), "test"), "test", datetime.now(UTC))
    kept: dict[VectorKey, object] = {}
    told: list[str] = []
    looked: Looked = look_closer(sqlite_database.url, None, copies, told.append, kept.update)
    assert {(one.article, one.other) for one in looked.duplicates} == {
        ("get-a-report-out (en)", "export-report (en)"),
        ("daoru (zh)", "import-csv (zh)"),
    }
    rates = {rate.language: rate for rate in looked.rates}
    assert (rates["en"].articles, rates["zh"].articles) == (2, 1)
    assert all(rate.encoded >= rate.passages > 0 and rate.each_second for rate in rates.values())
    assert len(kept) == sum(rate.encoded for rate in rates.values())
    assert any(sentence.startswith("reading en:") for sentence in told)
    with reading(sqlite_database) as session:
        assert load_vectors(session, kept) == {}, "looking itself writes nothing"
