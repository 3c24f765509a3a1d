"""The figures of an evaluation on hand-made rows, and that every question is asked alone."""

from __future__ import annotations

import json
import math
import random
from dataclasses import replace

import numpy as np
import pytest
from small_kb import articles, contents_of

from bot.decisions import Answer, Clarify, Decision, Decline, Escalate, Option, SmallTalk, Why
from bot.learning.evaluation import DECISIONS, evaluate, figures_of, row_of, unknown_articles, warm_ups, without_asked
from bot.learning.publish import Fit
from bot.learning.rows import Row
from bot.live import House
from handoff.models import Reason
from kb_content.articles import Article, GoldQuestion
from retrieval.encoders import load_encoders
from retrieval.reader import Hit, Reading

_ROWS = (
    Row("a", ("x",), ("x", "y"), 0.9, "answer", citations=("x",)),
    Row("b", ("y",), ("x", "y"), 0.8, "clarify", options=("x", "y")),
    Row("c", ("z",), ("x", "y"), 0.6, "escalate", reason="low_confidence"),
    Row("d", (), ("y",), 0.7, "answer", citations=("y",)),
    Row("e", (), (), 0.0, "decline", reason="foreign"),
)
KEYS = {
    *("n", "answerable", "hit@1", "hit@3", "mrr", "auroc", "coverage_at", "operating_point"),
    *("resolved_or_offered", "ece", "ece_floor", "brier"),
}


def found(confidence: float, *, right: bool, answerable: bool = True) -> Row:
    """One question of which only the confidence and the best article matter."""
    return Row("q", ("x",) if answerable else (), ("x",) if right else ("y",), confidence, "clarify")


def test_figures_are_what_one_computes_by_hand() -> None:
    figures = figures_of(_ROWS, 0.65, 0.95, 0.3)
    assert figures.keys() == KEYS
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
    # With fewer questions than groups each is a group of its own.
    assert figures["ece"] == pytest.approx((0.1 + 0.8 + 0.6 + 0.7 + 0.0) / 5)
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


@pytest.mark.parametrize(
    ("rows", "level", "coverage"),
    [
        # The longest prefix counts, not the first that breaks: 1, 1/2, 2/3, 3/4 … 18/19, 19/20 is 0.95 again.
        ([found(0.99 - n / 100, right=n != 1) for n in range(20)], "0.95", 19 / 20),
        ([found(0.99 - n / 100, right=n != 1) for n in range(19)], "0.95", 1 / 19),
        # Equal values stay together: the wrong one among them spoils both.
        ([found(0.9, right=True), found(0.9, right=False)], "0.90", 0.0),
        ([found(0.95, right=True), found(0.9, right=True), found(0.9, right=False)], "0.90", 1 / 3),
        # The order of the file does not matter among equals.
        ([found(0.9, right=False), found(0.9, right=True), found(0.95, right=True)], "0.90", 1 / 3),
        # Unanswerable ones spoil the precision, and are not what it is divided by.
        ([found(0.9, right=True), found(0.8, right=False, answerable=False), found(0.7, right=True)], "0.98", 1 / 2),
        ([found(0.9, right=False)], "0.90", 0.0),
        ([found(0.9, right=False, answerable=False)], "0.90", 0.0),
    ],
)
def test_coverage_is_that_of_the_longest_prefix(rows: list[Row], level: str, coverage: float) -> None:
    assert figures_of(rows, None, 0.95, 0.3)["coverage_at"][level] == pytest.approx(coverage)


def test_whether_the_best_article_is_right_does_not_depend_on_what_was_decided() -> None:
    silent = [replace(row, decision="escalate", citations=(), options=()) for row in _ROWS]
    told, untold = figures_of(_ROWS, 0.65, 0.95, 0.3), figures_of(silent, None, 0.95, 0.3)
    same = KEYS - {"operating_point", "resolved_or_offered"}
    assert {key: told[key] for key in same} == {key: untold[key] for key in same}
    assert untold["resolved_or_offered"] == 0.0


