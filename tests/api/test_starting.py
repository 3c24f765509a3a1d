from __future__ import annotations

import io
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import structlog
from answered import Archive
from slack_house import is_down
from sqlalchemy import event

from api.product import Product
from api.running import Starter
from api.settings import Settings
from api.starting import KNOWLEDGE, mailboxes
from bot import inbox
from bot.channels.mailbox import WEB
from bot.live import House, Live
from bot.web_chat import visible_messages
from bot.worker import Worker
from store import Database, leases, measures, reading, transaction
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


class Listener(io.StringIO):
    """Standard error, for somebody who does something the first time that they read a certain word there."""

    def __init__(self, word: str, deed: Callable[[], object]) -> None:
        super().__init__()
        self.word, self.deed = word, deed

    def write(self, text: str) -> int:
        if self.word in text and self.word not in self.getvalue():
            self.deed()
        return super().write(text)


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


@pytest.mark.parametrize(
    ("port", "line"),
    [
        (None, "ready without pages\n"),
        (9464, "ready without pages; health and figures at http://127.0.0.1:9464\n"),
    ],
)
def test_a_worker_names_no_address_that_it_does_not_serve(
    starter: Starter, articles: Path, capsys: pytest.CaptureFixture[str], port: int | None, line: str
) -> None:
    (articles / "reset-password.md").write_text(ARTICLE, "utf-8")
    product = starter.product
    product.settings = product.settings.model_copy(update={"metrics_port": port})
    worker = Starter(product, "http://firstline.test", has_pages=False, has_worker=True)
    worker.begin()
    said: list[str] = []
    try:
        _until(lambda: said.append(capsys.readouterr().out) or "ready" in "".join(said))
    finally:
        worker.stop()
    assert "".join([*said, capsys.readouterr().out]) == line, "and no link to a page for the first admin"


def test_a_release_that_another_process_is_just_making_is_waited_for_and_nobody_is_told_to_publish(
    starter: Starter, articles: Path
) -> None:
    """It was upgraded, so what is live was made for other models: the one that came first builds it anew."""
    database, now = starter.product.database, datetime.now(UTC)
    heard = _wrote_before(starter, articles)
    Archive(database).publish()
    with transaction(database) as session:
        other = leases.acquire(session, KNOWLEDGE, "another process", now, timedelta(hours=1))
    assert other is not None
    starter.begin()
    _until(lambda: starter.product.live.problem)
    (reason,) = starter.product.reasons_not_ready()
    assert reason == "Another process of this Firstline is preparing the knowledge base."
    with transaction(database) as session:
        leases.release(session, other, now)
    _until(heard)
    assert not any("person" in text or "went wrong" in text for text in heard()), "it waited for the knowledge"
    assert starter.product.reasons_not_ready() == []


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


def test_a_start_that_a_fault_of_ours_ended_half_way_is_begun_again_and_told(
    starter: Starter, articles: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    heard = _wrote_before(starter, articles)
    database = starter.product.database
    faults = iter(range(2))

    def fail(_c: object, _cursor: object, statement: str, *_more: object) -> None:
        if statement.startswith("INSERT INTO setting") and next(faults, None) is not None:
            raise ZeroDivisionError

    event.listen(database.writer, "before_cursor_execute", fail)
    with structlog.testing.capture_logs() as told:
        starter.begin()
        _until(heard)
    said: list[str] = []
    _until(lambda: said.append(capsys.readouterr().out) or "first admin: " in "".join(said))
    assert [line["error"] for line in told if line["event"] == "a step of the start failed"] == [
        "ZeroDivisionError"
    ] * 2
    assert not any("went wrong" in text for text in heard())


def _failures() -> list[float]:
    return [measures.value("loop_failures_total", loop=loop) for loop in ("delivery", "desk")]


def test_a_database_that_goes_is_told_in_one_line_and_so_is_its_return(postgresql_database: Database) -> None:
    database = postgresql_database
    with Watch(database) as watch, structlog.testing.capture_logs() as told:
        worker = Worker(database, watch, Live(House("http://firstline.test")), mailboxes())
        worker.start(follows=False)
        before = _failures()
        with is_down(database):
            _until(lambda: all(now > then + 1 for now, then in zip(_failures(), before, strict=True)))
        _until(lambda: any(line["event"] == "the database takes what is said again" for line in told))
        worker.stop()
    assert len(told) == 2, told
    gone, back = told
    assert gone["reason"] == "The database does not answer. Check FIRSTLINE_DATABASE_URL and that the server is up."
    assert (gone["event"], back["log_level"]) == ("the database takes nothing", "info")


def _wrote_before(starter: Starter, articles: Path) -> Callable[[], list[str]]:
    """Somebody asked while nothing ran. What they have heard is what calling it tells."""
    (articles / "reset-password.md").write_text(ARTICLE, "utf-8")
    database = starter.product.database
    with transaction(database) as session:
        said = {"visitor": "ada", "client_id": "1", "text": "Reset a forgotten password"}
        inbox.accept(session, WEB, "ada:1", "ada", said, datetime.now(UTC))

    def heard() -> list[str]:
        with reading(database) as session:
            shown = visible_messages(session, "ada")
        return [message["text"] for message in shown if message["direction"] == "outgoing"]

    return heard


def _waits(told: Sequence[Mapping[str, Any]]) -> Callable[[], bool]:
    return lambda: any(line["event"] == "start waits for the database" for line in told)


def test_who_wrote_before_a_start_that_the_database_held_up_is_answered_all_the_same(
    starter: Starter, articles: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard = _wrote_before(starter, articles)
    database = starter.product.database
    database.hurry()
    other = sqlite3.connect(database.writer.url.database or "", isolation_level=None, check_same_thread=False)
    monkeypatch.setattr(sys, "stderr", Listener("building the index", lambda: other.execute("BEGIN IMMEDIATE")))
    with structlog.testing.capture_logs() as told:
        starter.begin()
        _until(_waits(told))
        other.close()
        _until(heard)
    assert not any("went wrong" in text for text in heard())
    assert starter.product.reasons_not_ready() == []


def test_who_wrote_before_a_database_that_went_as_the_first_release_went_live_is_answered_all_the_same(
    starter: Starter, articles: Path
) -> None:
    heard = _wrote_before(starter, articles)
    database = starter.product.database
    with ExitStack() as away, structlog.testing.capture_logs() as told:

        def go_when_it_is_live(_newest: int, kinds: frozenset[str]) -> None:
            if "release" in kinds:
                database.on_commit.remove(go_when_it_is_live)
                away.enter_context(is_down(database))

        database.on_commit.append(go_when_it_is_live)
        starter.begin()
        _until(_waits(told))
        away.close()
        _until(heard)
    assert not any("went wrong" in text for text in heard())
