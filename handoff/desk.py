"""What staff do to tickets, and what the customer does when asked whether it is solved.

Every deed locks the conversation, asks ``handoff.tickets`` for the next status, and leaves a line in the transcript.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from handoff.actors import OPERATOR, Actor, require
from handoff.conversations import ButtonSpec, add_activity, add_note, lock_conversation, say
from handoff.errors import NoPlace, StaleReply, Taken, TicketNotFound, Unread
from handoff.models import Action, Author, Conversation, Direction, Message, Staff, Ticket, TicketStatus
from handoff.permissions import Permission
from handoff.rows import id_of
from handoff.staffing import following
from handoff.threads import can_be_written_in
from handoff.ticketing.deeds import at_desk, leave_trace
from handoff.tickets import Event, move, open_ticket, ticket_of
from handoff.wording import sendable
from handoff.workplace.mentions import tell_mentioned
from store import audit

__all__ = [
    "OPERATOR",
    "Actor",
    "ClosingWords",
    "claim",
    "close_own",
    "confirm_solved",
    "hand_back",
    "not_yet",
    "note",
    "reopen",
    "reply",
    "resolve",
    "take_over",
]


@dataclass(frozen=True)
class ClosingWords:
    """What the customer reads when a ticket is resolved, and the labels of the two buttons below it."""

    text: str
    solved: str
    not_yet: str


def claim(session: Session, number: int, actor: Actor, now: datetime) -> Ticket:
    """Make the ticket the actor's, unless it is. Raises Taken when another person has it."""
    ticket, conversation = at_desk(session, number, actor)
    if ticket.assignee_id not in (None, actor.staff_id):
        holder = session.get_one(Staff, ticket.assignee_id).name
        words = f"{holder} has ticket #{number} already. Take it over if it should be yours."
        raise Taken(words, number=number, holder=holder)
    if _is_at_work(ticket, actor):
        return ticket
    move(session, ticket, conversation, Event.CLAIM, now, assignee_id=actor.staff_id)
    leave_trace(session, ticket, conversation, actor, "claimed", now)
    return ticket


def take_over(session: Session, conversation_id: int, actor: Actor, now: datetime) -> Ticket:
    """Make the conversation the actor's, whoever had it, with a ticket if it has none. The bot falls silent in it."""
    require(session, actor, Permission.WORK_TICKETS)
    conversation = lock_conversation(session, conversation_id)
    ticket = known = ticket_of(session, conversation_id)
    if ticket is None:
        ticket = open_ticket(session, conversation, None, _first_words(session, conversation_id), now)
    if _is_at_work(ticket, actor):
        return ticket
    move(session, ticket, conversation, Event.TAKE_OVER, now, assignee_id=actor.staff_id)
    leave_trace(session, ticket, conversation, actor, "taken_over", now)
    following.opened(session, ticket, now, is_new=known is None)
    return ticket


def reply(
    session: Session,
    number: int,
    text: str,
    actor: Actor,
    now: datetime,
    file_ids: Sequence[int] = (),
    seen_message_id: int | None = None,
    *,
    detail: Mapping[str, Any] | None = None,
    buttons: Sequence[ButtonSpec] = (),
) -> Message:
    """Say ``text`` to the customer. An unassigned ticket becomes the actor's, a resolved one is opened again.

    ``seen_message_id``: the newest message that the actor had read; StaleReply when the customer or a colleague wrote
    after it.
    ``detail`` and ``buttons``: what a room above wants to keep with the words, and put below them.
    Raises EmptyText, TextTooLong, TicketClosed, NoPlace.
    """
    words = sendable(text, has_files=bool(file_ids))
    ticket, conversation = at_desk(session, number, actor)
    if not can_be_written_in(session, conversation.thread_id):
        raise NoPlace
    if seen_message_id is not None and _was_written_after(session, conversation, seen_message_id, actor):
        raise StaleReply
    assignee_id = _assignee(ticket, actor)
    if move(session, ticket, conversation, Event.REPLY, now, assignee_id=assignee_id, by=actor.staff_id):
        add_activity(session, conversation, "reopened", now, staff_id=actor.staff_id, by=actor.name)
    message = say(
        session,
        conversation,
        words,
        Author.AGENT,
        now,
        staff_id=actor.staff_id,
        detail={**(detail or {}), **_signature(actor)},
        buttons=buttons,
        file_ids=file_ids,
    )
    audit.record(session, actor.name, "ticket.replied", "ticket", id_of(ticket), now, message=message.id)
    return message


def note(session: Session, number: int, text: str, actor: Actor, now: datetime) -> Message:
    """Write something beside the ticket that the customer never sees; who is named in it with an "@" gets a notice.

    Raises EmptyText, TextTooLong.
    """
    words = sendable(text)
    ticket, conversation = at_desk(session, number, actor)
    message = add_note(session, conversation, words, actor.staff_id, now)
    message.detail = _signature(actor)
    tell_mentioned(session, ticket, message, actor, now)
    audit.record(session, actor.name, "ticket.noted", "ticket", id_of(ticket), now, message=message.id)
    return message


