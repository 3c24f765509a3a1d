"""What becomes of each line of a file: looked at first, without writing anything, then written."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum

from sqlmodel import Session

from handoff.actors import Actor
from handoff.errors import HandoffError, SameLine, TooManyCells, ValueMissing
from handoff.importing.reading import Column, Line


class Verdict(Enum):
    NEW = "new"
    CHANGED = "changed"
    SAME = "same"
    REFUSED = "refused"


@dataclass(frozen=True)
class Look:
    """What a line would do: to whom, and what would be other than it is. Nothing at all: it is as it says already."""

    what: str
    is_new: bool = False
    changes: tuple[str, ...] = ()
    claims: frozenset[str] = frozenset()
    """What no other line of the file may claim as well."""


@dataclass(frozen=True)
class Row:
    """A line and what becomes, or became, of it."""

    line: Line
    what: str
    verdict: Verdict
    changes: tuple[str, ...] = ()
    error: HandoffError | None = None
    """Why it was refused."""
    secret: str | None = None
    """The token of the one-time link of somebody new on the staff; only right after it was written."""


@dataclass(frozen=True)
class Kind:
    """One sort of file. ``look`` only reads; ``write`` does what ``look`` said and may return a link's token."""

    name: str
    columns: tuple[Column, ...]
    look: Callable[[Session, Line], Look]
    write: Callable[[Session, Line, datetime, Actor], str | None]


@dataclass
class Tally:
    """How many lines there were of each verdict."""

    rows: list[Row] = field(default_factory=list)

    def count(self, verdict: Verdict) -> int:
        return sum(row.verdict is verdict for row in self.rows)

    @property
    def refused(self) -> list[Row]:
        return [row for row in self.rows if row.verdict is Verdict.REFUSED]

    @property
    def is_work(self) -> bool:
        """Whether anything is to be written."""
        return any(row.verdict in (Verdict.NEW, Verdict.CHANGED) for row in self.rows)


def look_at(session: Session, kind: Kind, lines: Iterable[Line]) -> Tally:
    """What each line would do, as things are now. Reads only."""
    claimed: set[str] = set()
    return Tally([_looked(session, kind, line, claimed) for line in lines])


def write(session: Session, kind: Kind, rows: Sequence[Row], now: datetime, actor: Actor) -> list[Row]:
    """Do what the rows say, in one transaction; a line that is refused only now leaves nothing behind."""
    return [_written(session, kind, row, now, actor) for row in rows]


def needed(line: Line, kind_columns: Sequence[Column]) -> None:
    """Raises ValueMissing where a cell is empty that must not be, TooManyCells for more cells than headings."""
    if "" in line.values:
        raise TooManyCells
    for column in kind_columns:
        if column.is_needed and not line.get(column.name):
            raise ValueMissing(f"The column {column.name!r} is empty in this line.")


def _looked(session: Session, kind: Kind, line: Line, claimed: set[str]) -> Row:
    named = next(iter(line.values.values()), "")
    try:
        needed(line, kind.columns)
        look = kind.look(session, line)
        if look.claims & claimed:
            raise SameLine
    except HandoffError as error:
        return Row(line, named, Verdict.REFUSED, error=error)
    claimed |= look.claims
    verdict = Verdict.NEW if look.is_new else Verdict.CHANGED if look.changes else Verdict.SAME
    return Row(line, look.what, verdict, look.changes)


def _written(session: Session, kind: Kind, row: Row, now: datetime, actor: Actor) -> Row:
    if row.verdict not in (Verdict.NEW, Verdict.CHANGED):
        return row
    try:
        with session.begin_nested():
            secret = kind.write(session, row.line, now, actor)
    except HandoffError as error:
        return Row(row.line, row.what, Verdict.REFUSED, error=error)
    return Row(row.line, row.what, row.verdict, row.changes, secret=secret)
