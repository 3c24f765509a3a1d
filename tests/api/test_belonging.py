"""Machines that share a database must share the key and the files, or say so before a customer finds out."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import structlog
from structlog.testing import capture_logs

from api import belonging
from api.belonging import AnotherKey, check_files, check_key, clock_ahead, files_trouble, is_key_of, warn_of_clock
from api.presence import LASTS, noted
from api.product import Product
from api.settings import Settings
from bot.live import House, Live
from store import Database, files, open_database, transaction
from store.watch import Watch

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
OURS, THEIRS = b"our key", b"their key"


@pytest.fixture(autouse=True)
def plain_logs() -> Iterator[None]:
    structlog.reset_defaults()
    yield
    structlog.reset_defaults()


def test_a_machine_with_another_key_is_refused_and_told_what_to_do(postgresql_database: Database) -> None:
    assert is_key_of(postgresql_database, THEIRS)
    check_key(postgresql_database, OURS, datetime.now(UTC))
    assert is_key_of(postgresql_database, OURS)
    assert not is_key_of(postgresql_database, THEIRS)
    with noted(postgresql_database, "run 1.0"):
        check_key(postgresql_database, OURS, datetime.now(UTC))
        with pytest.raises(AnotherKey) as refused:
            check_key(postgresql_database, THEIRS, datetime.now(UTC))
        check_key(postgresql_database, OURS, datetime.now(UTC))
    assert "FIRSTLINE_SECRET_KEY" in str(refused.value)
    assert "key" in str(refused.value)
    assert not any(key.decode() in str(refused.value) for key in (OURS, THEIRS))


def test_a_key_is_changed_on_purpose_when_nobody_else_runs(postgresql_database: Database) -> None:
    check_key(postgresql_database, OURS, datetime.now(UTC))
    with noted(postgresql_database, "run 1.0"):
        pass
    with capture_logs() as logs:
        check_key(postgresql_database, THEIRS, datetime.now(UTC))
    assert "no longer open" in logs[0]["event"]
    with noted(postgresql_database, "run 1.0"), pytest.raises(AnotherKey):
        check_key(postgresql_database, OURS, datetime.now(UTC))


def test_the_one_server_of_a_sqlite_database_may_change_its_key(sqlite_database: Database) -> None:
    check_key(sqlite_database, OURS, datetime.now(UTC))
    with noted(sqlite_database, "run 1.0"):
        check_key(sqlite_database, THEIRS, datetime.now(UTC))


def keep_file(database: Database, folder: Path, words: bytes = b"words") -> None:
    kept = files.keep(folder, io.BytesIO(words))
    with transaction(database) as session:
        files.enter(session, "a.txt", "text/plain", kept, NOW)


def test_a_folder_of_its_own_on_another_machine_is_noticed(database: Database, tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    assert check_files(database, here) == ""
    keep_file(database, here)
    assert check_files(database, here) == ""
    assert "not the one of this database" in check_files(database, there)
    assert str(there) in check_files(database, there)
    assert not there.exists(), "what is not ours is not touched"


def test_two_machines_that_start_on_nothing_find_out_with_the_first_file(database: Database, tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    assert [check_files(database, here), check_files(database, there)] == ["", ""]
    keep_file(database, here)
    assert check_files(database, there)


def test_the_folder_of_another_database_is_noticed_though_both_are_empty(
    sqlite_database: Database, postgresql_database: Database, tmp_path: Path
) -> None:
    assert check_files(sqlite_database, tmp_path) == ""
    assert check_files(postgresql_database, tmp_path)
    assert check_files(sqlite_database, tmp_path) == ""


def test_files_that_were_there_before_there_was_a_marker_are_known(database: Database, tmp_path: Path) -> None:
    keep_file(database, tmp_path)
    assert check_files(database, tmp_path) == ""
    assert (tmp_path / belonging.MARKER).is_file()


def test_a_folder_that_cannot_be_written_is_a_sentence(sqlite_database: Database, tmp_path: Path) -> None:
    (tmp_path / "files").write_text("a file, not a folder")
    assert "cannot be used" in files_trouble(sqlite_database, tmp_path / "files")


def test_a_clock_that_is_not_the_databases_is_said_in_the_log(
    postgresql_database: Database, sqlite_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert abs(clock_ahead(postgresql_database)) < timedelta(seconds=2)
    assert clock_ahead(sqlite_database) == timedelta(0)

    class Ahead(datetime):
        @classmethod
        def now(cls, tz: object = None) -> datetime:
            return datetime.now(UTC) + timedelta(minutes=1)

    monkeypatch.setattr(belonging, "datetime", Ahead)
    with capture_logs() as logs:
        warn_of_clock(postgresql_database)
    assert logs[0]["seconds_ahead"] > 50


@contextmanager
def a_product(url: str, folder: Path, *, has_worker: bool) -> Iterator[Product]:
    with ExitStack() as stack:
        database = open_database(url)
        stack.callback(database.close)
        watch = stack.enter_context(Watch(database))
        settings, live = Settings(_env_file=None, data_dir=folder), Live(House("http://firstline.test"))
        yield Product(settings, database, watch, live, has_worker=has_worker)


def test_pages_alone_are_ready_only_while_some_worker_lives(
    postgresql_url: str, postgresql_database: Database, tmp_path: Path
) -> None:
    with a_product(postgresql_url, tmp_path, has_worker=False) as pages:
        pages.live.problem = "p"
        assert "firstline worker" in pages.reasons_not_ready()[1]
        with noted(postgresql_database, "api 1.0"):
            assert "firstline worker" in pages.reasons_not_ready()[1], "pages answer nobody"
        with noted(postgresql_database, "worker 1.0"):
            assert pages.reasons_not_ready() == ["p"]
        assert "firstline worker" in pages.reasons_not_ready()[1], "it stopped"
    with a_product(postgresql_url, tmp_path, has_worker=True) as both:
        both.live.problem = "p"
        assert both.reasons_not_ready() == ["p"]
    assert timedelta(seconds=30) == LASTS


def test_trouble_with_the_files_is_shown_and_keeps_nobody_from_the_rest(sqlite_url: str, tmp_path: Path) -> None:
    with a_product(sqlite_url, tmp_path, has_worker=True) as product:
        product.files_trouble = "This machine's files folder is another one."
        assert product.channels["web"] == "connected, but: This machine's files folder is another one."
        assert len(product.reasons_not_ready()) == 1
