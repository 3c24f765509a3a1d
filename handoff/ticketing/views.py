"""What the console and the API show of a ticket beside its conversation. Reads only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from sqlmodel import Session, col, select

from handoff.models import Conversation, Staff, Ticket, TicketStatus, WaitsFor
from handoff.people import person_ids
from handoff.rows import id_of
from handoff.ticketing import waiting
from handoff.ticketing.events import events_of
from handoff.ticketing.levels import NEEDS_DIAGNOSIS, TIERS, has_diagnosis
from handoff.ticketing.links import Linked, links_of
from handoff.ticketing.models import TicketEvent
from handoff.ticketing.sorting import known_categories, known_tags, tags_of
from handoff.ticketing.states import UNSOLVED


@dataclass(frozen=True)
class Sheet:
    """Everything that agents can set of a ticket, and what there is to choose from."""

    ticket: Ticket
    tags: Sequence[str]
    links: Sequence[Linked]
    merged_into: Ticket | None
    merged: Sequence[Ticket]
    """The tickets whose matter goes on in this one."""
    siblings: Sequence[Ticket]
    """Other unsolved tickets of the same person: what it could be merged into."""
    beside: Sequence[Ticket]
    """Those of them that are in the same thread, so that words can be put there."""
    priority_by: str | None
    """Who confirmed the priority; None while it is the bot's proposal."""
    has_diagnosis: bool
    closes_at: datetime | None
    """When a ticket that waits is closed if nobody writes; None where that is far off or never."""
    tags_known: Sequence[str] = ()
    categories: Sequence[str] = ()

    @property
    def key(self) -> str:
        """Another one when something on the sheet is another."""
        at = self.ticket
        states = (at.status, at.waits_for, at.snoozed_until, at.priority, at.impact, at.urgency, at.tier)
        words = (*self.tags, at.category, at.external_url, self.priority_by, self.has_diagnosis)
        others = (*((each.ticket.number, each.kind) for each in self.links), *(each.number for each in self.siblings))
        shown = "\n".join(map(str, (*states, *words, *others)))
        return sha256(shown.encode()).hexdigest()[:12]

    @property
    def other_tiers(self) -> tuple[int, ...]:
        return tuple(tier for tier in TIERS if tier != self.ticket.tier)

    @property
    def needs_diagnosis(self) -> bool:
        """The highest tier cannot be reached yet without one."""
        return self.ticket.tier < NEEDS_DIAGNOSIS and not self.has_diagnosis


def sheet(session: Session, ticket: Ticket) -> Sheet:
    """The sheet of a ticket as it is now."""
    by = session.get(Staff, ticket.priority_by_id) if ticket.priority_by_id else None
    own = col(Ticket.customer_id).in_(person_ids(session, ticket.customer_id))
    others = select(Ticket).where(own, col(Ticket.status).in_(UNSOLVED), Ticket.id != ticket.id)
    siblings = session.exec(others.order_by(col(Ticket.number).desc())).all()
    return Sheet(
        ticket=ticket,
        tags=tags_of(session, id_of(ticket)),
        links=links_of(session, id_of(ticket)),
        merged_into=session.get(Ticket, ticket.merged_into_id) if ticket.merged_into_id else None,
        merged=session.exec(
            select(Ticket).where(Ticket.merged_into_id == ticket.id).order_by(col(Ticket.number))
        ).all(),
        siblings=siblings,
        beside=_beside(session, ticket, siblings),
        priority_by=by.name if by else None,
        has_diagnosis=has_diagnosis(session, ticket),
        closes_at=closes_at(session, ticket),
        tags_known=known_tags(session),
        categories=known_categories(session),
    )


def closes_at(session: Session, ticket: Ticket) -> datetime | None:
    """When the ticket is closed by itself if nobody writes any more; None where that never happens."""
    house, since = waiting.rules(session), _since(ticket, events_of(session, id_of(ticket)))
    if ticket.status is TicketStatus.RESOLVED and house.close_solved_after is not None:
        return since + timedelta(days=house.close_solved_after)
    if ticket.waits_for in (WaitsFor.CUSTOMER, WaitsFor.BOT) and house.remind_after is not None:
        return since + timedelta(days=house.remind_after + house.close_after)
    return None


def facts(session: Session, ticket: Ticket) -> dict[str, Any]:
    """What the API says of a ticket beside its state and its transcript, as plain values."""
    assignee = session.get(Staff, ticket.assignee_id) if ticket.assignee_id else None
    into = session.get(Ticket, ticket.merged_into_id) if ticket.merged_into_id else None
    return {
        "subject": ticket.subject,
        "assignee": assignee.name if assignee else None,
        "team": ticket.team,
        "impact": ticket.impact.value if ticket.impact else None,
        "urgency": ticket.urgency.value if ticket.urgency else None,
        "is_priority_confirmed": ticket.priority_by_id is not None,
        "category": ticket.category,
        "tags": tags_of(session, id_of(ticket)),
        "source": ticket.source.value,
        "waits_for": ticket.waits_for.value if ticket.waits_for else None,
        "snoozed_until": _moment(ticket.snoozed_until),
        "due_at": _moment(ticket.due_at),
        "external_url": ticket.external_url,
        "merged_into": into.number if into else None,
        "links": [{"number": each.ticket.number, "kind": each.kind.value} for each in links_of(session, id_of(ticket))],
        "created_at": ticket.created_at.isoformat(),
        "resolved_at": _moment(ticket.resolved_at),
        "closed_at": _moment(ticket.closed_at),
    }


def _beside(session: Session, ticket: Ticket, siblings: Sequence[Ticket]) -> list[Ticket]:
    """Those of ``siblings`` whose conversation is in the ticket's own thread, with the same customer."""
    here = select(Conversation.thread_id).where(Conversation.id == ticket.conversation_id).scalar_subquery()
    ids = [each.conversation_id for each in siblings if each.customer_id == ticket.customer_id]
    query = select(Conversation.id).where(col(Conversation.id).in_(ids), Conversation.thread_id == here)
    found = set(session.exec(query).all()) if ids else set()
    return [each for each in siblings if each.conversation_id in found]


def _since(ticket: Ticket, events: Sequence[TicketEvent]) -> datetime:
    """Since when the ticket is in its present state, as far as its history tells."""
    kinds = ("waits", "resolved")
    return max((event.at for event in events if event.kind.value in kinds), default=ticket.updated_at)


def _moment(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
