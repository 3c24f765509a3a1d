"""Tables of surveys and outcomes."""

from __future__ import annotations

from datetime import datetime
from enum import Enum

from sqlalchemy import Column, ForeignKey, Index, Text, UniqueConstraint
from sqlmodel import Field, SQLModel

from handoff.models import Reason, key, reference
from store.columns import BigId, Utc, enum_column


class SurveyKind(Enum):
    CSAT = "csat"
    NPS = "nps"


class Result(Enum):
    """What became of a conversation, exactly one of these."""

    CONFIRMED = "confirmed"
    ASSUMED = "assumed"
    ABANDONED = "abandoned"
    HANDED_OFF = "handed_off"
    WRONG = "wrong"


class Survey(SQLModel, table=True):
    """A question about us that a customer was asked: once for a ticket (CSAT), or from time to time (NPS)."""

    __tablename__ = "survey"
    __table_args__ = (UniqueConstraint("kind", "ticket_id"), Index("ix_survey_customer_id_kind", "customer_id", "kind"))
    id: int | None = key()
    kind: SurveyKind = Field(sa_type=enum_column(SurveyKind))
    customer_id: int = reference("customer", index=False)
    conversation_id: int = reference("conversation")
    ticket_id: int | None = reference("ticket", nullable=True, index=False)
    asked_at: datetime = Field(sa_type=Utc)
    score: int | None = None
    """CSAT 1 to 5, NPS 0 to 10; None while unanswered."""
    words: str | None = Field(default=None, sa_type=Text)
    answered_at: datetime | None = Field(default=None, sa_type=Utc)


class Outcome(SQLModel, table=True):
    """What became of one conversation. Written when it ends, and again when something says otherwise."""

    __tablename__ = "outcome"
    conversation_id: int = Field(sa_column=Column(BigId, ForeignKey("conversation.id"), primary_key=True))
    result: Result = Field(sa_type=enum_column(Result))
    reason: Reason | None = Field(default=None, sa_type=enum_column(Reason))
    """Of one that was handed off."""
    at: datetime = Field(sa_type=Utc, index=True)
    reopened_at: datetime | None = Field(default=None, sa_type=Utc)
    """When it came to life again within seven days."""
