"""Statements that are made ready once: the same rows, values and errors as when SQLAlchemy runs them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import bindparam, select, update
from sqlalchemy.exc import IntegrityError

from store import Database, reading, transaction
from store.columns import table_of
from store.models import Setting, Timer, TimerState
from store.prepared import Prepared, PreparedRows
from store.records import enter, held, record_at, width

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
TIMERS = table_of(Timer)
BY_KEY = Prepared(select(Timer).where(TIMERS.c.dedup_key == bindparam("called")))
IN_STATES = Prepared(select(TIMERS.c.subject_id).where(TIMERS.c.state.in_(bindparam("states", expanding=True))))
NOT_DONE = Prepared(select(TIMERS.c.subject_id).where(TIMERS.c.state.in_((TimerState.WAITING, TimerState.CANCELLED))))
MOVE = Prepared(
    update(TIMERS).where(TIMERS.c.id == bindparam("which")).values(due_at=bindparam("to")).returning(*TIMERS.c)
)
LINES = PreparedRows(TIMERS, ("kind", "subject_id", "due_at", "state", "dedup_key"), returning="id")


def line(number: int, state: TimerState = TimerState.WAITING) -> dict[str, Any]:
    return {"kind": "sla", "subject_id": number, "due_at": NOW, "state": state, "dedup_key": f"sla:{number}"}


def fill(database: Database, *states: TimerState) -> None:
    with transaction(database) as session:
        LINES.insert(session, [line(number, state) for number, state in enumerate(states)])


def test_a_record_holds_what_the_session_would_have_read(database: Database) -> None:
    fill(database, TimerState.DONE)
    with reading(database) as session:
        (found,) = BY_KEY.records(Timer, session, called="sla:0")
        read = session.get_one(Timer, found.id)
        assert found.model_dump() == read.model_dump()
        assert (found.due_at, found.state) == (NOW, TimerState.DONE)


def test_nothing_of_a_record_can_be_set(database: Database) -> None:
    fill(database, TimerState.DONE)
    with transaction(database) as session:
        (found,) = BY_KEY.records(Timer, session, called="sla:0")
        with pytest.raises(AttributeError):
            found.subject_id = 7


def test_several_values_are_asked_for_however_many_they_are(database: Database) -> None:
    fill(database, TimerState.WAITING, TimerState.DONE, TimerState.CANCELLED)
    with reading(database) as session:
        assert IN_STATES.rows(session, states=(TimerState.DONE,)) == [(1,)]
        assert sorted(IN_STATES.rows(session, states=(TimerState.DONE, TimerState.WAITING))) == [(0,), (1,)]
        assert IN_STATES.rows(session, states=()) == []
        assert sorted(NOT_DONE.rows(session)) == [(0,), (2,)]


def test_rows_that_are_written_together_get_an_id_each(database: Database) -> None:
    with transaction(database) as session:
        assert LINES.insert(session, []) == []
        assert len(set(LINES.insert(session, [line(1), line(2), line(3)]))) == 3
        assert len(LINES.insert(session, [line(4)])) == 1


def test_a_row_that_was_entered_is_the_sessions_own_and_written_when_it_is_changed(database: Database) -> None:
    with transaction(database) as session:
        timer = enter(session, Timer, **line(1))
        assert timer.id is not None
        timer.state = TimerState.CANCELLED
    with reading(database) as session:
        assert session.get_one(Timer, timer.id).state is TimerState.CANCELLED


def test_the_sessions_own_object_follows_a_row_that_was_moved_past_it(database: Database) -> None:
    fill(database, TimerState.WAITING)
    later = NOW.replace(hour=12)
    with transaction(database) as session:
        (found,) = BY_KEY.records(Timer, session, called="sla:0")
        known = session.get_one(Timer, found.id)
        row = MOVE.first(session, which=found.id, to=later)
        assert row is not None
        assert held(session, Timer, row) is known
        assert known.due_at == later
    with transaction(database) as session:
        row = MOVE.first(session, which=found.id, to=NOW)
        assert row is not None
        held(session, Timer, row).subject_id = 9
    with reading(database) as session:
        assert session.get_one(Timer, found.id).subject_id == 9


def test_columns_beside_others_make_a_record(database: Database) -> None:
    fill(database, TimerState.WAITING)
    beside = Prepared(select(bindparam("mark", type_=TIMERS.c.kind.type), *TIMERS.c))
    with reading(database) as session:
        row = beside.first(session, mark="x")
        assert row is not None
        assert (row[0], record_at(Timer, row, 1).dedup_key, len(row)) == ("x", "sla:0", 1 + width(Timer))


def test_a_broken_constraint_is_told_as_sqlalchemy_tells_it_and_shows_no_values(database: Database) -> None:
    fill(database, TimerState.WAITING)
    with pytest.raises(IntegrityError) as raised, transaction(database) as session:
        LINES.insert(session, [line(0)])
    assert "sla:0" not in str(raised.value).split("DETAIL")[0]


def test_json_is_stored_and_read_as_the_column_does(database: Database) -> None:
    table = table_of(Setting)
    keep, find = (
        PreparedRows(table, ("name", "value")),
        Prepared(select(Setting).where(table.c.name == bindparam("called"))),
    )
    with transaction(database) as session:
        keep.insert(session, [{"name": "a", "value": {"said": "密码\x00", "numbers": [1, 2]}}])
        (found,) = find.records(Setting, session, called="a")
    assert found.value == {"said": "密码\ufffd", "numbers": [1, 2]}
