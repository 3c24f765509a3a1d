"""The pictures of an evaluation."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from bot.learning.evaluation import figures_of
from bot.learning.plot import by_language, plot
from bot.learning.rows import Row


def asked(language: str, count: int) -> list[Row]:
    return [
        Row(
            f"{language} {n}",
            ("x",) if n % 3 else (),
            ("x" if n % 4 else "y",),
            n / count,
            "clarify",
            language=language,
        )
        for n in range(count)
    ]


@pytest.mark.parametrize(
    "rows",
    [
        [],
        asked("en", 1),
        asked("en", 200),
        asked("en", 60) + asked("zh", 60),
        [Row("answered", ("x",), ("x",), 0.9, "answer", citations=("x",), language="en"), *asked("en", 30)],
    ],
    ids=["nothing", "one", "many", "two languages", "with answers"],
)
def test_the_picture_is_drawn_large_enough_to_be_read(rows: list[Row], tmp_path: Path) -> None:
    plot(rows, figures_of(rows, 0.65, 0.95, 0.3), tmp_path / "figure.png")
    drawn = (tmp_path / "figure.png").read_bytes()
    assert drawn.startswith(b"\x89PNG")
    assert struct.unpack(">II", drawn[16:24]) == (1600, 760)


@pytest.mark.parametrize(
    ("rows", "lines"),
    [
        (asked("en", 50), ["all questions"]),
        (asked("en", 50) + asked("zh", 50), ["all questions", "en", "zh"]),
        (asked("en", 50) + asked("zh", 5), ["all questions"]),
        (asked("en", 50) + asked("zh", 50) + asked("fr", 5), ["all questions", "en", "zh"]),
        (asked("", 50), ["all questions"]),
    ],
)
def test_a_language_has_a_line_of_its_own_where_there_are_several_with_enough_questions(
    rows: list[Row], lines: list[str]
) -> None:
    groups = by_language(rows)
    assert list(groups) == lines
    assert len(groups["all questions"]) == len(rows)
