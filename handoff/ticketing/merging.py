"""Two tickets that are one matter, and one ticket that is two."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime

from sqlalchemy import func
from sqlmodel import Session, col, select

from handoff.actors import Actor
from handoff.conversations import advance, open_conversation, say
from handoff.errors import NotMergeable, NotSplittable, SameTicket
from handoff.models import Author, Conversation, Customer, Direction, Message, Thread, Ticket, TicketStatus
from handoff.people import person_ids
from handoff.rows import id_of
from handoff.staffing import following
from handoff.suggestions import outdate
from handoff.threads import can_be_written_in
from handoff.ticketing.deeds import at_desk, changed, leave_trace
from handoff.ticketing.events import note_event
from handoff.ticketing.links import join
from handoff.ticketing.models import Happened, LinkKind
from handoff.ticketing.sorting import keep_tags, tags_of
from handoff.ticketing.states import UNSOLVED, Event
from handoff.tickets import Matter, create, move
from handoff.wording import visible
from store.changes import note_change

_MOST_MERGES = 20


def merge(session: Session, number: int, into: int, actor: Actor, now: datetime, words: str) -> Ticket:
    """Let the matter of ticket ``number`` go on in ticket ``into``, which is returned. Both keep their transcripts.

    The first is closed, and opened again it is a ticket of its own as before. ``words``: what the customer reads, once.
    Raises SameTicket, NotMergeable, WrongStatus.
    """
    if number == into:
        raise SameTicket
    ticket, conversation, target, goes_on = _both(session, number, into, actor)
    was_open = ticket.status is TicketStatus.OPEN
    if target.status not in UNSOLVED or target.customer_id not in person_ids(session, ticket.customer_id):
        raise NotMergeable
    move(session, ticket, conversation, Event.MERGE, now, by=actor.staff_id)
    ticket.merged_into_id = id_of(target)
    note_event(session, ticket, Happened.MERGED, now, staff_id=actor.staff_id, into=into)
    _take_along(session, ticket, target, now)
    join(session, ticket, target, LinkKind.DUPLICATE)
    if was_open and target.status is TicketStatus.PENDING:
        # What the customer said in the first waits for somebody, so the other must not sleep.
        move(session, target, goes_on, Event.REOPEN, now, by=actor.staff_id)
    changed(session, target, goes_on, now)
    leave_trace(session, ticket, conversation, actor, "merged_into", now, into=f"#{into}")
    leave_trace(session, target, goes_on, actor, "merged_from", now, other=f"#{number}")
    _tell(session, goes_on if goes_on.thread_id == conversation.thread_id else conversation, words, actor, now)
    return target


def split(
    session: Session,
    number: int,
    message_ids: Collection[int],
    subject: str,
    actor: Actor,
    now: datetime,
    words: Callable[[int, str], str],
) -> Ticket:
    """Let these messages of a conversation be a ticket of their own, which is the actor's and is returned.

    ``subject``: "" for the first of these words. ``words``: what the customer reads, by the new ticket's number and
    subject. Raises NotSplittable.
    """
    ticket, conversation = at_desk(session, number, actor)
    moved = _chosen(session, conversation, message_ids)
    title = visible(subject) or next(message.text for message in moved if message.direction is Direction.INCOMING)
    thread = session.get_one(Thread, conversation.thread_id)
    customer = session.get_one(Customer, conversation.customer_id)
    fresh = open_conversation(session, thread, customer, conversation.language, now)
    matter = Matter(title, ticket.reason, ticket.priority, ticket.tier, ticket.team)
    other = create(session, fresh, matter, now, actor.staff_id)
    move(session, other, fresh, Event.TAKE_OVER, now, assignee_id=actor.staff_id)
    _carry(session, moved, conversation, fresh, now)
    _trace_split(session, ticket, conversation, other, fresh, actor, now)
    note_event(session, ticket, Happened.SPLIT, now, staff_id=actor.staff_id, number=other.number)
    following.opened(session, other, now, is_new=True)
    _tell(session, fresh, words(other.number, other.subject), actor, now)
    return other


def carry_over(
    session: Session, number: int, message_ids: Collection[int], to: int, actor: Actor, now: datetime
) -> Ticket:
    """Put messages that belong to another ticket of the customer's there: they wrote them in the wrong place.

    Both tickets are of one thread, and the other one is not solved. Raises SameTicket, NotSplittable.
    """
    if number == to:
        raise SameTicket
    ticket, conversation, target, other = _both(session, number, to, actor)
    is_beside = conversation.thread_id == other.thread_id and conversation.customer_id == other.customer_id
    if not is_beside or target.status not in UNSOLVED:
        raise NotSplittable
    moved = _chosen(session, conversation, message_ids, may_be_all=True)
    if target.status is TicketStatus.PENDING:
        move(session, target, other, Event.REOPEN, now, by=actor.staff_id)
    _carry(session, moved, conversation, other, now)
    _trace_split(session, ticket, conversation, target, other, actor, now)
    return target


def _both(session: Session, number: int, other: int, actor: Actor) -> tuple[Ticket, Conversation, Ticket, Conversation]:
    """Two tickets and their conversations, kept from others in the order of their numbers: nobody waits in a circle."""
    held = {each: at_desk(session, each, actor) for each in sorted((number, other))}
    return *held[number], *held[other]


def _take_along(session: Session, ticket: Ticket, target: Ticket, now: datetime) -> None:
    """The matter is as urgent as the more urgent of the two, and who knows one of them has it."""
    keep_tags(session, target, {*tags_of(session, id_of(target)), *tags_of(session, id_of(ticket))})
    if ticket.priority.value < target.priority.value:
        before, target.priority = target.priority, ticket.priority
        target.impact, target.urgency = ticket.impact, ticket.urgency
        note_event(session, target, Happened.PRIORITY, now, priority=target.priority.value, before=before.value)
    if target.assignee_id is None and ticket.assignee_id is not None:
        target.assignee_id = ticket.assignee_id
        note_event(session, target, Happened.ASSIGNED, now, staff_id=target.assignee_id)
    session.flush()


def _chosen(
    session: Session, conversation: Conversation, message_ids: Collection[int], *, may_be_all: bool = False
) -> list[Message]:
    """The messages of ``message_ids`` that can go elsewhere: some of the customer's are among them, others stay."""
    said = Message.conversation_id == conversation.id, col(Message.direction) != Direction.ACTIVITY
    query = select(Message).where(*said, col(Message.id).in_(message_ids)).order_by(col(Message.id))
    moved = list(session.exec(query.execution_options(populate_existing=True)))
    asked = sum(message.direction is Direction.INCOMING for message in moved)
    of_all = select(func.count()).select_from(Message).where(*said, Message.direction == Direction.INCOMING)
    if asked == 0 or len(moved) != len(set(message_ids)) or (asked == session.exec(of_all).one() and not may_be_all):
        raise NotSplittable
    return moved


