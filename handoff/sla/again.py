"""Having the clocks of tickets looked at anew, because the rules changed or the plan of their customers."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, String, cast, func, literal, or_
from sqlalchemy import select as rows_of
from sqlmodel import Session, col, select

from handoff.models import Customer, Ticket, TicketStatus
from store.columns import Utc, table_of
from store.inserts import insert
from store.models import Timer, TimerState

TIMER = "sla"
"""The kind of the timers of clocks; their subject is the ticket."""


def look_at_all(session: Session, now: datetime) -> None:
    """Let the timers of all unsolved tickets come due: the desk's loop then works out the clocks of each."""
    _look(session, now)


def look_at_customers(session: Session, customer_ids: Collection[int], now: datetime) -> None:
    """The same for the tickets of these customers."""
    _look(session, now, col(Ticket.customer_id).in_(customer_ids))


def look_at_account(session: Session, account_id: int, now: datetime) -> None:
    """The same for the tickets of the people of an account, in all their channels."""
    members = select(func.coalesce(Customer.joined_to_id, Customer.id)).where(Customer.account_id == account_id)
    people = select(Customer.id).where(or_(col(Customer.id).in_(members), col(Customer.joined_to_id).in_(members)))
    _look(session, now, col(Ticket.customer_id).in_(people))


def _look(session: Session, now: datetime, *conditions: ColumnElement[bool]) -> None:
    ticket, timer = table_of(Ticket).c, table_of(Timer).c
    columns: dict[str, Any] = {
        "kind": literal(TIMER),
        "subject_id": ticket.id,
        "due_at": literal(now, Utc),
        "state": literal(TimerState.WAITING, timer.state.type),
        "dedup_key": literal(f"{TIMER}:") + cast(ticket.id, String),
    }
    unsolved = ticket.status.in_([TicketStatus.OPEN, TicketStatus.PENDING])
    # In one order, so that no two who do this wait for each other.
    values = rows_of(*columns.values()).where(unsolved, *conditions).order_by(ticket.id)
    statement = insert(session, Timer).from_select(list(columns), values)
    again = {"due_at": statement.excluded.due_at, "state": statement.excluded.state}
    session.execute(statement.on_conflict_do_update(index_elements=["dedup_key"], set_=again))
