"""The clocks of tickets in the database: worked out anew whenever something happened."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session, col, select

from handoff.models import Customer, Plan, Ticket
from handoff.people import account_of
from handoff.rows import id_of
from handoff.sla.again import TIMER
from handoff.sla.engine import ClockReading, clocks
from handoff.sla.models import Clock, ClockKind, ClockState, Whom
from handoff.sla.policies import in_words
from handoff.sla.rules import BREACH, Rules, rules_of
from handoff.ticketing.models import Happened, TicketEvent
from store.timers import cancel, set_timer

INSTANT = timedelta(seconds=1)
"""A clock runs out when its last moment is over, so it is looked at this much later."""


@dataclass(frozen=True)
class Step:
    """Something to do on the way of a clock: a warning, the breach, or what comes after it."""

    clock: Clock
    percent: int
    """How much of the target is used; 100 is the breach, less a warning, and 0 the start."""
    whom: tuple[Whom, ...]
    """Who is to be told; nobody at a breach that only the customer hears of."""
    at: datetime
    """When it was reached, or will be if nothing happens."""


def refresh(session: Session, ticket: Ticket, now: datetime) -> None:
    """Bring the ticket's clocks, its ``due_at`` and the timer of what comes next up to date with its events."""
    _look(session, ticket, now)


def take_steps(session: Session, ticket: Ticket, now: datetime) -> list[Step]:
    """Do the same when the timer went off, and return what has come due since the last time, the oldest first.

    Each step is returned once: with the caller's transaction it counts as done. Steps that came due while nobody
    looked come together; whoever tells people of them may leave a warning away where the breach follows.
    """
    steps = [step for step in _look(session, ticket, now) if step.at <= now]
    for step in steps:
        step.clock.warned_at = now
    if steps:
        session.flush()
        _look(session, ticket, now)
    return sorted(steps, key=lambda step: step.at)


def _look(session: Session, ticket: Ticket, now: datetime) -> list[Step]:
    """The steps that were not taken, those to come included."""
    rules, ticket_id = rules_of(session), id_of(ticket)
    rows = {(row.kind, row.tier): row for row in session.exec(select(Clock).where(Clock.ticket_id == ticket_id))}
    if not rules.policies and not rows:
        return []
    events = list(session.exec(select(TicketEvent).where(TicketEvent.ticket_id == ticket_id).order_by(_ORDER)))
    _follow_plan(session, ticket, events, now)
    readings = clocks(events, rules.policies, rules.calendars, now, rules.marks)
    kept = _keep(session, ticket_id, rows, readings)
    ticket.due_at = min((row.due_at for row in kept if row.due_at is not None), default=None)
    steps = list(_steps(zip(kept, readings, strict=True), rules, ticket, _since(ticket, events)))
    _set_timer(session, ticket_id, steps)
    session.flush()
    return steps


_ORDER = col(TicketEvent.id)


def _follow_plan(session: Session, ticket: Ticket, events: list[TicketEvent], now: datetime) -> None:
    """What the customer's company pays for may change while the ticket is open: that is something that happened."""
    account = account_of(session, session.get_one(Customer, ticket.customer_id))
    plan = account.plan if account else Plan.STANDARD
    said = [event.detail["plan"] for event in events if event.detail.get("plan")]
    if plan.value != (said[-1] if said else Plan.STANDARD.value):
        event = TicketEvent(ticket_id=id_of(ticket), kind=Happened.PLAN, at=now, detail={"plan": plan.value})
        session.add(event)
        events.append(event)


def _keep(
    session: Session, ticket_id: int, rows: dict[tuple[ClockKind, int], Clock], readings: Sequence[ClockReading]
) -> list[Clock]:
    """Write down what the clocks show; the rows are in the order of the readings."""
    kept = []
    for reading in readings:
        row = rows.pop((reading.kind, reading.tier), None)
        if row is None:
            row = Clock(ticket_id=ticket_id, kind=reading.kind, tier=reading.tier, **_facts(reading))
            session.add(row)
        elif not _is_judged(row, reading):
            for name, value in _facts(reading).items():
                setattr(row, name, value)
        kept.append(row)
    for row in rows.values():
        _drop(session, row)
    return kept


def _is_judged(row: Clock, reading: ClockReading) -> bool:
    """A verdict stands, whatever the rules are by now. Returns True where nothing is left to be written."""
    if row.state is ClockState.MET:
        return row.met_at == reading.met_at
    if row.state is ClockState.BREACHED:
        row.used_minutes, row.met_at = reading.used_minutes, reading.met_at
        row.due_at = row.breached_at if reading.due_at is not None else None
        return True
    return False


def _drop(session: Session, row: Clock) -> None:
    """Nothing is promised any more; what was missed or kept before stays on record."""
    if row.state in (ClockState.RUNNING, ClockState.PAUSED):
        session.delete(row)
    else:
        row.due_at = None


def _facts(reading: ClockReading) -> dict[str, Any]:
    return {
        "policy": in_words(reading.policy),
        "minutes": reading.policy.minutes or 0,
        "is_always": reading.policy.is_always,
        "calendar_id": reading.policy.calendar_id,
        "state": reading.state,
        "started_at": reading.started_at,
        "used_minutes": reading.used_minutes,
        "due_at": reading.due_at,
        "met_at": reading.met_at,
        "breached_at": reading.breached_at,
    }


def _steps(
    pairs: Iterable[tuple[Clock, ClockReading]], rules: Rules, ticket: Ticket, since: datetime
) -> Iterator[Step]:
    for row, reading in pairs:
        if reading.due_at is None:
            continue
        for percent in rules.marks:
            at, whom = _moment(row, reading, percent), rules.whom(percent, ticket.priority)
            if at is None or not (whom or percent == BREACH):
                continue
            if rules.is_for_priority(percent, ticket.priority):
                # A ticket that becomes urgent later has its first steps then.
                at = max(at, since)
            if row.warned_at is None or at > row.warned_at:
                yield Step(row, percent, whom, at)


def _moment(row: Clock, reading: ClockReading, percent: int) -> datetime | None:
    if percent == BREACH:
        late = row.breached_at or reading.due_at
        return late + INSTANT if late else None
    at = reading.reached.get(percent) or reading.coming.get(percent)
    # The rules were eased after it ran out: a warning would come too late.
    is_past = at is not None and row.breached_at is not None and percent < BREACH and at > row.breached_at
    return None if is_past else at


def _since(ticket: Ticket, events: Sequence[TicketEvent]) -> datetime:
    """Since when the ticket has had its priority."""
    return max((event.at for event in events if event.detail.get("priority")), default=ticket.created_at)


def _set_timer(session: Session, ticket_id: int, steps: Sequence[Step]) -> None:
    if steps:
        set_timer(session, TIMER, ticket_id, min(step.at for step in steps))
    else:
        cancel(session, TIMER, ticket_id)
