"""What the store's tests share: a moment, and databases without tables."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import postgres
import pytest


@pytest.fixture
def now() -> datetime:
    return datetime(2026, 3, 4, 9, 30, tzinfo=UTC)


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database that was never migrated (on SQLite: not even a file yet)."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/new folder/firstline.db"
        return
    with postgres.new_database(request.getfixturevalue("postgres_server")) as url:
        yield url
