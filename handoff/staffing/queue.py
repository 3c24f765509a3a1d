"""The queue of a team: open tickets that nobody has, the next promise first, and when they are offered again.

The timer "offer" has a team as its subject. It goes off when somebody comes to work, and at once when somebody has
room again.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from handoff.models import Conversation, Thread, Ticket, TicketStatus
from handoff.rows import id_of
from handoff.staffing.models import Team, TeamMember
from store.timers import set_timer

KIND = "offer"
"""The kind of the timer."""
WORK_ORDER: tuple[Any, ...] = (col(Ticket.due_at).asc().nulls_last(), col(Ticket.priority), col(Ticket.number))
"""The order of work: the next promise, then the more urgent, then the older."""


def waiting(session: Session, team: Team, limit: int) -> Sequence[Ticket]:
    """Open tickets of the team that nobody has, in the order of work."""
    query = select(Ticket).where(
        Ticket.status == TicketStatus.OPEN, col(Ticket.assignee_id).is_(None), Ticket.team == team.name
    )
    return session.exec(query.order_by(*WORK_ORDER).limit(limit)).all()


def offer_soon(session: Session, team_id: int, at: datetime) -> None:
    """Have the team's queue offered to its people at ``at``, which is now or a moment later."""
    set_timer(session, KIND, team_id, at, dedup_key=f"{KIND}:{team_id}:soon")


def offer_at(session: Session, team_id: int, at: datetime) -> None:
    """Have the team's queue offered to its people when the next of them comes to work."""
    set_timer(session, KIND, team_id, at)


def freed(session: Session, staff_ids: Collection[int | None], now: datetime) -> None:
    """These have a ticket less, or are there again: what waits for their teams is offered soon."""
    members = select(TeamMember.team_id).where(col(TeamMember.staff_id).in_(set(staff_ids) - {None}))
    teams = select(Team).where(col(Team.id).in_(members), col(Team.assigns).is_(True)).order_by(col(Team.id))
    for team in session.exec(teams).all():
        if waiting(session, team, 1):
            offer_soon(session, id_of(team), now)


def try_take(session: Session, ticket: Ticket) -> bool:
    """Keep the ticket's thread from others and see how the ticket is now; False where somebody has it just now."""
    thread = select(Thread.id).join(Conversation).where(Conversation.id == ticket.conversation_id)
    if session.exec(thread.with_for_update(of=Thread, key_share=True, skip_locked=True)).first() is None:
        return False
    session.refresh(ticket)
    return True
