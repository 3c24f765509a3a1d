"""``firstline import``: nothing is written by a dry run or beside a refused line, unless that was asked for."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from api.cli.main import app

ACCOUNTS = "name,plan\nAcme,vip\nGlobex,\n"


@pytest.fixture
def command(sqlite_template: Path, tmp_path: Path) -> Callable[..., Result]:
    """``command("accounts", text, "--dry-run")`` imports a file with this text."""
    shutil.copyfile(sqlite_template, tmp_path / "firstline.db")
    settings = {"FIRSTLINE_DATA_DIR": str(tmp_path), "FIRSTLINE_PUBLIC_URL": "https://help.example", "COLUMNS": "200"}

    def run(kind: str, text: str, *options: str) -> Result:
        file = tmp_path / "list.csv"
        file.write_text(text, "utf8")
        return CliRunner().invoke(app, ["import", kind, str(file), *options], env=settings)

    return run


def told(result: Result) -> Any:
    return json.loads(result.stdout)


def test_a_dry_run_says_what_the_import_then_does(command: Callable[..., Result]) -> None:
    for options, written in ((["--dry-run"], False), ([], True)):
        result = command("accounts", ACCOUNTS, "--json", *options)
        assert result.exit_code == 0
        assert (told(result)["written"], told(result)["new"]) == (written, 2)
    assert told(command("accounts", ACCOUNTS, "--json"))["same"] == 2


def test_a_refused_line_keeps_the_file_out_unless_it_is_to_be_skipped(command: Callable[..., Result]) -> None:
    bad = ACCOUNTS + "Initech,gold\n"
    kept_out = command("accounts", bad)
    assert kept_out.exit_code == 1
    assert "Line 4, Initech: There is no such plan." in kept_out.stderr
    assert "Nothing was written" in kept_out.stderr
    assert told(command("accounts", ACCOUNTS, "--json", "--dry-run"))["new"] == 2
    skipped = command("accounts", bad, "--skip-refused")
    assert "Written: 2 new, 0 changed, 0 same, 1 refused." in skipped.stderr


def test_new_agents_are_printed_with_their_links(command: Callable[..., Result]) -> None:
    result = command("agents", "email,name\nbob@desk.example,Bob\n")
    assert "https://help.example/console/welcome/" in result.stdout
    assert "/console/welcome/" not in command("agents", "email,name\nbob@desk.example,Bob\n").stdout
