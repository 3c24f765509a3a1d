"""What the tests of learning share."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from store import Database

_BUILDER = """#!/bin/sh
read order
echo "There is no model here."
exit 1
"""


@pytest.fixture
def no_model(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every child that is to build says at once that it cannot: what a missing model takes a quarter minute to say.

    ``database``: its server is started by a child, too, and must be there before.
    """
    builder = tmp_path / "builder"
    builder.write_text(_BUILDER, "utf-8")
    builder.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(builder))