@pytest.mark.parametrize(
    ("row", "is_useful"),
    [
        (Row("q", ("x",), ("x",), 0.9, "answer", citations=("x",)), True),
        (Row("q", ("x",), ("x",), 0.9, "answer", citations=("x", "y")), True),
        (Row("q", ("y",), ("y",), 0.9, "answer", citations=("x", "y")), False),
        (Row("q", ("x", "y"), ("y",), 0.9, "answer", citations=("y",)), True),
        (Row("q", ("x",), ("y",), 0.5, "clarify", options=("a", "b", "x")), True),
        (Row("q", ("x",), ("y",), 0.5, "clarify", options=("a", "b", "c", "x")), False),
        (Row("q", ("x",), ("x",), 0.5, "clarify", options=("a", "b")), False),
        (Row("q", ("x",), ("x",), 0.5, "escalate", options=("x",)), False),
    ],
)
def test_a_question_is_resolved_or_offered_by_its_first_citation_or_one_of_three_choices(
    row: Row, is_useful: bool
) -> None:
    assert figures_of([row], 0.8, 0.95, 0.3)["resolved_or_offered"] == float(is_useful)


def test_the_calibration_error_has_ten_groups_of_equal_count_over_all_questions() -> None:
    rows = [found(n / 100, right=n % 2 == 0, answerable=n % 3 > 0) for n in range(100)]
    right = [row.is_right for row in rows]
    groups = [range(start, start + 10) for start in range(0, 100, 10)]
    by_hand = sum(abs(sum(n / 100 - right[n] for n in group)) / 100 for group in groups)
    shuffled = random.Random(1).sample(rows, len(rows))
    assert figures_of(shuffled, None, 0.95, 0.3)["ece"] == pytest.approx(by_hand)


def test_the_floor_is_the_mean_error_of_200_draws_of_a_perfect_model() -> None:
    rows = [found((n + 0.5) / 300, right=True) for n in range(300)]
    confidences = np.array([row.confidence for row in rows])
    generator = np.random.default_rng(7)
    errors = []
    for _ in range(2_000):
        right = generator.random(300) < confidences
        errors.append(np.mean([abs((confidences - right)[at : at + 30].mean()) for at in range(0, 300, 30)]))
    floor = figures_of(rows, None, 0.95, 0.3)["ece_floor"]
    assert floor == pytest.approx(float(np.mean(errors)), abs=4 * float(np.std(errors)) / math.sqrt(200))
    assert floor == figures_of(rows, None, 0.95, 0.3)["ece_floor"], "the same rows give the same figure"


def test_an_answer_that_is_certain_has_no_floor() -> None:
    assert figures_of([found(1.0, right=True)] * 20, None, 0.95, 0.3)["ece_floor"] == 0.0


def test_figures_without_questions_or_without_answers_are_null_not_errors() -> None:
    nothing = figures_of((), None, 0.95, 0.3)
    assert nothing["hit@1"] is nothing["auroc"] is nothing["operating_point"]["precision"] is None
    assert nothing["operating_point"]["decisions"] == dict.fromkeys(DECISIONS, 0)
    only_unanswerable = figures_of(_ROWS[3:], None, 0.95, 0.3)
    assert only_unanswerable["hit@1"] is only_unanswerable["auroc"] is only_unanswerable["resolved_or_offered"] is None
    assert figures_of(_ROWS[:3], None, 0.95, 0.3)["auroc"] is None
    assert json.loads(json.dumps(nothing))["operating_point"]["threshold"] is None


def _reading(*hits: tuple[str, str], confidence: float = 0.7) -> Reading:
    told = tuple(Hit(article, language, 1, "p", "a", article, article, "t", 0.5) for article, language in hits)
    return Reading("q", "en", None, 0.0, told, confidence, False, (), {})


@pytest.mark.parametrize(
    ("decision", "row"),
    [
        (Answer("x"), {"decision": "answer", "citations": ("x",)}),
        (Answer("x", ("z",)), {"decision": "answer", "citations": ("x", "z")}),
        (Clarify((Option("x", "X"), Option("y", "Y"))), {"decision": "clarify", "options": ("x", "y")}),
        (Escalate(Reason.NO_KNOWLEDGE), {"decision": "escalate", "reason": "no_knowledge"}),
        (Decline(Why.FOREIGN), {"decision": "decline", "reason": "foreign"}),
        (SmallTalk("greeting"), {"decision": "smalltalk"}),
    ],
)
def test_a_row_tells_what_was_decided_and_what_it_rests_on(decision: Decision, row: dict[str, object]) -> None:
    made = row_of(GoldQuestion("q", "en", ("x",)), _reading(("x", "en"), ("x", "zh"), ("y", "en")), decision)
    blank = {"citations": (), "options": (), "reason": None}
    assert {name: getattr(made, name) for name in ("decision", *blank)} == {**blank, **row}
    assert (made.top, made.confidence) == (("x", "y"), 0.7), "an article in two languages is one article"


