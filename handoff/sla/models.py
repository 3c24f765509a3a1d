"""Tables of the promises: working hours, targets, the clocks of tickets, and who is told when one runs out."""

from __future__ import annotations

from datetime import datetime
from enum import Enum

from sqlalchemy import Column, ForeignKey, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from handoff.models import Plan, Priority, key, reference
from store.columns import BigId, Json, Utc, enum_column


class ClockKind(Enum):
    """What is promised. A person's first words, what is wrong, a way around it, and the end of it."""

    FIRST_RESPONSE = "first_response"
    DIAGNOSIS = "diagnosis"
    WORKAROUND = "workaround"
    RESOLUTION = "resolution"


class ClockState(Enum):
    RUNNING = "running"
    PAUSED = "paused"
    MET = "met"
    BREACHED = "breached"


class Whom(Enum):
    """Who is told on the way to a breach, and after it."""

    ASSIGNEE = "assignee"
    TEAM = "team"
    ON_CALL = "on_call"
    ADMINS = "admins"


class Calendar(SQLModel, table=True):
    """Working hours of a week in one time zone, without the holidays of a country."""

    __tablename__ = "calendar"
    id: int | None = key()
    name: str = Field(max_length=120, unique=True)
    timezone: str = Field(max_length=64)
    weekly: list[list[list[str]]] = Field(default_factory=list, sa_type=Json)
    """Seven days, Monday first; each the shifts of the day as ["09:00", "12:30"] in local time, in their order. The
    end may be "24:00"."""
    country: str | None = Field(default=None, max_length=8)
    """Whose public holidays are free (ISO 3166), with the ``region`` if they differ there; None: nobody's."""
    region: str | None = Field(default=None, max_length=16)
    is_default: bool = False
    """The house's own: exactly one calendar is."""


class CalendarDay(SQLModel, table=True):
    """A day that is not as every week: free where ``shifts`` is empty, else worked in those, a holiday or not."""

    __tablename__ = "calendar_day"
    calendar_id: int = Field(sa_column=Column(BigId, ForeignKey("calendar.id"), primary_key=True))
    day: str = Field(max_length=10, primary_key=True)
    """The date as ISO 8601 writes it: "2026-12-25"."""
    shifts: list[list[str]] = Field(default_factory=list, sa_type=Json)
    name: str = Field(default="", max_length=120)


class SlaPolicy(SQLModel, table=True):
    """A target of one clock for the tickets of a plan, a priority and a tier; None counts for all of them.

    Of the policies that fit a ticket the most specific one counts; ``minutes`` None in it means that nothing is
    promised."""

    __tablename__ = "sla_policy"
    id: int | None = key()
    plan: Plan | None = Field(default=None, sa_type=enum_column(Plan))
    priority: Priority | None = Field(default=None, sa_type=enum_column(Priority))
    tier: int | None = None
    clock: ClockKind = Field(sa_type=enum_column(ClockKind))
    minutes: int | None = None
    is_always: bool = False
    """Counted around the clock (24×7); else in the hours of the calendar."""
    calendar_id: int | None = reference("calendar", nullable=True)
    """Whose hours; None: the house's."""


class Clock(SQLModel, table=True):
    """One clock of one ticket, as the events of the ticket say: a copy of what can be worked out again at any time."""

    __tablename__ = "clock"
    __table_args__ = (
        UniqueConstraint("ticket_id", "kind", "tier"),
        Index("ix_clock_state_due_at", "state", "due_at"),
    )
    id: int | None = key()
    ticket_id: int = reference("ticket", index=False)
    kind: ClockKind = Field(sa_type=enum_column(ClockKind))
    tier: int
    """The tier that the ticket had when the clock was started."""
    policy: str = Field(max_length=120)
    """The policy in words, as it was when the clock was last set: "enterprise · tier 1"."""
    minutes: int
    is_always: bool = False
    calendar_id: int | None = reference("calendar", nullable=True, index=False)
    state: ClockState = Field(default=ClockState.RUNNING, sa_type=enum_column(ClockState))
    started_at: datetime = Field(sa_type=Utc)
    used_minutes: int = 0
    """Working minutes that had passed when it was last looked at."""
    due_at: datetime | None = Field(default=None, sa_type=Utc)
    """When it runs out if nothing happens; None while it is paused."""
    met_at: datetime | None = Field(default=None, sa_type=Utc)
    """Also of a breached one: late, but done."""
    breached_at: datetime | None = Field(default=None, sa_type=Utc)
    warned_at: datetime | None = Field(default=None, sa_type=Utc)
    promised_at: datetime | None = Field(default=None, sa_type=Utc)
    """The moment that the customer was told last: the due time, or after a breach the new promise."""
    apologised_at: datetime | None = Field(default=None, sa_type=Utc)


class EscalationStep(SQLModel, table=True):
    """Who is told when so much of a clock's time has passed: 80 is a warning, 100 the breach."""

    __tablename__ = "escalation_step"
    id: int | None = key()
    priority: Priority | None = Field(default=None, sa_type=enum_column(Priority))
    """None: all."""
    percent: int
    whom: Whom = Field(sa_type=enum_column(Whom))
