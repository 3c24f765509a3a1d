"""The tables of a database as they are, and their rows as JSON that means the same on SQLite and PostgreSQL.

No models here: a backup is made of, and read back into, whatever tables its migration makes.
A moment is text in UTC without a zone, a truth value 0 or 1, bytes are base64, JSON is text; all else is as it is.
"""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from itertools import islice
from typing import Any

from sqlalchemy import JSON, Boolean, Connection, DateTime, Float, Inspector, Integer, LargeBinary, inspect, text
from sqlalchemy.types import TypeEngine

from store.backup.errors import BackupError
from store.columns import storable

VERSION_TABLE = "alembic_version"
_BATCH = 1000
Row = list[Any]


class Kind(Enum):
    BYTES = "bytes"
    MOMENT = "moment"
    TRUTH = "truth"
    NUMBER = "number"
    JSON = "json"
    TEXT = "text"


# Their order decides: a kind of type may be one of several.
_KINDS: tuple[tuple[type[TypeEngine[Any]], Kind], ...] = (
    (LargeBinary, Kind.BYTES),
    (DateTime, Kind.MOMENT),
    (Boolean, Kind.TRUTH),
    (Integer, Kind.NUMBER),
    (Float, Kind.NUMBER),
    (JSON, Kind.JSON),
)
# PostgreSQL gives what SQLite keeps.
_AS_NEUTRAL = {
    Kind.BYTES: "translate(encode({}, 'base64'), E'\\n', '')",
    Kind.MOMENT: "to_char({}, 'YYYY-MM-DD HH24:MI:SS.US')",
    Kind.TRUTH: "{}::int",
    Kind.NUMBER: "{}",
    Kind.JSON: "{}::text",
    Kind.TEXT: "{}::text",
}


@dataclass(frozen=True)
class Table:
    """A table by its stored columns; those that the database computes by itself are left out."""

    name: str
    columns: tuple[str, ...]
    kinds: tuple[Kind, ...]
    key: str | None
    """The column whose values the database gives out by itself, if there is one."""

    def ordered(self, columns: Sequence[str]) -> Table:
        """The same with its columns in this order."""
        kinds = dict(zip(self.columns, self.kinds, strict=True))
        return replace(self, columns=tuple(columns), kinds=tuple(kinds[name] for name in columns))

    def is_of(self, kind: Kind) -> list[int]:
        """The places of the columns of this kind."""
        return [place for place, one in enumerate(self.kinds) if one is kind]


def tables_of(connection: Connection) -> list[Table]:
    """Every table of rows, what others point to first. Not so: indexes that look like tables, and alembic's own."""
    looked, names = inspect(connection), table_names(connection) - {VERSION_TABLE}
    ordered = [name for name, _ in looked.get_sorted_table_and_fkc_names() if name is not None]
    return [_table(looked, name) for name in ordered if name in names]


def table_names(connection: Connection) -> set[str]:
    """The names of all tables of rows, alembic's own too."""
    if not is_sqlite(connection):
        return set(inspect(connection).get_table_names())
    found = connection.exec_driver_sql("PRAGMA main.table_list").mappings()
    return {row["name"] for row in found if row["type"] == "table" and not row["name"].startswith("sqlite_")}


def has_rows(connection: Connection, table: Table) -> bool:
    return connection.exec_driver_sql(f"SELECT 1 FROM {quoted(table.name)} LIMIT 1").first() is not None


def rows_of(connection: Connection, table: Table) -> Iterator[Row]:
    """The rows of ``table`` as JSON can hold them, never more than a thousand in memory."""
    here = is_sqlite(connection)
    # SQLite has no function for base64, PostgreSQL encodes by itself.
    raw = table.is_of(Kind.BYTES) if here else []
    chosen = ", ".join(
        quoted(name) if here else _AS_NEUTRAL[kind].format(quoted(name))
        for name, kind in zip(table.columns, table.kinds, strict=True)
    )
    query = f"SELECT {chosen} FROM {quoted(table.name)}"
    _think_in_utc(connection)
    for found in connection.exec_driver_sql(query, execution_options={"yield_per": _BATCH}):
        row = list(found)
        for place in raw:
            row[place] = None if row[place] is None else b64encode(row[place]).decode()
        yield row


def put_rows(connection: Connection, table: Table, rows: Iterable[Row]) -> None:
    """Write what ``rows_of`` gave, here or on the other kind of database, into the empty ``table``."""
    _think_in_utc(connection)
    (_put_sqlite if is_sqlite(connection) else _put_postgresql)(connection, table, rows)


def last_id(connection: Connection, table: Table) -> int | None:
    """The highest id that ``table`` ever gave out, as far as the database knows."""
    if table.key is None:
        return None
    highest = connection.exec_driver_sql(f"SELECT max({quoted(table.key)}) FROM {quoted(table.name)}").scalar()
    known = [highest, _counter(connection, table)]
    return max((int(one) for one in known if one is not None), default=None)


