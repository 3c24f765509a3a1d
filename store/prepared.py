"""Statements that every message needs, made ready once for each kind of database.

SQLAlchemy looks each statement up, checks its parameters and wraps its rows every time it runs, which takes five to
ten times as long as the database does. Here that is done the first time; after that the driver gets the text and the
values, and PostgreSQL gets them past the driver's cursors (``store.wires``). The statement runs in the session's own
transaction, but the session does not know of it: it writes nothing that waits to be written before, and the session's
objects stay as they were.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import (
    BindParameter,
    ClauseElement,
    ColumnElement,
    Connection,
    Dialect,
    Executable,
    Insert,
    Select,
    Table,
    bindparam,
    func,
)
from sqlalchemy import insert as insert_into
from sqlalchemy.dialects import registry
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.visitors import cloned_traverse
from sqlmodel import Session, SQLModel

if TYPE_CHECKING:
    from store.wires import Wire

Model = TypeVar("Model", bound=SQLModel)
Told = TypeVar("Told")
Convert = Callable[[Any], Any]
WIRE = "wire"
"""What a connection to PostgreSQL is known by in what the pool keeps of it."""
_HELD = "connection"


@dataclass(frozen=True)
class _Form:
    """A statement as one driver takes it."""

    sql: str
    order: tuple[str, ...] | None
    """The names of the values where the driver takes them by their places."""
    fixed: Mapping[str, Any]
    """Values that the statement brings itself."""
    into: tuple[tuple[str, Convert], ...]
    """What makes values what the driver takes."""
    names: tuple[str, ...]
    out_of: tuple[tuple[int, Convert], ...]
    """What makes what the driver gives what the columns hold, by place."""
    lists: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """Values that are several, with the name of each."""

    def arguments(self, values: Mapping[str, Any]) -> Any:
        given = {**self.fixed, **values}
        for several, parts in self.lists:
            given.update(zip(parts, given.pop(several), strict=True))
        for name, convert in self.into:
            given[name] = convert(given[name])
        return given if self.order is None else tuple(given[name] for name in self.order)

    def read(self, row: Sequence[Any]) -> tuple[Any, ...]:
        if not self.out_of:
            return tuple(row)
        read = list(row)
        for place, convert in self.out_of:
            read[place] = convert(read[place])
        return tuple(read)


class Prepared:
    """``statement``, or what makes it where the databases need different ones (told whether it is PostgreSQL).

    Values go by the names of its ``bindparam``s; a tuple for one that is ``expanding``.
    """

    def __init__(self, statement: Executable | Callable[[bool], Executable]) -> None:
        self._statement = statement
        self._forms: dict[tuple[Any, ...], _Form] = {}

    def rows(self, session: Session, **values: Any) -> list[tuple[Any, ...]]:
        """All rows that it returns."""
        form, found, _ = self._run(session, values)
        return [form.read(row) for row in found]

    def first(self, session: Session, **values: Any) -> tuple[Any, ...] | None:
        """The first row; None without one."""
        return next(iter(self.rows(session, **values)), None)

    def scalar(self, session: Session, **values: Any) -> Any:
        """The first value of the first row; None without one."""
        row = self.first(session, **values)
        return None if row is None else row[0]

    def records(self, model: type[Model], session: Session, **values: Any) -> list[Model]:
        """Rows that hold the columns of ``model``, each as a ``record`` of it."""
        form, found, _ = self._run(session, values)
        return [record(model, zip(form.names, form.read(row), strict=True)) for row in found]

    def touched(self, session: Session, **values: Any) -> int:
        """Run it and say how many rows it changed."""
        return self._run(session, values)[2]

    def given(self, session: Session, **values: Any) -> tuple[str, Any]:
        """The text and the values that the driver's cursor would get, to have it explained."""
        form = self._form(session.connection().dialect, values)
        return form.sql, form.arguments(values)

    def _run(self, session: Session, values: dict[str, Any]) -> tuple[_Form, list[tuple[Any, ...]], int]:
        """What it returned, as the driver gives it, and how many rows it touched."""
        connection = _connection_of(session)
        wire: Wire | None = connection.info.get(WIRE)
        if wire is not None:
            form = self._form(_numbering(), values)
            sql, arguments = form.sql, form.arguments(values)
            return form, *told_plainly(connection, sql, lambda: wire.ask(sql, arguments))
        form = self._form(connection.dialect, values)
        cursor = run_plainly(connection, form.sql, form.arguments(values))
        try:
            return form, cursor.fetchall(), cursor.rowcount
        finally:
            cursor.close()

    def _form(self, dialect: Dialect, values: Mapping[str, Any]) -> _Form:
        key = (dialect.name, dialect.paramstyle, *(len(each) for each in values.values() if type(each) is tuple))
        if key not in self._forms:
            is_postgres = dialect.name == "postgresql"
            statement = self._statement(is_postgres) if callable(self._statement) else self._statement
            self._forms[key] = _form_of(statement, dialect, values)
        return self._forms[key]