def test_a_gold_question_that_is_asked_takes_no_part_in_the_fit_nor_does_its_copy() -> None:
    gold = tuple(
        GoldQuestion(text, "en", ("reset-password",))
        for text in ("Lost my password!", "lost my pasword", "how do I invite people", "忘记密码了")
    )
    held = without_asked(contents_of((), gold=gold), [GoldQuestion("lost my password", "", ())])
    assert [one.text for one in held.gold] == ["how do I invite people", "忘记密码了"]


QUESTIONS = [
    GoldQuestion("forgot my password", "", ("reset-password",)),
    GoldQuestion("怎么邀请同事进来", "", ("invite-people",)),
    GoldQuestion("recipe for sourdough bread", "", ()),
    GoldQuestion("😀", "", ()),
]


def test_every_question_is_asked_alone_and_graded() -> None:
    encoders, fit, house = load_encoders(None, print), Fit(), House("http://firstline.test")
    told: list[str] = []
    report = evaluate(contents_of(articles()), QUESTIONS, encoders, fit, house, told.append)
    assert told[-2:] == ["asking 4 questions", "asked 4 of 4 questions"], "thousands take minutes"
    assert [row.text for row in report.rows] == [question.text for question in QUESTIONS]
    assert report.figures.keys() == KEYS | {"latency_ms", "seconds_to_build"}
    assert report.figures["hit@1"] == 1.0
    assert report.figures["auroc"] == 1.0
    assert report.rows[3].top == ()
    assert 0 < report.figures["latency_ms"]["p50"] <= report.figures["latency_ms"]["p95"]
    assert report.figures["seconds_to_build"] > 0
    assert sum(report.figures["operating_point"]["decisions"].values()) == 4
    assert [row.language for row in report.rows[:2]] == ["en", "zh"]
    backwards = evaluate(contents_of(articles()), QUESTIONS[1::-1], encoders, fit, house)
    assert backwards.rows[::-1] == report.rows[:2], "neither the other questions nor the order make a difference"


def test_gold_questions_whose_file_names_no_language_are_asked_in_the_one_of_the_kb() -> None:
    german = Article("ausweis", "de", "Ausweis verlängern", "Ein Ausweis gilt ein Jahr.", ("Ausweis abgelaufen",))
    dutch = Article("pas", "nl", "Pas verlengen", "Een pas is een jaar geldig.", ("mijn pas is verlopen",))
    # By script alone, as they are read from the file, both are English.
    gold = (GoldQuestion("wo ist mein Ausweis", "en", ("ausweis",)), GoldQuestion("waar is mijn pas", "en", ("pas",)))
    contents = contents_of((german, dutch), gold=gold)
    report = evaluate(contents, gold, load_encoders(None, print), Fit(), House("http://firstline.test"))
    assert [row.language for row in report.rows] == ["de", "nl"]


@pytest.mark.parametrize("count", [1, 3, 50])
def test_twenty_warm_ups_come_before_the_first_question_and_none_of_them_is_a_question(count: int) -> None:
    questions = [GoldQuestion(f"忘记密码 {n}", "", ()) for n in range(count)]
    asked = warm_ups(contents_of(articles()), questions, "en")
    assert len(asked) == 20
    assert {text for text, _ in asked} <= {article.title for article in articles()}
    assert {language for _, language in asked} == {"zh"}, "the model of the questions' language is what is warmed"


def test_all_languages_of_the_questions_are_warmed() -> None:
    questions = [GoldQuestion("q", "en", ())] * 99 + [GoldQuestion("q", "zh", ())] * 99
    assert {language for _, language in warm_ups(contents_of(articles()), questions, "en")} == {"en", "zh"}


def test_an_expected_article_that_the_kb_does_not_have_is_named() -> None:
    questions = [GoldQuestion("my export", "en", ("export-raport", "export-report")), GoldQuestion("q", "en", ())]
    assert unknown_articles(contents_of(articles()), questions) == ["export-raport"]
