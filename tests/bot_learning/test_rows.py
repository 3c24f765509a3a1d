"""The files of an evaluation: questions in, rows out, and two of them compared."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from bot.learning.rows import (
    QuestionsUnreadable,
    Row,
    asked_once,
    changed_decisions,
    read_questions,
    read_rows,
    write_rows,
)
from kb_content.articles import GoldQuestion

_ROWS = (
    Row("a", ("x",), ("x", "y"), 0.9, "answer", citations=("x",)),
    Row("b", ("y",), ("x", "y"), 0.8, "clarify", options=("x", "y"), language="en"),
    Row("c", ("z",), ("x", "y"), 0.6, "escalate", reason="low_confidence"),
    Row("d", (), ("y",), 0.7, "answer", citations=("y",)),
    Row("忘记密码", (), (), 0.0, "decline", reason="foreign"),
)


def test_rows_survive_the_file(tmp_path: Path) -> None:
    write_rows(_ROWS, tmp_path / "rows.jsonl")
    assert tuple(read_rows(tmp_path / "rows.jsonl")) == _ROWS
    lines = (tmp_path / "rows.jsonl").read_text("utf-8").splitlines()
    keys = ["text", "expect", "top", "confidence", "decision", "reason", "citations", "options"]
    assert [list(json.loads(line)) for line in lines] == [keys] * len(_ROWS)
    assert "忘记密码" in lines[-1]


def test_half_a_character_in_a_question_costs_no_row(tmp_path: Path) -> None:
    half = replace(_ROWS[0], text="charger \ud83d 没电")
    write_rows((half, *_ROWS[1:]), tmp_path / "rows.jsonl")
    assert tuple(read_rows(tmp_path / "rows.jsonl")) == (half, *_ROWS[1:])


@pytest.mark.parametrize(
    "line",
    [
        '{"text": "a"}',
        "[]",
        "{",
        "[" * 100_000,
        '{"text": 1, "expect": [], "top": [], "confidence": 1, "decision": "answer", "reason": null, "citations": [], '
        '"options": []}',
        '{"text": "a", "expect": [], "top": [], "confidence": "x", "decision": "answer", "reason": null, '
        '"citations": [], "options": []}',
    ],
)
def test_rows_from_elsewhere_are_refused_with_their_line(tmp_path: Path, line: str) -> None:
    write_rows(_ROWS[:1], tmp_path / "rows.jsonl")
    with (tmp_path / "rows.jsonl").open("a", encoding="utf-8") as file:
        file.write(f"\n{line}\n")
    with pytest.raises(QuestionsUnreadable, match=r"rows.jsonl:3: .* not written by `eval --rows`"):
        read_rows(tmp_path / "rows.jsonl")


def test_comparing_lists_what_is_decided_differently() -> None:
    after = (
        replace(_ROWS[0], confidence=0.99, top=("x",)),
        Row("b", ("y",), ("y",), 0.95, "answer", citations=("y",)),
        replace(_ROWS[2], reason="no_knowledge"),
        Row("d", (), ("z",), 0.7, "answer", citations=("z",)),
        Row("new", (), (), 0.0, "decline"),
    )
    changes = changed_decisions(_ROWS, after)
    assert [(one.text, one.before.decision, one.after.decision) for one in changes] == [
        ("b", "clarify", "answer"),
        ("c", "escalate", "escalate"),
        ("d", "answer", "answer"),
    ]
    assert asked_once(_ROWS, after) == 2


def test_a_question_that_was_asked_twice_is_compared_in_order() -> None:
    twice = (_ROWS[0], replace(_ROWS[0], decision="clarify", citations=(), options=("x",)))
    assert changed_decisions(twice, twice) == []
    assert len(changed_decisions(twice, twice[::-1])) == 2
    assert asked_once(twice, twice[:1]) == 1


@pytest.mark.parametrize(
    ("before", "after", "effect"),
    [
        (
            Row("q", ("x",), (), 0.5, "clarify", options=("x",)),
            Row("q", ("x",), (), 0.9, "answer", None, ("x",)),
            "better",
        ),
        (Row("q", ("x",), (), 0.9, "answer", None, ("x",)), Row("q", ("x",), (), 0.9, "answer", None, ("y",)), "worse"),
        (
            Row("q", ("x",), (), 0.9, "answer", None, ("y",)),
            Row("q", ("x",), (), 0.1, "escalate", "no_knowledge"),
            "better",
        ),
        (Row("q", (), (), 0.1, "escalate", "no_knowledge"), Row("q", (), (), 0.9, "answer", None, ("y",)), "worse"),
        (Row("q", (), (), 0.1, "escalate", "no_knowledge"), Row("q", (), (), 0.1, "decline", "foreign"), "same"),
    ],
)
def test_a_change_is_for_the_better_or_the_worse_of_the_customer(before: Row, after: Row, effect: str) -> None:
    (change,) = changed_decisions([before], [after])
    assert change.effect == effect


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("not json", "this is not JSON"),
        ("[1]", "`text` or `expect` is missing"),
        ('{"text": "a"}', "`text` or `expect` is missing"),
        ('{"text": "a", "expect": "none"}', "`expect` must be a list of article ids, [] where no article answers"),
        ('{"text": "a", "expect": null}', "`expect` must be a list of article ids, [] where no article answers"),
        ('{"text": "a", "expect": [7]}', "`expect` must be a list of article ids, [] where no article answers"),
        ("[" * 100_000, "this is not JSON"),
        ('{"text": null, "expect": []}', "`text` or `expect` is missing"),
        ('{"text": "a", "expect": [], "language": 5}', "`language` must be a language such as"),
    ],
)
def test_a_wrong_line_is_named(tmp_path: Path, line: str, said: str) -> None:
    path = tmp_path / "questions.jsonl"
    path.write_text(f'{{"text": "ok", "expect": []}}\n\n{line}\n', "utf-8")
    with pytest.raises(QuestionsUnreadable, match=r"questions.jsonl:3: .*") as caught:
        read_questions(path)
    assert said in str(caught.value)


def test_questions_need_no_language(tmp_path: Path) -> None:
    path = tmp_path / "questions.jsonl"
    path.write_text('\ufeff{"text": "a\u2028b", "expect": ["x"]}\r\n', "utf-8")
    assert read_questions(path) == [GoldQuestion("a\u2028b", "", ("x",))]


def test_no_questions_are_refused(tmp_path: Path) -> None:
    (tmp_path / "questions.jsonl").write_text("\n", "utf-8")
    with pytest.raises(QuestionsUnreadable, match="no question"):
        read_questions(tmp_path / "questions.jsonl")
    with pytest.raises(QuestionsUnreadable, match=r"cannot be read: No such file or directory\. Check the path\."):
        read_questions(tmp_path / "missing.jsonl")
    (tmp_path / "latin.jsonl").write_bytes(b'{"text": "caf\xe9", "expect": []}')
    with pytest.raises(QuestionsUnreadable, match=r"latin\.jsonl is not UTF-8 text\. Save it as UTF-8\."):
        read_questions(tmp_path / "latin.jsonl")
