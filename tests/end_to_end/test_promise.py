"""A knowledge base that cannot support the target: whoever imports it is told, and so is whoever looks later."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from server import environment, firstline


@pytest.mark.long
def test_a_promise_that_the_kb_cannot_keep_is_named_by_the_import_and_by_the_doctor(
    tmp_path: Path, small_kb: Path
) -> None:
    variables = environment(tmp_path, TARGET_PRECISION="0.999")

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return firstline(*words, env=variables)

    imported = run("kb", "import", str(small_kb), "--json")
    assert imported.returncode == 0, imported.stderr
    assert json.loads(imported.stdout)["release"] == 1, "the warning is beside the result, not in it"
    assert "Release 1 answers nothing by itself" in imported.stderr
    assert "Add example questions" in imported.stderr
    asked = json.loads(run("ask", "I forgot my password", "--why", "--json").stdout)
    assert asked["decision"] != "answer"
    assert (asked["why"]["threshold"], asked["why"]["target"], asked["why"]["release"]) == (None, 0.999, 1)
    told = run("ask", "I forgot my password", "--why").stdout
    assert "none: this KB cannot support the target" in told
    assert "The question's words occur in the passage" in told
    doctor = run("doctor")
    assert doctor.returncode == 0, "a house whose bot suggests is not broken"
    assert "note  answers: Release 1 answers nothing by itself" in doctor.stdout
