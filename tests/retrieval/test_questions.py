"""No question may be graded by an index that holds it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from small_kb import contents_of

from kb_content.articles import Article, Contents, GoldQuestion
from retrieval.build import Built, build
from retrieval.encoders import Encoders
from retrieval.opening import open_view
from retrieval.questions import asked_rows, own_rows
from retrieval.view import FEATURES, View


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


def test_an_article_left_out_leaves_no_trace(view: View, contents: Contents, built: Built, encoders: Encoders) -> None:
    name = "reset-password"
    rest = replace(contents, articles=tuple(one for one in contents.articles if one.article.id != name))
    without_it = open_view(rest, "en", encoders, built.vectors)
    near = [FEATURES.index(one) for one in ("nearest", "near", "title", "passage", "passages", "stretch")]
    rows = [row for row in own_rows(view) if not row.answerable and row.group == name]
    assert len(rows) == 5
    for row in rows:
        never = next(asked_rows(without_it, [GoldQuestion(row.text, "en", ())]))
        ids = [without_it.articles[number].article.id for number in never.evidence.articles]
        places = [ids.index(view.articles[number].article.id) for number in row.evidence.articles]
        np.testing.assert_allclose(row.evidence.features[:, near], never.evidence.features[places][:, near], atol=0.02)
        assert row.levels == pytest.approx(never.levels, abs=1e-4)


def test_what_a_hidden_question_says_is_not_known_by_itself(view: View) -> None:
    row = next(row for row in own_rows(view) if row.answerable)
    assert row.evidence.hidden == dict.fromkeys(row.words, 1)


def test_other_words_for_the_same_are_not_hidden_with_a_question_of_any_language(encoders: Encoders) -> None:
    asked = {
        "reset": ("重置密码", "忘记密码怎么办", "密码忘了怎么找回", "登录密码怎么修改", "忘记密码了怎么办"),
        "export": ("导出报表", "报表怎么下载", "能把报表存成表格吗", "想把数据导出来"),
        "invite": ("邀请同事", "如何添加新成员", "怎么把同事加进来", "团队里怎么加人"),
        "pay": ("付款", "账单怎么支付", "发票在哪里付", "支持哪些付款方式"),
    }
    held = contents_of(tuple(Article(name, "zh", title, "", tuple(rest)) for name, (title, *rest) in asked.items()))
    built = build(held, encoders, {})
    rows = own_rows(open_view(held, "zh", encoders, built.vectors))
    near = {row.text: row.evidence.raw[row.right].max() for row in rows if row.answerable}
    assert near["密码忘了怎么找回"] > 0.95
    # The same but for one character is the same question.
    assert near["忘记密码怎么办"] < 0.97


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
