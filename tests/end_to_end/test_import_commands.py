"""Articles brought in and taken back by commands, as somebody without a console does it."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
import server
from server import environment

FAQ = "Subject,Reply\nReset a password,Open the sign-in page.\nUnlock an account,Wait 15 minutes.\n"
PAGE = "---\nid: refunds\ntitle: {title}\nlanguage: en\n---\nWrite to billing.\n"


def firstline(home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return server.firstline(*words, env=environment(home))


@pytest.mark.long
@pytest.mark.slow
def test_a_table_comes_in_is_listed_and_goes_again(tmp_path: Path) -> None:
    faq = tmp_path / "faq.csv"
    faq.write_text(FAQ)
    unclear = firstline(tmp_path, "kb", "import", str(faq), "--map", "title=Betreff", "--map", "body=Reply")
    assert unclear.returncode == 2
    assert "There is no column 'Betreff' in the file. It has: Subject, Reply." in unclear.stderr
    done = firstline(
        tmp_path, "kb", "import", str(faq), "--draft", "--json", "--map", "title=Subject", "--map", "body=Reply"
    )
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert (said["import"], said["release"], said["conflicts"], said["duplicates"]) == (1, None, [], [])
    assert [(rate["language"], rate["articles"]) for rate in said["rates"]] == [("en", 2)]
    listed = firstline(tmp_path, "kb", "imports").stdout
    assert "articles: 2 added" in listed
    undone = firstline(tmp_path, "kb", "undo", "1", "--draft")
    assert (undone.returncode, "is undone" in undone.stderr) == (0, True)
    again = firstline(tmp_path, "kb", "undo", "1", "--draft")
    assert (again.returncode, again.stderr.strip()) == (2, "This import was undone already.")
    refused = firstline(tmp_path, "kb", "import", "http://169.254.169.254/latest/meta-data/")
    assert refused.returncode == 2
    assert "leads into an internal network" in refused.stderr
    assert "Traceback" not in unclear.stderr + again.stderr + refused.stderr
