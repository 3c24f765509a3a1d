"""The two pictures of the confidence page as coordinates, so that the template only has to draw them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bot.learning.live_figures import LiveFigures, Slice

WIDTH, HEIGHT = 360, 260
_LEFT, _RIGHT, _TOP, _BOTTOM = 42, 10, 10, 26
LINES = 4
"""More lines than these nobody can tell apart."""


@dataclass(frozen=True)
class Tick:
    """A line of the grid with its words; ``at``: where on its axis."""

    at: float
    words: str


@dataclass(frozen=True)
class Line:
    """``points`` as SVG takes them; ``marks``: circles on it."""

    name: str
    points: str
    marks: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True)
class Chart:
    """Both axes run from ``lowest`` of theirs to 100 %."""

    across: tuple[Tick, ...]
    up: tuple[Tick, ...]
    lines: tuple[Line, ...]
    diagonal: str = ""
    level: float | None = None
    """The height of the target."""
    point: tuple[float, float] | None = None
    """Where the threshold stands."""
    width: int = WIDTH
    height: int = HEIGHT
    left: int = _LEFT
    right: int = WIDTH - _RIGHT
    top: int = _TOP
    bottom: int = HEIGHT - _BOTTOM


def reliability_chart(figures: LiveFigures) -> Chart | None:
    """Confidence across, the share that was right upwards; None without figures."""
    shown = _shown(figures, lambda one: bool(one.reliability))
    if not shown:
        return None
    lines = tuple(_line(one.name, [(mean, share) for mean, share, _ in one.reliability], marked=True) for one in shown)
    return Chart(_across(), _up(0.0), lines, diagonal=_joined([(_x(0.0), _y(0.0)), (_x(1.0), _y(1.0))]))


def coverage_chart(figures: LiveFigures) -> Chart | None:
    """Coverage across, precision upwards, each line from the surest question down; None without figures."""
    shown = _shown(figures, lambda one: bool(one.curve))
    if not shown:
        return None
    wanted = [] if figures.target is None else [figures.target]
    lowest = _floor([*wanted, *(precision for one in shown for _, precision, _ in one.curve[len(one.curve) // 10 :])])
    lines = tuple(
        _line(one.name, [(coverage, precision) for _, precision, coverage in one.curve], lowest) for one in shown
    )
    whole = figures.whole
    point = None
    if figures.threshold is not None and whole.precision is not None and whole.coverage is not None:
        point = (_x(whole.coverage), _y(whole.precision, lowest))
    level = None if figures.target is None else _y(figures.target, lowest)
    return Chart(_across(), _up(lowest), lines, level=level, point=point)


def thinned(curve: Sequence[tuple[float, float, float]], most: int = 12) -> list[tuple[float, float, float]]:
    """At most ``most`` points of a curve, evenly spread, the first and the last among them."""
    if len(curve) <= most:
        return list(curve)
    return [curve[round(place * (len(curve) - 1) / (most - 1))] for place in range(most)]


def _shown(figures: LiveFigures, has: Callable[[Slice], bool]) -> list[Slice]:
    """All questions, and each language where there are several."""
    languages = [one for one in figures.languages if has(one)]
    beside = languages[: LINES - 1] if len(languages) > 1 else []
    return [one for one in (figures.whole, *beside) if has(one)]


def _line(name: str, values: Sequence[tuple[float, float]], lowest: float = 0.0, *, marked: bool = False) -> Line:
    places = [(_x(across), _y(up, lowest)) for across, up in values]
    return Line(name, _joined(places), tuple(places) if marked or len(places) == 1 else ())


def _joined(places: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{x:g},{y:g}" for x, y in places)


def _floor(values: Sequence[float]) -> float:
    """Where the axis of precision begins: at half, or where lower values need it, at a fifth below them."""
    lowest = min(values, default=0.5)
    return 0.5 if lowest >= 0.5 else int(lowest * 5) / 5


def _x(value: float) -> float:
    return round(_LEFT + min(1.0, max(0.0, value)) * (WIDTH - _LEFT - _RIGHT), 1)


def _y(value: float, lowest: float = 0.0) -> float:
    share = (min(1.0, max(lowest, value)) - lowest) / (1 - lowest)
    return round(HEIGHT - _BOTTOM - share * (HEIGHT - _BOTTOM - _TOP), 1)


def _across() -> tuple[Tick, ...]:
    return tuple(Tick(_x(step / 4), f"{25 * step} %") for step in range(5))


def _up(lowest: float) -> tuple[Tick, ...]:
    step = 0.1 if lowest >= 0.5 else 0.2
    values = [lowest + step * number for number in range(round((1 - lowest) / step) + 1)]
    return tuple(Tick(_y(value, lowest), f"{100 * value:.0f} %") for value in values)
