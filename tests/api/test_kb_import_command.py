"""``firstline kb import``: what it says of files that are not whole, and what it leaves alone."""

from __future__ import annotations

import json
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from api.cli.main import app
from api.cli.refusals import Refused

FAQ = "Was,Wie\nReset a password,Open the sign-in page.\nUnlock an account,Wait 15 minutes.\n"
NAMED = ("--map", "title=Was", "--map", "body=Wie")


@pytest.fixture
def bring(sqlite_template: Path, tmp_path: Path) -> Callable[..., Result]:
    """``bring("faq.csv", "--draft")`` imports this file of the test's folder, without the models."""
    shutil.copyfile(sqlite_template, tmp_path / "firstline.db")
    settings = {"FIRSTLINE_DATA_DIR": str(tmp_path), "COLUMNS": "200"}

    def run(name: str, *options: str) -> Result:
        words = ["kb", "import", str(tmp_path / name), "--no-duplicates", "--json", *options]
        return CliRunner().invoke(app, words, env=settings)

    return run


def changes(result: Result) -> Any:
    return json.loads(result.stdout)["changes"]


def test_a_table_without_known_columns_is_refused_and_archives_nothing(
    bring: Callable[..., Result], tmp_path: Path
) -> None:
    (tmp_path / "faq.csv").write_text(FAQ)
    assert bring("faq.csv", "--draft", *NAMED).exit_code == 0
    unclear = bring("faq.csv", "--draft")
    assert isinstance(unclear.exception, Refused)
    assert "--map title=COLUMN --map body=COLUMN. The file has: Was, Wie." in str(unclear.exception)
    assert "0 added, 0 changed, 0 archived, 2 unchanged" in changes(bring("faq.csv", "--dry-run", *NAMED))[-1]


def test_what_was_left_out_of_a_table_is_named(bring: Callable[..., Result], tmp_path: Path) -> None:
    (tmp_path / "faq.csv").write_text(FAQ + "Without an answer,\n")
    result = bring("faq.csv", "--draft", *NAMED)
    assert result.exit_code == 1
    (error,) = [line for line in result.stderr.splitlines() if line.startswith("error: ")]
    assert error.startswith("error: faq.csv:4: ")
    assert "1 error, listed above" in result.stderr


def test_a_zip_with_too_much_in_it_is_not_sent_back_to_the_command_that_refused_it(
    bring: Callable[..., Result], tmp_path: Path
) -> None:
    with zipfile.ZipFile(tmp_path / "docs.zip", "w", zipfile.ZIP_DEFLATED) as bundle:
        bundle.writestr("articles/a.md", "# A\n\n" + "a b c\n" * 9_000_000)
    result = bring("docs.zip", "--dry-run")
    assert isinstance(result.exception, Refused)
    assert str(result.exception).endswith("Unpack it, and import the folder.")
