"""How it stands with backups: the last one, the last one that was verified, and what went wrong since."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from sqlmodel import Session

from store import settings
from store.models import Setting

MAKE, VERIFY = "make", "verify"
_NAME = "backup"


@dataclass(frozen=True)
class Standing:
    """Moments in UTC, names of backups, and a sentence; None for what never happened.

    ``problem``: what the last attempt at ``problem_in`` (MAKE or VERIFY) ended with; None once that succeeded again.
    """

    made_at: datetime | None = None
    made: str | None = None
    verified_at: datetime | None = None
    verified: str | None = None
    problem_at: datetime | None = None
    problem_in: str | None = None
    problem: str | None = None

    def without_problem_in(self, deed: str) -> Standing:
        """The same after ``deed`` succeeded."""
        return replace(self, problem_at=None, problem_in=None, problem=None) if self.problem_in == deed else self


def status(session: Session) -> Standing:
    """How it stands with backups. Reads only."""
    row = session.get(Setting, _NAME)
    return _standing_from(row.value) if row is not None else Standing()


def note_made(session: Session, name: str, now: datetime) -> None:
    """A whole backup lies on the disk."""
    _change(session, lambda standing: replace(standing.without_problem_in(MAKE), made=name, made_at=now))


def note_verified(session: Session, name: str, now: datetime) -> None:
    """It was restored, and is what it should be."""
    _change(session, lambda standing: replace(standing.without_problem_in(VERIFY), verified=name, verified_at=now))


def note_problem(session: Session, deed: str, sentence: str, now: datetime) -> None:
    """MAKE or VERIFY ended with ``sentence``."""
    _change(session, lambda standing: replace(standing, problem=sentence, problem_in=deed, problem_at=now))


def _change(session: Session, change: Callable[[Standing], Standing]) -> None:
    changed = change(_standing_from(settings.held(session, _NAME, {})))
    values = {
        name: value.isoformat() if isinstance(value, datetime) else value for name, value in asdict(changed).items()
    }
    settings.keep(session, _NAME, values)


def _standing_from(values: dict[str, Any]) -> Standing:
    def moment(name: str) -> datetime | None:
        return datetime.fromisoformat(values[name]) if values.get(name) else None

    return Standing(
        made_at=moment("made_at"),
        made=values.get("made"),
        verified_at=moment("verified_at"),
        verified=values.get("verified"),
        problem_at=moment("problem_at"),
        problem_in=values.get("problem_in"),
        problem=values.get("problem"),
    )
