"""The bot's own tables: what came in and is not yet dealt with, and the web chat's visitors."""

from __future__ import annotations

from datetime import datetime
from enum import Enum

from sqlalchemy import Column, Index, Text, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from store.columns import BigId, Utc, enum_column


class InboxState(Enum):
    NEW = "new"
    WORKING = "working"
    DONE = "done"
    PARKED = "parked"


_UNFINISHED, _NEW, _PARKED = text("state IN ('new', 'working')"), text("state = 'new'"), text("state = 'parked'")


class InboxRow(SQLModel, table=True):
    """One event from outside, exactly as it came. ``event_key`` makes a redelivery the same row."""

    __tablename__ = "inbox"
    __table_args__ = (
        UniqueConstraint("channel", "event_key"),
        Index("ix_inbox_channel_thread_key_id", "channel", "thread_key", "id"),
        # Small whatever the table holds: what is dealt with leaves them.
        Index("ix_inbox_unfinished_id", "id", sqlite_where=_UNFINISHED, postgresql_where=_UNFINISHED),
        Index(
            "ix_inbox_unfinished_place",
            "channel",
            "thread_key",
            "id",
            sqlite_where=_UNFINISHED,
            postgresql_where=_UNFINISHED,
        ),
        Index("ix_inbox_new_not_before", "not_before", sqlite_where=_NEW, postgresql_where=_NEW),
        Index("ix_inbox_parked_id", "id", sqlite_where=_PARKED, postgresql_where=_PARKED),
    )
    id: int | None = Field(default=None, sa_column=Column(BigId, primary_key=True, autoincrement=True))
    channel: str = Field(max_length=16)
    event_key: str = Field(max_length=200)
    thread_key: str = Field(max_length=200)
    payload: str = Field(sa_type=Text)
    received_at: datetime = Field(sa_type=Utc)
    state: InboxState = Field(default=InboxState.NEW, sa_type=enum_column(InboxState))
    attempts: int = 0
    not_before: datetime = Field(sa_type=Utc)
    heard_to: int | None = Field(default=None, sa_type=BigId)
    """While it waits for more words of its customer: the newest row of its thread that was there when it began to."""
    lease_until: datetime | None = Field(default=None, sa_type=Utc)
    worker: str | None = Field(default=None, max_length=64)
    error: str | None = Field(default=None, max_length=300)
    waits_since: datetime | None = Field(default=None, sa_type=Utc)
    """From when its deadline counts, where that is later than it came: the end of its hold, or its replay."""
    message_id: int | None = Field(default=None, sa_type=BigId)
    """Of a row that was parked: the line in a ticket's transcript that shows it to the desk."""


class WebVisitor(SQLModel, table=True):
    """A browser that opened the web chat. It finds its talk again with its token, of which only the hash is kept."""

    __tablename__ = "web_visitor"
    token_sha256: str = Field(primary_key=True, max_length=64)
    visitor: str = Field(max_length=32, unique=True)
    language: str = Field(default="en", max_length=16)
    created_at: datetime = Field(sa_type=Utc)
    last_seen_at: datetime = Field(sa_type=Utc)


class TopicMode(SQLModel, table=True):
    """How much the bot may do alone in one topic, where that differs from what the KB says. ``mode``: off, suggest or
    auto; ``by``: a person, or "system" where a demotion followed the evidence."""

    __tablename__ = "topic_mode"
    topic: str = Field(primary_key=True, max_length=100)
    mode: str = Field(max_length=8)
    by: str = Field(max_length=254)
    why: str = Field(default="", max_length=300)
    at: datetime = Field(sa_type=Utc)
