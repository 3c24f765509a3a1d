"""What a release kept of its figures, if anything, and the warning where it does not keep the promise."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlmodel import Session

from bot.learning.live_figures import figures_from, is_silent, live_figures, warning_of
from kb_content import catalogue
from kb_content.articles import Article
from kb_content.folder import Folder
from store import Database, reading, transaction

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
KEPT: dict[str, Any] = {
    "questions": 400,
    "answerable": 280,
    "target": 0.95,
    "assumed_unanswerable": 0.3,
    "precision": 0.96,
    "coverage": 0.62,
    "hit@1": 0.88,
    "auroc": 0.9,
    "ece": 0.03,
    "reliability": [[0.1, 0.05, 200], [0.9, 0.92, 200]],
    "curve": [[0.99, 1.0, 0.1], [0.8, 0.96, 0.62]],
    "languages": {"zh": {"questions": 100, "coverage": 0.4}, "en": {"questions": 300, "precision": 0.97}},
    "gold": {"questions": 60, "precision": 0.9, "coverage": 0.5},
    "topics": {"billing": {"questions": 40, "precision": None}},
}


def test_figures_of_a_release_are_read_as_they_were_kept() -> None:
    figures = figures_from(3, 0.8, KEPT)
    assert (figures.release, figures.threshold, figures.target, figures.unanswerable) == (3, 0.8, 0.95, 0.3)
    assert (figures.whole.precision, figures.whole.coverage, figures.whole.first) == (0.96, 0.62, 0.88)
    assert figures.whole.reliability == ((0.1, 0.05, 200.0), (0.9, 0.92, 200.0))
    assert [one.name for one in figures.languages] == ["en", "zh"], "the one with more questions first"
    assert figures.topics[0].precision is None
    assert figures.asked is not None
    assert (figures.asked.questions, figures.asked.precision) == (60, 0.9)
    assert warning_of(figures) is None


@pytest.mark.parametrize(
    "kept",
    [
        {},
        {"languages": None, "topics": [], "curve": "x", "reliability": {"a": 1}},
        {"curve": [[1, 2], [1, None, 3], "abc", [0.5, float("nan"), 1]], "precision": "high", "questions": True},
        {"languages": {"en": None, "zh": {}}, "warning": 7},
    ],
)
def test_what_an_older_release_did_not_keep_is_left_out(kept: dict[str, Any]) -> None:
    figures = figures_from(1, 0.5, kept)
    assert figures.whole.curve == figures.whole.reliability == ()
    assert figures.whole.precision is None
    assert not figures.whole.is_measured
    assert warning_of(figures) is None


def test_a_kb_that_cannot_support_the_target_says_so_and_what_to_do() -> None:
    warning = warning_of(figures_from(3, None, KEPT))
    assert warning
    assert "cannot support the target of 95% right answers" in warning
    assert "Add example questions" in warning
    assert "FIRSTLINE_TARGET_PRECISION" in warning
    assert "cannot support the target:" in (warning_of(figures_from(3, None, {})) or "")


def test_a_warning_of_the_build_is_passed_on() -> None:
    assert warning_of(figures_from(3, 0.8, {**KEPT, "warning": "Few questions."})) == "Few questions."


def _publish(session: Session, threshold: float | None) -> None:
    plan = catalogue.plan_import(session, Folder(articles=(Article("a", "en", "Title", "Body."),)), "tests")
    catalogue.apply_import(session, plan, NOW)
    catalogue.publish(session, catalogue.start_release(session, NOW), None, threshold, KEPT, NOW)


@pytest.mark.parametrize(("threshold", "silent"), [(0.8, False), (None, True)])
def test_the_live_release_is_the_one_that_is_shown(database: Database, threshold: float | None, silent: bool) -> None:
    with reading(database) as session:
        assert live_figures(session) is None
        assert not is_silent(session), "without a release there is another warning"
    with transaction(database) as session:
        _publish(session, 0.5)
        _publish(session, threshold)
    with reading(database) as session:
        figures = live_figures(session)
        assert figures is not None
        assert (figures.threshold, figures.whole.questions) == (threshold, 400)
        assert is_silent(session) is figures.is_silent is silent
