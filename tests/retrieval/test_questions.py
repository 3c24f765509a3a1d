"""No question may be graded by an index that holds it."""

from __future__ import annotations

import numpy as np
import pytest

from kb_content.articles import Contents, GoldQuestion
from retrieval.build import Built
from retrieval.encoders import Encoders
from retrieval.opening import open_view
from retrieval.questions import asked_rows, own_rows
from retrieval.view import View


@pytest.fixture(scope="module")
def view(contents: Contents, built: Built, encoders: Encoders) -> View:
    return open_view(contents, "en", encoders, built.vectors)


def test_a_question_asked_of_its_own_index_is_hidden_from_itself(view: View) -> None:
    answerable = [row for row in own_rows(view) if row.answerable]
    assert len(answerable) == 8 * 5
    for row in answerable:
        own = int(np.flatnonzero(row.right)[0]) if row.right.any() else None
        assert own is None or row.evidence.raw[own] < 0.98
        assert row.evidence.features[:, 7].max() <= 0


def test_the_same_question_not_hidden_would_find_itself(view: View) -> None:
    text = "I forgot my password"
    row = next(asked_rows(view, [GoldQuestion(text, "en", ("reset-password",))]))
    assert row.evidence.raw[row.right][0] > 0.98


def test_a_question_asked_without_its_article_has_no_right_answer_left(view: View) -> None:
    without = [row for row in own_rows(view) if not row.answerable]
    assert len(without) == 8 * 5
    for row in without:
        assert not row.right.any()
        assert row.group not in {view.articles[number].article.id for number in row.evidence.articles}


def test_what_a_hidden_question_says_is_not_known_by_itself(view: View) -> None:
    row = next(row for row in own_rows(view) if row.answerable)
    assert row.evidence.hidden == dict.fromkeys(row.words, 1)


def test_gold_questions_without_words_are_passed_over(view: View) -> None:
    asked = [GoldQuestion("😀", "en", ()), GoldQuestion("weather on mars", "en", ())]
    rows = list(asked_rows(view, asked))
    assert [row.answerable for row in rows] == [False]


def test_other_languages_ask_in_their_own_view(contents: Contents, built: Built, encoders: Encoders) -> None:
    chinese = open_view(contents, "zh", encoders, built.vectors)
    assert {row.group for row in own_rows(chinese)} == {
        "reset-password",
        "invite-people",
        "export-report",
        "import-csv",
        "pay-invoice",
    }
