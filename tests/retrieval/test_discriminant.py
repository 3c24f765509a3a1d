from __future__ import annotations

import numpy as np

from retrieval.discriminant import Discriminant, folds_of


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


def test_folds_spread_the_examples_of_each_group() -> None:
    assert folds_of(np.array([0, 0, 1, 0, 1, 0, 0, 0])).tolist() == [0, 1, 0, 2, 1, 3, 4, 0]
