from __future__ import annotations

import re
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import psutil
import pytest
from numpy.typing import NDArray
from small_kb import articles, contents_of
from sqlalchemy import func
from sqlmodel import select

from bot.learning.building import BuildFailed, Order, build_in_child, load_vectors_file, save_vectors_file
from bot.learning.publish import Fit, carry_out, plan, publish_newest
from kb_content.catalogue import live_release, start_release
from kb_content.folder import Folder
from retrieval.encoders import Encoders, load_encoders
from retrieval.models import Vector
from retrieval.needs import wanted
from retrieval.vectors import Kind, VectorKey, key_of
from store import Database, reading, transaction

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
_COUNTED = re.compile(r"reading the knowledge base: ([\d,]+) of ([\d,]+) texts")


def _silent(_sentence: str) -> None: ...


@pytest.fixture(scope="module")
def encoders() -> Encoders:
    return load_encoders(None, _silent)


@pytest.fixture
def imported(sqlite_database: Database) -> Database:
    """The small KB is in the database, and nothing of it was read yet."""
    carry_out(sqlite_database, plan(sqlite_database, Folder(articles()), "test"), "test", NOW)
    return sqlite_database


def _kept(database: Database) -> int:
    with reading(database) as session:
        return session.exec(select(func.count()).select_from(Vector)).one()


def _counts(told: list[str]) -> list[tuple[int, int]]:
    found = (_COUNTED.match(sentence) for sentence in told)
    return [(int(each[1].replace(",", "")), int(each[2].replace(",", ""))) for each in found if each]


def _builders(process: psutil.Process) -> list[psutil.Process]:
    return [each for each in process.children() if "bot.learning.building" in each.cmdline()]


def _at_second_batch(told: list[str], then: Callable[[], None]) -> Callable[[str], None]:
    def report(sentence: str) -> None:
        told.append(sentence)
        if len(_counts(told)) == 2 and _COUNTED.match(sentence):
            then()

    return report


def _goes_on(database: Database, kept: int) -> None:
    """The next build begins where the last one was cut off, and makes each vector that is missing once."""
    told: list[str] = []
    publish_newest(database, Fit(), "test", NOW, told.append)
    counts = _counts(told)
    total = counts[0][1]
    assert 0 < kept < total
    assert counts[0][0] <= kept + 32
    assert [done for done, _ in counts] == sorted({done for done, _ in counts})
    assert counts[-1] == (total, total)
    assert _kept(database) == total
    with reading(database) as session:
        assert live_release(session) is not None


@pytest.mark.usefixtures("real_builders")
def test_a_build_whose_child_was_killed_goes_on_where_it_was(imported: Database) -> None:
    def kill() -> None:
        for builder in _builders(psutil.Process()):
            builder.send_signal(signal.SIGKILL)

    told: list[str] = []
    with pytest.raises(BuildFailed, match="What it had read of the knowledge base is kept"):
        publish_newest(imported, Fit(), "test", NOW, _at_second_batch(told, kill))
    assert _kept(imported) >= _counts(told)[-1][0]
    _goes_on(imported, _kept(imported))


def test_a_build_whose_server_was_killed_goes_on_where_it_was(imported: Database) -> None:
    program = (
        "import sys\nfrom datetime import UTC, datetime\nfrom bot.learning.publish import Fit, publish_newest\n"
        "from store import open_database\n"
        "def say(sentence): print(sentence, flush=True)\n"
        "publish_newest(open_database(sys.argv[1]), Fit(), 'test', datetime.now(UTC), say)"
    )
    command = [sys.executable, "-c", program, imported.url]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]) as server:
        assert server.stdout is not None
        told: list[str] = []
        while len(_counts(told)) < 2:
            told.append(server.stdout.readline())
        builders = _builders(psutil.Process(server.pid))
        server.kill()
    _, alive = psutil.wait_procs(builders, timeout=60)
    assert builders
    assert not alive, "the child ends with its parent"
    _goes_on(imported, _kept(imported))


def test_an_edit_of_one_article_has_only_that_one_read_again(imported: Database, encoders: Encoders) -> None:
    publish_newest(imported, Fit(), "test", NOW, _silent)
    before = _kept(imported)
    first, *rest = articles()
    edited = replace(first, title="Get back in without a password")
    folder = Folder((edited, *rest))
    carry_out(imported, plan(imported, folder, "test"), "test", NOW)
    publish_newest(imported, Fit(), "test", NOW, _silent)
    new = set(wanted(contents_of((edited, *rest)), encoders)) - set(wanted(contents_of(articles()), encoders))
    assert _kept(imported) == before + len(new)


def test_what_a_build_refuses_is_said_in_its_own_words(imported: Database) -> None:
    with transaction(imported) as session:
        release_id = start_release(session, NOW)
    order = Order(imported.url, release_id, "/nowhere/model", 0.95, 0.3)
    with pytest.raises(BuildFailed, match="FIRSTLINE_ENCODER is '/nowhere/model'"):
        build_in_child(order, _silent)


def test_vectors_that_nobody_keeps_come_with_the_result(imported: Database) -> None:
    with transaction(imported) as session:
        release_id = start_release(session, NOW)
    told: list[str] = []
    built = build_in_child(Order(imported.url, release_id, None, 0.95, 0.3), told.append)
    assert len(built.vectors) == _counts(told)[-1][1]
    assert _kept(imported) == 0
    assert not [sentence for sentence in told if not sentence.isprintable()]


def test_vectors_survive_the_way_through_a_file(tmp_path: Path) -> None:
    vectors: dict[VectorKey, NDArray[np.float32]] = {
        key_of("model", Kind.PASSAGE, f"text {n}"): np.full(4, n, np.float32) for n in range(3)
    }
    save_vectors_file(vectors, tmp_path / "vectors.npz")
    found = load_vectors_file(tmp_path / "vectors.npz")
    assert found.keys() == vectors.keys()
    assert all(np.array_equal(found[key], vectors[key]) for key in vectors)
