"""What the timer "offer" does: give what waits in a team's queue to its people.

It never waits for a lock: whoever holds one of a ticket may be about to set this very timer.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlmodel import Session

from handoff.models import Ticket, TicketStatus
from handoff.rows import Lock, try_hold
from handoff.staffing.assigning import give_to_best, wait
from handoff.staffing.models import Team
from handoff.staffing.queue import offer_soon, try_take, waiting

AT_ONCE = 25
BUSY = timedelta(seconds=1)
"""How long what somebody works on just now is left alone."""


def offer(session: Session, team_id: int, now: datetime) -> list[Ticket]:
    """Give what waits for the team to its people, the next promise first. Returns what found somebody.

    It is offered again when somebody else comes to work, and in a second where somebody was just at it.
    """
    team = session.get(Team, team_id)
    if team is None or not team.assigns:
        return []
    queue = waiting(session, team, AT_ONCE + 1)
    if not queue:
        return []
    if not try_hold(session, Lock.ASSIGNMENT):
        offer_soon(session, team_id, now + BUSY)
        return []
    session.refresh(team)
    taken = [ticket for ticket in queue[:AT_ONCE] if try_take(session, ticket)]
    given = [ticket for ticket in taken if _is_free(ticket) and give_to_best(session, ticket, team, now) is not None]
    if len(taken) < len(queue[:AT_ONCE]) or (given and len(queue) > AT_ONCE):
        offer_soon(session, team_id, now + BUSY)
    if len(given) < len(queue):
        wait(session, team, now)
    return given


def _is_free(ticket: Ticket) -> bool:
    return ticket.status is TicketStatus.OPEN and ticket.assignee_id is None