def _carry(
    session: Session, moved: Collection[Message], here: Conversation, there: Conversation, now: datetime
) -> None:
    for message in moved:
        message.conversation_id = id_of(there)
        note_change(session, "message", id_of(message), now)
    session.flush()
    outdate(session, id_of(here), now)
    # Whatever the bot was about to say here was decided about other words.
    for conversation in (here, there):
        advance(session, id_of(conversation), conversation.version, conversation.owner, now)


def _trace_split(
    session: Session,
    ticket: Ticket,
    conversation: Conversation,
    other: Ticket,
    there: Conversation,
    actor: Actor,
    now: datetime,
) -> None:
    join(session, other, ticket, LinkKind.SPLIT_FROM)
    changed(session, ticket, conversation, now)
    leave_trace(session, ticket, conversation, actor, "split_off", now, into=f"#{other.number}")
    leave_trace(session, other, there, actor, "split_from", now, other=f"#{ticket.number}")


def _tell(session: Session, conversation: Conversation, words: str, actor: Actor, now: datetime) -> None:
    if can_be_written_in(session, conversation.thread_id):
        say(session, conversation, words, Author.SYSTEM, now, staff_id=actor.staff_id)


def goes_on_in(session: Session, conversation_id: int) -> int | None:
    """The conversation in which the matter of this one goes on, where its ticket was merged into one of the same
    thread; None where it was not. Reads only."""
    ticket = _ticket(session, conversation_id)
    for _ in range(_MOST_MERGES):
        if ticket is None or ticket.merged_into_id is None:
            break
        ticket = session.get(Ticket, ticket.merged_into_id)
    if ticket is None or ticket.conversation_id == conversation_id:
        return None
    here, there = (session.get_one(Conversation, each) for each in (conversation_id, ticket.conversation_id))
    return there.id if here.thread_id == there.thread_id else None


def _ticket(session: Session, conversation_id: int) -> Ticket | None:
    return session.exec(select(Ticket).where(Ticket.conversation_id == conversation_id)).one_or_none()
