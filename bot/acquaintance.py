"""What is known of a message's sender and place before it is read: few look-ups, nothing written."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.channels.base import Inbound
from bot.whereabouts import Whereabouts
from handoff.models import Conversation, Owner
from retrieval.audience import ANYONE, Asker

PROFILE_LASTS = timedelta(hours=24)


@dataclass(frozen=True)
class Acquaintance:
    """``concerns_us`` False: overheard where nobody talks with us; nothing of it is kept."""

    concerns_us: bool = True
    prefers_language: str | None = None
    is_profile_due: bool = True
    """The channel should be asked (again) what it knows of the customer."""
    is_with_person: bool = False
    """A person owns the conversation that the message goes on with, so the bot will say nothing."""
    asker: Asker = ANYONE
    """What decides which articles the customer may see."""
    account_id: int | None = None
    place: str = ""
    """The thread, named the same in every process: with the account it decides who gets a staged release."""


def acquaintance(inbound: Inbound, found: Whereabouts, now: datetime) -> Acquaintance:
    """What is known of whoever sent ``inbound``, and of where. Pure."""
    customer, newest = found.customer, found.newest
    is_open = newest is not None and newest.closed_at is None
    return Acquaintance(
        concerns_us=inbound.is_addressed or is_open,
        prefers_language=customer.prefers_language if customer else None,
        is_profile_due=customer is None or is_older(customer.profiled_at, now),
        is_with_person=_is_with_person(newest),
        asker=Asker(plan=found.plan.value) if found.plan else ANYONE,
        account_id=found.account_id,
        place=f"{inbound.channel}:{inbound.thread}",
    )


def is_older(profiled_at: datetime | None, now: datetime) -> bool:
    return profiled_at is None or now - profiled_at > PROFILE_LASTS


def _is_with_person(newest: Conversation | None) -> bool:
    return newest is not None and newest.closed_at is None and newest.owner is Owner.HUMAN
