"""One measured figure and its goal."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """``value`` in ``unit``; ``goal`` is the most that it may be, ``least`` the least; None: it is only reported."""

    what: str
    value: float
    unit: str
    goal: float | None = None
    least: float | None = None
    digits: int = 2

    def line(self) -> str:
        verdict = ""
        if self.goal is not None:
            verdict = f"  (goal ≤ {self.goal:g}: {'met' if self.value <= self.goal else 'MISSED'})"
        if self.least is not None:
            verdict = f"  (goal ≥ {self.least:g}: {'met' if self.value >= self.least else 'MISSED'})"
        return f"{self.what:66} {self.value:10.{self.digits}f} {self.unit}{verdict}"
