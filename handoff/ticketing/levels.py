"""How urgent a ticket is and how much knowledge it needs: what agents say about priority and tier."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session, select

from handoff.actors import Actor
from handoff.conversations import add_note
from handoff.errors import BadTier, DiagnosisNeeded, ReasonNeeded
from handoff.models import Impact, Priority, Ticket, Urgency
from handoff.staffing.assigning import reassign
from handoff.ticketing.deeds import at_desk, changed, leave_trace
from handoff.ticketing.events import note_event
from handoff.ticketing.marks import Mark, mark_words
from handoff.ticketing.models import Happened, TicketEvent
from handoff.ticketing.priorities import priority_of
from handoff.wording import clean, sendable, visible

TIERS = (1, 2, 3)
LONGEST_REASON = 500
NEEDS_DIAGNOSIS = 3


def set_priority(
    session: Session,
    number: int,
    actor: Actor,
    now: datetime,
    *,
    impact: Impact | None = None,
    urgency: Urgency | None = None,
    priority: Priority | None = None,
) -> Ticket:
    """Confirm or change the priority. What is None stays as it was; without ``priority`` the matrix says it.

    A priority that the matrix would not give is kept, and the audit shows both.
    """
    ticket, conversation = at_desk(session, number, actor)
    impact, urgency = impact or ticket.impact or Impact.ONE, urgency or ticket.urgency or Urgency.NORMAL
    proposed, before = priority_of(impact, urgency), ticket.priority
    chosen = priority or proposed
    ticket.impact, ticket.urgency, ticket.priority = impact, urgency, chosen
    ticket.priority_by_id = actor.staff_id
    changed(session, ticket, conversation, now)
    if chosen is not before:
        told = {"priority": chosen.value, "before": before.value}
        note_event(session, ticket, Happened.PRIORITY, now, staff_id=actor.staff_id, **told)
    told = {"priority": chosen.value, "before": before.value, "impact": impact.value, "urgency": urgency.value}
    leave_trace(session, ticket, conversation, actor, "priority_set", now, **told, proposed=proposed.value)
    return ticket


def move_tier(
    session: Session, number: int, tier: int, reason: str, actor: Actor, now: datetime, *, diagnosis: str = ""
) -> Ticket:
    """Let people of another tier work on it. The tier's own clocks begin, those that run go on.

    ``diagnosis``: what was found so far, kept as an internal note; tier 3 needs one, now or from before.
    Raises BadTier, ReasonNeeded, DiagnosisNeeded, TextTooLong.
    """
    why = " ".join(clean(reason).split())
    if not 0 < len(why) <= LONGEST_REASON:
        raise ReasonNeeded
    ticket, conversation = at_desk(session, number, actor)
    if tier not in TIERS or tier == ticket.tier:
        raise BadTier
    if visible(diagnosis):
        note = add_note(session, conversation, sendable(diagnosis), actor.staff_id, now)
        mark_words(session, ticket, conversation, note, Mark.DIAGNOSIS, actor, now)
    elif tier >= NEEDS_DIAGNOSIS and not has_diagnosis(session, ticket):
        raise DiagnosisNeeded
    before, ticket.tier = ticket.tier, tier
    changed(session, ticket, conversation, now)
    told = {"tier": tier, "before": before, "reason": why}
    note_event(session, ticket, Happened.TIER, now, staff_id=actor.staff_id, **told)
    leave_trace(session, ticket, conversation, actor, "tier_moved", now, **told)
    reassign(session, ticket, now)
    return ticket


def has_diagnosis(session: Session, ticket: Ticket) -> bool:
    """Whether somebody wrote down what is wrong."""
    found = select(TicketEvent.id).where(TicketEvent.ticket_id == ticket.id, TicketEvent.kind == Happened.DIAGNOSED)
    return session.exec(found.limit(1)).first() is not None
