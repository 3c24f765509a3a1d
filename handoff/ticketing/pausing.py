"""A ticket that rests: until the customer writes, until a time, and in the end for good."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session, select

from handoff.actors import Actor
from handoff.conversations import ButtonSpec, add_activity, lock_conversation, say
from handoff.errors import BadMoment, NotAnsweredYet
from handoff.models import Author, Conversation, Source, Ticket, TicketStatus, WaitsFor
from handoff.rows import id_of
from handoff.threads import can_be_written_in
from handoff.ticketing import waiting
from handoff.ticketing.deeds import at_desk, leave_trace
from handoff.ticketing.models import Happened, NoticeKind, TicketEvent
from handoff.ticketing.notices import tell
from handoff.ticketing.states import Event
from handoff.tickets import move
from store.timers import set_timer

LONGEST = timedelta(days=366)


@dataclass(frozen=True)
class Words:
    """What the customer reads, and the buttons below it."""

    text: str
    buttons: Sequence[ButtonSpec] = ()


def wait_for_customer(session: Session, number: int, actor: Actor, now: datetime) -> Ticket:
    """Let the ticket rest until the customer writes. Its clocks stand still, so a person must have answered before.

    Raises NotAnsweredYet, WrongStatus.
    """
    ticket, conversation = at_desk(session, number, actor)
    if not _is_answered(session, ticket):
        raise NotAnsweredYet
    move(session, ticket, conversation, Event.WAIT, now, assignee_id=ticket.assignee_id or actor.staff_id)
    leave_trace(session, ticket, conversation, actor, "waits_for_customer", now)
    return ticket


def snooze(session: Session, number: int, until: datetime, actor: Actor, now: datetime) -> Ticket:
    """Let the ticket rest until a moment, or until the customer writes. Its clocks run on. Raises BadMoment."""
    if not now < until <= now + LONGEST:
        raise BadMoment
    ticket, conversation = at_desk(session, number, actor)
    who = ticket.assignee_id or actor.staff_id
    move(session, ticket, conversation, Event.SNOOZE, now, assignee_id=who, until=until)
    leave_trace(session, ticket, conversation, actor, "snoozed", now, until=until.isoformat(timespec="minutes"))
    return ticket


def wake(session: Session, ticket_id: int, now: datetime) -> Ticket | None:
    """The time of a snooze is over: the ticket is open again, with its agent. None where it is not snoozed till now."""
    ticket, conversation = _held(session, ticket_id)
    if ticket.waits_for is not WaitsFor.TIME or (ticket.snoozed_until is not None and ticket.snoozed_until > now):
        return None
    move(session, ticket, conversation, Event.WAKE, now)
    add_activity(session, conversation, "woken", now)
    tell(session, [ticket.assignee_id], NoticeKind.WOKEN, ticket, now)
    return ticket


def is_stale(session: Session, ticket_id: int, now: datetime) -> Ticket | None:
    """The ticket, if it has been waiting for so long that its customer should be asked whether it is still open.

    Where the customer said something meanwhile (to the bot), it is looked at again later.
    """
    ticket, _ = _held(session, ticket_id)
    house, heard = waiting.rules(session), waiting.heard_last(session, ticket)
    if ticket.waits_for not in (WaitsFor.CUSTOMER, WaitsFor.BOT) or house.remind_after is None:
        return None
    if heard is not None and heard + timedelta(days=house.remind_after) > now:
        set_timer(session, waiting.STALE, ticket_id, heard + timedelta(days=house.remind_after))
        return None
    return ticket


def closes_at(session: Session, now: datetime) -> datetime:
    """When a ticket is closed whose customer is reminded now."""
    return now + timedelta(days=waiting.rules(session).close_after)


def remind(session: Session, ticket: Ticket, words: Words, now: datetime) -> None:
    """Ask the customer whether it is still open, and say when it is closed."""
    conversation = lock_conversation(session, ticket.conversation_id)
    _say(session, conversation, ticket, words, now)
    add_activity(session, conversation, "reminded", now)
    set_timer(session, waiting.STALE_CLOSE, id_of(ticket), closes_at(session, now))


def is_expired(session: Session, ticket_id: int, now: datetime) -> Ticket | None:
    """The ticket, if nobody said anything since its customer was asked, so that it is to be closed."""
    ticket, _ = _held(session, ticket_id)
    is_waiting = ticket.waits_for in (WaitsFor.CUSTOMER, WaitsFor.BOT)
    if ticket.status is not TicketStatus.RESOLVED and not is_waiting:
        return None
    heard = waiting.heard_last(session, ticket)
    since = now - timedelta(days=waiting.rules(session).close_after)
    if is_waiting and heard is not None and heard > since:
        set_timer(session, waiting.STALE, ticket_id, now)
        return None
    return ticket


def expire(session: Session, ticket: Ticket, words: Words | None, now: datetime) -> None:
    """Close it. ``words`` tell the customer how it can go on; None where they were told when it was resolved."""
    conversation = lock_conversation(session, ticket.conversation_id)
    move(session, ticket, conversation, Event.EXPIRE, now)
    add_activity(session, conversation, "expired", now)
    if words is not None:
        _say(session, conversation, ticket, words, now)


def _say(session: Session, conversation: Conversation, ticket: Ticket, words: Words, now: datetime) -> None:
    if can_be_written_in(session, conversation.thread_id):
        detail = {"closes": ticket.number}
        say(session, conversation, words.text, Author.SYSTEM, now, detail=detail, buttons=words.buttons)


def _held(session: Session, ticket_id: int) -> tuple[Ticket, Conversation]:
    ticket = session.get_one(Ticket, ticket_id)
    conversation = lock_conversation(session, ticket.conversation_id)
    session.refresh(ticket)
    return ticket, conversation


def _is_answered(session: Session, ticket: Ticket) -> bool:
    """Whether a person spoke with the customer about it."""
    answered = select(TicketEvent.id).where(TicketEvent.ticket_id == ticket.id, TicketEvent.kind == Happened.ANSWERED)
    return ticket.source is not Source.CHANNEL or session.exec(answered.limit(1)).first() is not None
