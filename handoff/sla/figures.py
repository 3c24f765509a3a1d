"""What was promised and what was kept, added up: for whoever leads a desk."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median

from sqlalchemy import ColumnElement, func
from sqlalchemy import select as rows_of
from sqlmodel import Session, col

from handoff.models import Priority, Staff, Ticket
from handoff.sla.models import Clock, ClockKind, ClockState
from handoff.surveys.intervals import Figure, share

LATEST = 30


@dataclass(frozen=True)
class Kept:
    """Clocks of one group that were judged in the period. ``in_time``: the share that was met before it ran out."""

    name: str
    in_time: Figure

    @property
    def late(self) -> int:
        return self.in_time.n - (self.in_time.count or 0)


@dataclass(frozen=True)
class Promise:
    """One clock of all tickets. ``late_minutes``: the median of what those that came late were late by, in the minutes
    that the clock counts; None where none came yet. ``owed``: ran out in the period, and nothing came yet."""

    kind: ClockKind
    whole: Kept
    late_minutes: int | None
    owed: int
    by_policy: tuple[Kept, ...]
    """By the policy that counted, in its words at that time: "enterprise · tier 1"."""
    by_priority: tuple[Kept, ...]
    by_team: tuple[Kept, ...]
    """Of the teams that have the tickets now, by name; "" is nobody's."""


@dataclass(frozen=True)
class Missed:
    """A promise that was not kept. ``late_minutes``: None while nothing came yet."""

    ticket: int
    subject: str
    kind: ClockKind
    priority: Priority
    team: str | None
    assignee: str | None
    at: datetime
    late_minutes: int | None


@dataclass(frozen=True)
class _Count:
    kind: ClockKind
    is_met: bool
    policy: str
    priority: Priority
    team: str
    n: int


def promises_kept(session: Session, since: datetime, until: datetime) -> tuple[Promise, ...]:
    """The clocks that were met or ran out in the period, each judged once: a late answer is no answer in time.

    What still runs says nothing yet, and is not counted. Reads only.
    """
    counts, late = _counts(session, since, until), _late(session, since, until)
    return tuple(_promise(kind, [one for one in counts if one.kind is kind], late[kind]) for kind in ClockKind)


def latest_missed(session: Session, since: datetime, until: datetime, limit: int = LATEST) -> list[Missed]:
    """The promises that were missed last, the newest first. Reads only."""
    query = (
        rows_of(Clock, Ticket, col(Staff.name))
        .join(Ticket, col(Ticket.id) == Clock.ticket_id)
        .join(Staff, col(Staff.id) == Ticket.assignee_id, isouter=True)
        .where(*_missed_in(since, until))
        .order_by(col(Clock.breached_at).desc(), col(Clock.id).desc())
        .limit(limit)
    )
    return [_missed(*row) for row in session.execute(query)]


def _counts(session: Session, since: datetime, until: datetime) -> list[_Count]:
    group = (col(Clock.kind), col(Clock.state), col(Clock.policy), col(Ticket.priority), col(Ticket.team))
    counted = rows_of(*group, func.count()).join(Ticket, col(Ticket.id) == Clock.ticket_id).group_by(*group)
    at = col(Clock.met_at)
    met = counted.where(col(Clock.state) == ClockState.MET, at >= since, at < until)
    missed = counted.where(*_missed_in(since, until))
    return [
        _Count(kind, state is ClockState.MET, policy, priority, team or "", n)
        for kind, state, policy, priority, team, n in (*session.execute(met), *session.execute(missed))
    ]


def _late(session: Session, since: datetime, until: datetime) -> dict[ClockKind, list[int | None]]:
    """Of the clocks that ran out: by how much each was late in the end, None for those that still are."""
    found = defaultdict[ClockKind, list[int | None]](list)
    query = rows_of(col(Clock.kind), col(Clock.met_at), col(Clock.used_minutes), col(Clock.minutes))
    for kind, met_at, used, minutes in session.execute(query.where(*_missed_in(since, until))):
        found[kind].append(max(used - minutes, 0) if met_at is not None else None)
    return found


def _missed_in(since: datetime, until: datetime) -> tuple[ColumnElement[bool], ...]:
    at = col(Clock.breached_at)
    return col(Clock.state) == ClockState.BREACHED, at >= since, at < until


def _promise(kind: ClockKind, counts: Sequence[_Count], late: Sequence[int | None]) -> Promise:
    came = [minutes for minutes in late if minutes is not None]
    return Promise(
        kind,
        _kept("", counts),
        round(median(came)) if came else None,
        len(late) - len(came),
        _by(counts, lambda one: one.policy),
        _by(counts, lambda one: one.priority.value),
        _by(counts, lambda one: one.team),
    )


def _by(counts: Iterable[_Count], name_of: Callable[[_Count], str]) -> tuple[Kept, ...]:
    groups = defaultdict[str, list[_Count]](list)
    for one in counts:
        groups[name_of(one)].append(one)
    return tuple(_kept(name, groups[name]) for name in sorted(groups))


def _kept(name: str, counts: Iterable[_Count]) -> Kept:
    met = n = 0
    for one in counts:
        met, n = met + one.n * one.is_met, n + one.n
    return Kept(name, share(met, n))


def _missed(clock: Clock, ticket: Ticket, assignee: str | None) -> Missed:
    assert clock.breached_at is not None
    late = max(clock.used_minutes - clock.minutes, 0) if clock.met_at is not None else None
    return Missed(
        ticket.number, ticket.subject, clock.kind, ticket.priority, ticket.team, assignee, clock.breached_at, late
    )
