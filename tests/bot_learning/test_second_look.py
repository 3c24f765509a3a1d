"""FIRSTLINE_RERANKER from the setting to the answer: releases are built with it, and served with it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from small_kb import articles, contents_of
from tiny_reranker import make_reranker

from api.cli.parts import fit_of, house_of
from api.settings import Settings
from bot.learning.building import BuildFailed
from bot.learning.publish import Fit, carry_out, plan, publish_newest
from bot.learning.scratch import serve
from bot.live import House, Live, Serving
from kb_content.catalogue import live_release
from kb_content.folder import Folder
from retrieval.encoders import load_encoders
from retrieval.parameters import Parameters
from retrieval.rereading import SIGN
from store import Database, open_database, reading

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
DOUBTFUL = ("spreadsheets and files", "sign-in page", "move the data", "csv files")


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(make_reranker(tmp_path_factory.mktemp("reranker"), "offered"))


@pytest.fixture
def imported(sqlite_database: Database) -> Database:
    return _with_articles(sqlite_database)


@pytest.fixture(scope="module")
def published(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database whose release was built without one."""
    file = shutil.copyfile(sqlite_template, tmp_path_factory.mktemp("published") / "firstline.db")
    database = _with_articles(open_database(f"sqlite:///{file}"))
    publish_newest(database, Fit(), "test", NOW, lambda _sentence: None)
    database.close()
    return file


@pytest.fixture
def built_without(published: Path, tmp_path: Path) -> Iterator[Database]:
    database = open_database(f"sqlite:///{shutil.copyfile(published, tmp_path / 'published.db')}")
    yield database
    database.close()


def _with_articles(database: Database) -> Database:
    carry_out(database, plan(database, Folder(articles()), "test"), "test", NOW)
    return database


def _is_asked(serving: Serving | None) -> bool:
    assert serving is not None
    return any(SIGN in serving.reader.read(text).why for text in DOUBTFUL)


def _is_fitted(database: Database) -> list[bool]:
    with reading(database) as session:
        release = live_release(session)
        assert release is not None
        views = Parameters.from_bytes(release.parameters or b"").views
    return [view.rereading is not None for view in views.values()]


def test_the_setting_reaches_building_and_answering(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIRSTLINE_RERANKER", "some/model")
    settings = Settings()
    assert fit_of(settings).reranker == house_of(settings).reranker == "some/model"


@pytest.mark.long
def test_a_release_is_built_with_it_in_the_child_and_answers_without_it_too(imported: Database, model: str) -> None:
    publish_newest(imported, Fit(reranker=model), "test", NOW, lambda _sentence: None)
    assert _is_fitted(imported) == [True, True]
    plain, sharp = Live(House("http://firstline.test")), Live(House("http://firstline.test", reranker=model))
    assert plain.refresh(imported)
    assert sharp.refresh(imported)
    assert not _is_asked(plain.serving)


@pytest.mark.long
def test_a_release_built_without_one_is_served_with_one_that_is_set_later(built_without: Database, model: str) -> None:
    assert _is_fitted(built_without) == [False, False]
    live = Live(House("http://firstline.test", reranker=model))
    assert live.refresh(built_without)
    assert _is_asked(live.serving)


def test_one_that_cannot_be_loaded_stops_a_build_with_a_sentence_and_no_answer(
    imported: Database, built_without: Database
) -> None:
    with pytest.raises(BuildFailed, match="FIRSTLINE_RERANKER is '/nowhere/model'"):
        publish_newest(imported, Fit(reranker="/nowhere/model"), "test", NOW, lambda _sentence: None)
    told: list[str] = []
    live = Live(House("http://firstline.test", reranker="/nowhere/model"), told.append)
    assert live.refresh(built_without)
    assert live.problem is None
    assert any("FIRSTLINE_RERANKER is '/nowhere/model'" in sentence for sentence in told)
    assert not _is_asked(live.serving)


@pytest.mark.long
def test_a_folder_served_from_memory_is_fitted_and_read_with_it(model: str) -> None:
    encoders, house = load_encoders(None, lambda _sentence: None), House("http://firstline.test")
    told: list[str] = []
    serving = serve(contents_of(articles()), encoders, Fit(reranker=model), house, told.append)
    assert any("reranker" in sentence for sentence in told)
    assert serving.reader.reranker is not None
    assert serving.reader.parameters.views["en"].rereading is not None
