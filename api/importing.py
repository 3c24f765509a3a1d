"""A CSV file is looked at whole, then written in pieces: none holds the database for long."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from handoff.actors import Actor
from handoff.importing.lines import Kind, Row, Tally, Verdict, look_at, write
from handoff.importing.reading import read_lines
from store import Database, reading, transaction

PIECE = 100
"""Lines written in one transaction."""


def looked(database: Database, kind: Kind, content: bytes) -> Tally:
    """What each line of the file would do; nothing is written. Raises BadFile."""
    lines = read_lines(content, kind.columns)
    with reading(database) as session:
        return look_at(session, kind, lines)


def carry_out(database: Database, kind: Kind, rows: Sequence[Row], now: datetime, actor: Actor) -> Tally:
    """Write what ``looked`` found, lines that were refused left out. Doing it again goes on where it stopped."""
    done: list[Row] = []
    work = [row for row in rows if row.verdict is not Verdict.REFUSED]
    for begin in range(0, len(work), PIECE):
        with transaction(database) as session:
            done += write(session, kind, work[begin : begin + PIECE], now, actor)
    refused = [row for row in rows if row.verdict is Verdict.REFUSED]
    return Tally(sorted([*done, *refused], key=lambda row: row.line.number))
