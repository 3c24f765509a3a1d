from __future__ import annotations

import numpy as np
import pytest

from retrieval.index import VectorIndex, best_of_each, highest_of_each, ranges


def test_ranges_are_laid_end_to_end() -> None:
    assert ranges(np.array([5, 0, 9]), np.array([2, 0, 3])).tolist() == [5, 6, 9, 10, 11]
    assert ranges(np.array([], np.int64), np.array([], np.int64)).tolist() == []


def test_the_best_of_each_group_the_mean_of_its_best_and_the_place() -> None:
    values = np.array([0.1, 0.9, 0.5, 0.7, 0.2], np.float32)
    best, means, places = best_of_each(values, np.array([2, 0, 3]), missing=-1.0, top=2)
    assert best.tolist() == pytest.approx([0.9, -1.0, 0.7])
    assert means.tolist() == pytest.approx([0.5, -1.0, 0.6])
    assert places.tolist() == [1, -1, 1]
    assert highest_of_each(values, np.array([2, 0, 3]), missing=-1.0).tolist() == best.tolist()


def test_what_is_hidden_lowers_no_mean() -> None:
    values = np.array([0.2, -np.inf, 0.6, -np.inf], np.float32)
    best, means, places = best_of_each(values, np.array([3, 1]), missing=0.0, top=3)
    assert best.tolist() == pytest.approx([0.6, 0.0])
    assert means.tolist() == pytest.approx([0.4, 0.0])
    assert places.tolist() == [2, -1]
    assert highest_of_each(values, np.array([3, 1]), missing=0.0).tolist() == best.tolist()


def test_the_nearest_articles_are_found_and_hidden_rows_are_not() -> None:
    index = VectorIndex(np.eye(4, dtype=np.float32), [0, 0, 2, 3], articles=4)
    question = np.array([1.0, 0.0, 0.0, 0.0], np.float32)
    assert index.rows_of(0).tolist() == [0, 1]
    assert index.rows_of(1).tolist() == []
    assert index.nearest_articles(question).tolist() == [0, 2, 3]
    assert index.nearest_articles(question, hidden=np.array([0, 1])).tolist() == [2, 3]


def test_an_index_without_rows_finds_nothing() -> None:
    index = VectorIndex(np.empty((0, 4), np.float32), [], articles=2)
    assert index.nearest_articles(np.ones(4, np.float32)).tolist() == []


def test_the_level_is_the_mean_and_spread_of_all_similarities() -> None:
    rows = np.random.default_rng(2).normal(size=(50, 6)).astype(np.float32)
    question = np.random.default_rng(3).normal(size=6).astype(np.float32)
    similarities = rows @ question
    mean, spread = VectorIndex(rows, list(range(50)), 50).level(question)
    assert mean == pytest.approx(float(similarities.mean()), abs=1e-4)
    assert spread == pytest.approx(float(similarities.std()), abs=1e-4)


def test_a_text_that_is_near_to_everything_is_more_crowded_than_one_apart() -> None:
    generator = np.random.default_rng(4)
    rows = generator.normal(size=(60, 8))
    rows[0] = rows[1:40].mean(0) * 8
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    index = VectorIndex(rows.astype(np.float32), list(range(60)), articles=60)
    assert index.crowding[0] > np.quantile(index.crowding, 0.8)
    assert abs(float(index.crowding.mean())) < 1e-5


def test_hidden_rows_count_for_nothing() -> None:
    rows = np.random.default_rng(5).normal(size=(90, 8)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    group = np.repeat(np.arange(30), 3)
    question, hidden = rows[4], np.array([3, 4, 5])
    index, left = VectorIndex(rows, group, 30), VectorIndex(np.delete(rows, hidden, 0), np.delete(group, hidden), 30)
    assert index.level(question, hidden) == pytest.approx(left.level(question), abs=1e-5)
    without = index.crowding_without(hidden, np.delete(np.arange(90), hidden))
    np.testing.assert_allclose(without, left.crowding, atol=1e-5)
    nothing = np.zeros(0, np.int64)
    np.testing.assert_allclose(index.crowding_without(nothing, np.arange(90)), index.crowding, atol=1e-6)


def test_examples_of_ones_own_article_crowd_nothing() -> None:
    row = np.eye(8, dtype=np.float32)[0]
    rows = np.concatenate([np.tile(row, (15, 1)), np.eye(8, dtype=np.float32)[1:], np.eye(8, dtype=np.float32)[1:]])
    index = VectorIndex(rows, [0] * 15 + list(range(1, 15)), articles=15)
    assert index.crowding[:15].max() <= index.crowding[15:].min()
