"""What a customer reads when their ticket got another priority, and with it another promise: once, and only if they
were told one before."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session

from bot.desk.apologies import is_ours_to_do
from bot.live import House
from bot.promises import timezone_of, told
from bot.replies import say
from handoff import conversations
from handoff.models import Author, Conversation, Ticket
from handoff.sla.models import Clock, ClockKind
from handoff.sla.retelling import outdated
from handoff.threads import can_be_written_in
from store.models import Timer


def handle(session: Session, timer: Timer, now: datetime, house: House) -> None:
    """A ticket got another priority a moment ago. ``timer.subject_id``: the ticket."""
    ticket = session.get(Ticket, timer.subject_id)
    clocks = outdated(session, timer.subject_id, now)
    if ticket is None or not clocks or not is_ours_to_do(ticket):
        return
    conversation = session.get_one(Conversation, ticket.conversation_id)
    first = min(clocks, key=lambda clock: (clock.kind is not ClockKind.FIRST_RESPONSE, clock.due_at))
    words = _words(session, ticket, first, conversation.language, now)
    for clock in clocks:
        clock.promised_at = clock.due_at
    session.flush()
    if can_be_written_in(session, conversation.thread_id):
        conversations.say(session, conversation, words, Author.SYSTEM, now, detail={"ticket": ticket.number})


def _words(session: Session, ticket: Ticket, clock: Clock, language: str, now: datetime) -> str:
    was, due = clock.promised_at, clock.due_at
    assert was is not None
    assert due is not None
    zone = timezone_of(session, ticket.customer_id)
    return say(
        "promise_sooner" if due < was else "promise_later",
        language,
        who=say("who", language),
        promise=told(due, now, zone, language),
        before=told(was, now, zone, language),
        number=ticket.number,
    )
