"""What tells how many people a matter stops, without reading a word of it."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import func
from sqlmodel import Session, col, select

from handoff.models import Customer, Ticket
from handoff.people import root_id
from handoff.ticketing.states import UNSOLVED

LATELY = timedelta(hours=1)


def alike(session: Session, category: str | None, customer: Customer, now: datetime) -> int:
    """How many other people have an unsolved ticket of this category that was opened within LATELY."""
    if category is None:
        return 0
    who = func.coalesce(Customer.joined_to_id, Customer.id)
    query = (
        select(func.count(func.distinct(who)))
        .select_from(Ticket)
        .join(Customer, col(Customer.id) == Ticket.customer_id)
        .where(
            Ticket.category == category,
            col(Ticket.status).in_(UNSOLVED),
            col(Ticket.created_at) > now - LATELY,
            who != root_id(customer),
        )
    )
    return session.exec(query).one()
