"""The databases of the tests. A claim that takes ``database`` is held against SQLite and a real PostgreSQL."""

from __future__ import annotations

import gc
import logging
import os
import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import builders
import postgres
import pytest
import structlog
from sqlalchemy import Engine, create_engine, event

from bot.learning import building
from retrieval import e5
from retrieval.bert_graph import Precision
from retrieval.minilm import MiniLM
from store import Database, engine, migrate, open_database

if TYPE_CHECKING:
    from browsing import Chromium
    from playwright.sync_api import Browser, Page

NEEDS_TORCH = ("test_encoders", "test_reranker", "test_rereading", "test_second_look")


@pytest.hookimpl(wrapper=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> Iterator[None]:
    """A few processes share the tests: whole modules each, and all that share a running product in one of them.

    They are given out in this order, what takes long first, so that nobody waits for it at the end.
    """
    items.sort(key=_waits)
    for item in items:
        item.add_marker(pytest.mark.xdist_group(_shared(item)))
        if item.get_closest_marker("any_database") and "postgresql" in item.name:
            item.add_marker(pytest.mark.long)
    yield
    if config.getoption("loadgroup", False):
        _stay_together(items)


def _stay_together(items: list[pytest.Item]) -> None:
    """xdist 3.8 adds the group to a name of the test that pytest 9.2 does not read any more. Then every test is given
    out alone: whatever a module shares is made in every process, a running product twice."""
    for item in items:
        named = getattr(item, "_nodeid", item.nodeid)
        if named != item.nodeid:
            item._id = type(item._id).parse(named)
        assert item.nodeid.endswith(f"@{_shared(item)}"), f"{item.nodeid} would be given out without its group"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if config.getoption("markexpr") == "not long":
        terminalreporter.write_line("What is marked long was left out: `make test-long` runs that.")


def pytest_collection() -> None:
    """What is collected stays, and so does what that imports: to look for garbage in it finds none, for seconds."""
    gc.disable()


def pytest_collection_finish() -> None:
    """Thousands of tests and what they import stay to the end: looking through all that for garbage, again and again,
    would take a tenth of the time."""
    gc.enable()
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)


def _waits(item: pytest.Item) -> int:
    """When its turn is: products of their own, browsers, whole modules of what is slow, all others."""
    room = item.path.parts
    if "end_to_end" in room:
        return 0 if _shared(item) in ("end_to_end", "chats") else 1
    if "chaos" in room:
        return 1
    is_long = item.path.stem.endswith("_browser") or item.path.stem in NEEDS_TORCH or item.get_closest_marker("slow")
    return 2 if is_long else 3


def _shared(item: pytest.Item) -> str:
    """What must stay in one process: the product with both platforms, that with a small KB, the nursery, a module.

    What takes seconds to be read is also read by one of them only.
    """
    if "end_to_end" in item.path.parts:
        if item.path.stem.startswith(("test_telegram", "test_slack", "test_chats", "test_killed_at")):
            return "chats"
        # With it goes a data folder in which it is built already.
        return "end_to_end" if "small_kb" in getattr(item, "fixturenames", ()) else _module(item)
    if item.path.stem.startswith("test_telegram_standin"):
        return "clients of Telegram"
    if item.path.stem in NEEDS_TORCH:
        return "torch"
    return "chaos" if "chaos" in item.path.parts else _module(item)


def _module(item: pytest.Item) -> str:
    return f"{item.path.parent.name}/{item.path.stem}"


@pytest.fixture(scope="session", autouse=True)
def _no_waiting_for_the_disk() -> Iterator[None]:
    """Tests need not survive a power cut: a commit on SQLite takes 0.4 ms instead of 5."""
    hurried = tuple(setting.replace("=NORMAL", "=OFF") for setting in engine.SQLITE_WRITER)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine, "SQLITE_WRITER", hurried)
        yield


