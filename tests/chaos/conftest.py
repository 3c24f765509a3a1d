"""The nursery of lives, shared by the tests of this folder: to begin a product takes it a tenth of a second."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from chaos.lives import Nursery, nursery


@pytest.fixture(scope="session")
def lives(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nursery]:
    with nursery(tmp_path_factory.mktemp("nursery")) as begun:
        yield begun
