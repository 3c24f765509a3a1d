"""Tickets that wait: when they are looked at again, and after how much silence they are closed.

``stale`` timers remind the customer, ``stale_close`` timers close the ticket, ``snooze`` timers bring it back. What is
done when one goes off, and what the customer reads then, is the bot's.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from sqlalchemy import func
from sqlmodel import Session, col, select

from handoff.actors import Actor, require
from handoff.errors import BadDays
from handoff.models import Direction, Message, Ticket, TicketStatus, WaitsFor
from handoff.permissions import Permission
from handoff.rows import id_of
from handoff.ticketing.states import State
from store import audit, settings
from store.models import Setting
from store.timers import cancel, set_timer

SNOOZE, STALE, STALE_CLOSE = "snooze", "stale", "stale_close"
LONGEST = 365
_NAME = "stale tickets"


@dataclass(frozen=True)
class Rules:
    """After how many days of silence something is done; None: never."""

    remind_after: int | None = 3
    """A ticket that waits for the customer, or is with the bot again: the customer is asked whether it is solved."""
    close_after: int = 4
    """Days after that reminder until it is closed."""
    close_solved_after: int | None = 7
    """A resolved ticket whose customer never said whether it is solved."""


def rules(session: Session) -> Rules:
    """The rules of the house."""
    row = session.get(Setting, _NAME)
    return Rules(**row.value) if row is not None else Rules()


def set_rules(session: Session, chosen: Rules, actor: Actor, now: datetime) -> None:
    """Let ``chosen`` count for what begins to wait from now on. Raises BadDays."""
    require(session, actor, Permission.MANAGE_SYSTEM)
    if any(days is not None and not 1 <= days <= LONGEST for days in asdict(chosen).values()):
        raise BadDays
    settings.keep(session, _NAME, asdict(chosen))
    audit.record(session, actor.name, "stale_rules.set", "setting", None, now, **asdict(chosen))


def next_look(state: State, house: Rules, now: datetime, until: datetime | None) -> tuple[str, datetime] | None:
    """The timer that a ticket needs which came into ``state`` at ``now``: its kind and its moment. Pure."""
    if state.waits_for is WaitsFor.TIME and until is not None:
        return SNOOZE, until
    if state.status is TicketStatus.PENDING and house.remind_after is not None:
        return STALE, now + timedelta(days=house.remind_after)
    if state.status is TicketStatus.RESOLVED and house.close_solved_after is not None:
        return STALE_CLOSE, now + timedelta(days=house.close_solved_after)
    return None


def keep_timers(session: Session, ticket: Ticket, before: State, after: State, now: datetime) -> None:
    """Set the timer that ``after`` needs, and take back those of ``before``."""
    if before.status is not TicketStatus.OPEN:
        for kind in (SNOOZE, STALE, STALE_CLOSE):
            cancel(session, kind, id_of(ticket))
    if after.status in (TicketStatus.PENDING, TicketStatus.RESOLVED):
        look = next_look(after, rules(session), now, ticket.snoozed_until)
        if look is not None:
            set_timer(session, look[0], id_of(ticket), look[1])


def heard_last(session: Session, ticket: Ticket) -> datetime | None:
    """When the customer last said something in the ticket's conversation."""
    newest = select(func.max(col(Message.id))).where(
        Message.conversation_id == ticket.conversation_id, Message.direction == Direction.INCOMING
    )
    return session.exec(select(Message.at).where(col(Message.id) == newest.scalar_subquery())).first()
