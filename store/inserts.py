"""INSERT … ON CONFLICT, which both databases have but SQLAlchemy only under the name of each."""

from __future__ import annotations

from typing import cast

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, SQLModel


def insert(session: Session, table: type[SQLModel]) -> postgresql.Insert:
    """An INSERT into ``table`` with ``on_conflict_do_nothing`` and ``on_conflict_do_update`` for this database."""
    if session.get_bind().dialect.name == "postgresql":
        return postgresql.insert(table)
    return cast(postgresql.Insert, sqlite.insert(table))


def inserting(table: Table, is_postgres: bool) -> postgresql.Insert:
    """The same for a statement that is made ready for one kind of database."""
    return postgresql.insert(table) if is_postgres else cast(postgresql.Insert, sqlite.insert(table))
