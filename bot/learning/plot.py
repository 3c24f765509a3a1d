"""Two pictures of an evaluation: what coverage a precision costs, and whether the confidence keeps its word."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from retrieval.figures import curve, reliability

if TYPE_CHECKING:
    from bot.learning.evaluation import Row


def plot(rows: Sequence[Row], figures: dict[str, Any], path: Path) -> None:
    """Draw coverage against precision, and confidence against truth, into the picture file ``path``."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    picture = Figure(figsize=(10, 4.2), layout="constrained")
    FigureCanvasAgg(picture)
    left, right = picture.subplots(1, 2)
    _draw_coverage(left, rows, figures)
    _draw_reliability(right, rows)
    picture.savefig(path, dpi=120)


def _draw_coverage(axes: Any, rows: Sequence[Row], figures: dict[str, Any]) -> None:
    answerable = sum(bool(row.expect) for row in rows)
    _, precision, coverage = curve([row.confidence for row in rows], [row.is_right for row in rows], answerable)
    axes.plot(coverage, precision, linewidth=1.5, label="all thresholds")
    point = figures["operating_point"]
    axes.axhline(point["target"], color="grey", linestyle=":", label=f"target {point['target']:.2f}")
    if point["precision"] is not None:
        axes.plot([point["coverage"]], [point["precision"]], "o", label="operating point")
    axes.set(xlabel="coverage (right answers ÷ answerable)", ylabel="precision of what is answered", xlim=(0, 1))
    axes.set_ylim(min([0.5, *precision.tolist()]), 1.01)
    axes.set_title(f"Coverage and precision, n = {len(rows)}")
    axes.legend(loc="lower left")


def _draw_reliability(axes: Any, rows: Sequence[Row]) -> None:
    groups = reliability([row.confidence for row in rows], [row.is_right for row in rows])
    axes.plot([0, 1], [0, 1], color="grey", linestyle=":", label="perfect")
    axes.plot([mean for mean, _, _ in groups], [share for _, share, _ in groups], "o-", label="10 equal groups")
    axes.set(xlabel="confidence", ylabel="share that was right", xlim=(0, 1), ylim=(0, 1.01), title="Reliability")
    axes.legend(loc="upper left")
