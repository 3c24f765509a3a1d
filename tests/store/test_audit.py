from __future__ import annotations

from datetime import datetime

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlmodel import select

from store import Database, audit, reading, transaction
from store.models import Audit


def test_a_row_says_who_did_what_to_which_thing_when(database: Database, now: datetime) -> None:
    with transaction(database) as session:
        audit.record(session, "bob@example.org", "ticket.resolve", "ticket", 7, now, reason="solved", notes=["a", 1])
    with reading(database) as session:
        row = session.exec(select(Audit)).one()
    assert (row.actor, row.action, row.kind, row.subject_id, row.at) == (
        "bob@example.org", "ticket.resolve", "ticket", 7, now,
    )  # fmt: skip
    assert row.detail == {"reason": "solved", "notes": ["a", 1]}


def test_a_deed_that_is_rolled_back_leaves_no_row(database: Database, now: datetime) -> None:
    def fail() -> None:
        with transaction(database) as session:
            audit.record(session, "bob", "ticket.resolve", "ticket", 7, now)
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    with reading(database) as session:
        assert session.exec(select(Audit)).all() == []


def test_an_actor_with_a_name_of_any_length_and_kind_is_recorded(database: Database, now: datetime) -> None:
    with transaction(database) as session:
        audit.record(session, "eve\x00" + "x" * 500, "sign-in.failed", "staff", None, now, tried="\x00\ud800")


@pytest.mark.parametrize("statement", ["UPDATE audit SET actor = 'nobody'", "DELETE FROM audit"])
def test_the_database_refuses_to_change_or_delete_a_row(database: Database, now: datetime, statement: str) -> None:
    with transaction(database) as session:
        audit.record(session, "bob", "ticket.resolve", "ticket", 7, now)

    def tamper() -> None:
        with transaction(database) as session:
            session.execute(text(statement))

    with pytest.raises(DBAPIError, match="audit rows are never changed"):
        tamper()
    with reading(database) as session:
        assert session.exec(select(Audit.actor)).all() == ["bob"]


def test_postgresql_refuses_to_empty_the_table(postgresql_database: Database) -> None:
    """SQLite has no TRUNCATE."""

    def tamper() -> None:
        with transaction(postgresql_database) as session:
            session.execute(text("TRUNCATE audit"))

    with pytest.raises(DBAPIError, match="audit rows are never changed"):
        tamper()
