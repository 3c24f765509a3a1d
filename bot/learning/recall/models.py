"""Tables of recall: who was told what, and corrections."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import Any

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Text, UniqueConstraint
from sqlmodel import Field, SQLModel

from store.columns import BigId, Json, Utc, enum_column


class Told(SQLModel, table=True):
    """One passage that one message told a customer."""

    __tablename__ = "told"
    __table_args__ = (Index("ix_told_article_id_language_at", "article_id", "language", "at"),)
    message_id: int = Field(sa_column=Column(BigId, ForeignKey("message.id"), primary_key=True))
    position: int = Field(primary_key=True)
    """Its place among the message's citations, from 0."""
    article_id: str = Field(max_length=100)
    language: str = Field(max_length=40)
    version: int
    passage: str = Field(max_length=100)
    at: datetime = Field(sa_type=Utc)


class RecallState(Enum):
    PREPARED = "prepared"
    SENDING = "sending"
    DONE = "done"
    STOPPED = "stopped"


class Recall(SQLModel, table=True):
    """A correction of something that customers were told."""

    __tablename__ = "recall"
    id: int | None = Field(default=None, sa_column=Column(BigId, primary_key=True, autoincrement=True))
    article_id: str = Field(max_length=100, index=True)
    language: str = Field(max_length=40)
    passages: list[str] = Field(default_factory=list, sa_type=Json)
    """Keys of the wrong passages; none means the whole article."""
    versions: list[int] = Field(default_factory=list, sa_type=Json)
    """The versions that say it; none means all."""
    reason: str = Field(sa_type=Text)
    """For the staff: what was wrong."""
    texts: dict[str, Any] = Field(default_factory=dict, sa_type=Json)
    """The correction by language."""
    state: RecallState = Field(default=RecallState.PREPARED, sa_type=enum_column(RecallState))
    made_by: int | None = Field(default=None, sa_type=BigInteger)
    made_at: datetime = Field(sa_type=Utc)
    begun_at: datetime | None = Field(default=None, sa_type=Utc)
    ended_at: datetime | None = Field(default=None, sa_type=Utc)


class RecipientState(Enum):
    WAITING = "waiting"
    SENT = "sent"
    OPTED_OUT = "opted_out"
    UNREACHABLE = "unreachable"


class RecallRecipient(SQLModel, table=True):
    """A customer who was told it: corrected once, in the conversation where they read it last."""

    __tablename__ = "recall_recipient"
    __table_args__ = (UniqueConstraint("recall_id", "customer_id"),)
    id: int | None = Field(default=None, sa_column=Column(BigId, primary_key=True, autoincrement=True))
    recall_id: int = Field(sa_column=Column(BigId, ForeignKey("recall.id"), nullable=False))
    customer_id: int = Field(sa_column=Column(BigId, ForeignKey("customer.id"), nullable=False))
    conversation_id: int = Field(sa_column=Column(BigId, ForeignKey("conversation.id"), nullable=False))
    message_id: int = Field(sa_column=Column(BigId, ForeignKey("message.id"), nullable=False))
    """The message that told it."""
    sent_message_id: int | None = Field(default=None, sa_column=Column(BigId, ForeignKey("message.id"), nullable=True))
    state: RecipientState = Field(default=RecipientState.WAITING, sa_type=enum_column(RecipientState))


__all__ = ["Recall", "RecallRecipient", "RecallState", "RecipientState", "Told"]
