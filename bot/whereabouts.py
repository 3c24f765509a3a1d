"""Who wrote, and where: all that is known of it, asked for at once."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, bindparam, func, literal, or_
from sqlalchemy import select as rows_of
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from bot.channels.base import Inbound
from handoff.models import Account, Conversation, Customer, Plan, Thread
from store.columns import table_of
from store.prepared import Prepared
from store.records import record_at, width


@dataclass(frozen=True)
class Whereabouts:
    """What a message's sender and place are called by, looked up; nothing of it can be changed. ``customer`` None:
    somebody who never wrote before, maybe into a thread of others."""

    customer: Customer | None = None
    thread: Thread | None = None
    newest: Conversation | None = None
    """The thread's newest conversation; where several people bring matters of their own, this customer's."""
    account_id: int | None = None
    plan: Plan | None = None
    """Of the account that the customer's person belongs to."""


def find(session: Session, inbound: Inbound) -> Whereabouts:
    """Who wrote, and where. Reads only."""
    wanted = {"channel": inbound.channel, "thread": inbound.thread, "customer": inbound.customer}
    row = (_FIND_CUSTOMERS if inbound.is_shared else _FIND).first(session, **wanted)
    assert row is not None
    at_customer = width(Thread)
    at_newest = at_customer + width(Customer)
    thread, customer = record_at(Thread, row, 0), record_at(Customer, row, at_customer)
    newest, (account_id, plan) = record_at(Conversation, row, at_newest), row[-2:]
    return Whereabouts(
        customer if customer.id is not None else None,
        thread if thread.id is not None else None,
        newest if newest.id is not None else None,
        account_id,
        plan,
    )


def newest_for(session: Session, inbound: Inbound, thread: Thread) -> Conversation | None:
    """The newest conversation of the thread; where several people bring matters of their own, this customer's."""
    query = select(Conversation).where(Conversation.thread_id == thread.id)
    if inbound.is_shared:
        query = query.join(Customer).where(Customer.external_id == inbound.customer)
    return session.exec(query.order_by(col(Conversation.id).desc()).limit(1)).first()


def _finding(*, is_shared: bool) -> Select[*tuple[object, ...]]:
    """One row, however much of it is known."""
    start = rows_of(literal(1).label("one")).subquery()
    there, own, same = aliased(Conversation), aliased(Customer), aliased(Customer)
    newest = rows_of(func.max(there.id)).where(col(there.thread_id) == Thread.id)
    if is_shared:
        newest = newest.join(own, col(own.id) == there.customer_id).where(col(own.external_id) == bindparam("customer"))
    root = func.coalesce(Customer.joined_to_id, Customer.id)
    account = rows_of(func.min(same.account_id)).where(or_(col(same.id) == root, col(same.joined_to_id) == root))
    return (
        rows_of(
            *table_of(Thread).c, *table_of(Customer).c, *table_of(Conversation).c, col(Account.id), col(Account.plan)
        )
        .select_from(start)
        .outerjoin(Thread, _is_called(Thread, "thread"))
        .outerjoin(Customer, _is_called(Customer, "customer"))
        .outerjoin(Conversation, col(Conversation.id) == newest.scalar_subquery())
        .outerjoin(Account, col(Account.id) == account.scalar_subquery())
    )


def _is_called(model: type[Thread] | type[Customer], name: str) -> ColumnElement[bool]:
    return (col(model.channel) == bindparam("channel")) & (col(model.external_id) == bindparam(name))


_FIND, _FIND_CUSTOMERS = Prepared(_finding(is_shared=False)), Prepared(_finding(is_shared=True))
