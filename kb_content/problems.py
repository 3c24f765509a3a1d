"""What an editor should mend, with the place where it is."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Problem:
    """A sentence for the editor. ``path`` is relative to the KB folder; ``line`` counts from 1.

    An error must be mended, and its message says what was left out meanwhile; the rest of the folder is taken.
    A warning changes nothing.
    """

    path: str
    line: int | None
    message: str
    is_error: bool = True

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.message}" if self.line else f"{self.path}: {self.message}"


@dataclass
class Problems:
    """The problems of one file, collected while it is read."""

    path: str
    found: list[Problem] = field(default_factory=list)

    def error(self, line: int | None, message: str) -> None:
        self.found.append(Problem(self.path, line, message))

    def warning(self, line: int | None, message: str) -> None:
        self.found.append(Problem(self.path, line, message, is_error=False))
