"""Rows that a prepared statement read or wrote, as what the rest of the code knows: objects of their models."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial
from typing import Any, TypeVar

from sqlalchemy import insert, inspect
from sqlalchemy.orm import make_transient_to_detached
from sqlalchemy.orm.attributes import set_committed_value
from sqlmodel import Session, SQLModel

from store.columns import table_of
from store.inserts import inserting
from store.prepared import Prepared, record

Model = TypeVar("Model", bound=SQLModel)


def enter(session: Session, model: type[Model], **values: Any) -> Model:
    """Write a new row, which the session holds from then on as if it had read it. What is not given is the model's
    default; nothing is checked."""
    fixed, made_anew = _defaults(model)
    columns = {**fixed, **{name: make() for name, make in made_anew if name not in values}, **values}
    columns["id"] = _entering(model).scalar(session, **columns)
    return _joined(session, model, columns)


def enter_once(session: Session, model: type[Model], **values: Any) -> Model | None:
    """The same unless a row with the same unique values is there: None. Two transactions at once end with one row, and
    neither fails."""
    columns = {**_defaults(model)[0], **values}
    columns["id"] = _entering_once(model).scalar(session, **columns)
    return None if columns["id"] is None else _joined(session, model, columns)


def held(session: Session, model: type[Model], row: Sequence[Any]) -> Model:
    """The session's own object of a row, whose columns are all in ``row``, as the row is now.

    Flush before the row is read: what was changed in the object and not written yet would be lost.
    """
    mapper, names = inspect(model), _names_of(model)
    place = names.index("id")
    made: Model | None = session.identity_map.get(mapper.identity_key_from_primary_key((row[place],)))
    if made is None:
        return _joined(session, model, dict(zip(names, row, strict=True)))
    for name, value in zip(names, row, strict=True):
        set_committed_value(made, name, value)
    return made


def _joined(session: Session, model: type[Model], columns: Mapping[str, Any]) -> Model:
    """A row that is in the database, as an object of the session."""
    made: Model = inspect(model).class_manager.new_instance()
    made.__dict__.update(columns)
    make_transient_to_detached(made)
    session.add(made)
    return made


@cache
def _defaults(model: type[SQLModel]) -> tuple[dict[str, Any], tuple[tuple[str, Callable[[], Any]], ...]]:
    """The values that all new rows share, and what makes one anew for each."""
    fields = {name: model.model_fields[name] for name in _names_of(model) if name != "id"}
    given = {name: field for name, field in fields.items() if not field.is_required()}
    fixed = {name: field.default for name, field in given.items() if field.default_factory is None}
    made_anew = {name: field.get_default for name, field in given.items() if field.default_factory is not None}
    return fixed, tuple((name, partial(make, call_default_factory=True)) for name, make in made_anew.items())


@cache
def _entering(model: type[SQLModel]) -> Prepared:
    table = table_of(model)
    return Prepared(insert(table).returning(table.c.id))


@cache
def _entering_once(model: type[SQLModel]) -> Prepared:
    table = table_of(model)
    return Prepared(lambda is_postgres: inserting(table, is_postgres).on_conflict_do_nothing().returning(table.c.id))


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
