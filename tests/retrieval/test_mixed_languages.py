"""An article that exists in one language only: what customers of the others notice of it."""

from __future__ import annotations

import numpy as np
import pytest
from small_kb import articles, contents_of

from kb_content.articles import Article
from retrieval.build import build
from retrieval.encoders import Encoders
from retrieval.opening import open_view
from retrieval.questions import Row, own_rows
from retrieval.view import FEATURES, FIRST_LOOK, View

_ASKED = (
    "i lost my password",
    "download it as a pdf",
    "pay by bank transfer",
    "phone without internet",
    "weather on mars",
)
_BY_WORDS = ("passage words", "question words", "words covered", "words returned")
"""These follow how rare a word is in the whole knowledge base."""


def _chinese_only() -> Article:
    return Article(
        "screen-reader",
        "zh",
        "如何使用读屏软件",
        "打开设置里的无障碍页面，选择为读屏软件优化，然后用键盘移动。",
        ("看板能用读屏软件吗", "盲人怎么使用看板", "读屏软件没有声音"),
    )


def _in(language: str) -> tuple[Article, ...]:
    return tuple(one for one in articles() if one.language == language)


def _view(several: tuple[Article, ...], encoders: Encoders) -> View:
    """What customers who write in English are answered from."""
    contents = contents_of(several)
    return open_view(contents, "en", encoders, build(contents, encoders, {}).vectors)


def _of_own_article(view: View, row: Row, column: int) -> float:
    evidence = view.evidence(view.asked(row.text))
    ids = [view.articles[n].article.id for n in evidence.articles.tolist()]
    return float(evidence.features[ids.index(row.group), column])


@pytest.fixture(scope="module")
def before(encoders: Encoders) -> View:
    return _view(_in("en"), encoders)


@pytest.fixture(scope="module")
def after(encoders: Encoders) -> View:
    return _view((*_in("en"), _chinese_only()), encoders)


@pytest.mark.parametrize("text", _ASKED)
def test_an_article_in_another_language_leaves_the_evidence_for_all_others_as_it_was(
    before: View, after: View, text: str
) -> None:
    told = [column for column, name in enumerate(FEATURES) if name not in _BY_WORDS]
    first, second = (view.evidence(view.asked(text, second=True)) for view in (before, after))
    shared, at, at_after = np.intersect1d(first.articles, second.articles, return_indices=True)
    assert shared.tolist() == first.articles.tolist()
    np.testing.assert_allclose(first.features[at][:, told], second.features[at_after][:, told], atol=1e-4)


def test_an_article_that_the_discriminant_does_not_know_is_as_probable_as_one_just_as_near(after: View) -> None:
    foreign = next(n for n, one in enumerate(after.articles) if one.article.id == "screen-reader")
    for text in ("how can blind people use the board with a screen reader", *_ASKED):
        evidence = after.evidence(after.asked(text, second=True))
        row = int(np.flatnonzero(evidence.articles == foreign)[0])
        others = np.delete(np.arange(len(evidence.articles)), row)
        for near, found in ((0, FEATURES.index("discriminant")), (FIRST_LOOK, FEATURES.index("second discriminant"))):
            column = evidence.features[:, found]
            nearer = [n for n in others.tolist() if evidence.features[n, near] >= evidence.features[row, near]]
            assert column[others].min() <= column[row] <= column[others].max()
            if nearer:
                assert column[row] <= max(column[n] for n in nearer) + 1e-6


def test_questions_of_a_mixed_knowledge_base_are_hidden_from_themselves(after: View) -> None:
    answerable = [row for row in own_rows(after) if row.answerable]
    assert len(answerable) == 8 * 5
    for row in answerable:
        own = int(np.flatnonzero(row.right)[0]) if row.right.any() else None
        assert own is None or row.evidence.raw[own] < 0.98
        assert row.evidence.second_raw is not None
        assert row.evidence.features[:, FEATURES.index("discriminant")].max() <= 0
    column = FEATURES.index("discriminant")
    hidden = [float(row.evidence.features[row.right, column].sum()) for row in answerable]
    seen = [_of_own_article(after, row, column) for row in answerable]
    assert np.mean(hidden) < np.mean(seen) - 0.1, "who has seen a question tells its article more surely"


def test_the_larger_part_is_told_apart_even_where_it_is_not_in_the_customers_language(encoders: Encoders) -> None:
    view = _view((*_in("zh"), next(one for one in _in("en") if one.id == "webhooks")), encoders)
    assert view.second is None, "the encoder that crosses languages reads the larger part at the first look"
    evidence = view.evidence(view.asked("how do I invite a colleague"))
    best = int(evidence.articles[evidence.features[:, FEATURES.index("discriminant")].argmax()])
    assert view.articles[best].article.id == "invite-people"
