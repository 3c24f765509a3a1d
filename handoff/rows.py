"""What every module here needs of rows: their id, how many an UPDATE touched, and locks for what has no row."""

from __future__ import annotations

from enum import Enum
from typing import Any, Protocol

from sqlalchemy import CursorResult, text
from sqlalchemy.sql.dml import Delete, Update
from sqlmodel import Session


class Row(Protocol):
    id: int | None


class Lock(Enum):
    """Decisions that look at several rows, so that no single row can be locked for them."""

    TICKET_NUMBER = 7_301_947
    FIRST_ADMIN = 7_301_948
    ASSIGNMENT = 7_301_949


def id_of(row: Row) -> int:
    """The id of a row that is in the database."""
    if row.id is None:
        raise ValueError(f"this {type(row).__name__} was not flushed yet, so it has no id")
    return row.id


def rows_touched(session: Session, statement: Update | Delete) -> int:
    """Run ``statement`` and say how many rows met its condition. Objects in the session are left as they were."""
    result: CursorResult[Any] = session.execute(  # type: ignore[assignment]
        statement.execution_options(synchronize_session=False)
    )
    return result.rowcount


def hold(session: Session, lock: Lock) -> None:
    """Let nobody else hold ``lock`` until this transaction ends. SQLite has one writer at a time anyway."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": lock.value})


def try_hold(session: Session, lock: Lock) -> bool:
    """As ``hold``, but False where somebody has it, instead of waiting."""
    if session.get_bind().dialect.name != "postgresql":
        return True
    return bool(session.execute(text("SELECT pg_try_advisory_xact_lock(:key)"), {"key": lock.value}).scalar_one())
