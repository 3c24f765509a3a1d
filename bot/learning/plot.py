"""Two pictures of an evaluation: whether the confidence keeps its word, and what coverage a precision costs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from retrieval.figures import curve, reliability

if TYPE_CHECKING:
    from bot.learning.rows import Row

_ALL = "all questions"
_COLOURS = {"ink": "#1c2129", "quiet": "#77808c", "line": "#c9ced6"}
_LANGUAGES = ("#0b57c2", "#c2540b", "#1b7e5a", "#8a3ab9", "#a57400")
_FEWEST = 20
"""Questions below which a language has no line of its own: it would only show chance."""
_LOOKS: Any = {
    "font.size": 11,
    "axes.titlesize": 13,
    "axes.titleweight": "bold",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": _COLOURS["quiet"],
    "legend.frameon": False,
    "grid.color": "#e6e9ed",
}


def plot(rows: Sequence[Row], figures: Mapping[str, Any], path: Path) -> None:
    """Draw confidence against truth, and coverage against precision, into the PNG ``path``: 1,600 × 760 pixels."""
    from matplotlib import rc_context
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    with rc_context(_LOOKS):
        picture = Figure(figsize=(10, 4.75), dpi=160, layout="constrained")
        FigureCanvasAgg(picture)
        left, right = picture.subplots(1, 2)
        groups = by_language(rows)
        _draw_reliability(left, groups, figures)
        _draw_coverage(right, groups, figures)
        picture.savefig(path, format="png")


def by_language(rows: Sequence[Row]) -> dict[str, list[Row]]:
    """All rows, and beside them those of each language where there are several with enough questions."""
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(row.language, []).append(row)
    enough = {language: mine for language, mine in sorted(found.items()) if language and len(mine) >= _FEWEST}
    return {_ALL: list(rows), **(enough if len(enough) > 1 else {})}


def _draw_reliability(axes: Any, groups: Mapping[str, Sequence[Row]], figures: Mapping[str, Any]) -> None:
    axes.plot([0, 1], [0, 1], color=_COLOURS["quiet"], linestyle=":", label="a perfect model")
    for number, (name, rows) in enumerate(groups.items()):
        marks = reliability([row.confidence for row in rows], [row.is_right for row in rows])
        means, shares = [mean for mean, _, _ in marks], [share for _, share, _ in marks]
        axes.plot(means, shares, label=_labelled(name, rows), **_pen(number, marked=True))
    error = f"error {figures['ece']:.3f}, a perfect model's {figures['ece_floor']:.3f}"
    axes.set(xlabel=f"confidence ({error})", ylabel="share that was right", xlim=(0, 1), ylim=(0, 1.02))
    axes.set_title("Does the confidence keep its word?", loc="left")
    axes.grid(visible=True)
    axes.legend(loc="upper left")


def _draw_coverage(axes: Any, groups: Mapping[str, Sequence[Row]], figures: Mapping[str, Any]) -> None:
    point, lowest = figures["operating_point"], 0.5
    axes.axhline(point["target"], color=_COLOURS["quiet"], linestyle=":", label=f"target {point['target']:.0%}")
    for number, (name, rows) in enumerate(groups.items()):
        answerable = sum(bool(row.expect) for row in rows)
        _, precision, coverage = curve([row.confidence for row in rows], [row.is_right for row in rows], answerable)
        axes.plot(coverage, precision, label=_labelled(name, rows), **_pen(number, marked=len(coverage) == 1))
        lowest = min([lowest, *precision[len(precision) // 10 :].tolist()])
    if point["precision"] is not None:
        axes.plot(
            [point["coverage"]],
            [point["precision"]],
            "D",
            color=_COLOURS["ink"],
            markersize=9,
            label=f"what it answers: {point['coverage']:.0%} at {point['precision']:.1%}",
            zorder=9,
        )
    else:
        axes.plot([], [], " ", label="it answers nothing by itself")
    axes.set(xlabel="coverage: right answers ÷ answerable questions", ylabel="precision of what is answered")
    axes.set(xlim=(0, 1), ylim=(max(0.0, lowest - 0.03), 1.02))
    axes.set_title("What does precision cost?", loc="left")
    axes.grid(visible=True)
    axes.legend(loc="best")


def _pen(number: int, *, marked: bool) -> dict[str, Any]:
    """All questions in ink, each language in a colour and thinner."""
    colour = _COLOURS["ink"] if number == 0 else _LANGUAGES[(number - 1) % len(_LANGUAGES)]
    width = 2.2 if number == 0 else 1.4
    return {"color": colour, "linewidth": width, "marker": "o" if marked else None, "markersize": 5}


def _labelled(name: str, rows: Sequence[Row]) -> str:
    return f"{name}, n = {len(rows)}"
