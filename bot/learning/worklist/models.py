"""The table of the worklist."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import Any

from sqlalchemy import BigInteger, Column, Text, UniqueConstraint
from sqlmodel import Field, SQLModel

from store.columns import BigId, Json, Utc, enum_column


class WorkKind(Enum):
    UNANSWERED = "unanswered"
    """A cluster of questions that the bot did not answer."""
    DISLIKED = "disliked"
    WRONG = "wrong"
    """An answer that somebody looked at and found wrong."""
    STALE = "stale"
    OUT_OF_RANGE = "out_of_range"
    """For product versions that nobody asks about any more, or lacking those they ask about."""
    DUPLICATE = "duplicate"
    CONTRADICTION = "contradiction"
    TRANSLATION = "translation"
    """Missing, or made from a source that has changed since."""
    SYNONYM = "synonym"


class WorkState(Enum):
    OPEN = "open"
    DRAFTED = "drafted"
    PUBLISHED = "published"
    WONT_DO = "wont_do"


class Cause(Enum):
    PRODUCT_DEFECT = "product_defect"
    MISCONFIGURATION = "misconfiguration"
    MISUNDERSTANDING = "misunderstanding"
    MISSING_ARTICLE = "missing_article"


class WorkItem(SQLModel, table=True):
    """One thing for editors to do. ``key`` names it for good among those of its kind, however often it is found."""

    __tablename__ = "work_item"
    __table_args__ = (UniqueConstraint("kind", "key"),)
    id: int | None = Field(default=None, sa_column=Column(BigId, primary_key=True, autoincrement=True))
    kind: WorkKind = Field(sa_type=enum_column(WorkKind))
    key: str = Field(max_length=200)
    language: str = Field(default="", max_length=40)
    title: str = Field(sa_type=Text)
    """Of a cluster its most central real question, masked."""
    detail: dict[str, Any] = Field(default_factory=dict, sa_type=Json)
    """What the page shows: questions, articles, message and ticket ids, the best human reply."""
    count: int = 0
    earlier: int = 0
    """The count of the span of the same length before: the trend."""
    gain: float = 0.0
    """Expected extra coverage: the share of all questions that would be answered with it."""
    cause: Cause | None = Field(default=None, sa_type=enum_column(Cause))
    state: WorkState = Field(default=WorkState.OPEN, sa_type=enum_column(WorkState))
    draft_id: int | None = Field(default=None, sa_type=BigInteger)
    reason: str = Field(default="", sa_type=Text)
    """Why it will not be done."""
    effect: dict[str, Any] = Field(default_factory=dict, sa_type=Json)
    """After publishing: how the same questions are answered now, beside how they were."""
    found_at: datetime = Field(sa_type=Utc)
    seen_at: datetime = Field(sa_type=Utc)
    """When it was last found still to be so."""
    decided_at: datetime | None = Field(default=None, sa_type=Utc)
    decided_by: int | None = Field(default=None, sa_type=BigInteger)


__all__ = ["Cause", "WorkItem", "WorkKind", "WorkState"]
