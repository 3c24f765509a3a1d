"""Customers and the threads that they write in: found, or made on first sight."""

from __future__ import annotations

import re
from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import bindparam
from sqlmodel import Session, select

from handoff.errors import BadEmail
from handoff.models import Customer, Thread
from handoff.people import account_of, tie
from handoff.rows import id_of
from handoff.threads import thread_called
from handoff.wording import clean, normal_email
from store.changes import note_change
from store.prepared import Prepared
from store.records import enter_once, held

# What browsers take for an address. Signs beyond these have a meaning of their own in the head of a mail.
_LABEL = "[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
ADDRESS = rf"[A-Za-z0-9.!#$%&'*+/=?^_`{{|}}~-]{{1,64}}@{_LABEL}(\.{_LABEL})+"


def find_customer(
    session: Session,
    channel: str,
    external_id: str,
    now: datetime,
    name: str | None = None,
    language: str | None = None,
) -> Customer:
    """The customer whom ``channel`` calls ``external_id``. A name or language that is given replaces the known one."""
    customer = customer_called(session, channel, external_id)
    if customer is None:
        first = {"name": _short(name, 200), "language": _short(language, 16)}
        new = enter_once(session, Customer, channel=channel, external_id=external_id, created_at=now, **first)
        customer = new or customer_called(session, channel, external_id)
        assert customer is not None
    known = customer.name, customer.language
    given = _short(name, 200) or customer.name, _short(language, 16) or customer.language
    if given != known:
        customer.name, customer.language = given
        session.flush()
    return customer


def find_thread(session: Session, channel: str, external_id: str, now: datetime) -> Thread:
    """The thread that ``channel`` calls ``external_id``."""
    thread = thread_called(session, channel, external_id)
    if thread is None:
        new = enter_once(session, Thread, channel=channel, external_id=external_id, created_at=now)
        thread = new or thread_called(session, channel, external_id)
        assert thread is not None
    return thread


def customer_called(session: Session, channel: str, external_id: str) -> Customer | None:
    """The customer whom ``channel`` calls so, if they ever wrote."""
    session.flush()
    row = _CUSTOMER.first(session, channel=channel, external_id=external_id)
    return None if row is None else held(session, Customer, row)


def update_profile(
    session: Session,
    customer: Customer,
    *,
    name: str | None,
    language: str | None,
    timezone: str | None,
    account_id: int | None,
    now: datetime,
) -> None:
    """Keep what the channel knows of the customer now. What is None, or no time zone, leaves what was known before.

    ``account_id`` is what the domain of their address says. It only fills in: the account that a link, an agent or
    an earlier domain gave the person stays.
    """
    customer.name = _short(name, 200) or customer.name
    customer.language = _short(language, 16) or customer.language
    customer.timezone = timezone if timezone and is_timezone(timezone) else customer.timezone
    customer.profiled_at = now
    session.flush()
    if account_id is not None and account_of(session, customer) is None:
        tie(session, customer, account_id, f"domain of customer {customer.id}", now)
    note_change(session, "customer", id_of(customer), now)


def prefer_language(session: Session, customer: Customer, language: str | None) -> None:
    """What the customer chose by ``/language`` (BCP 47); None: what their messages look like counts again."""
    customer.prefers_language = _short(language, 16)
    session.flush()


def set_email(session: Session, customer: Customer, address: str | None, now: datetime) -> None:
    """Where answers to this customer go as well, as they say themselves; None: nowhere. Raises BadEmail."""
    chosen = normal_email(address) if address is not None else None
    if chosen is not None and not re.fullmatch(ADDRESS, chosen):
        raise BadEmail
    if customer.email != chosen:
        customer.email = chosen
        session.flush()
        note_change(session, "customer", id_of(customer), now)


def is_timezone(name: str) -> bool:
    """Whether this is the name of a time zone, such as Europe/Berlin, that can be reckoned with here."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return len(name) <= 64


_CUSTOMER = Prepared(
    select(Customer).where(Customer.channel == bindparam("channel"), Customer.external_id == bindparam("external_id"))
)


def _short(text: str | None, limit: int) -> str | None:
    return " ".join(clean(text).split())[:limit] if text else None
