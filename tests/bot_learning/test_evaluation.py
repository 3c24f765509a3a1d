from __future__ import annotations

import json
from pathlib import Path

import pytest
from small_kb import articles, contents_of

from bot.decisions import Answer, Clarify, Decision, Escalate, Option
from bot.learning.evaluation import (
    QuestionsUnreadable,
    Row,
    changed_decisions,
    evaluate,
    figures_of,
    read_questions,
    read_rows,
    without_asked,
    write_rows,
)
from bot.learning.plot import plot
from handoff.models import Reason
from kb_content.articles import GoldQuestion
from retrieval.encoders import load_encoders
from retrieval.reader import Reading

_ROWS = (
    Row("a", ("x",), ("x", "y"), 0.9, "answer", citations=("x",)),
    Row("b", ("y",), ("x", "y"), 0.8, "clarify", options=("x", "y")),
    Row("c", ("z",), ("x", "y"), 0.6, "escalate", reason="low_confidence"),
    Row("d", (), ("y",), 0.7, "answer", citations=("y",)),
    Row("e", (), (), 0.0, "decline", reason="foreign"),
)


def test_figures_are_what_one_computes_by_hand() -> None:
    figures = figures_of(_ROWS, 0.65, 0.95, 0.3)
    assert (figures["n"], figures["answerable"]) == (5, 3)
    assert figures["hit@1"] == pytest.approx(1 / 3)
    assert figures["hit@3"] == pytest.approx(2 / 3)
    assert figures["mrr"] == pytest.approx((1 + 0.5 + 0) / 3)
    # answerable .9 .8 .6 against .7 .0: 5 of 6 pairs
    assert figures["auroc"] == pytest.approx(5 / 6)
    assert figures["coverage_at"] == {
        "0.90": pytest.approx(1 / 3),
        "0.95": pytest.approx(1 / 3),
        "0.98": pytest.approx(1 / 3),
    }
    assert figures["resolved_or_offered"] == pytest.approx(2 / 3)
    assert figures["brier"] == pytest.approx((0.01 + 0.64 + 0.36 + 0.49 + 0) / 5)
    assert figures["operating_point"] == {
        "target": 0.95,
        "threshold": 0.65,
        "assumed_unanswerable": 0.3,
        "answered": 2,
        "precision": 0.5,
        "coverage": pytest.approx(1 / 3),
        "false_answer_rate": pytest.approx(1 / 5),
        "decisions": {"answer": 2, "clarify": 1, "escalate": 1, "decline": 1, "smalltalk": 0},
    }


def test_figures_without_questions_or_without_answers_are_null_not_errors() -> None:
    nothing = figures_of((), None, 0.95, 0.3)
    assert nothing["hit@1"] is nothing["auroc"] is nothing["operating_point"]["precision"] is None
    only_unanswerable = figures_of(_ROWS[3:], None, 0.95, 0.3)
    assert only_unanswerable["hit@1"] is only_unanswerable["auroc"] is only_unanswerable["resolved_or_offered"] is None
    assert json.loads(json.dumps(nothing))["operating_point"]["threshold"] is None


def test_an_answer_is_judged_by_its_first_citation() -> None:
    assert not Row("q", ("y",), ("y",), 0.9, "answer", citations=("x", "y")).is_answered_rightly
    assert not Row("q", ("d",), ("d",), 0.9, "clarify", options=("a", "b", "c", "d")).is_offered


def test_rows_survive_the_file(tmp_path: Path) -> None:
    write_rows(_ROWS, tmp_path / "rows.jsonl")
    assert tuple(read_rows(tmp_path / "rows.jsonl")) == _ROWS
    keys = set(json.loads((tmp_path / "rows.jsonl").read_text("utf-8").splitlines()[0]))
    assert keys == {"text", "expect", "top", "confidence", "decision", "reason", "citations", "options"}


