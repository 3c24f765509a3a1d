"""How near everyday questions may lie, by how much a knowledge base has to set against them."""

from __future__ import annotations

import numpy as np
import pytest

from retrieval.background import everyday_to

BACKGROUND = np.array([[0.9], [0.5], [0.3], [0.1]], np.float32)
QUESTION = np.ones(1, np.float32)


@pytest.mark.parametrize(("texts", "nearest"), [(1, 0.45), (2, (0.9 * 3 + 0.5 * 2 + 0.3) / 6), (4, 0.9), (99, 0.9)])
def test_as_many_everyday_questions_compete_as_there_are_texts(texts: int, nearest: float) -> None:
    everyday = everyday_to(BACKGROUND, QUESTION, texts)
    assert everyday is not None
    assert everyday.nearest == pytest.approx(nearest, abs=1e-6)
    assert everyday.is_nearer(nearest - 0.01)
    assert not everyday.is_nearer(nearest + 0.01)


def test_the_fewer_texts_the_sooner_everyday_questions_are_left_behind() -> None:
    few, many = (everyday_to(BACKGROUND * 0.1, QUESTION, texts) for texts in (1, 4))
    assert few is not None
    assert many is not None
    assert few.is_left_behind(0.06)
    assert not many.is_left_behind(0.06)
    assert many.is_left_behind(0.4)


def test_without_everyday_questions_nothing_is_compared() -> None:
    assert everyday_to(np.empty((0, 1), np.float32), QUESTION, 5) is None
