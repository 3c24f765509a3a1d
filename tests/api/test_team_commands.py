"""``firstline team …`` and ``firstline agent list|disable`` on a data folder of their own."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from api.cli.main import app
from api.cli.refusals import sentence_of


@pytest.fixture(autouse=True)
def _own_data(sqlite_template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FIRSTLINE_DATA_DIR", str(tmp_path))
    shutil.copyfile(sqlite_template, tmp_path / "firstline.db")


def done(*words: str) -> str:
    finished = CliRunner().invoke(app, words, catch_exceptions=False)
    assert finished.exit_code == 0
    return finished.stdout


def refused(*words: str) -> tuple[str, int]:
    """The sentence and the exit code, as ``main`` says them."""
    error = CliRunner().invoke(app, words).exception
    assert isinstance(error, Exception)
    return sentence_of(error)


def test_a_team_is_made_and_gets_people() -> None:
    done("agent", "add", "wei@example.org", "--name", "Wei")
    done("team", "add", "billing", "--topic", "refund", "--topic", "invoice", "--by-hand")
    done("team", "member", "Billing", "add", "WEI@example.org")
    assert json.loads(done("team", "list", "--json")) == [
        {
            "name": "billing",
            "default": True,
            "assigns": False,
            "topics": ["refund", "invoice"],
            "people": ["Wei"],
            "open": 0,
            "waiting": 0,
        }
    ]
    assert done("team", "list") == "billing: Wei; 0 open, 0 waiting\n"
    done("team", "member", "billing", "remove", "wei@example.org")
    assert done("team", "list") == "billing: nobody; 0 open, 0 waiting\n"


def test_whoever_is_switched_off_is_listed_as_such() -> None:
    done("agent", "add", "wei@example.org", "--name", "Wei")
    done("agent", "disable", "wei@example.org")
    assert done("agent", "list") == "Wei: wei@example.org, agent, 0 open, no access\n"
    (listed,) = json.loads(done("agent", "list", "--json"))
    assert (listed["email"], listed["role"], listed["disabled"]) == ("wei@example.org", "agent", True)


def test_what_is_not_there_is_said_with_where_to_look() -> None:
    done("agent", "add", "wei@example.org", "--name", "Wei")
    sentence, code = refused("team", "member", "sales", "add", "wei@example.org")
    assert (code, "firstline team list" in sentence) == (2, True)
    sentence, code = refused("agent", "disable", "nobody@example.org")
    assert (code, "firstline agent list" in sentence) == (2, True)
    done("team", "add", "sales")
    sentence, _ = refused("team", "add", "Sales")
    assert "already" in sentence
