"""Rows in every table of every room, made from what the models say, and all rows read back for comparing."""

from __future__ import annotations

import importlib
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    DateTime,
    Enum,
    Float,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    insert,
    select,
    text,
)
from sqlmodel import SQLModel

from store import Database, fulltext, reading, transaction

MODELS = (
    "store.models",
    "handoff.models",
    "handoff.ticketing.models",
    "handoff.sla.models",
    "handoff.staffing.models",
    "handoff.surveys.models",
    "handoff.workplace.models",
    "bot.models",
    "bot.channels.slack.tables",
    "bot.learning.recall.models",
    "bot.learning.worklist.models",
    "kb_content.models",
    "kb_content.studio.models",
    "retrieval.models",
)
BEGIN = datetime(2026, 11, 23, 9, 30, 0, 123456, tzinfo=UTC)


def metadata() -> MetaData:
    for models in MODELS:
        importlib.import_module(models)
    return SQLModel.metadata


def names() -> set[str]:
    return set(metadata().tables)


def fill(database: Database, rows: int = 3) -> None:
    """``rows`` rows in every table, with awkward text, bytes and gaps where something may be missing; and a text of
    which the full-text index knows."""
    with transaction(database) as session:
        for table in metadata().sorted_tables:
            if table.name == "searchable":
                continue
            session.execute(insert(table), [_row(table, number) for number in range(1, rows + 1)])
            if not database.is_sqlite and "id" in table.columns:
                # Ids that were given by hand are unknown to PostgreSQL's counters.
                counter = f"pg_get_serial_sequence('{table.name}', 'id')"
                session.execute(text(f"SELECT setval({counter}, {rows})"))
        fulltext.index(session, "message", 1, "我忘记了登录密码，怎么办？ I forgot it")
        fulltext.index(session, "message", 2, "Where is my invoice?")


def everything(database: Database) -> dict[str, list[Any]]:
    """All rows of all tables, as the models read them."""
    with reading(database) as session:
        return {
            table.name: sorted((tuple(row) for row in session.execute(select(table))), key=repr)
            for table in metadata().sorted_tables
        }


def _row(table: Table, number: int) -> dict[str, Any]:
    return {column.name: None if _is_left_out(column, number) else _value(column, number) for column in table.columns}


def _is_left_out(column: Column[Any], number: int) -> bool:
    return bool(column.nullable and number % 2 == 0) or column.name == "joined_to_id"


def _value(column: Column[Any], number: int) -> Any:
    kind = column.type
    if column.foreign_keys or (column.primary_key and isinstance(kind, Integer)):
        return number
    if isinstance(kind, Enum):
        # The last one: at most one release may be live, and one rollout may run.
        return list(kind.enum_class)[-1] if kind.enum_class else kind.enums[-1]
    if isinstance(kind, Boolean):
        return number % 2 == 1
    if isinstance(kind, Float):
        return number / 3
    if isinstance(kind, Integer):
        return number
    if isinstance(kind, LargeBinary):
        return bytes(range(256)) * number
    if isinstance(kind, JSON) or "postgresql" in getattr(kind, "_variant_mapping", {}):
        return {"b": [1, 2.5, None, True], "a": "密码 \\ \"' \u2028 €", "number": number}
    if isinstance(kind, DateTime) or "Utc" in type(kind).__name__:
        moment = BEGIN + timedelta(days=number, microseconds=number)
        return moment if getattr(kind, "timezone", True) else moment.replace(tzinfo=None)
    if column.name.endswith("sha256"):
        return f"{number:064x}"
    words = f"{number}\t\\N\n密码'\"{column.name}"
    length = getattr(kind, "length", None)
    return words[:length] if length else words
