"""What pages, cards and lists show of the clocks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from handoff.sla.models import Calendar, Clock, ClockKind, ClockState


@dataclass(frozen=True)
class ClockRow:
    """A clock of a ticket, as it is shown."""

    kind: ClockKind
    tier: int
    state: ClockState
    policy: str
    """The policy that counts, in words: "enterprise · tier 1"."""
    minutes: int
    """The target."""
    used_minutes: int
    is_always: bool
    calendar: str | None
    """Whose hours are counted, by the calendar's name; None: around the clock."""
    started_at: datetime
    due_at: datetime | None
    met_at: datetime | None
    breached_at: datetime | None
    promised_at: datetime | None

    @property
    def is_owed(self) -> bool:
        """It waits for somebody: not done yet, late or not."""
        return self.met_at is None


def clocks_of(session: Session, ticket_id: int, now: datetime | None = None) -> list[ClockRow]:
    """The clocks of a ticket: what is still owed first, the most pressing one on top. Reads only.

    With ``now``, one that ran out a moment ago is shown as breached, also before the desk's loop has looked at it.
    """
    house = session.exec(select(Calendar.name).where(col(Calendar.is_default))).first()
    query = (
        select(Clock, Calendar.name)
        .join(Calendar, col(Calendar.id) == Clock.calendar_id, isouter=True)
        .where(Clock.ticket_id == ticket_id)
    )
    rows = [_row(clock, name or house, now) for clock, name in session.exec(query)]
    return sorted(rows, key=_order)


def next_promise(session: Session, ticket_id: int) -> Clock | None:
    """The clock whose promise falls due next, or has been missed and is still owed; None where nothing is promised."""
    owed = (Clock.ticket_id == ticket_id, col(Clock.due_at).is_not(None))
    return session.exec(select(Clock).where(*owed).order_by(col(Clock.due_at), col(Clock.id)).limit(1)).first()


def _row(clock: Clock, calendar: str | None, now: datetime | None) -> ClockRow:
    ran_out = clock.state is ClockState.RUNNING and now is not None and clock.due_at is not None and clock.due_at < now
    return ClockRow(
        kind=clock.kind,
        tier=clock.tier,
        state=ClockState.BREACHED if ran_out else clock.state,
        policy=clock.policy,
        minutes=clock.minutes,
        used_minutes=clock.used_minutes,
        is_always=clock.is_always,
        calendar=None if clock.is_always else calendar,
        started_at=clock.started_at,
        due_at=clock.due_at,
        met_at=clock.met_at,
        breached_at=clock.due_at if ran_out else clock.breached_at,
        promised_at=clock.promised_at,
    )


def _order(row: ClockRow) -> tuple[bool, bool, datetime, int]:
    return (not row.is_owed, row.due_at is None, row.due_at or row.started_at, list(ClockKind).index(row.kind))
