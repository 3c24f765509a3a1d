"""Words that a command does not take: one sentence on standard error that says what to do, and exit code 2."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from api.cli.main import main
from store.errors import DatabaseUnreachable


def used(monkeypatch: pytest.MonkeyPatch, words: str) -> int:
    monkeypatch.setattr(sys, "argv", ["firstline", *words.split()])
    with pytest.raises(SystemExit) as ended:
        main()
    assert isinstance(ended.value.code, int)
    return ended.value.code


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("sing", "No such command 'sing'. See `firstline --help`."),
        ("kb impart", "No such command 'impart'. Did you mean 'import', 'imports'? See `firstline kb --help`."),
        ("ask hi --loud", "No such option: --loud. See `firstline ask --help`."),
        ("kb import", "Missing argument 'WHAT'. See `firstline kb import --help`."),
        ("agent add ann@example.com", "Missing option '--name'. See `firstline agent add --help`."),
    ],
)
def test_it_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], words: str, said: str
) -> None:
    assert used(monkeypatch, words) == 2
    out, err = capsys.readouterr()
    assert (out, err) == ("", f"{said}\n")


def test_a_value_that_does_not_fit_names_its_option(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert used(monkeypatch, "eval --target 2") == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("Invalid value for '--target': ")
    assert line.endswith(" See `firstline eval --help`.")


@pytest.mark.parametrize(("words", "code"), [("", 2), ("kb", 2), ("--help", 0), ("kb import --help", 0)])
def test_help_is_on_standard_output(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], words: str, code: int
) -> None:
    assert used(monkeypatch, words) == code
    out, err = capsys.readouterr()
    assert "Usage: firstline" in out
    assert err == ""


@pytest.mark.parametrize("name", ["PUBLIC_URL", "TELEGRAM_BASE_URL", "SLACK_BASE_URL", "LLM_BASE_URL"])
def test_an_address_without_its_scheme_is_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    """Every link that a customer gets would lead nowhere."""
    monkeypatch.setenv(f"FIRSTLINE_{name}", "support.example.org")
    assert used(monkeypatch, "verify") == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"FIRSTLINE_{name}: this is no address")
    assert "begin it with https:// or http://" in line


def test_a_server_whose_database_does_not_answer_yet_may_be_started_again(tmp_path: Path) -> None:
    """2 would tell systemd that another start does not mend it: after a power cut it would stay down for ever."""
    program = Path(sys.executable).with_name("firstline")
    settings = {"DATABASE_URL": "postgresql://ada@127.0.0.1:1/firstline", "DATA_DIR": str(tmp_path)}
    surroundings = {**os.environ, **{f"FIRSTLINE_{name}": value for name, value in settings.items()}}
    ended = subprocess.run([program, "run"], env=surroundings, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stderr) == (1, f"{DatabaseUnreachable()}\n")


def test_a_command_that_found_something_ends_with_one(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("kb")
    (folder / "articles").mkdir()
    (folder / "articles" / "a.md").write_text("---\ntitle: [\n---\nWords.\n", "utf-8")
    assert used(monkeypatch, f"kb check {folder}") == 1
    assert "articles/a.md" in capsys.readouterr().out
