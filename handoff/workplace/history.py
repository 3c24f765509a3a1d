"""What there was between us and a customer, and the account they belong to: figures and newest tickets. Reads only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func
from sqlmodel import Session, col, select

from handoff.models import Account, Customer, Ticket
from handoff.people import account_of, person_ids
from handoff.surveys.models import Survey, SurveyKind
from handoff.ticketing.states import UNSOLVED
from handoff.views import called

NEWEST = 5
COUNTED = 1_000
"""No account is counted further than this: "1000+" tells as much."""


@dataclass(frozen=True)
class AccountTicket:
    """An unsolved ticket of somebody else of the same account."""

    ticket: Ticket
    customer: str


@dataclass(frozen=True)
class Past:
    """``tickets`` and ``unsolved`` count this person's; ``of_account`` the account's unsolved ones, up to COUNTED."""

    tickets: int
    unsolved: int
    first_at: datetime | None
    last_at: datetime | None
    """When they opened their newest ticket before this one."""
    stars: float | None
    """The mean of how they rated tickets, 1 to 5; None where they never did."""
    rated: int
    account: Account | None
    of_account: int = 0
    newest_of_account: Sequence[AccountTicket] = ()


def past_of(session: Session, ticket: Ticket) -> Past:
    """The past of the ticket's customer, in every channel that is known to be theirs."""
    customer = session.get_one(Customer, ticket.customer_id)
    ids, account = person_ids(session, ticket.customer_id), account_of(session, customer)
    theirs = col(Ticket.customer_id).in_(ids)
    total, first = session.exec(select(func.count(), func.min(Ticket.created_at)).where(theirs)).one()
    unsolved = session.exec(select(func.count()).where(theirs, col(Ticket.status).in_(UNSOLVED))).one()
    last = session.exec(
        select(Ticket.created_at).where(theirs, Ticket.number < ticket.number).order_by(col(Ticket.number).desc())
    ).first()
    stars, rated = _stars(session, ids)
    count, newest = _of_account(session, account, ids) if account else (0, [])
    return Past(total, unsolved, first, last, stars, rated, account, count, newest)


def _of_account(session: Session, account: Account, without: Sequence[int]) -> tuple[int, list[AccountTicket]]:
    others = select(Ticket, Customer).join(Customer, col(Customer.id) == Ticket.customer_id)
    others = others.where(Customer.account_id == account.id, col(Ticket.status).in_(UNSOLVED))
    others = others.where(col(Ticket.customer_id).not_in(without))
    newest = session.exec(others.order_by(col(Ticket.number).desc()).limit(NEWEST)).all()
    if len(newest) < NEWEST:
        count = len(newest)
    else:
        some = others.with_only_columns(col(Ticket.id)).limit(COUNTED).subquery()
        count = session.exec(select(func.count()).select_from(some)).one()
    return count, [AccountTicket(ticket, called(customer)) for ticket, customer in newest]


def _stars(session: Session, customer_ids: Sequence[int]) -> tuple[float | None, int]:
    query = select(func.avg(Survey.score), func.count(col(Survey.score))).where(
        col(Survey.customer_id).in_(customer_ids), Survey.kind == SurveyKind.CSAT
    )
    mean, rated = session.exec(query).one()
    return (float(mean) if mean is not None else None), rated