@pytest.fixture(scope="session", autouse=True)
def _statements_compiled_once() -> Iterator[None]:
    """What SQLAlchemy compiled for one test serves the next: it keeps that per engine, and every test has its own.

    A third of what a test of the database costs; the product has one engine for its whole life.
    """
    firsts: dict[str, Engine] = {}

    def create(url: Any, **arguments: Any) -> Engine:
        made = create_engine(url, query_cache_size=10_000, **arguments)
        kind = made.dialect.name
        if first := firsts.get(kind):
            made.dialect, made._compiled_cache = first.dialect, first._compiled_cache
        else:
            # Not before it is connected: only then does its dialect know the server.
            event.listen(made, "engine_connect", lambda _: firsts.setdefault(kind, made), once=True)
        return made

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine, "create_engine", create)
        yield


@pytest.fixture(scope="session", autouse=True)
def _models_read_once() -> Iterator[None]:
    """What was read of a model for one test serves the next: the product reads it once, too, and it takes a second."""
    read = MiniLM._load

    @cache
    def parts(folder: Path, precision: Precision) -> dict[str, Any]:
        first = MiniLM.__new__(MiniLM)
        read(first, folder, precision)
        return vars(first)

    def load(model: MiniLM, folder: Path, precision: Precision) -> None:
        vars(model).update(parts(folder, precision))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(MiniLM, "_load", load)
        patch.setattr(e5, "_load", cache(e5._load))
        yield


@pytest.fixture(scope="session", autouse=True)
def _builders_forked() -> Iterator[None]:
    """What builds a release need not read its code anew each time: two thirds of what a small release takes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(building, "subprocess", builders)
        yield


@pytest.fixture
def real_builders(monkeypatch: pytest.MonkeyPatch) -> None:
    """What builds a release is begun as by the product, and a child of this process."""
    monkeypatch.setattr(building, "subprocess", subprocess)


@pytest.fixture(scope="module", autouse=True)
def _logs_as_at_the_start() -> Iterator[None]:
    """What one module keeps out of the logs, another may be waiting for there."""
    yield
    structlog.reset_defaults()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The address of a running server. Without one the tests are skipped aloud, in CI they fail."""
    try:
        with postgres.server() as address:
            yield address
    except postgres.NoPostgres as reason:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(reason))


@pytest.fixture(scope="session")
def postgres_template(postgres_server: str) -> Iterator[str]:
    """The name of a migrated database that new ones are copied from, some 40 ms each."""
    with postgres.new_database(postgres_server) as url:
        migrate.upgrade(url)
        yield postgres.name_of(url)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated file that new databases are copied from."""
    file = tmp_path_factory.mktemp("template") / "firstline.db"
    migrate.upgrade(f"sqlite:///{file}")
    return file


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """A migrated SQLite database of this test alone."""
    file = shutil.copyfile(sqlite_template, tmp_path / "firstline.db")
    return f"sqlite:///{file}"


@pytest.fixture
def postgresql_url(postgres_server: str, postgres_template: str) -> Iterator[str]:
    """A migrated PostgreSQL database of this test alone."""
    with postgres.new_database(postgres_server, postgres_template) as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """A migrated database of this test alone, once of each kind."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    yield from _opened(database_url)


@pytest.fixture
def sqlite_database(sqlite_url: str) -> Iterator[Database]:
    """For claims that do not depend on the kind of database, where twice would only be slower."""
    yield from _opened(sqlite_url)


@pytest.fixture
def postgresql_database(postgresql_url: str) -> Iterator[Database]:
    yield from _opened(postgresql_url)


@pytest.fixture
def quiet() -> Iterator[None]:
    """What is logged of the failures that a test causes is no news."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    yield
    structlog.reset_defaults()


def _opened(url: str) -> Iterator[Database]:
    database = open_database(url)
    yield database
    database.close()


@pytest.fixture(scope="session")
def _chromium() -> Iterator[Chromium]:
    from browsing import chromium

    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def chrome(_chromium: Chromium) -> Iterator[Browser]:
    """A real browser, for windows of one's own."""
    with _chromium.in_use() as browser:
        yield browser


@pytest.fixture
def tab(_chromium: Chromium, chrome: Browser) -> Iterator[Page]:
    """A page of it in which nobody has been, as far as anybody can tell; every test has the same."""
    from browsing import leave

    page = _chromium.tab()
    yield page
    leave(page)
