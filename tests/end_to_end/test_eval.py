"""``firstline eval`` as its users run it: the report's fields, the rows, the picture and the comparison."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from server import FIRSTLINE, environment

QUESTIONS = (
    {"text": "I forgot my password, can't get in", "language": "en", "expect": ["reset-password"]},
    {"text": "忘记密码了登不上去", "expect": ["reset-password"]},
    {"text": "what is the weather in Paris", "language": "en", "expect": []},
)


def test_the_report_has_every_field_and_the_rows_can_be_compared(tmp_path: Path, small_kb: Path) -> None:
    asked, rows, picture = tmp_path / "asked.jsonl", tmp_path / "rows.jsonl", tmp_path / "picture.png"
    asked.write_text("".join(json.dumps(one, ensure_ascii=False) + "\n" for one in QUESTIONS), "utf-8")
    words = ["eval", "--kb", str(small_kb), "--questions", str(asked), "--json"]
    done = _run(tmp_path, *words, "--rows", str(rows), "--plot", str(picture))
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert (report["n"], report["answerable"], report["hit@1"]) == (3, 2, 1.0)
    assert report.keys() == {
        *("n", "answerable", "hit@1", "hit@3", "mrr", "auroc", "coverage_at", "operating_point"),
        *("resolved_or_offered", "ece", "ece_floor", "brier", "latency_ms", "seconds_to_build"),
    }
    assert report["coverage_at"].keys() == {"0.90", "0.95", "0.98"}
    assert report["operating_point"].keys() == {
        *("target", "threshold", "assumed_unanswerable", "answered", "precision", "coverage"),
        *("false_answer_rate", "decisions"),
    }
    assert [json.loads(line)["decision"] for line in rows.read_text("utf-8").splitlines()][2] == "decline"
    assert picture.read_bytes().startswith(b"\x89PNG")
    compared = _run(tmp_path, "eval", "--compare", str(rows), str(rows), "--json")
    assert json.loads(compared.stdout) == []
    assert not (tmp_path / "data").exists(), "the live database is not touched, nor made"


def _run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    variables = environment(folder)
    return subprocess.run([FIRSTLINE, *words], env=variables, capture_output=True, text=True, timeout=120, check=False)
