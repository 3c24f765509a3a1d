"""Who sent a message: made known to the desk, with what the channel tells of them and no more than is used."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session

from bot.speaking import Turn
from handoff.accounts import account_of_domain
from handoff.customers import find_customer, update_profile
from handoff.models import Customer


def meet(session: Session, turn: Turn, now: datetime) -> Customer:
    """The customer who wrote, made on first sight."""
    inbound = turn.inbound
    return find_customer(session, inbound.channel, inbound.customer, now, inbound.name, turn.language)


def remember(session: Session, customer: Customer, turn: Turn, now: datetime) -> None:
    """Keep what the channel was just asked about them; of an e-mail address only the account that its domain names."""
    profile = turn.profile
    if profile is None:
        return
    account = account_of_domain(session, profile.email_domain) if profile.email_domain else None
    update_profile(
        session,
        customer,
        name=profile.name,
        language=None,
        timezone=profile.timezone,
        account_id=account.id if account else None,
        now=now,
    )
