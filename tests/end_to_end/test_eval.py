"""``firstline eval`` as its users run it: the report's fields, the rows, the picture and the comparison."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from server import environment, firstline

QUESTIONS = (
    {"text": "I forgot my password, can't get in", "language": "en", "expect": ["reset-password"]},
    {"text": "忘记密码了登不上去", "expect": ["reset-password"]},
    {"text": "what is the weather in Paris", "language": "en", "expect": []},
    {"text": "[bold]export[/bold] my data", "language": "en", "expect": ["export-dota"]},
)
ROW = {"expect": [], "top": [], "confidence": 0.5, "reason": None, "citations": [], "options": []}


@dataclass(frozen=True)
class Evaluated:
    """One run of the command, with the files that it wrote."""

    folder: Path
    done: subprocess.CompletedProcess[str]

    @property
    def report(self) -> dict[str, Any]:
        report: dict[str, Any] = json.loads(self.done.stdout)
        return report

    @property
    def rows(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in (self.folder / "rows.jsonl").read_text("utf-8").splitlines()]


@pytest.fixture(scope="module")
def evaluated(tmp_path_factory: pytest.TempPathFactory, small_kb: Path) -> Evaluated:
    folder = tmp_path_factory.mktemp("evaluated")
    asked = folder / "asked.jsonl"
    asked.write_text("".join(json.dumps(one, ensure_ascii=False) + "\n" for one in QUESTIONS), "utf-8")
    words = ["eval", "--kb", str(small_kb), "--questions", str(asked), "--target", "0.9", "--json"]
    done = _run(folder, *words, "--rows", str(folder / "rows.jsonl"), "--plot", str(folder / "picture.png"))
    assert done.returncode == 0, done.stderr
    return Evaluated(folder, done)


def test_the_report_has_exactly_the_fields_that_are_promised(evaluated: Evaluated) -> None:
    report = evaluated.report
    assert report.keys() == {
        *("n", "answerable", "hit@1", "hit@3", "mrr", "auroc", "coverage_at", "operating_point"),
        *("resolved_or_offered", "ece", "ece_floor", "brier", "latency_ms", "seconds_to_build"),
    }
    assert report["coverage_at"].keys() == {"0.90", "0.95", "0.98"}
    point = report["operating_point"]
    assert point.keys() == {
        *("target", "threshold", "assumed_unanswerable", "answered", "precision", "coverage"),
        *("false_answer_rate", "decisions"),
    }
    assert point["decisions"].keys() == {"answer", "clarify", "escalate", "decline", "smalltalk"}
    assert report["latency_ms"].keys() == {"p50", "p95"}
    assert (report["n"], report["answerable"], point["target"]) == (4, 3, 0.9)
    assert report["hit@1"] == pytest.approx(2 / 3)


def test_the_rows_have_exactly_the_fields_that_are_promised(evaluated: Evaluated) -> None:
    keys = ["text", "expect", "top", "confidence", "decision", "reason", "citations", "options"]
    assert [list(row) for row in evaluated.rows] == [keys] * len(QUESTIONS)
    assert [(row["text"], row["expect"]) for row in evaluated.rows] == [(q["text"], q["expect"]) for q in QUESTIONS]
    assert evaluated.rows[2]["decision"] == "decline"


def test_the_picture_is_one_and_the_live_database_is_neither_touched_nor_made(evaluated: Evaluated) -> None:
    assert (evaluated.folder / "picture.png").read_bytes().startswith(b"\x89PNG")
    assert not (evaluated.folder / "data").exists()


def test_an_expected_article_that_is_not_there_is_named_beside_the_report(evaluated: Evaluated) -> None:
    assert "export-dota" in evaluated.done.stderr
    assert "export-dota" not in evaluated.done.stdout


def test_nothing_changed_between_a_run_and_itself(evaluated: Evaluated, tmp_path: Path) -> None:
    rows = str(evaluated.folder / "rows.jsonl")
    done = _run(tmp_path, "eval", "--compare", rows, rows, "--json")
    assert (done.returncode, json.loads(done.stdout)) == (0, [])


def _rows(path: Path, *rows: dict[str, Any]) -> str:
    path.write_text("".join(json.dumps({**ROW, **row}, ensure_ascii=False) + "\n" for row in rows), "utf-8")
    return str(path)


@pytest.fixture
def two_runs(tmp_path: Path) -> tuple[str, str]:
    asked = ["x"]
    before = _rows(
        tmp_path / "a.jsonl",
        {"text": "same", "decision": "escalate", "reason": "no_knowledge"},
        {"text": "gained 密码", "decision": "clarify", "options": ["x", "y"], "expect": asked},
        {"text": "lost", "decision": "answer", "citations": ["x"], "expect": asked},
        {"text": "only before", "decision": "decline", "reason": "foreign"},
    )
    after = _rows(
        tmp_path / "b.jsonl",
        {"text": "same", "decision": "escalate", "reason": "no_knowledge", "confidence": 0.1},
        {"text": "gained 密码", "decision": "answer", "citations": ["x"], "expect": asked, "confidence": 0.9},
        {"text": "lost", "decision": "answer", "citations": ["y"], "expect": asked},
    )
    return before, after


def test_comparing_lists_every_changed_decision_the_worse_ones_first(two_runs: tuple[str, str], tmp_path: Path) -> None:
    done = _run(tmp_path, "eval", "--compare", *two_runs)
    assert done.returncode == 0
    lines = [" ".join(line.split()) for line in done.stdout.splitlines()]
    assert lines[-2:] == ["worse answer x answer y lost", "better clarify x, y answer x gained 密码"]
    assert "2 decisions changed: 1 for the better, 1 for the worse" in done.stderr
    assert "in one of the files only, and passed over: 1 question" in done.stderr


def test_comparing_as_json_prints_json_and_nothing_else(two_runs: tuple[str, str], tmp_path: Path) -> None:
    changes = json.loads(_run(tmp_path, "eval", "--compare", *two_runs, "--json").stdout)
    assert changes[0] == {
        "text": "gained 密码",
        "expect": ["x"],
        "before": "clarify",
        "after": "answer",
        "effect": "better",
        "articles": {"before": ["x", "y"], "after": ["x"]},
        "reason": {"before": None, "after": None},
        "confidence": {"before": 0.5, "after": 0.9},
    }
    assert [(one["text"], one["effect"]) for one in changes] == [("gained 密码", "better"), ("lost", "worse")]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--questions", "missing.jsonl"], "missing.jsonl cannot be read"),
        (["--questions", "wrong.jsonl"], "wrong.jsonl:2: this is not JSON"),
        (["--questions", "empty.jsonl"], "empty.jsonl has no question in it"),
        (["--questions", "good.jsonl", "--kb", "missing"], "missing is not a folder"),
        (["--questions", "good.jsonl", "--kb", "nothing"], "Nothing in this folder could be read"),
        (["--kb", "one"], "This KB has no gold questions."),
        (["--questions", "good.jsonl", "--rows", "nowhere/rows.jsonl"], "there is no folder"),
        (["--questions", "good.jsonl", "--plot", "nothing"], "nothing is a folder"),
        (["--questions", "good.jsonl", "--plot", "picture.svg"], "Give it a name that ends in .png"),
        (["--compare", "empty.jsonl", "empty.jsonl"], "empty.jsonl has no row in it"),
        (["--compare", "good.jsonl", "good.jsonl"], "good.jsonl:1: this line was not written by `eval --rows`"),
        (["--questions", "good.jsonl", "--target", "2"], "--target"),
    ],
)
def test_wrong_use_is_a_sentence_that_says_what_to_do(tmp_path: Path, words: list[str], said: str) -> None:
    good = '{"text": "a", "expect": []}\n'
    for name, text in (("wrong", f"{good}no json\n"), ("empty", "\n"), ("good", good)):
        (tmp_path / f"{name}.jsonl").write_text(text, "utf-8")
    (tmp_path / "nothing").mkdir()
    (tmp_path / "one" / "articles").mkdir(parents=True)
    (tmp_path / "one" / "articles" / "a.md").write_text("# A\n\nSome words.\n", "utf-8")
    done = _run(tmp_path, "eval", *words, "--json")
    assert done.returncode == 2
    assert said in done.stderr
    assert done.stdout == ""
    assert "Traceback" not in done.stderr


def _run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return firstline(*words, env=environment(folder), cwd=folder)
