"""A running product with a small KB, shared by the tests of this folder."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import server as servers
from server import Server, knowing, running
from talk import small_contents

from kb_content.export import write_folder


@pytest.fixture(scope="session", autouse=True)
def _started_once(tmp_path_factory: pytest.TempPathFactory) -> None:
    """What one process of these tests started as its users do, the others need not."""
    own = tmp_path_factory.getbasetemp()
    servers.NOTES = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "started"
    servers.NOTES.mkdir(exist_ok=True)


@pytest.fixture(scope="session")
def small_kb(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The KB folder of the scenarios: six articles in two languages."""
    folder = tmp_path_factory.mktemp("small-kb")
    contents = small_contents()
    write_folder(folder, [each.article for each in contents.articles], list(contents.intents), [], False)
    return folder


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory, small_kb: Path) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("served")
    knowing(folder, small_kb)
    with running(folder, KB=str(small_kb)) as server:
        assert server.address
        yield server
