"""Column types and the metadata that behave the same on SQLite and PostgreSQL."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from enum import Enum as PythonEnum
from typing import Any

from sqlalchemy import JSON, BigInteger, DateTime, Enum, Integer, Table, TypeDecorator
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import SQLModel

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")

BigId = BigInteger().with_variant(Integer, "sqlite")
Json = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")

SQLModel.metadata.naming_convention = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    # By column, so that one table may hold two columns of the same enum; a check written by hand names itself.
    "ck": "ck_%(table_name)s_%(column_0_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class Utc(TypeDecorator[datetime]):
    """A moment, always aware and always UTC. SQLite forgets the zone, so it is put back on the way out."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment without a time zone was about to be stored")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Any) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def enum_column(kind: type[PythonEnum], length: int = 24) -> Enum:
    """A text column with a check constraint that holds the values (not the names) of ``kind``."""
    longest = max(len(str(member.value)) for member in kind)
    if longest > length:
        raise ValueError(f"{kind.__name__} has a value of {longest} characters, its column only {length}")
    return Enum(
        kind,
        native_enum=False,
        create_constraint=True,
        length=length,
        name=None,
        values_callable=lambda members: [member.value for member in members],
    )


def storable(value: Any) -> Any:
    """``value`` (text, or lists and dicts of it) without what a database refuses: NUL and half surrogate pairs.

    Each becomes U+FFFD. JSON columns do this themselves; text columns need it from whoever takes foreign text in.
    """
    if isinstance(value, str):
        return _UNSTORABLE.sub("\ufffd", value)
    if isinstance(value, dict):
        return {storable(key): storable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [storable(item) for item in value]
    return value


def table_of(model: type[SQLModel]) -> Table:
    """The table of a model, for statements that are built once and make no objects."""
    return SQLModel.metadata.tables[str(model.__tablename__)]
