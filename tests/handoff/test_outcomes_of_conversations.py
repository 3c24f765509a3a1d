"""What a conversation came to, and how much figures from a few answers may be off: pure."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handoff.surveys.intervals import Figure, mean, promoters, share
from handoff.surveys.models import Result
from handoff.surveys.outcomes import Course, result_of


@pytest.mark.parametrize(
    ("course", "result"),
    [
        (Course(), None),
        (Course(decision="answer"), Result.ASSUMED),
        (Course(decision="answer", thumb=True), Result.CONFIRMED),
        (Course(decision="answer", thumb=False), Result.ABANDONED),
        (Course(decision="answer", confirmed=True), Result.CONFIRMED),
        (Course(decision="clarify"), Result.ABANDONED),
        (Course(decision="decline", thumb=True), Result.ABANDONED),
        (Course(has_ticket=True), Result.HANDED_OFF),
        (Course(has_ticket=True, decision="answer", thumb=True, confirmed=True), Result.HANDED_OFF),
        (Course(was_wrong=True, decision="answer", thumb=True), Result.WRONG),
        (Course(was_wrong=True, has_ticket=True), Result.WRONG),
    ],
)
def test_every_course_has_one_outcome(course: Course, result: Result | None) -> None:
    assert result_of(course) is result


@given(st.builds(Course, decision=st.sampled_from(["answer", "clarify", "decline", "escalate", None])))
def test_what_nobody_pressed_is_never_confirmed(course: Course) -> None:
    if not course.thumb and not course.confirmed:
        assert result_of(course) is not Result.CONFIRMED


@given(st.integers(0, 500), st.integers(1, 500))
def test_a_share_lies_in_its_interval_and_the_interval_between_nothing_and_all(count: int, more: int) -> None:
    found = share(count, count + more)
    assert found.value is not None
    assert found.lower is not None
    assert found.upper is not None
    assert 0 <= found.lower <= found.value <= found.upper <= 1
    assert found.upper > found.lower


def test_intervals_are_those_of_the_textbooks() -> None:
    found = share(8, 10)
    assert found.lower is not None
    assert found.upper is not None
    assert math.isclose(found.lower, 0.4902, abs_tol=1e-4)
    assert math.isclose(found.upper, 0.9433, abs_tol=1e-4)
    # Student's t of 4 degrees is 2.7764.
    of_five = mean([1, 2, 3, 4, 5], 1, 5)
    assert of_five.lower is not None
    assert math.isclose(of_five.lower, 3 - 2.7764 * math.sqrt(2.5 / 5), abs_tol=2e-3)


def test_nothing_is_said_of_no_cases_and_no_interval_of_one() -> None:
    assert share(0, 0) == Figure(0, count=0)
    assert mean([], 1, 5) == Figure(0)
    assert mean([4], 1, 5) == Figure(1, 4.0)
    assert promoters([]) == Figure(0)


@given(st.lists(st.integers(0, 10), min_size=1, max_size=60))
def test_a_net_promoter_score_is_between_minus_and_plus_a_hundred(scores: list[int]) -> None:
    found = promoters(scores)
    assert found.value is not None
    assert found.lower is not None
    assert found.upper is not None
    assert -100 <= found.lower < found.upper <= 100
    likes, dislikes = sum(one >= 9 for one in scores), sum(one <= 6 for one in scores)
    assert math.isclose(found.value, 100 * (likes - dislikes) / len(scores))


def test_a_few_who_all_agree_are_not_certain() -> None:
    found = promoters([10, 10, 9])
    assert found.value == 100
    assert found.lower is not None
    assert found.lower < 0
