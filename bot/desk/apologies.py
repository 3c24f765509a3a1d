"""What a customer reads when a promise was missed: once for each miss, with a new promise that can be kept."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from bot.live import House
from bot.promises import timezone_of, told
from bot.replies import promise, say
from handoff import conversations
from handoff.models import Author, Conversation, Direction, Message, Ticket, TicketStatus, WaitsFor
from handoff.rows import id_of
from handoff.sla.calendars import hours_for
from handoff.sla.hours import ALWAYS
from handoff.sla.models import Clock, ClockKind
from handoff.threads import can_be_written_in
from store.timers import set_timer

TIMER = "promise"
SHORTEST, LONGEST = timedelta(minutes=30), timedelta(hours=8)
"""A new promise is a quarter of the target that was missed, within these, of working time."""
MOST = 3
"""Apologies for one clock. A fourth would be an insult; the staff hears of every miss."""
_FULL = timedelta(minutes=5)
_WEIGHT = (ClockKind.FIRST_RESPONSE, ClockKind.RESOLUTION, ClockKind.WORKAROUND, ClockKind.DIAGNOSIS)


def apologise(session: Session, ticket: Ticket, missed: Sequence[Clock], now: datetime, house: House) -> bool:
    """Tell the customer that these clocks ran out, in one message about the one that matters most to them.

    Not of what was done late by now, not of a step on the way that they never heard of, and not while the moment that
    they were told is yet to come: a ticket that was made more urgent can be late at once. True if they were told.
    """
    owed = [clock for clock in missed if _is_owed(clock) and clock.apologised_at is None]
    for clock in [each for each in owed if each.promised_at is not None and each.promised_at > now]:
        owed.remove(clock)
        _look_at(session, clock)
    if not owed or not is_ours_to_do(ticket):
        return False
    clock = min(owed, key=lambda each: _WEIGHT.index(each.kind))
    _say(session, ticket, clock, f"missed_{clock.kind.value}", clock.promised_at or clock.due_at, now, house)
    for each in owed:
        each.apologised_at = now
    session.flush()
    return True


def apologise_again(session: Session, ticket: Ticket, clock: Clock, now: datetime, house: House) -> bool:
    """What was promised last was missed, too. True if that is so, whether or not the customer was told once more."""
    if not is_ours_to_do(ticket):
        return False
    if _apologies(session, ticket, clock) < MOST:
        key = "missed_again" if clock.apologised_at else f"missed_{clock.kind.value}"
        _say(session, ticket, clock, key, clock.promised_at, now, house)
        clock.apologised_at = now
        session.flush()
    return True


def new_promise(session: Session, clock: Clock, now: datetime) -> datetime | None:
    """When we should have done it, after all; None where the hours of the clock never come again."""
    hours = ALWAYS if clock.is_always else hours_for(session, clock.calendar_id)
    moment = hours.after(now, min(max(timedelta(minutes=clock.minutes) / 4, SHORTEST), LONGEST))
    return _rounded_up(moment) if moment is not None else None


def _say(
    session: Session, ticket: Ticket, clock: Clock, key: str, was: datetime | None, now: datetime, house: House
) -> None:
    conversation = session.get_one(Conversation, ticket.conversation_id)
    language, zone = conversation.language, timezone_of(session, ticket.customer_id)
    moment = new_promise(session, clock, now)
    then = told(moment, now, zone, language) if moment else promise(house.promise_days, language)
    before = told(was, now, zone, language) if was else ""
    words = say(key, language, before=before, promise=then, number=ticket.number, who=say("who", language))
    detail = {"ticket": ticket.number, "apology": id_of(clock)}
    # Who told it on the phone reads nothing here: the agents know that the promise was missed.
    if can_be_written_in(session, conversation.thread_id):
        conversations.say(session, conversation, words, Author.SYSTEM, now, detail=detail)
    clock.promised_at = moment
    _look_at(session, clock)


def _look_at(session: Session, clock: Clock) -> None:
    """Look again when the moment that the customer was told is over."""
    if clock.promised_at is not None:
        set_timer(session, TIMER, id_of(clock), clock.promised_at + timedelta(seconds=1))


def _is_owed(clock: Clock) -> bool:
    # The others are our own way to the solution, unless the customer was told of them.
    concerns_them = clock.kind in (ClockKind.FIRST_RESPONSE, ClockKind.RESOLUTION) or clock.promised_at is not None
    return concerns_them and clock.met_at is None


def is_ours_to_do(ticket: Ticket) -> bool:
    """Whether it is the desk that has to do something; a snooze is no excuse."""
    return ticket.status is TicketStatus.OPEN or ticket.waits_for is WaitsFor.TIME


def _apologies(session: Session, ticket: Ticket, clock: Clock) -> int:
    said = select(Message.detail).where(
        Message.conversation_id == ticket.conversation_id,
        Message.direction == Direction.OUTGOING,
        Message.author == Author.SYSTEM,
    )
    return sum(detail.get("apology") == clock.id for detail in session.exec(said.order_by(col(Message.id))))


def _rounded_up(moment: datetime) -> datetime:
    """To five minutes, as people say times."""
    past = timedelta(minutes=moment.minute % 5, seconds=moment.second, microseconds=moment.microsecond)
    return moment - past + _FULL if past else moment
