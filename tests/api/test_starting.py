from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import structlog

from api.product import Product
from api.running import Starter
from api.settings import Settings
from bot.live import House, Live
from store import Database
from store.watch import Watch

ARTICLE = "---\ntitle: Reset a forgotten password\n---\nOpen the sign-in page and choose Forgot password.\n"
PATIENCE = 250.0


@pytest.fixture
def articles(tmp_path: Path) -> Path:
    folder = tmp_path / "kb" / "articles"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def starter(sqlite_database: Database, articles: Path, tmp_path: Path) -> Iterator[Starter]:
    settings = Settings(_env_file=None, kb=articles.parent, data_dir=tmp_path)
    with Watch(sqlite_database) as watch:
        product = Product(settings, sqlite_database, watch, Live(House("http://firstline.test")))
        starter = Starter(product, "http://firstline.test", has_worker=True, pause=0.05)
        yield starter
        starter.stop()


def _until(is_so: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < deadline, "it did not become so in time"
        time.sleep(0.02)


def test_a_first_knowledge_base_that_failed_is_tried_again_until_it_can_be_read(
    starter: Starter, articles: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    live = starter.product.live
    starter.begin()
    _until(lambda: live.problem)
    assert "could not be prepared" in starter.product.reasons_not_ready()[0]
    (articles / "reset-password.md").write_text(ARTICLE, "utf-8")
    _until(lambda: live.serving)
    assert starter.product.reasons_not_ready() == []
    said: list[str] = []
    _until(lambda: said.append(capsys.readouterr().out) or "ready http://firstline.test" in "".join(said))
    assert "".join(said).count("first admin: ") == 1, "the link is told once"


def test_a_database_that_another_program_keeps_while_it_starts_is_waited_for(
    starter: Starter, articles: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (articles / "reset-password.md").write_text(ARTICLE, "utf-8")
    database = starter.product.database
    other = sqlite3.connect(database.writer.url.database or "", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    # Waits for half a second instead of ten.
    database.hurry()
    with structlog.testing.capture_logs() as told:
        starter.begin()
        _until(lambda: any(line["event"] == "start waits for the database" for line in told))
        other.close()
        said: list[str] = []
        _until(lambda: said.append(capsys.readouterr().out) or "first admin: " in "".join(said))
    assert starter.product.reasons_not_ready() == []
