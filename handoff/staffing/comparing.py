"""What a ticket asks for, and how everybody who could get it compares. Reads only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func
from sqlmodel import Session, col, select

from handoff.models import Conversation, Direction, Message, Priority, Ticket
from handoff.people import person_ids
from handoff.rows import id_of
from handoff.staffing import directory
from handoff.staffing.directory import Colleague
from handoff.staffing.models import Team
from handoff.staffing.scoring import Candidate, Contact, Need, Score, score
from handoff.staffing.shifts import hours_of

READINGS = 5
"""How many of the customer's last messages say what the ticket is about."""
NAMED = 8
"""How many of those who were compared are kept with the choice."""


@dataclass(frozen=True)
class Asked:
    """What the customer's words say about a ticket."""

    topics: tuple[str, ...]
    """The category that an agent chose, then what was understood, the newest first."""
    language: str


def asked_of(session: Session, ticket: Ticket) -> Asked:
    """What the ticket's customer wants and in which language, as far as it was understood."""
    said = select(Message.detail).where(
        Message.conversation_id == ticket.conversation_id, Message.direction == Direction.INCOMING
    )
    details = session.exec(said.order_by(col(Message.id).desc()).limit(READINGS)).all()
    topics = [ticket.category, *(name for detail in details for name in _understood(detail))]
    language = session.exec(select(Conversation.language).where(Conversation.id == ticket.conversation_id)).one()
    return Asked(tuple(dict.fromkeys(name for name in topics if name)), language)


def compare(session: Session, ticket: Ticket, team: Team, now: datetime, asked: Asked) -> list[Score]:
    """The scores of everybody who could get the ticket, by id."""
    people = directory.colleagues(session, id_of(team))
    on_call = set(directory.on_call(session, now)) if ticket.priority is Priority.P0 else set()
    scores = [score(one, _need(asked)) for one in _candidates(session, ticket, team, people, on_call, now)]
    if on_call and all(one.bar for one in scores):
        # An emergency, and nobody of the team is at work: whoever is on call in the house.
        others = directory.colleagues(session, ids=on_call - {one.id for one in people})
        scores += [score(one, _need(asked)) for one in _candidates(session, ticket, team, others, on_call, now)]
    return scores


def kept(scores: Sequence[Score], chosen: Score) -> list[dict[str, Any]]:
    """The others, the likeliest first: who they are, what they had, and what kept it from them."""
    others = sorted((one for one in scores if one is not chosen), key=lambda one: (one.bar is not None, -one.total))
    return [
        {"staff_id": one.staff_id, "total": one.total, "bar": one.bar.value if one.bar else None}
        for one in others[:NAMED]
    ]


def _candidates(
    session: Session, ticket: Ticket, team: Team, people: Sequence[Colleague], on_call: set[int], now: datetime
) -> Iterator[Candidate]:
    if not people:
        return
    ids = [one.id for one in people]
    hours, gone = hours_of(session, people, team), directory.away(session, ids, now)
    loads, contacts = directory.loads(session, ids), _contacts(session, ticket)
    for one in people:
        yield Candidate(
            one.id,
            one.languages,
            tuple(one.profile.skills),
            loads.get(one.id, 0),
            one.profile.load_cap,
            contacts.get(one.id, Contact.NONE),
            is_at_work=one.id in on_call or hours[one.id].is_open(now),
            is_away=one.id in gone,
        )


def _contacts(session: Session, ticket: Ticket) -> Mapping[int, Contact]:
    """Who had tickets of this person before, in whatever channel."""
    newest = select(Ticket.assignee_id, func.max(Ticket.number)).where(
        col(Ticket.customer_id).in_(person_ids(session, ticket.customer_id)),
        Ticket.id != ticket.id,
        col(Ticket.assignee_id).is_not(None),
    )
    found = {who: number for who, number in session.execute(newest.group_by(col(Ticket.assignee_id))) if who}
    last = max(found.values(), default=0)
    return {who: Contact.LAST if number == last else Contact.EARLIER for who, number in found.items()}


def _need(asked: Asked) -> Need:
    return Need(asked.language, frozenset(asked.topics))


def _understood(detail: Mapping[str, Any]) -> tuple[str | None, ...]:
    """The intent of a message, and the topic of the article that fits it best."""
    reading = detail.get("reading")
    return (reading.get("intent"), reading.get("topic")) if isinstance(reading, dict) else ()