def move_ids(connection: Connection, table: Table, beyond: int) -> None:
    """Let new ids begin after ``beyond``. SQLite does so only where a table never gives an id away twice."""
    if is_sqlite(connection):
        if _has_counter(connection, table):
            connection.exec_driver_sql("DELETE FROM sqlite_sequence WHERE name = ?", (table.name,))
            connection.exec_driver_sql("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", (table.name, beyond))
        return
    sequence = _sequence(connection, table)
    if sequence is not None:
        connection.execute(
            text("SELECT setval(CAST(:name AS regclass), :beyond)"), {"name": sequence, "beyond": beyond}
        )


def encode(row: Row) -> bytes:
    """The row as one line. Raises BackupError for what no column of ours holds."""
    try:
        return _ENCODER.encode(row).encode()
    except (TypeError, UnicodeEncodeError):
        raise BackupError("A row holds something that is neither text, a number nor JSON.") from None


def decode(line: bytes, width: int) -> Row:
    """The row that ``encode`` made into ``line``. Raises ValueError if it is none of ``width`` columns."""
    row = json.loads(line)
    if not isinstance(row, list) or len(row) != width:
        raise ValueError("not a row of this table")
    return row


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


def _table(looked: Inspector, name: str) -> Table:
    columns = [column for column in looked.get_columns(name) if not column.get("computed")]
    kinds = {column["name"]: _kind(column["type"]) for column in columns}
    key = looked.get_pk_constraint(name)["constrained_columns"]
    foreign = [one["constrained_columns"] for one in looked.get_foreign_keys(name)]
    gives = len(key) == 1 and kinds[key[0]] is Kind.NUMBER and key not in foreign
    return Table(name, tuple(kinds), tuple(kinds.values()), key[0] if gives else None)


def _kind(column: TypeEngine[Any]) -> Kind:
    return next((kind for one, kind in _KINDS if isinstance(column, one)), Kind.TEXT)


def _think_in_utc(connection: Connection) -> None:
    """Let a moment lose its zone, and get it back, rightly: a server may live in any zone."""
    if not is_sqlite(connection):
        connection.exec_driver_sql("SET LOCAL TIME ZONE 'UTC'")


def _put_sqlite(connection: Connection, table: Table, rows: Iterable[Row]) -> None:
    places = ", ".join("?" * len(table.columns))
    statement = f"INSERT INTO {quoted(table.name)} ({_listed(table.columns)}) VALUES ({places})"
    convert = _converter(table.is_of(Kind.BYTES), b64decode)
    waiting = map(convert, rows)
    while batch := list(islice(waiting, _BATCH)):
        connection.exec_driver_sql(statement, [tuple(row) for row in batch])


def _put_postgresql(connection: Connection, table: Table, rows: Iterable[Row]) -> None:
    import psycopg

    convert = _converter(table.is_of(Kind.BYTES), lambda held: f"\\x{b64decode(held).hex()}")
    statement = f"COPY {quoted(table.name)} ({_listed(table.columns)}) FROM STDIN"
    try:
        with connection.connection.cursor() as cursor, cursor.copy(statement) as copy:  # type: ignore[attr-defined]
            for row in rows:
                copy.write_row([storable(value) for value in convert(row)])
    except psycopg.Error as error:
        # Only the first sentence: what follows it may quote the row.
        why = error.diag.message_primary or type(error).__name__
        raise BackupError(f"PostgreSQL refused rows of the table {table.name}: {why}.") from None


def _converter(places: Collection[int], change: Callable[[str], Any]) -> Callable[[Row], Row]:
    def convert(row: Row) -> Row:
        for place in places:
            row[place] = None if row[place] is None else change(row[place])
        return row

    return convert


def _listed(columns: Iterable[str]) -> str:
    return ", ".join(map(quoted, columns))


def _counter(connection: Connection, table: Table) -> int | None:
    if is_sqlite(connection):
        if not _has_counter(connection, table):
            return None
        found = connection.exec_driver_sql("SELECT seq FROM sqlite_sequence WHERE name = ?", (table.name,))
        return found.scalar()
    sequence = _sequence(connection, table)
    if sequence is None:
        return None
    return connection.exec_driver_sql(f"SELECT last_value FROM {sequence} WHERE is_called").scalar()


def _has_counter(connection: Connection, table: Table) -> bool:
    query = "SELECT sql LIKE '%AUTOINCREMENT%' FROM sqlite_master WHERE type = 'table' AND name = ?"
    return bool(connection.exec_driver_sql(query, (table.name,)).scalar())


def _sequence(connection: Connection, table: Table) -> str | None:
    if table.key is None:
        return None
    named = {"table": quoted(table.name), "key": table.key}
    return connection.execute(text("SELECT pg_get_serial_sequence(:table, :key)"), named).scalar()


def is_sqlite(connection: Connection) -> bool:
    return connection.dialect.name == "sqlite"
