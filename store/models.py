"""Tables that belong to no room in particular."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import Any

from sqlalchemy import Column, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from store.columns import BigId, Json, Utc, enum_column


class Change(SQLModel, table=True):
    """One visible change of one thing. The console's live stream reads these by id."""

    __tablename__ = "change"
    # Without it SQLite gives the id of a deleted last row away again, and a watcher would sleep through that change.
    __table_args__ = {"sqlite_autoincrement": True}
    id: int | None = Field(default=None, sa_column=Column(BigId, primary_key=True, autoincrement=True))
    kind: str = Field(max_length=32)
    subject_id: int = Field(sa_type=BigId)
    version: int = 0
    at: datetime = Field(sa_type=Utc)


class Audit(SQLModel, table=True):
    """Who did what to which thing, written with the deed itself. Never updated or deleted."""

    __tablename__ = "audit"
    id: int | None = Field(default=None, sa_column=Column(BigId, primary_key=True, autoincrement=True))
    at: datetime = Field(sa_type=Utc)
    actor: str = Field(max_length=120)
    action: str = Field(max_length=64)
    kind: str = Field(max_length=32)
    subject_id: int | None = Field(default=None, sa_type=BigId)
    detail: dict[str, Any] = Field(default_factory=dict, sa_type=Json)


class TimerState(Enum):
    WAITING = "waiting"
    DONE = "done"
    CANCELLED = "cancelled"


class Timer(SQLModel, table=True):
    """Something to do at a moment. ``dedup_key`` makes setting it twice the same as once."""

    __tablename__ = "timer"
    __table_args__ = (UniqueConstraint("dedup_key"), Index("ix_timer_due", "state", "due_at"))
    id: int | None = Field(default=None, sa_column=Column(BigId, primary_key=True, autoincrement=True))
    kind: str = Field(max_length=32)
    subject_id: int = Field(sa_type=BigId)
    due_at: datetime = Field(sa_type=Utc)
    state: TimerState = Field(default=TimerState.WAITING, sa_type=enum_column(TimerState))
    dedup_key: str = Field(max_length=120)


class Lease(SQLModel, table=True):
    """Who alone may do ``name`` until ``expires_at``; ``epoch`` grows with every new holder."""

    __tablename__ = "lease"
    name: str = Field(primary_key=True, max_length=64)
    owner: str = Field(max_length=64)
    epoch: int = 1
    expires_at: datetime = Field(sa_type=Utc)


class Rate(SQLModel, table=True):
    """How much of a limit is used up (see ``store.rates``): one row per chat, group, bot or whatever is limited."""

    __tablename__ = "rate"
    key: str = Field(primary_key=True, max_length=120)
    full_at: datetime = Field(sa_type=Utc)
    """When everything that the limit allows at once is free again (GCRA's theoretical arrival time)."""
    closed_until: datetime | None = Field(default=None, sa_type=Utc)
    """Nothing goes before this: somebody told us to wait."""


class StoredFile(SQLModel, table=True):
    """A file that somebody sent. The bytes lie under the data folder, named by their SHA-256."""

    __tablename__ = "stored_file"
    id: int | None = Field(default=None, sa_column=Column(BigId, primary_key=True, autoincrement=True))
    name: str = Field(max_length=255)
    media_type: str = Field(max_length=120)
    size: int
    sha256: str = Field(max_length=64, index=True)
    created_at: datetime = Field(sa_type=Utc)


class Setting(SQLModel, table=True):
    """A small value that the product keeps for itself (never a secret), by name."""

    __tablename__ = "setting"
    name: str = Field(primary_key=True, max_length=64)
    value: dict[str, Any] = Field(default_factory=dict, sa_type=Json)


class Searchable(SQLModel, table=True):
    """What the full-text index holds of one thing: the tokens of its text, separated by spaces.

    The index itself is a migration's work: an FTS5 table over this one on SQLite, a GIN index on PostgreSQL.
    """

    __tablename__ = "searchable"
    # The FTS5 table knows a row by its id, which must never mean another.
    __table_args__ = (UniqueConstraint("kind", "subject_id"), {"sqlite_autoincrement": True})
    id: int | None = Field(default=None, sa_column=Column(BigId, primary_key=True, autoincrement=True))
    kind: str = Field(max_length=32)
    subject_id: int = Field(sa_type=BigId)
    words: str


__all__ = ["Audit", "Change", "Lease", "Rate", "Searchable", "Setting", "StoredFile", "Timer", "TimerState"]
