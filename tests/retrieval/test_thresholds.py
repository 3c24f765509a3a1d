"""From which confidence on the bot answers."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from retrieval.fitting import Graded
from retrieval.thresholds import threshold_for, threshold_of, wilson_lower

Doubles = NDArray[np.float64]
_LADDER = np.linspace(0.999, 0.2, 800)


def test_the_bound_is_wilsons() -> None:
    # 95 of 100, z = 1.645: the textbook value
    assert float(wilson_lower(np.array(0.95), np.array(100.0), 1.645)) == pytest.approx(0.9008, abs=1e-3)


def test_the_threshold_keeps_the_precision_with_room_for_bad_luck() -> None:
    confidence = np.linspace(0.999, 0.001, 1_000)
    right = np.random.default_rng(8).random(1_000) < confidence
    threshold = threshold_for(confidence, right, np.ones(1_000), 0.95)
    assert threshold is not None
    assert right[confidence >= threshold].mean() >= 0.95


def test_there_is_no_threshold_where_nothing_reaches_the_target() -> None:
    confidence = np.linspace(0.6, 0.1, 200)
    assert threshold_for(confidence, confidence > 2, np.ones(200), 0.95) is None
    assert threshold_for(np.zeros(0), np.zeros(0, bool), np.zeros(0), 0.95) is None


def test_equal_confidences_are_on_one_side_of_the_threshold() -> None:
    confidence = np.array([0.99] * 300 + [0.5] * 300)
    right = np.array([True] * 300 + [True, False] * 150)
    assert threshold_for(confidence, right, np.ones(600), 0.95) == 0.99


def test_heavier_rows_count_more() -> None:
    confidence = np.linspace(0.99, 0.9, 400)
    right = np.arange(400) % 5 != 4
    light, heavy = np.where(right, 1.0, 0.1), np.where(right, 1.0, 5.0)
    assert threshold_for(confidence, right, light, 0.95) is not None
    assert threshold_for(confidence, right, heavy, 0.95) is None


def _graded(confidence: Doubles, right: NDArray[np.bool_], is_own: bool = True) -> Graded:
    """Three of four could have been answered."""
    count = len(confidence)
    answerable = right | (np.arange(count) % 4 != 0)
    return Graded(confidence, right, answerable, np.ones(count), ("a",) * count, np.full(count, is_own))


def _right(truth: Doubles) -> NDArray[np.bool_]:
    return np.random.default_rng(9).random(len(truth)) < truth


@pytest.mark.parametrize("is_own", [True, False])
def test_where_everything_looks_easy_an_answer_must_still_be_likely_by_itself(is_own: bool) -> None:
    everything = _graded(1 - np.linspace(0, 0.9, 800) ** 4, np.ones(800, bool), is_own)
    assert threshold_of(everything, 0.95) == pytest.approx(0.8625)
    assert threshold_of(everything, 0.98) == pytest.approx(0.945)


def test_a_few_unlucky_questions_do_not_take_the_likely_answers_away() -> None:
    right = np.ones(800, bool)
    right[[20, 21, 22, 60, 61]] = False
    unlucky = _graded(_LADDER, right)
    fitted = threshold_for(unlucky.confidence, unlucky.right, unlucky.weight, 0.95)
    assert fitted is not None
    assert fitted > 0.9
    assert threshold_of(unlucky, 0.95) == pytest.approx(0.8625)


def test_questions_that_speak_plainly_against_it_raise_it() -> None:
    confidence = np.linspace(0.999, 0.85, 1_000)
    right = _right(np.where(confidence > 0.96, 0.99, 0.5))
    raised = threshold_of(_graded(confidence, right), 0.95)
    by_real_ones = threshold_of(_graded(confidence, right, is_own=False), 0.95)
    assert raised is not None
    assert by_real_ones is not None
    assert 0.93 < raised < by_real_ones
    assert right[confidence >= raised].mean() > 0.9


def test_next_to_no_questions_leave_a_cautious_threshold() -> None:
    assert threshold_of(_graded(_LADDER[:8], np.ones(8, bool)), 0.95) == pytest.approx(0.93)


@pytest.mark.parametrize(
    ("target", "cautious", "usual"), [(0.95, "0.93", "0.8625"), (0.9, "0.86", "0.725"), (0.8, "0.72", "0.45")]
)
def test_a_threshold_that_the_target_fixes_is_printed_without_dust(target: float, cautious: str, usual: str) -> None:
    assert str(threshold_of(_graded(_LADDER[:8], np.ones(8, bool)), target)) == cautious
    everything = _graded(1 - np.linspace(0, 0.9, 800) ** 4, np.ones(800, bool))
    assert str(threshold_of(everything, target)) == usual


def test_there_is_none_where_even_the_surest_answers_are_wrong() -> None:
    assert threshold_of(_graded(_LADDER, np.zeros(800, bool) | (np.arange(800) % 2 == 0)), 0.95) is None
