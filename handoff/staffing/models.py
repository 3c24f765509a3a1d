"""Tables of teams and of when their people work."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Column, ForeignKey, Index
from sqlmodel import Field, SQLModel

import handoff.sla.models  # noqa: F401 - its calendars are referred to
from handoff.models import key, reference
from store.columns import BigId, Json, Utc


class Profile(SQLModel, table=True):
    """How somebody of the staff works. Whoever has none works in their own language, whenever the house does."""

    __tablename__ = "profile"
    staff_id: int = Field(sa_column=Column(BigId, ForeignKey("staff.id"), primary_key=True))
    languages: list[str] = Field(default_factory=list, sa_type=Json)
    """What they can answer in (BCP 47); empty: their own ``language``."""
    skills: list[str] = Field(default_factory=list, sa_type=Json)
    """Topics that they know: intents and categories."""
    load_cap: int = 20
    """How many open tickets they can have before new ones go to others."""
    timezone: str | None = Field(default=None, max_length=64)
    calendar_id: int | None = reference("calendar", nullable=True, index=False)
    """Their working hours; None: those of their team, else the house's."""


class Team(SQLModel, table=True):
    """People who share a queue. ``name`` is what intents and tickets call it."""

    __tablename__ = "team"
    id: int | None = key()
    name: str = Field(max_length=64, unique=True)
    is_default: bool = False
    """Gets what nobody else is named for: exactly one team does."""
    assigns: bool = True
    """New tickets go to the best of its people at once; else they wait until somebody claims them."""
    calendar_id: int | None = reference("calendar", nullable=True)
    topics: list[str] = Field(default_factory=list, sa_type=Json)
    """Intents and categories whose tickets come here."""
    last_staff_id: int | None = reference("staff", nullable=True, index=False)
    """Who got the last one: round robin goes on after them."""
    created_at: datetime = Field(sa_type=Utc)


class TeamMember(SQLModel, table=True):
    __tablename__ = "team_member"
    team_id: int = Field(sa_column=Column(BigId, ForeignKey("team.id"), primary_key=True))
    staff_id: int = Field(sa_column=Column(BigId, ForeignKey("staff.id"), primary_key=True, index=True))
    is_lead: bool = False


class Absence(SQLModel, table=True):
    """Somebody is away: nothing is assigned to them, and what waits for them alone may go to others."""

    __tablename__ = "absence"
    __table_args__ = (Index("ix_absence_staff_id_until", "staff_id", "until"),)
    id: int | None = key()
    staff_id: int = reference("staff", index=False)
    since: datetime = Field(sa_type=Utc)
    until: datetime = Field(sa_type=Utc)
    note: str = Field(default="", max_length=200)


class Duty(SQLModel, table=True):
    """Somebody is on call, whatever their working hours are."""

    __tablename__ = "duty"
    __table_args__ = (Index("ix_duty_until", "until"),)
    id: int | None = key()
    staff_id: int = reference("staff")
    since: datetime = Field(sa_type=Utc)
    until: datetime = Field(sa_type=Utc)