class PreparedRows:
    """Any number of new rows of ``table`` in one statement; ``names`` are the columns that are given."""

    def __init__(self, table: Table, names: Sequence[str], *, returning: str | None = None) -> None:
        self._table, self._names, self._returning = table, tuple(names), returning
        self._by_number: dict[int, Prepared] = {}

    def insert(self, session: Session, rows: Sequence[Mapping[str, Any]]) -> list[Any]:
        """Write them; the values of the column that is ``returning``, in no order."""
        if not rows:
            return []
        if len(rows) not in self._by_number:
            self._by_number[len(rows)] = Prepared(self._statement(len(rows)))
        statement, values = self._by_number[len(rows)], _numbered(rows, self._names)
        if self._returning is None:
            statement.touched(session, **values)
            return []
        return [value for (value,) in statement.rows(session, **values)]

    def _statement(self, number: int) -> Executable:
        columns = self._table.c
        given = [
            {name: bindparam(_called(place, name), type_=columns[name].type) for name in self._names}
            for place in range(number)
        ]
        statement = insert_into(self._table).values(given)
        return statement if self._returning is None else statement.returning(columns[self._returning])


def run_plainly(connection: Connection, sql: str, arguments: Any = ()) -> Any:
    """The driver's cursor, which has run ``sql``. An error is raised as if SQLAlchemy had run it."""
    cursor = connection.connection.cursor()
    told_plainly(connection, sql, lambda: cursor.execute(sql, arguments))
    return cursor


def told_plainly(connection: Connection, sql: str, tell: Callable[[], Told]) -> Told:
    """What ``tell`` returns, which tells the driver to run ``sql``. An error is raised as if SQLAlchemy had done it:
    what was lost with the server leaves the pool, too."""
    try:
        return tell()
    except connection.dialect.loaded_dbapi.Error as error:
        # It has no public name for that.
        connection._handle_dbapi_exception(error, sql, None, None, None)


def _connection_of(session: Session) -> Connection:
    """The session's connection. It looks for it anew each time, which takes as long as a statement."""
    held: Connection | None = session.info.get(_HELD)
    if held is None or held.closed:
        held = session.info[_HELD] = session.connection()
    return held


@cache
def _numbering() -> Dialect:
    """PostgreSQL's dialect with values by number, as PostgreSQL itself has them."""
    made: Dialect = registry.load("postgresql.psycopg")(paramstyle="numeric_dollar")
    return made


def record(model: type[Model], values: Iterable[tuple[str, Any]]) -> Model:
    """A row as it was read, to look at only: no session knows of it, and setting anything of it raises."""
    made: Model = model.__new__(model)
    made.__dict__.update(values)
    return made


def is_one_of(column: ColumnElement[Any], found: Select[Any], is_postgres: bool) -> ColumnElement[bool]:
    """Whether ``column`` is among what ``found`` finds, which is looked for once: a plan that looks for it again for
    each row would lock other rows each time."""
    return column == func.any(func.array(found.scalar_subquery())) if is_postgres else column.in_(found)


def _numbered(rows: Sequence[Mapping[str, Any]], names: Sequence[str]) -> dict[str, Any]:
    return {_called(place, name): row[name] for place, row in enumerate(rows) for name in names}


def _called(place: int, name: str) -> str:
    return f"row{place}_{name}"


def _written_out(statement: ClauseElement, values: Mapping[str, Any]) -> ClauseElement:
    """``statement`` with its own values in its text. A plan that PostgreSQL makes once for all values would else
    expect as many rows that are ready as are sent, and read a million of these to find three of those."""

    def write_out(value: BindParameter[Any]) -> None:
        if value.key not in values:
            value.literal_execute = True

    written: ClauseElement = cloned_traverse(statement, {}, {"bindparam": write_out})
    return written


def _form_of(statement: Executable, dialect: Dialect, values: Mapping[str, Any]) -> _Form:
    named: dict[str, Any] = {"column_keys": list(values)} if isinstance(statement, Insert) else {}
    assert isinstance(statement, ClauseElement)
    compiled = _written_out(statement, values).compile(dialect=dialect, **named)
    assert isinstance(compiled, SQLCompiler)
    state = compiled.construct_expanded_state(dict(values))
    columns = tuple(getattr(statement, "exported_columns", ()))
    lists = {name: tuple(parts) for name, parts in state.parameter_expansion.items()}
    into = {
        part: convert
        for name, bound in compiled.binds.items()
        if (convert := bound.type.dialect_impl(dialect).bind_processor(dialect))
        for part in lists.get(name, (name,))
    }
    given = {part for name in values for part in lists.get(name, (name,))}
    fixed = {name: value for name, value in state.parameters.items() if name not in given}
    return _Form(
        sql=state.statement,
        order=tuple(state.positiontup) if state.positiontup is not None else None,
        fixed={name: into[name](value) if name in into else value for name, value in fixed.items()},
        into=tuple((name, convert) for name, convert in into.items() if name in given),
        names=tuple(column.key for column in columns),
        out_of=tuple(
            (place, convert)
            for place, column in enumerate(columns)
            if (convert := column.type.dialect_impl(dialect).result_processor(dialect, None))
        ),
        lists=tuple((name, parts) for name, parts in lists.items() if name in values),
    )
