"""PostgreSQL asked through its own library, past the driver's cursors, which take several times as long as it does.

The driver's connection, types and errors are used as they are: whatever else runs on the connection notices nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from psycopg import Connection
from psycopg.adapt import PyFormat, Transformer
from psycopg.errors import error_from_result
from psycopg.pq import ExecStatus, Format, TransactionStatus
from psycopg.pq.abc import PGresult

_MOST = 300
"""Statements that are kept ready on a connection: each kind of values makes one of its own."""
_IS_FINE = (ExecStatus.COMMAND_OK, ExecStatus.TUPLES_OK)


class Found(NamedTuple):
    """What a statement returned, and how many rows it touched."""

    rows: list[tuple[Any, ...]]
    touched: int


class Wire:
    """One connection. Not ``prepares``: it leads to another server process each time, which knows no statement."""

    def __init__(self, connection: Connection[Any], *, prepares: bool) -> None:
        self._connection = connection
        self._prepares = prepares
        self._types = Transformer.from_context(connection)
        self._ready: dict[tuple[str, tuple[int, ...] | None], bytes] = {}

    def begin(self) -> None:
        """As the driver would with its first statement."""
        level, reads_only = self._connection.isolation_level, self._connection.read_only
        if not self._connection.autocommit:
            isolated = f" ISOLATION LEVEL {level.name.replace('_', ' ')}" if level is not None else ""
            self._tell(f"BEGIN{isolated}{' READ ONLY' if reads_only else ''}")

    def commit(self) -> None:
        """The driver, told to commit after this, finds nothing to do."""
        if self._connection.pgconn.transaction_status == TransactionStatus.INTRANS:
            self._tell("COMMIT")

    def ask(self, sql: str, values: Sequence[Any]) -> Found:
        """Run ``sql``, in which ``values`` are $1, $2 and so on. Raises what the driver would raise."""
        given: Sequence[Any] | None = None
        types, formats = None, None
        if values:
            given = self._types.dump_sequence(values, [PyFormat.AUTO] * len(values))
            types, formats = self._types.types, self._types.formats
        if (name := self._named(sql, types)) is None:
            found = self._connection.pgconn.exec_params(sql.encode(), given, types, formats, Format.TEXT)
        else:
            found = self._connection.pgconn.exec_prepared(name, given, formats, Format.TEXT)
        return self._read(self._checked(found))

    def _named(self, sql: str, types: tuple[int, ...] | None) -> bytes | None:
        """What the statement is called here; parsed, and soon planned, the first time only."""
        name = self._ready.get((sql, types))
        if name is None and self._prepares and len(self._ready) < _MOST:
            name = f"wire_{len(self._ready)}".encode()
            self._checked(self._connection.pgconn.prepare(name, sql.encode(), types))
            self._ready[sql, types] = name
        return name

    def _read(self, found: PGresult) -> Found:
        if found.status != ExecStatus.TUPLES_OK:
            return Found([], found.command_tuples or 0)
        self._types.set_pgresult(found)
        return Found(self._types.load_rows(0, found.ntuples, tuple), found.command_tuples or 0)

    def _tell(self, command: str) -> None:
        self._checked(self._connection.pgconn.exec_(command.encode()))

    def _checked(self, found: PGresult) -> PGresult:
        if found.status not in _IS_FINE:
            raise error_from_result(found, self._connection.info.encoding)
        return found
