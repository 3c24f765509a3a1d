"""Customers who were told by when they hear from us, and whose ticket has got another target since."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from handoff.models import Ticket
from handoff.rows import id_of
from handoff.sla.models import Clock, ClockState
from store.timers import set_timer

RETELL = "retell"
"""The kind of the timer; its subject is the ticket."""
GRACE = timedelta(minutes=2)
"""Who sets a priority may think better of it: the customer reads only what comes out of it."""
NOTICEABLE = timedelta(minutes=5)
"""A promise that moves by less is the same to whoever waits for it."""


def retell_soon(session: Session, ticket: Ticket, now: datetime) -> None:
    """Look in a moment whether what the customer was told still holds."""
    set_timer(session, RETELL, id_of(ticket), now + GRACE)


def outdated(session: Session, ticket_id: int, now: datetime) -> list[Clock]:
    """The clocks of the ticket that run, and will run out at another moment than the customer was told."""
    running = (Clock.ticket_id == ticket_id, Clock.state == ClockState.RUNNING, col(Clock.met_at).is_(None))
    told = session.exec(select(Clock).where(*running, col(Clock.promised_at).is_not(None)).order_by(col(Clock.id)))
    return [clock for clock in told if clock.due_at is not None and clock.due_at > now and _is_moved(clock)]


def _is_moved(clock: Clock) -> bool:
    was, due = clock.promised_at, clock.due_at
    return was is not None and due is not None and abs(due - was) >= NOTICEABLE
