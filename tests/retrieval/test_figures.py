"""Every figure against numbers computed by hand."""

from __future__ import annotations

import numpy as np
import pytest

from retrieval.figures import auroc, brier, coverage_at, ece, ece_floor, hit_at, mrr, percentile, reliability


def test_hits_and_reciprocal_ranks() -> None:
    ranks = [1, 3, None, 2]
    assert hit_at(ranks, 1) == 0.25
    assert hit_at(ranks, 3) == 0.75
    assert mrr(ranks) == pytest.approx((1 + 1 / 3 + 0 + 1 / 2) / 4)
    assert hit_at([], 1) is None
    assert mrr([]) is None


def test_auroc_counts_ties_half_and_needs_both_kinds() -> None:
    # pairs (positive, negative): .9>.5, .9>.2, .5=.5, .5>.2
    assert auroc([0.9, 0.5, 0.5, 0.2], [True, True, False, False]) == pytest.approx(3.5 / 4)
    assert auroc([0.9, 0.5], [True, True]) is None
    assert auroc([], []) is None


def test_coverage_is_taken_at_the_longest_prefix_that_keeps_the_precision() -> None:
    confidence = [0.9, 0.8, 0.7, 0.6, 0.5]
    right = [True, False, True, True, False]
    # precision 1, .5, .667, .75, .6
    assert coverage_at(confidence, right, 4, 0.95) == 0.25
    assert coverage_at(confidence, right, 4, 0.75) == 0.75
    assert coverage_at(confidence, right, 4, 0.6) == 0.75
    assert coverage_at(confidence, [False] * 5, 4, 0.5) == 0.0


def test_equal_confidences_are_taken_together() -> None:
    assert coverage_at([0.9, 0.9], [True, False], 1, 0.95) == 0.0
    assert coverage_at([0.9, 0.9], [True, False], 1, 0.5) == 1.0


def test_nineteen_of_twenty_are_ninety_five_percent() -> None:
    confidence = np.linspace(1, 0.5, 20)
    right = [True] * 10 + [False] + [True] * 9
    assert coverage_at(confidence, right, 20, 0.95) == pytest.approx(19 / 20)


def test_coverage_without_answerable_questions_is_zero() -> None:
    assert coverage_at([0.9], [False], 0, 0.9) == 0.0
    assert coverage_at([], [], 0, 0.9) == 0.0


def test_calibration_error_over_bins_of_equal_count() -> None:
    confidence, right = [0.2, 0.4, 0.6, 0.8], [False, True, True, True]
    assert reliability(confidence, right, bins=2) == [(pytest.approx(0.3), 0.5, 2), (pytest.approx(0.7), 1.0, 2)]
    assert ece(confidence, right, bins=2) == pytest.approx(0.5 * 0.2 + 0.5 * 0.3)
    assert ece([], []) == 0.0


def test_the_floor_is_what_a_perfect_model_would_show() -> None:
    assert ece_floor([0.0] * 50 + [1.0] * 50) == 0.0
    assert ece_floor([0.5] * 40) > ece_floor([0.5] * 4_000) > 0
    assert ece_floor([0.5] * 40) == ece_floor([0.5] * 40)
    assert ece_floor([]) == 0.0


def test_brier_and_percentiles() -> None:
    assert brier([0.5, 1.0], [True, True]) == pytest.approx(0.125)
    assert brier([], []) is None
    assert percentile([1, 2, 3], 50) == 2
    assert percentile([], 50) is None