def test_rows_from_elsewhere_are_refused_with_their_line(tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl").write_text('{"text": "a"}\n', "utf-8")
    with pytest.raises(QuestionsUnreadable, match=r"rows.jsonl:1"):
        read_rows(tmp_path / "rows.jsonl")


def test_comparing_lists_what_is_decided_differently() -> None:
    after = (
        _ROWS[0],
        Row("b", ("y",), ("y",), 0.95, "answer", citations=("y",)),
        Row("d", (), ("z",), 0.7, "answer", citations=("z",)),
        Row("new", (), (), 0.0, "decline"),
    )
    changes = changed_decisions(_ROWS, after)
    assert [(one.text, one.before.decision, one.after.decision) for one in changes] == [
        ("b", "clarify", "answer"),
        ("d", "answer", "answer"),
    ]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("not json", "this is not JSON"),
        ("[1]", "`text` or `expect` is missing"),
        ('{"text": "a"}', "`text` or `expect` is missing"),
        ('{"text": "a", "expect": "x"}', "`text` or `expect` is missing"),
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
    path.write_text('\ufeff{"text": "a\u2028b", "expect": ["x"]}\n', "utf-8")
    assert read_questions(path) == [GoldQuestion("a\u2028b", "", ("x",))]


def test_no_questions_are_refused(tmp_path: Path) -> None:
    (tmp_path / "questions.jsonl").write_text("\n", "utf-8")
    with pytest.raises(QuestionsUnreadable, match="no question"):
        read_questions(tmp_path / "questions.jsonl")
    with pytest.raises(QuestionsUnreadable, match="cannot be read"):
        read_questions(tmp_path / "missing.jsonl")


def test_a_gold_question_that_is_asked_takes_no_part_in_the_fit() -> None:
    gold = (GoldQuestion("Lost my password!", "en", ("reset-password",)), GoldQuestion("other", "en", ()))
    held = without_asked(contents_of((), gold=gold), [GoldQuestion("lost my password", "", ())])
    assert [one.text for one in held.gold] == ["other"]


def _decide(reading: Reading, threshold: float | None) -> Decision:
    if threshold is not None and reading.confidence >= threshold:
        return Answer(reading.hits[0].article_id)
    if reading.close:
        return Clarify(tuple(Option(article, article) for article in reading.close))
    return Escalate(Reason.NO_KNOWLEDGE)


def test_every_question_is_asked_alone_and_graded(tmp_path: Path) -> None:
    questions = [
        GoldQuestion("forgot my password", "", ("reset-password",)),
        GoldQuestion("怎么邀请同事进来", "", ("invite-people",)),
        GoldQuestion("recipe for sourdough bread", "", ()),
        GoldQuestion("😀", "", ()),
    ]
    told: list[str] = []
    encoders = load_encoders(None, told.append)
    report = evaluate(contents_of(articles()), questions, encoders, _decide, report=told.append)
    assert [row.text for row in report.rows] == [question.text for question in questions]
    assert report.figures["hit@1"] == 1.0
    assert report.figures["auroc"] == 1.0
    assert report.rows[3].top == ()
    assert report.figures["latency_ms"]["p50"] > 0
    assert report.figures["seconds_to_build"] > 0
    assert sum(report.figures["operating_point"]["decisions"].values()) == 4
    alone = evaluate(contents_of(articles()), questions[1:2], encoders, _decide)
    assert alone.rows[0] == report.rows[1]


def test_the_picture_is_drawn(tmp_path: Path) -> None:
    plot(_ROWS, figures_of(_ROWS, 0.65, 0.95, 0.3), tmp_path / "figure.png")
    assert (tmp_path / "figure.png").read_bytes().startswith(b"\x89PNG")


def test_a_picture_of_nothing_is_still_a_picture(tmp_path: Path) -> None:
    plot((), figures_of((), None, 0.95, 0.3), tmp_path / "figure.png")
    assert (tmp_path / "figure.png").exists()
