"""Tables that hang on tickets."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import Any

from sqlalchemy import Column, ForeignKey, Index
from sqlmodel import Field, SQLModel

from handoff.models import key, reference
from store.columns import BigId, Json, Utc, enum_column


class Happened(Enum):
    """What can happen to a ticket that a promise, a list or a report depends on."""

    OPENED = "opened"
    ANSWERED = "answered"
    """A person's words went to the customer."""
    CUSTOMER_WROTE = "customer_wrote"
    ASSIGNED = "assigned"
    TEAM = "team"
    PRIORITY = "priority"
    TIER = "tier"
    PLAN = "plan"
    DIAGNOSED = "diagnosed"
    WORKED_AROUND = "worked_around"
    WAITS = "waits"
    """It became pending: for the customer, the bot or a time."""
    RESUMED = "resumed"
    RESOLVED = "resolved"
    CLOSED = "closed"
    REOPENED = "reopened"
    MERGED = "merged"
    SPLIT = "split"


class LinkKind(Enum):
    RELATED = "related"
    DUPLICATE = "duplicate"
    SPLIT_FROM = "split_from"


class NoticeKind(Enum):
    ASSIGNED = "assigned"
    WARNING = "warning"
    BREACH = "breach"
    ON_CALL = "on_call"
    WOKEN = "woken"
    MENTION = "mention"
    CUSTOMER_WROTE = "customer_wrote"
    CORRECTED = "corrected"
    """Their customer was sent a correction of something that they were told."""


class TicketEvent(SQLModel, table=True):
    """One thing that happened to a ticket. Never changed or deleted: the clocks can be worked out from these again.

    ``detail`` by kind: opened {priority, tier, plan, source}, priority {priority, before}, tier {tier, before, reason},
    plan {plan}, waits {waits_for, until?}, assigned {by, before, terms?, compared?}, team {team,
    before}, merged {into}, split {number}.
    """

    __tablename__ = "ticket_event"
    __table_args__ = (Index("ix_ticket_event_ticket_id_id", "ticket_id", "id"),)
    id: int | None = key()
    ticket_id: int = reference("ticket", index=False)
    kind: Happened = Field(sa_type=enum_column(Happened))
    at: datetime = Field(sa_type=Utc)
    staff_id: int | None = reference("staff", nullable=True, index=False)
    detail: dict[str, Any] = Field(default_factory=dict, sa_type=Json)


class TicketTag(SQLModel, table=True):
    __tablename__ = "ticket_tag"
    ticket_id: int = Field(sa_column=Column(BigId, ForeignKey("ticket.id"), primary_key=True))
    tag: str = Field(max_length=50, primary_key=True, index=True)


class TicketLink(SQLModel, table=True):
    """Two tickets that have to do with each other; the one that was linked first comes first."""

    __tablename__ = "ticket_link"
    ticket_id: int = Field(sa_column=Column(BigId, ForeignKey("ticket.id"), primary_key=True))
    other_id: int = Field(sa_column=Column(BigId, ForeignKey("ticket.id"), primary_key=True, index=True))
    kind: LinkKind = Field(default=LinkKind.RELATED, sa_type=enum_column(LinkKind))


class Notice(SQLModel, table=True):
    """Something that one of the staff should know, shown in the console until they have seen it."""

    __tablename__ = "notice"
    __table_args__ = (Index("ix_notice_staff_id_seen_at", "staff_id", "seen_at"),)
    id: int | None = key()
    staff_id: int = reference("staff", index=False)
    kind: NoticeKind = Field(sa_type=enum_column(NoticeKind))
    ticket_id: int | None = reference("ticket", nullable=True, index=False)
    detail: dict[str, Any] = Field(default_factory=dict, sa_type=Json)
    at: datetime = Field(sa_type=Utc)
    seen_at: datetime | None = Field(default=None, sa_type=Utc)
