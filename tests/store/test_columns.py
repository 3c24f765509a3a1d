from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from enum import Enum

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Column, MetaData, Table, make_url, text
from sqlalchemy.exc import IntegrityError, StatementError
from sqlalchemy.schema import CreateTable
from sqlmodel import SQLModel, select

from store import Database, reading, transaction
from store.columns import enum_column, storable
from store.models import Setting, Timer, TimerState


class Mood(Enum):
    GOOD = "good"
    BAD = "bad"


def test_a_moment_comes_back_aware_and_in_utc_whatever_zone_it_was_written_in(
    database: Database, now: datetime
) -> None:
    written = now.astimezone(timezone(timedelta(hours=8)))
    with transaction(database) as session:
        session.add(Timer(kind="sla", subject_id=1, due_at=written, dedup_key="a"))
    with reading(database) as session:
        due_at = session.exec(select(Timer)).one().due_at
    assert (due_at, due_at.tzinfo) == (now, UTC)


def test_a_moment_without_a_zone_is_refused(database: Database) -> None:
    with pytest.raises(StatementError, match="without a time zone"), transaction(database) as session:
        session.add(Timer(kind="sla", subject_id=1, due_at=datetime(2026, 1, 1), dedup_key="a"))  # noqa: DTZ001


def test_the_database_itself_refuses_a_value_that_the_enum_lacks(database: Database, now: datetime) -> None:
    with transaction(database) as session:
        session.add(Timer(kind="sla", subject_id=1, due_at=now, dedup_key="a", state=TimerState.DONE))
    with reading(database) as session:
        assert session.execute(text("SELECT state FROM timer")).scalar() == "done"
    with pytest.raises(IntegrityError), transaction(database) as session:
        session.execute(text("UPDATE timer SET state = 'DONE'"))


@pytest.mark.parametrize("dialect", ["postgresql", "sqlite"])
def test_two_columns_of_one_enum_have_two_checks_of_different_names(dialect: str) -> None:
    metadata = MetaData(naming_convention=SQLModel.metadata.naming_convention)
    day = Table("day", metadata, Column("before", enum_column(Mood)), Column("after", enum_column(Mood)))
    ddl = str(CreateTable(day).compile(dialect=make_url(f"{dialect}://").get_dialect()()))
    assert "CONSTRAINT ck_day_before CHECK" in ddl
    assert "CONSTRAINT ck_day_after CHECK" in ddl


def test_an_enum_with_a_value_longer_than_its_column_is_refused_when_it_is_declared() -> None:
    with pytest.raises(ValueError, match="4 characters"):
        enum_column(Mood, length=3)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inside: st.lists(inside) | st.dictionaries(st.text(), inside),
    max_leaves=8,
)


def test_json_comes_back_as_it_was_but_for_what_no_database_stores(database: Database) -> None:
    @settings(deadline=None, max_examples=40)
    @given(value=json_values)
    def check(value: object) -> None:
        with transaction(database) as session:
            session.merge(Setting(name="a", value={"it": value}))
        with reading(database) as session:
            assert session.exec(select(Setting)).one().value == storable({"it": value})

    check()


def test_texts_lose_only_nul_and_half_pairs() -> None:
    assert storable("a\x00b\ud83dc 😀 \x07") == "a\ufffdb\ufffdc 😀 \x07"
    assert storable({"k\x00": ["\x00", 1, None, ("x",)]}) == {"k\ufffd": ["\ufffd", 1, None, ["x"]]}
