"""Rows that a prepared statement read or wrote, as what the rest of the code knows: objects of their models."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any, TypeVar

from sqlalchemy import insert, inspect
from sqlalchemy.orm import make_transient_to_detached
from sqlalchemy.orm.attributes import set_committed_value
from sqlmodel import Session, SQLModel

from store.columns import table_of
from store.prepared import Prepared, record

Model = TypeVar("Model", bound=SQLModel)


def enter(session: Session, made: Model) -> Model:
    """Write a new row, which the session holds from then on as if it had read it. All columns must be set but its id,
    which it gets."""
    values = {name: made.__dict__[name] for name in _names_of(type(made)) if name != "id"}
    made.__dict__["id"] = _entering(type(made)).scalar(session, **values)
    make_transient_to_detached(made)
    session.add(made)
    return made


def held(session: Session, model: type[Model], row: Sequence[Any]) -> Model:
    """The session's own object of a row, whose columns are all in ``row``, as the row is now.

    Flush before the row is read: what was changed in the object and not written yet would be lost.
    """
    mapper, names = inspect(model), _names_of(model)
    place = names.index("id")
    made: Model | None = session.identity_map.get(mapper.identity_key_from_primary_key((row[place],)))
    if made is not None:
        for name, value in zip(names, row, strict=True):
            set_committed_value(made, name, value)
        return made
    made = mapper.class_manager.new_instance()
    made.__dict__.update(zip(names, row, strict=True))
    make_transient_to_detached(made)
    session.add(made)
    return made


@cache
def _entering(model: type[SQLModel]) -> Prepared:
    table = table_of(model)
    return Prepared(insert(table).returning(table.c.id))


def record_at(model: type[Model], row: Sequence[Any], start: int) -> Model:
    """The ``record`` whose columns, all those of its table, stand in ``row`` from ``start`` on."""
    names = _names_of(model)
    return record(model, zip(names, row[start : start + len(names)], strict=True))


def width(model: type[SQLModel]) -> int:
    """How many columns it has."""
    return len(_names_of(model))


@cache
def _names_of(model: type[SQLModel]) -> tuple[str, ...]:
    return tuple(table_of(model).c.keys())
