"""Customers who are the same person in several channels, because an agent said so, and the account of a person.

The oldest of them is the one whom the others are joined to, directly: there are no chains. The account stays on the
customer for whom it was set and counts for the whole person, so that parting them again leaves each with its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, bindparam, or_
from sqlmodel import Session, col, select

from handoff.actors import Actor, require
from handoff.errors import AccountNotFound, AccountsDiffer, AlreadyDone, CustomerNotFound, NotJoined, Stale
from handoff.models import Account, Customer, Ticket
from handoff.permissions import Permission
from handoff.rows import id_of
from handoff.sla.again import look_at_customers
from store import audit
from store.changes import note_change

SHORTEST_PART_OF_ID = 4


def same_person(customer: Customer) -> ColumnElement[bool]:
    """The condition on ``Customer`` that holds for this one and for all that are the same person."""
    return _is_rooted_in(root_id(customer))


def _is_rooted_in(root: Any) -> ColumnElement[bool]:
    return or_(col(Customer.id) == root, col(Customer.joined_to_id) == root)


def person_ids(session: Session, customer_id: int) -> tuple[int, ...]:
    """All customers that are the same person as this one, itself included, oldest first. Raises CustomerNotFound."""
    return tuple(id_of(one) for one in person(session, customer_by_id(session, customer_id)))


def person(session: Session, customer: Customer) -> Sequence[Customer]:
    """The customers that are the same person as this one, itself included, oldest first."""
    query = select(Customer).where(same_person(customer)).order_by(col(Customer.id))
    return session.exec(query.execution_options(populate_existing=True)).all()


def customer_by_id(session: Session, customer_id: int) -> Customer:
    """The customer, as one channel knows them. Raises CustomerNotFound."""
    customer = session.get(Customer, customer_id)
    if customer is None:
        raise CustomerNotFound
    return customer


def root_id(customer: Customer) -> int:
    """The id of the customer that stands for the person."""
    return customer.joined_to_id or id_of(customer)


def account_of(session: Session, customer: Customer) -> Account | None:
    """The account of the person that ``customer`` is, whichever of their customers it was set for."""
    return session.scalars(_ACCOUNT, {"root_id": root_id(customer)}).first()


_ACCOUNT = (
    select(Account)
    .join(Customer, col(Customer.account_id) == Account.id)
    .where(_is_rooted_in(bindparam("root_id")))
    .limit(1)
)


def set_account(session: Session, customer_id: int, account_id: int | None, actor: Actor, now: datetime) -> None:
    """An agent says which account the person belongs to; None: to none. Raises CustomerNotFound, AccountNotFound."""
    require(session, actor, Permission.WORK_TICKETS)
    tie(session, customer_by_id(session, customer_id), account_id, actor.name, now)


def tie(session: Session, customer: Customer, account_id: int | None, who: str, now: datetime) -> None:
    """Let the person belong to this account from now on, whatever it was. Raises AccountNotFound, Stale."""
    if account_id is not None and session.get(Account, account_id) is None:
        raise AccountNotFound
    hold(session, customer)
    before = account_of(session, customer)
    if (before.id if before else None) == account_id:
        return
    everybody = person(session, customer)
    for one in everybody:
        if one.id == customer.id or one.account_id is not None:
            one.account_id = account_id
    session.flush()
    _note(session, everybody, now)
    detail = {"account": account_id, "before": before.id if before else None}
    audit.record(session, who, "customer.account_set", "customer", id_of(customer), now, **detail)


def join(session: Session, customer_id: int, other_id: int, actor: Actor, now: datetime) -> Customer:
    """Say that the two, with whomever each is joined already, are one person; returns the one who stands for it.

    Raises CustomerNotFound, AlreadyDone when they are one person already, AccountsDiffer, and Stale when a colleague
    changed one of them in this very moment.
    """
    require(session, actor, Permission.WORK_TICKETS)
    customer, other = customer_by_id(session, customer_id), customer_by_id(session, other_id)
    if root_id(customer) == root_id(other):
        raise AlreadyDone("These two are the same person already.")
    hold(session, customer, other)
    _same_account(account_of(session, customer), account_of(session, other))
    everybody = sorted([*person(session, customer), *person(session, other)], key=id_of)
    _make_one(everybody)
    _note(session, everybody, now)
    ids = [one.id for one in everybody]
    audit.record(session, actor.name, "customer.joined", "customer", customer_id, now, other=other_id, person=ids)
    return everybody[0]


def part(session: Session, customer_id: int, actor: Actor, now: datetime) -> None:
    """Say that this customer is somebody else than those whom they are joined with; the others stay one person.

    Raises CustomerNotFound, NotJoined, and Stale when a colleague changed it in this very moment.
    """
    require(session, actor, Permission.WORK_TICKETS)
    customer = customer_by_id(session, customer_id)
    hold(session, customer)
    everybody = person(session, customer)
    others = [one for one in everybody if one.id != customer_id]
    if not others:
        raise NotJoined
    _make_one([customer])
    _make_one(others)
    _note(session, everybody, now)
    ids = [one.id for one in others]
    audit.record(session, actor.name, "customer.parted", "customer", customer_id, now, others=ids)


def find_people(session: Session, asked: str, besides: Customer | None, limit: int = 20) -> Sequence[Customer]:
    """Customers found by their name, their id in the channel or the number of a ticket of theirs, newest first.

    Nobody who is the same person as ``besides``, if anybody is named there.
    """
    asked = " ".join(asked.split())
    if not asked:
        return []
    found = [col(Customer.name).icontains(asked, autoescape=True), _is_called(asked), *_has_ticket(asked)]
    query = select(Customer).where(or_(*found))
    if besides is not None:
        query = query.where(~col(Customer.id).in_(select(Customer.id).where(same_person(besides))))
    return session.exec(query.order_by(col(Customer.id).desc()).limit(limit)).all()


def hold(session: Session, *customers: Customer) -> None:
    """Keep others from changing who these people are until the transaction ends. Raises Stale when one just did.

    The customers that stand for the people are locked in the order of their ids, so that no two wait for each other.
    key_share: rows that refer to these customers may be inserted meanwhile.
    """
    roots = sorted({root_id(customer) for customer in customers})
    query = select(Customer).where(col(Customer.id).in_(roots)).order_by(col(Customer.id))
    session.exec(query.with_for_update(key_share=True).execution_options(populate_existing=True)).all()
    for customer in customers:
        session.refresh(customer)
        if root_id(customer) not in roots:
            raise Stale


def _is_called(asked: str) -> ColumnElement[bool]:
    """A few characters of an id are in the ids of many, so those must be all of it."""
    if len(asked) < SHORTEST_PART_OF_ID:
        return col(Customer.external_id) == asked
    return col(Customer.external_id).icontains(asked, autoescape=True)


def _has_ticket(asked: str) -> list[ColumnElement[bool]]:
    digits = asked.removeprefix("#")
    if not digits.isascii() or not digits.isdecimal() or len(digits) > 15:
        return []
    return [col(Customer.id).in_(select(Ticket.customer_id).where(Ticket.number == int(digits)))]


def _same_account(one: Account | None, other: Account | None) -> None:
    if one is not None and other is not None and one.id != other.id:
        raise AccountsDiffer(
            f"These customers belong to different accounts: {one.name} and {other.name}. "
            "Give both the same account before joining them."
        )


def _make_one(customers: Sequence[Customer]) -> None:
    """Let these, oldest first, be one person."""
    for customer in customers:
        customer.joined_to_id = None if customer is customers[0] else customers[0].id


def _note(session: Session, customers: Sequence[Customer], now: datetime) -> None:
    for customer in customers:
        note_change(session, "customer", id_of(customer), now)
    # Their plan may be another now.
    look_at_customers(session, [id_of(customer) for customer in customers], now)