def hand_back(session: Session, number: int, actor: Actor, now: datetime) -> Ticket:
    """Let the bot talk with the customer again. The ticket waits, and keeps its agent."""
    ticket, conversation = at_desk(session, number, actor)
    move(session, ticket, conversation, Event.HAND_BACK, now, by=actor.staff_id)
    leave_trace(session, ticket, conversation, actor, "handed_back", now)
    return ticket


def resolve(
    session: Session,
    number: int,
    actor: Actor,
    now: datetime,
    words: ClosingWords,
    seen_message_id: int | None = None,
) -> Ticket:
    """Call the matter solved, and ask the customer whether it is: ``words`` in the conversation's language.

    ``seen_message_id``: the newest message that the actor had read; Unread when the customer or a colleague wrote after
    it, for what they said would be asked over and nobody would look at it.
    """
    ticket, conversation = at_desk(session, number, actor)
    if seen_message_id is not None and _was_written_after(session, conversation, seen_message_id, actor):
        raise Unread
    assignee_id = _assignee(ticket, actor)
    move(session, ticket, conversation, Event.RESOLVE, now, assignee_id=assignee_id, by=actor.staff_id)
    leave_trace(session, ticket, conversation, actor, "resolved", now)
    if not can_be_written_in(session, conversation.thread_id):
        return ticket
    buttons = (ButtonSpec(Action.SOLVED, words.solved), ButtonSpec(Action.NOT_YET, words.not_yet))
    closing = {"closes": ticket.number}
    say(session, conversation, words.text, Author.SYSTEM, now, staff_id=actor.staff_id, detail=closing, buttons=buttons)
    return ticket


def reopen(session: Session, number: int, actor: Actor, now: datetime) -> Ticket:
    """Open a pending, resolved or closed ticket again, with the same agent."""
    ticket, conversation = at_desk(session, number, actor)
    assignee_id = _assignee(ticket, actor)
    move(session, ticket, conversation, Event.REOPEN, now, assignee_id=assignee_id, by=actor.staff_id)
    leave_trace(session, ticket, conversation, actor, "reopened", now)
    return ticket


def confirm_solved(session: Session, conversation: Conversation, now: datetime) -> Ticket:
    """The customer says that it is solved: a resolved ticket closes. Raises TicketNotFound where there is none."""
    ticket, conversation = _at_customer(session, conversation)
    move(session, ticket, conversation, Event.CONFIRM, now)
    add_activity(session, conversation, "confirmed_solved", now)
    return ticket


def not_yet(session: Session, conversation: Conversation, now: datetime) -> Ticket:
    """The customer says that it is not solved: the ticket is open again, with the same agent. Raises TicketNotFound."""
    ticket, conversation = _at_customer(session, conversation)
    if move(session, ticket, conversation, Event.NOT_YET, now):
        add_activity(session, conversation, "reopened", now, by="the customer")
    return ticket


def close_own(session: Session, conversation: Conversation, now: datetime) -> Ticket:
    """The customer needs no more of it: the ticket closes, whatever it waits for. That says nothing of whether it was
    solved. Raises TicketNotFound."""
    ticket, conversation = _at_customer(session, conversation)
    move(session, ticket, conversation, Event.CLOSE, now)
    add_activity(session, conversation, "closed_by_customer", now)
    return ticket


def _at_customer(session: Session, conversation: Conversation) -> tuple[Ticket, Conversation]:
    """The conversation's ticket and itself as they are now, kept from others."""
    locked = lock_conversation(session, id_of(conversation))
    ticket = ticket_of(session, id_of(locked))
    if ticket is None:
        raise TicketNotFound("This conversation has no ticket.")
    return ticket, locked


def _is_at_work(ticket: Ticket, actor: Actor) -> bool:
    is_theirs = ticket.assignee_id is not None and ticket.assignee_id == actor.staff_id
    return is_theirs and ticket.status is TicketStatus.OPEN


def _assignee(ticket: Ticket, actor: Actor) -> int | None:
    """Who works first on an unassigned ticket gets it; a helping hand does not take it away."""
    return ticket.assignee_id or actor.staff_id


def _signature(actor: Actor) -> dict[str, Any]:
    """An API token has no staff row to show who wrote."""
    return {} if actor.staff_id is not None else {"by": actor.name}


def _was_written_after(session: Session, conversation: Conversation, message_id: int, actor: Actor) -> bool:
    """Whether the customer wrote after the message, or a colleague of the actor said something to them."""
    of_colleague = (
        (col(Message.direction) == Direction.OUTGOING)
        & (col(Message.author) == Author.AGENT)
        & col(Message.private).is_(False)
        & col(Message.staff_id).is_distinct_from(actor.staff_id)
    )
    newer = select(Message.id).where(
        Message.conversation_id == conversation.id,
        (col(Message.direction) == Direction.INCOMING) | of_colleague,
        col(Message.id) > message_id,
    )
    return session.exec(newer.limit(1)).first() is not None


def _first_words(session: Session, conversation_id: int) -> str:
    """What the customer wrote first: the subject of a ticket that nobody named."""
    query = select(Message.text).where(
        Message.conversation_id == conversation_id, Message.direction == Direction.INCOMING, Message.text != ""
    )
    return session.exec(query.order_by(col(Message.id)).limit(1)).first() or ""
