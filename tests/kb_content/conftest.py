from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from kb_content.folder import Folder, read_folder

NOON = datetime(2026, 10, 1, 12, 0, tzinfo=UTC)
WriteKb = Callable[..., Path]


@pytest.fixture
def write_kb(tmp_path: Path) -> WriteKb:
    """Writes files given as ``{"articles/en/a.md": text}`` and returns their folder."""

    def write(files: dict[str, str | bytes], name: str = "kb") -> Path:
        for path, content in files.items():
            file = tmp_path / name / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content.encode() if isinstance(content, str) else content)
        return tmp_path / name

    return write


@pytest.fixture
def read_kb(write_kb: WriteKb) -> Callable[[dict[str, str | bytes]], Folder]:
    return lambda files: read_folder(write_kb(files))


@pytest.fixture
def now() -> datetime:
    return NOON
