"""What became of each conversation: one row, written when it ends and again when something says otherwise.

A conversation ends when a person takes it over, or when nobody said anything in it for SILENCE. One in which nothing
was asked (a greeting, a command, a question about us) has no outcome.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from handoff.models import (
    AnswerAudit,
    Author,
    Conversation,
    Direction,
    Feedback,
    Message,
    Source,
    Ticket,
)
from handoff.people import customer_by_id, person_ids
from handoff.rows import id_of
from handoff.surveys.models import Outcome, Result
from handoff.ticketing.models import Happened, TicketEvent
from store import settings
from store.changes import note_change
from store.inserts import insert
from store.models import Setting

SILENCE = timedelta(hours=24)
COMES_BACK = timedelta(days=7)
"""So long after its end a conversation that comes to life again was not dealt with after all."""
_ANSWER = "answer"
_TOLD = (_ANSWER, "clarify", "decline", "escalate")
"""Decisions about something that was asked."""
_THROUGH = "outcomes"


@dataclass(frozen=True)
class Course:
    """All that an outcome depends on."""

    has_ticket: bool = False
    was_wrong: bool = False
    """Somebody looked at an answer and found it wrong."""
    decision: str | None = None
    """The last thing that the bot decided about a question; None where nothing was asked."""
    thumb: bool | None = None
    """What the customer said of the last answer."""
    confirmed: bool | None = None
    """What the customer said when asked whether it is solved."""


def result_of(course: Course) -> Result | None:
    """What a conversation came to; None where nothing was asked. Pure."""
    if course.was_wrong:
        return Result.WRONG
    if course.has_ticket:
        return Result.HANDED_OFF
    if course.decision is None:
        return None
    if course.decision != _ANSWER or course.thumb is False:
        return Result.ABANDONED
    return Result.CONFIRMED if course.thumb or course.confirmed else Result.ASSUMED


def hand_off(session: Session, ticket: Ticket, now: datetime) -> None:
    """The bot handed the conversation over, or a person took it: that ends it, and may end it once more."""
    outcome = session.get(Outcome, ticket.conversation_id)
    if outcome is None:
        outcome = _written(session, ticket.conversation_id, Result.HANDED_OFF, now)
    elif outcome.result is not Result.HANDED_OFF and now - outcome.at <= COMES_BACK:
        outcome.reopened_at = outcome.reopened_at or now
    if outcome.result is not Result.WRONG:
        outcome.result, outcome.reason = Result.HANDED_OFF, ticket.reason
    session.flush()


def reopened(session: Session, ticket: Ticket, now: datetime) -> None:
    """The ticket came to life again: within a week that says that it was not dealt with."""
    outcome = session.get(Outcome, ticket.conversation_id)
    if outcome is not None:
        outcome.reopened_at = outcome.reopened_at or _ticket_reopened(session, id_of(ticket))
        session.flush()
        note_change(session, "outcome", ticket.conversation_id, now)


def settle(session: Session, conversation_id: int, now: datetime, at: datetime | None = None) -> Outcome | None:
    """Write what became of the conversation, as everything says now; ``at``: when it ended, if it had no outcome yet.

    None where nothing was asked in it.
    """
    conversation = session.get_one(Conversation, conversation_id)
    ticket = session.exec(select(Ticket).where(Ticket.conversation_id == conversation_id)).first()
    if ticket is not None and ticket.source is not Source.CHANNEL:
        # Told to an agent: the bot had no part in it.
        return None
    result = result_of(_course(session, conversation, ticket))
    outcome = session.get(Outcome, conversation_id)
    if result is None:
        return outcome
    reason = ticket.reason if ticket is not None and result is Result.HANDED_OFF else None
    if outcome is None:
        outcome = _written(session, conversation_id, result, at or now)
    outcome.result, outcome.reason = result, reason
    outcome.reopened_at = outcome.reopened_at or _reopened(session, outcome, ticket)
    session.flush()
    note_change(session, "outcome", conversation_id, now)
    return outcome


def settle_silent(session: Session, now: datetime, limit: int = 50) -> bool:
    """Settle conversations in which nobody said anything for SILENCE, the oldest first. Whether there may be more."""
    row = session.get(Setting, _THROUGH)
    through = (datetime.fromisoformat(row.value["at"]), int(row.value["id"])) if row else None
    found = _silent(session, now - SILENCE, through, limit)
    for conversation in found:
        settle(session, id_of(conversation), now, conversation.last_message_at + SILENCE)
        _came_back(session, conversation, now)
    if found:
        last = found[-1]
        settings.keep(session, _THROUGH, {"at": last.last_message_at.isoformat(), "id": last.id})
    return len(found) == limit


def _written(session: Session, conversation_id: int, result: Result, at: datetime) -> Outcome:
    """The row, made now unless somebody else has just made it."""
    values = {"conversation_id": conversation_id, "result": result, "at": at}
    statement = insert(session, Outcome).values(**values)
    session.execute(statement.on_conflict_do_nothing(index_elements=["conversation_id"]))
    return session.get_one(Outcome, conversation_id, populate_existing=True)


def _silent(
    session: Session, until: datetime, through: tuple[datetime, int] | None, limit: int
) -> Sequence[Conversation]:
    """Conversations whose last words came until then, and after those that were settled before."""
    query = select(Conversation).where(Conversation.last_message_at <= until)
    if through is not None:
        at, last_id = through
        is_later = (col(Conversation.last_message_at) == at) & (col(Conversation.id) > last_id)
        query = query.where(col(Conversation.last_message_at) >= at).where(
            (col(Conversation.last_message_at) > at) | is_later
        )
    order = col(Conversation.last_message_at), col(Conversation.id)
    return session.exec(query.order_by(*order).limit(limit)).all()


def _course(session: Session, conversation: Conversation, ticket: Ticket | None) -> Course:
    here = Message.conversation_id == conversation.id
    told = select(Message).where(here, Message.author == Author.BOT, col(Message.decision).in_(_TOLD))
    last = session.exec(told.order_by(col(Message.id).desc()).limit(1)).first()
    wrong = (select(AnswerAudit.message_id).join(Message, col(Message.id) == AnswerAudit.message_id).where(here)).where(
        col(AnswerAudit.is_right).is_(False)
    )
    thumb = session.get(Feedback, last.id) if last is not None else None
    return Course(
        has_ticket=ticket is not None,
        was_wrong=session.exec(wrong.limit(1)).first() is not None,
        decision=last.decision if last is not None else None,
        thumb=thumb.is_helpful if thumb is not None else None,
        confirmed=conversation.confirmed,
    )


def _reopened(session: Session, outcome: Outcome, ticket: Ticket | None) -> datetime | None:
    """When it came to life again: of a ticket, when it was opened again; else when the customer wrote in it again."""
    if ticket is not None:
        return _ticket_reopened(session, id_of(ticket))
    wrote = select(Message.at).where(
        Message.conversation_id == outcome.conversation_id,
        Message.direction == Direction.INCOMING,
        col(Message.at) > outcome.at,
        col(Message.at) <= outcome.at + COMES_BACK,
    )
    return session.exec(wrote.order_by(col(Message.id)).limit(1)).first()


def _ticket_reopened(session: Session, ticket_id: int) -> datetime | None:
    kinds = (Happened.RESOLVED, Happened.CLOSED, Happened.REOPENED)
    query = select(TicketEvent).where(TicketEvent.ticket_id == ticket_id, col(TicketEvent.kind).in_(kinds))
    solved_at: datetime | None = None
    for event in session.exec(query.order_by(col(TicketEvent.id))):
        if event.kind is not Happened.REOPENED:
            solved_at = solved_at or event.at
        elif solved_at is not None:
            if event.at - solved_at <= COMES_BACK:
                return event.at
            solved_at = None
    return None


def _came_back(session: Session, conversation: Conversation, now: datetime) -> None:
    """Who gets the same article again within a week was not helped by it the first time."""
    articles = _articles(session, id_of(conversation))
    if not articles:
        return
    people = person_ids(session, id_of(customer_by_id(session, conversation.customer_id)))
    earlier = (
        select(Outcome)
        .join(Conversation, col(Conversation.id) == Outcome.conversation_id)
        .where(
            col(Conversation.customer_id).in_(people),
            Conversation.id != conversation.id,
            col(Outcome.result).in_((Result.CONFIRMED, Result.ASSUMED)),
            col(Outcome.reopened_at).is_(None),
            col(Conversation.opened_at) < conversation.opened_at,
            col(Conversation.last_message_at) >= conversation.opened_at - COMES_BACK,
        )
    )
    for outcome in session.exec(earlier.limit(20)).all():
        if articles & _articles(session, outcome.conversation_id):
            outcome.reopened_at = conversation.opened_at
            note_change(session, "outcome", outcome.conversation_id, now)
    session.flush()


def _articles(session: Session, conversation_id: int) -> set[str]:
    """The articles that the bot answered from."""
    query = select(Message.detail).where(
        Message.conversation_id == conversation_id, Message.author == Author.BOT, Message.decision == _ANSWER
    )
    return {str(detail["article"]) for detail in session.exec(query) if detail.get("article")}
