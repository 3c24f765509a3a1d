"""Customers and the threads that they write in: found, or made on first sight."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlmodel import Session, SQLModel, select

from handoff.models import Customer, Thread
from handoff.wording import clean
from store.inserts import insert


def find_customer(
    session: Session,
    channel: str,
    external_id: str,
    now: datetime,
    name: str | None = None,
    language: str | None = None,
) -> Customer:
    """The customer whom ``channel`` calls ``external_id``. A name or language that is given replaces the known one."""
    _insert_once(session, Customer, channel=channel, external_id=external_id, created_at=now)
    customer = session.exec(
        select(Customer).where(Customer.channel == channel, Customer.external_id == external_id)
    ).one()
    customer.name = _short(name, 200) or customer.name
    customer.language = _short(language, 16) or customer.language
    session.flush()
    return customer


def find_thread(session: Session, channel: str, external_id: str, now: datetime) -> Thread:
    """The thread that ``channel`` calls ``external_id``."""
    _insert_once(session, Thread, channel=channel, external_id=external_id, created_at=now)
    return session.exec(select(Thread).where(Thread.channel == channel, Thread.external_id == external_id)).one()


def _insert_once(session: Session, table: type[SQLModel], **values: Any) -> None:
    """Insert unless it is there. Two transactions at once end with one row and neither fails."""
    statement = insert(session, table).values(**values)
    session.execute(statement.on_conflict_do_nothing(index_elements=["channel", "external_id"]))


def _short(text: str | None, limit: int) -> str | None:
    return " ".join(clean(text).split())[:limit] if text else None
