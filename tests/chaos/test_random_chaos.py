"""Seconds of bad luck on either database: nothing is lost, nothing is said twice, order is kept.

The seed is another one each time and stands in what a failure says; ``CHAOS_SEED=7 pytest tests/chaos`` begins with the
same luck again, though not with the same timing. ``make chaos`` does the same for as long as wanted.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path

import pytest
from chaos.lives import Nursery
from chaos.storm import POSTGRESQL, SQLITE, Storm, weathered

SECONDS = 7.0


@pytest.mark.parametrize("database", [SQLITE, POSTGRESQL])
def test_whatever_breaks_each_message_is_answered_once_or_with_a_person(
    database: str, lives: Nursery, tmp_path: Path
) -> None:
    seed = int(os.environ.get("CHAOS_SEED") or secrets.randbelow(10**6))
    told: list[str] = []
    verdict, course = weathered(Storm(database, seed, SECONDS), lives, tmp_path, told.append)
    story = "\n".join([f"CHAOS_SEED={seed} on {database}", *told, *verdict.faults, str(course)])
    assert not verdict.faults, story
    assert verdict.lost == verdict.stuck == verdict.out_of_order == verdict.without_doubt == 0, story
    assert not verdict.answered_twice, story
    assert verdict.extra_copies.keys() <= {"telegram"}, story
    assert set(verdict.acts) == {"telegram", "slack", "web"}, story
    assert course.kills, story
