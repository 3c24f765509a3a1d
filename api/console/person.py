"""Who a customer is, as the console shows it: their account, and their conversations in every channel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import func
from sqlmodel import Session, col, select

from api.console.search import EXCERPT, Found, conversations
from handoff.accounts import AccountChoice, account_choices
from handoff.customers import is_timezone
from handoff.models import Account, Conversation, Customer, Direction, Message
from handoff.people import account_of, person
from handoff.views import called

NEWEST = 3


@dataclass(frozen=True)
class Known:
    """One customer as their channel knows them, with their newest conversations."""

    customer: Customer
    conversations: Sequence[Found] = ()

    @property
    def name(self) -> str:
        return called(self.customer)


@dataclass(frozen=True)
class Person:
    """The customer whom a page is about, and who else is the same person."""

    known: Known
    others: tuple[Known, ...] = ()
    account: Account | None = None
    accounts: Sequence[AccountChoice] = ()
    """What can be chosen from."""
    time_there: datetime | None = None
    """What their clock shows, where the channel told their time zone."""

    @property
    def customer(self) -> Customer:
        return self.known.customer

    @property
    def key(self) -> str:
        """Another one when somebody is joined or parted."""
        return "-".join(str(one.customer.id) for one in (self.known, *self.others))


def person_of(session: Session, customer: Customer, now: datetime) -> Person:
    """The person that ``customer`` is, at the moment ``now``."""
    others = [one for one in person(session, customer) if one.id != customer.id]
    return Person(
        known(session, customer),
        tuple(known(session, one) for one in others),
        account_of(session, customer),
        account_choices(session),
        time_there(customer, now),
    )


def known(session: Session, customer: Customer) -> Known:
    return Known(customer, conversations_of(session, [customer], NEWEST))


def conversations_of(session: Session, customers: Sequence[Customer], limit: int) -> list[Found]:
    """Their newest conversations, newest first; one without a ticket is titled by its first words."""
    ids = [one.id for one in customers]
    newest = select(Conversation.id).where(col(Conversation.customer_id).in_(ids))
    newest = newest.order_by(col(Conversation.last_message_at).desc(), col(Conversation.id).desc()).limit(limit)
    rows = conversations(session, [one for one in session.exec(newest) if one is not None])
    words = _first_words(session, [row.conversation_id for row in rows if not row.title])
    return [replace(row, title=row.title or words.get(row.conversation_id, "")) for row in rows]


def time_there(customer: Customer, now: datetime) -> datetime | None:
    """``now`` on the customer's own clock; None where the channel did not tell their time zone."""
    zone = customer.timezone
    return now.astimezone(ZoneInfo(zone)) if zone and is_timezone(zone) else None


def _first_words(session: Session, conversation_ids: Sequence[int]) -> dict[int, str]:
    first = select(func.min(Message.id)).where(
        col(Message.conversation_id).in_(conversation_ids), col(Message.direction) == Direction.INCOMING
    )
    query = select(Message).where(col(Message.id).in_(first.group_by(col(Message.conversation_id))))
    return {message.conversation_id: " ".join(message.text.split())[:EXCERPT] for message in session.exec(query)}
