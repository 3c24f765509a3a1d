"""What can be done to many tickets at once, as it is done to one of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from sqlmodel import Session

from handoff import desk
from handoff.actors import Actor
from handoff.models import Conversation, Priority
from handoff.rows import id_of
from handoff.staffing import deeds
from handoff.ticketing import levels, pausing, sorting
from handoff.ticketing.deeds import at_desk
from handoff.tickets import ticket_by_number

MOST = 200
"""Tickets at once."""
Deed = Callable[[Session, int, Actor, datetime], object]
"""What is done to the ticket of a number, in a transaction of its own."""


def assign(staff_id: int | None) -> Deed:
    """None: back into the queue."""

    def deed(session: Session, number: int, actor: Actor, now: datetime) -> object:
        if staff_id is None:
            return deeds.put_back(session, number, actor, now)
        return deeds.give(session, number, staff_id, actor, now)

    return deed


def move_to(team: str) -> Deed:
    return lambda session, number, actor, now: deeds.move_to_team(session, number, team, actor, now)


def add_tags(tags: Sequence[str]) -> Deed:
    """Beside those that each ticket has."""

    def deed(session: Session, number: int, actor: Actor, now: datetime) -> object:
        ticket, _ = at_desk(session, number, actor)
        both = [*sorting.tags_of(session, id_of(ticket)), *tags]
        return sorting.set_tags(session, number, both, actor, now)

    return deed


def set_priority(priority: Priority) -> Deed:
    return lambda session, number, actor, now: levels.set_priority(session, number, actor, now, priority=priority)


def snooze(until: datetime) -> Deed:
    return lambda session, number, actor, now: pausing.snooze(session, number, until, actor, now)


def resolve(words: Callable[[str, int], desk.ClosingWords]) -> Deed:
    """``words``: what the customer reads, by the conversation's language and the ticket's number."""

    def deed(session: Session, number: int, actor: Actor, now: datetime) -> object:
        conversation = session.get_one(Conversation, ticket_by_number(session, number).conversation_id)
        return desk.resolve(session, number, actor, now, words(conversation.language, number))

    return deed
