"""What PostgreSQL parses and plans once a connection, and where it must not."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import URL, bindparam, make_url, text
from sqlalchemy.exc import DataError
from sqlmodel import Session, col, select

from handoff.models import Delivery, DeliveryState, Thread
from store import Database, transaction
from store.engine import open_database, reading
from store.prepared import Prepared

ANOTHER_PROCESS = 99
_CHANNELS = Prepared(select(Thread.channel).where(Thread.channel == bindparam("wanted")))
_NAMES = Prepared(select(Thread.external_id).where(Thread.channel == bindparam("wanted")))
_HALVES = Prepared(text("SELECT 2 / CAST(:by AS integer)"))
_READY = Prepared(
    select(Delivery.id).where(Delivery.state == DeliveryState.READY, col(Delivery.not_before) > bindparam("since"))
)


def test_what_is_prepared_stays_so_when_reading_ends(postgresql_database: Database) -> None:
    for _ in range(2):
        with transaction(postgresql_database) as session:
            _CHANNELS.rows(session, wanted="web")
        with reading(postgresql_database) as session:
            _NAMES.rows(session, wanted="web")
    with reading(postgresql_database) as session:
        prepared = _prepared(session)
    assert sum("thread.channel FROM" in statement for statement in prepared) == 1
    assert sum("thread.external_id FROM" in statement for statement in prepared) == 1


def test_what_is_prepared_stays_so_after_it_failed(postgresql_database: Database) -> None:
    with pytest.raises(DataError), transaction(postgresql_database) as session:
        _HALVES.rows(session, by=0)
    with transaction(postgresql_database) as session:
        assert _HALVES.rows(session, by=2) == [(1,)]
        assert _prepared(session) == ["SELECT 2 / CAST($1 AS integer)"]


def test_what_is_asked_now_and_then_is_planned_for_its_values(postgresql_database: Database) -> None:
    for _ in range(8):
        with reading(postgresql_database) as session:
            session.exec(select(Thread.id).where(Thread.channel == "web")).all()
    with reading(postgresql_database) as session:
        assert _prepared(session) == []


def test_a_prepared_plan_knows_the_values_that_its_statement_brings(postgresql_database: Database) -> None:
    """Else it would expect a fifth of all deliveries to be ready, and go through all that were ever sent."""
    with reading(postgresql_database) as session:
        sql, values = _READY.given(session, since=datetime(2026, 3, 4, tzinfo=UTC))
    assert "state = 'ready'" in sql
    assert list(values) == ["since"]


def test_behind_a_pooler_nothing_is_prepared(postgresql_url: str) -> None:
    """It may hand out another server process for the next transaction, which does not know the statement."""
    with _pooler(make_url(postgresql_url)) as address:
        database = open_database(address.render_as_string(hide_password=False))
        for _ in range(6):
            with reading(database) as session:
                _CHANNELS.rows(session, wanted="web")
        with reading(database) as session:
            prepared = _prepared(session)
        database.close()
    assert prepared == []


def _prepared(session: Session) -> list[str]:
    # Told apart from what the driver's own statement looks for.
    rows = session.connection().exec_driver_sql("SELECT statement FROM pg_prepared_statements")
    statements = [" ".join(statement.split()) for (statement,) in rows]
    return [statement for statement in statements if "pg_prepared_statements" not in statement]


@contextmanager
def _pooler(direct: URL) -> Iterator[URL]:
    """All of PostgreSQL, but for the number of the server's process, which is the pooler's own (as PgBouncer's is)."""
    server = Path(str(direct.query["host"])) / ".s.PGSQL.5432"
    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=_serve, args=(listening, server), daemon=True).start()
        yield direct.set(host="127.0.0.1", port=listening.getsockname()[1], query={"sslmode": "disable"})


def _serve(listening: socket.socket, server: Path) -> None:
    while True:
        try:
            client, _ = listening.accept()
        except OSError:
            return
        behind = socket.socket(socket.AF_UNIX)
        behind.connect(str(server))
        threading.Thread(target=_pass_on, args=(client, behind), daemon=True).start()
        threading.Thread(target=_pass_back, args=(behind, client), daemon=True).start()


def _pass_on(client: socket.socket, behind: socket.socket) -> None:
    with client, behind, suppress(ConnectionError):
        while words := client.recv(65536):
            behind.sendall(words)


def _pass_back(behind: socket.socket, client: socket.socket) -> None:
    """Message by message: a letter, four bytes of length, and what it says. Who hung up hears nothing more, not even
    that the server ends the connection because its database is dropped."""
    with behind.makefile("rb") as messages, suppress(OSError):
        while head := messages.read(5):
            body = messages.read(int.from_bytes(head[1:], "big") - 4)
            if head[:1] == b"K":
                body = ANOTHER_PROCESS.to_bytes(4, "big") + body[4:]
            client.sendall(head + body)
