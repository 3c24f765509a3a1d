from __future__ import annotations

import numpy as np
import pytest

from retrieval import discriminant
from retrieval.discriminant import Discriminant, left_out


def _clusters() -> tuple[np.ndarray[tuple[int, int], np.dtype[np.float32]], np.ndarray[tuple[int], np.dtype[np.int64]]]:
    generator = np.random.default_rng(4)
    centres = generator.normal(size=(3, 8))
    groups = np.repeat(np.arange(3), 10)
    vectors = centres[groups] + 0.1 * generator.normal(size=(30, 8))
    return vectors.astype(np.float32), groups


def test_each_example_belongs_to_its_own_group() -> None:
    vectors, groups = _clusters()
    model = Discriminant.fit(vectors, groups, 3)
    assert (model.scores(vectors).argmax(1) == groups).all()


def test_a_group_without_examples_is_never_meant() -> None:
    vectors, groups = _clusters()
    model = Discriminant.fit(vectors, groups, 5)
    assert np.isneginf(model.scores(vectors)[:, 3:]).all()


def test_identical_examples_do_not_break_the_fit() -> None:
    vectors = np.ones((6, 4), np.float32)
    assert np.isfinite(Discriminant.fit(vectors, np.array([0, 0, 0, 1, 1, 1]), 2).scores(vectors)).all()


def test_what_is_said_of_an_example_left_out_is_what_a_model_without_it_says() -> None:
    vectors, groups = _clusters()
    without = [np.array([row]) for row in range(len(vectors))]
    (said,) = left_out(vectors, groups, 3, without)
    rest = np.arange(len(vectors)) != 4
    refitted = Discriminant.fit(vectors[rest], groups[rest], 3).scores(vectors[4])
    assert said[4].argmax() == refitted.argmax() == groups[4]
    assert np.allclose(said[4], refitted, atol=0.5)


def test_an_example_whose_group_is_left_out_is_not_said_to_belong_there() -> None:
    vectors, groups = _clusters()
    whole = [np.flatnonzero(groups == group) for group in groups]
    alone, said = left_out(vectors, groups, 3, [np.array([row]) for row in range(len(vectors))], whole)
    own = np.arange(len(groups)), groups
    assert (said[own] < alone[own] - 3).all()


def test_more_examples_than_landmarks_are_told_apart_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(discriminant, "_MOST", 9)
    vectors, groups = _clusters()
    assert (Discriminant.fit(vectors, groups, 3).scores(vectors).argmax(1) == groups).all()


def test_examples_that_many_groups_have_word_for_word_are_fitted_all_the_same() -> None:
    """An import full of copies: rounding then outweighs what tells equal texts apart."""
    random = np.random.default_rng(0)
    texts = random.normal(size=(9, 384)).astype(np.float32) + 4
    texts /= np.linalg.norm(texts, axis=1, keepdims=True)
    vectors, groups = np.tile(texts, (150, 1)), np.repeat(np.arange(450), 3)
    scores = Discriminant.fit(vectors, groups, 450).scores(texts[:1])
    assert np.isfinite(scores).all()
    assert scores[0, 0] > scores[0, 1], "the group that has the text comes before one that has it not"


def test_the_short_way_for_few_examples_says_what_the_long_one_says() -> None:
    vectors, groups = _clusters()
    fit = discriminant._Fit(vectors, groups, 3)
    assert np.allclose(fit._exact(), fit._through_landmarks(), atol=1e-2)
    assert np.allclose(fit.model().scores(vectors), 12 * fit._fitted[0], atol=1e-2)


def test_an_example_more_changes_what_is_said_of_others_by_a_hair(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where not all of them span the space, either: or else a question put first would move all confidences."""
    monkeypatch.setattr(discriminant, "_MOST", 60)
    random = np.random.default_rng(7)
    centres = random.normal(size=(30, 64))
    groups = np.repeat(np.arange(30), 8)
    vectors = (centres[groups] + 0.8 * random.normal(size=(240, 64))).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    asked, before = vectors[100:], Discriminant.fit(vectors, groups, 30).scores(vectors[100:])
    more = np.concatenate([vectors[:1] + 0.05, vectors])
    after = Discriminant.fit(more, np.concatenate([[0], groups]), 30).scores(asked)
    assert np.abs(after[:, 1:] - before[:, 1:]).max() < 0.3
