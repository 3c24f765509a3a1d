"""Tickets that an agent opens, for what a customer told by phone, in a letter or at the desk."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from handoff.actors import Actor, require
from handoff.conversations import add_note, lock_conversation, open_conversation, say
from handoff.customers import find_customer, find_thread
from handoff.desk import reply
from handoff.errors import NobodyNamed, NoPlace
from handoff.models import Author, Conversation, Customer, Priority, Source, Thread, Ticket
from handoff.people import customer_by_id, person
from handoff.permissions import Permission
from handoff.rows import id_of
from handoff.staffing import following
from handoff.threads import DESK
from handoff.ticketing.deeds import leave_trace
from handoff.ticketing.states import Event
from handoff.tickets import Matter, create, move
from handoff.wording import clean, normal_email, sendable, visible

EMAIL = "email"
"""The channel of people of whom an address is all that is known."""


@dataclass(frozen=True)
class Told:
    """What an agent writes down."""

    source: Source
    subject: str
    note: str = ""
    """What the customer said, for the desk only."""
    words: str = ""
    """What the agent says to the customer at once, where there is a place for it."""
    priority: Priority = Priority.P2
    category: str | None = None


@dataclass(frozen=True)
class Place:
    """Where a known customer could be written to."""

    thread_id: int
    channel: str
    subject: str
    """What was talked about there last; "" where that has no name."""
    used_at: datetime


def places_of(session: Session, customer: Customer, limit: int = 5) -> list[Place]:
    """The threads in which the person brought matters of their own, the last one first. Reads only."""
    ids = [one.id for one in person(session, customer)]
    query = (
        select(Conversation, Thread, Ticket.subject)
        .join(Thread, col(Thread.id) == Conversation.thread_id)
        .join(Ticket, col(Ticket.conversation_id) == Conversation.id, isouter=True)
        .where(col(Conversation.customer_id).in_(ids), Thread.channel != DESK, col(Thread.unreachable).is_(None))
        .order_by(col(Conversation.last_message_at).desc(), col(Conversation.id).desc())
        .limit(10 * limit)
    )
    found: dict[int, Place] = {}
    for conversation, thread, subject in session.exec(query):
        place = Place(id_of(thread), thread.channel, subject or "", conversation.last_message_at)
        found.setdefault(place.thread_id, place)
    return list(found.values())[:limit]


def open_for(
    session: Session,
    customer_id: int,
    thread_id: int | None,
    told: Told,
    actor: Actor,
    now: datetime,
    greeting: Callable[[int], str],
) -> Ticket:
    """A new ticket of a customer who is known, the actor's own.

    ``thread_id``: one of ``places_of``, where they are written to; None: nothing can be said to them, only noted.
    ``greeting``: what they read there, by the ticket's number, unless the agent says something themselves.
    Raises CustomerNotFound, NoPlace, EmptyText.
    """
    require(session, actor, Permission.WORK_TICKETS)
    customer = customer_by_id(session, customer_id)
    if thread_id is None:
        thread = find_thread(session, DESK, f"{customer.channel}:{id_of(customer)}", now)
    else:
        thread, customer = _place(session, customer, thread_id)
    return _open(session, thread, customer, told, actor, now, greeting)


def open_for_new(
    session: Session,
    name: str,
    email: str,
    language: str,
    told: Told,
    actor: Actor,
    now: datetime,
    greeting: Callable[[int], str],
) -> Ticket:
    """A new ticket of somebody who is in no channel: with an e-mail address they can be written to.

    Raises BadEmail, EmptyText, NobodyNamed where neither a name nor an address is given.
    """
    require(session, actor, Permission.WORK_TICKETS)
    called = " ".join(clean(name).split())
    if email.strip():
        channel, key = EMAIL, normal_email(email)
    elif called:
        channel, key = DESK, secrets.token_hex(8)
    else:
        raise NobodyNamed
    customer = find_customer(session, channel, key, now, called or None, language)
    customer.email = key if channel == EMAIL else customer.email
    thread = find_thread(session, channel, key, now)
    return _open(session, thread, customer, told, actor, now, greeting)


def _open(
    session: Session,
    thread: Thread,
    customer: Customer,
    told: Told,
    actor: Actor,
    now: datetime,
    greeting: Callable[[int], str],
) -> Ticket:
    subject = sendable(told.subject)
    if visible(told.words) and thread.channel == DESK:
        raise NoPlace
    language = customer.prefers_language or customer.language or "en"
    conversation = open_conversation(session, thread, customer, language, now)
    conversation = lock_conversation(session, id_of(conversation))
    matter = Matter(subject, None, told.priority, category=told.category or None, source=told.source)
    ticket = create(session, conversation, matter, now, actor.staff_id)
    move(session, ticket, conversation, Event.TAKE_OVER, now, assignee_id=actor.staff_id)
    leave_trace(session, ticket, conversation, actor, "opened_by_staff", now, source=told.source.value)
    following.opened(session, ticket, now, is_new=True)
    if visible(told.note):
        add_note(session, conversation, sendable(told.note), actor.staff_id, now)
    if visible(told.words):
        reply(session, ticket.number, told.words, actor, now)
    elif thread.channel != DESK:
        # Their next words there belong to this ticket, so they must know of it.
        say(session, conversation, greeting(ticket.number), Author.SYSTEM, now, staff_id=actor.staff_id)
    return ticket


def _place(session: Session, customer: Customer, thread_id: int) -> tuple[Thread, Customer]:
    """The thread, and as whom the person is known there."""
    own: Sequence[Customer] = person(session, customer)
    query = select(Conversation.customer_id).where(
        Conversation.thread_id == thread_id, col(Conversation.customer_id).in_([one.id for one in own])
    )
    found = session.exec(query.order_by(col(Conversation.id).desc()).limit(1)).first()
    thread = session.get(Thread, thread_id)
    if found is None or thread is None or thread.channel == DESK:
        raise NoPlace
    return thread, next(one for one in own if one.id == found)
