"""What the app called."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .registry import Json

if TYPE_CHECKING:
    from .teams import Team


@dataclass(eq=False)
class Call:
    """One call of the Web API. ``error`` None: it was answered with ok."""

    method: str
    arguments: Json
    token: str | None
    at: float
    team: Team | None = None
    error: str | None = None
    status: int = 200
    answer: Json = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"<Call {self.method} {self.error or 'ok'} {self.status}>"
