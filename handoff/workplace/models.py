"""Tables of what agents have at hand."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Column, ForeignKey, Text
from sqlmodel import Field, SQLModel

import handoff.staffing.models  # noqa: F401 - its teams are referred to
from handoff.models import key, reference
from store.columns import BigId, Json, Utc


class Macro(SQLModel, table=True):
    """Words with gaps in them, and deeds, that an agent does with one press."""

    __tablename__ = "macro"
    id: int | None = key()
    name: str = Field(max_length=64, unique=True)
    """One word, as it is typed: "refund"."""
    title: str = Field(default="", max_length=120)
    texts: dict[str, str] = Field(default_factory=dict, sa_type=Json)
    """By language (BCP 47); the gaps are {customer}, {agent}, {number}, {promise} and the like."""
    deeds: dict[str, Any] = Field(default_factory=dict, sa_type=Json)
    """What is done as well: {tags, status, priority, tier, team, assignee, article}."""
    team_id: int | None = reference("team", nullable=True)
    """Who sees it: this team,"""
    staff_id: int | None = reference("staff", nullable=True)
    """or this person alone; None in both: everybody."""
    uses: int = 0
    edited_uses: int = 0
    """How many of the uses were changed before they were sent."""
    updated_at: datetime = Field(sa_type=Utc)


class SavedView(SQLModel, table=True):
    """A filter of the inbox that has a name."""

    __tablename__ = "saved_view"
    id: int | None = key()
    name: str = Field(max_length=64)
    staff_id: int | None = reference("staff", nullable=True)
    """Whose it is; None: everybody's."""
    filters: dict[str, Any] = Field(default_factory=dict, sa_type=Json)
    """Names and values of the whitelist that lists are compiled from."""
    position: int = 0


class WrittenDraft(SQLModel, table=True):
    """What somebody has typed under a ticket and not sent yet."""

    __tablename__ = "written_draft"
    ticket_id: int = Field(sa_column=Column(BigId, ForeignKey("ticket.id"), primary_key=True))
    staff_id: int = Field(sa_column=Column(BigId, ForeignKey("staff.id"), primary_key=True))
    kind: str = Field(max_length=16, primary_key=True)
    """reply, note, or origin: what the reply began as, as JSON."""
    text: str = Field(sa_type=Text)
    saved_at: datetime = Field(sa_type=Utc)


class TicketLook(SQLModel, table=True):
    """How far somebody has read a ticket, and whether they look at it, or type, just now."""

    __tablename__ = "ticket_look"
    ticket_id: int = Field(sa_column=Column(BigId, ForeignKey("ticket.id"), primary_key=True))
    staff_id: int = Field(sa_column=Column(BigId, ForeignKey("staff.id"), primary_key=True, index=True))
    read_to: int = Field(default=0, sa_type=BigId)
    """The newest message that they had before them."""
    seen_at: datetime = Field(sa_type=Utc)
    typed_at: datetime | None = Field(default=None, sa_type=Utc)
