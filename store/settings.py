"""Small values that the product keeps for itself, by name: how one is written so that nobody fails at it.

Two processes that start at once write the same names at once. SELECT and then INSERT would have one of them die of the
other's row, so both ways here are a single statement.
"""

from __future__ import annotations

from typing import Any

from sqlmodel import Session

from store.inserts import insert
from store.models import Setting


def keep(session: Session, name: str, value: dict[str, Any]) -> None:
    """Let ``name`` be ``value`` from now on, whether it was there or not; of two at once, the later one stands."""
    row = insert(session, Setting).values(name=name, value=value)
    session.execute(row.on_conflict_do_update(index_elements=["name"], set_={"value": value}))
    _read_anew(session, name)


def keep_first(session: Session, name: str, value: dict[str, Any]) -> None:
    """Let ``name`` be ``value`` unless it is something already: of two at once, the earlier one stands."""
    row = insert(session, Setting).values(name=name, value=value)
    session.execute(row.on_conflict_do_nothing(index_elements=["name"]))
    _read_anew(session, name)


def held(session: Session, name: str, otherwise: dict[str, Any]) -> dict[str, Any]:
    """The value of ``name``, made ``otherwise`` if it was nothing yet, and on PostgreSQL nobody else's to change until
    this transaction ends: for values that grow out of what they were.
    """
    keep_first(session, name, otherwise)
    return session.get_one(Setting, name, with_for_update=True, populate_existing=True).value


def _read_anew(session: Session, name: str) -> None:
    """A row that this session has read already would go on saying what it said."""
    known = session.identity_map.get(session.identity_key(Setting, name))
    if known is not None:
        session.expire(known)
