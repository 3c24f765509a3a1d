"""A folder of documentation, as another tool has it, is a knowledge base: imported, asked, given example questions."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
import server
from server import environment

PAGES = {
    "index.md": "# Acme Notes\n\n:::{toctree}\nguide/sharing\n:::\n",
    "guide/sharing.md": (
        "# Sharing notebooks\n\n"
        ":::{note}\nOnly the owner of a notebook can share it.\n:::\n\n"
        "## Sharing a notebook with your team\n\n"
        "1. Open the notebook and select **Share**.\n2. Choose the team, then **Invite**.\n\n"
        "## Can a guest edit my notes?\n\nGuests read notes and comment on them. To let them edit, make them members.\n"
    ),
    "guide/index.md": "# About the guide\n\nThe guide explains what one does every day with notebooks and tags.\n",
    "export.md": (
        "---\nsidebar_position: 3\n---\n# Export notes\n\n!!! warning\n    Large notebooks take minutes.\n\n"
        "Choose **File**, **Export** and PDF or Markdown. See [sharing](guide/sharing.md).\n"
    ),
    "sync.md": "# Sync between devices\n\nNotes are synchronised every minute while there is a connection.\n",
}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder into which the documentation was imported as it is."""
    home = tmp_path_factory.mktemp("documentation")
    for name, text in PAGES.items():
        file = home / "docs" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf8")
    done = firstline(home, "kb", "import", str(home / "docs"), "--replace")
    assert done.returncode == 0, done.stderr
    assert "articles: 4 added" in done.stdout
    return home


def firstline(home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return server.firstline(*words, env=environment(home))


@pytest.mark.long
def test_a_question_is_answered_or_offered_without_any_markup(home: Path) -> None:
    done = firstline(home, "ask", "how do I share a notebook with my team", "--json")
    answer = json.loads(done.stdout)
    told = [one["article"] for one in (*answer["citations"], *answer.get("options", []))]
    assert "sharing" in told
    assert ":::" not in done.stdout
    assert "{note}" not in done.stdout


@pytest.mark.long
def test_questions_are_proposed_once_and_publishing_takes_them_up(home: Path) -> None:
    done = firstline(home, "kb", "propose", "--json")
    assert done.returncode == 0, done.stderr
    found = {(one["article"], one["text"], one["origin"]) for one in json.loads(done.stdout)}
    assert ("sharing", "How do I share a notebook with my team?", "heading") in found
    assert ("sharing", "Can a guest edit my notes?", "heading") in found
    assert "/console/proposals" in done.stderr
    again = firstline(home, "kb", "propose")
    assert (again.returncode, again.stdout) == (0, "")
    published = firstline(home, "kb", "publish")
    assert published.returncode == 0, published.stderr
    assert "is live" in published.stderr


@pytest.mark.long
def test_the_check_says_what_was_left_out_and_what_would_help(home: Path) -> None:
    done = firstline(home, "kb", "check", str(home / "docs"))
    assert done.returncode == 0, done.stdout
    assert "note: index.md:1: it has no text of its own" in done.stdout
    assert "firstline kb propose" in done.stdout
