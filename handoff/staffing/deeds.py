"""What agents do about who has a ticket: give it to a colleague, put it back, move it to another team."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session

from handoff.actors import Actor
from handoff.errors import NoTickets, TeamNotFound, WrongStatus
from handoff.models import Conversation, Ticket, TicketStatus
from handoff.rows import id_of
from handoff.staffing import assigning, directory
from handoff.ticketing.deeds import at_desk
from handoff.tickets import UNSOLVED
from store import audit


def give(session: Session, number: int, staff_id: int, actor: Actor, now: datetime) -> Ticket:
    """Make the ticket a colleague's. Raises NoTickets, WrongStatus for a solved one."""
    ticket, _ = _unsolved(session, number, actor)
    if not directory.colleagues(session, ids=(staff_id,)):
        raise NoTickets
    if ticket.assignee_id != staff_id:
        assigning.hand_to(session, ticket, staff_id, now, actor)
        audit.record(session, actor.name, "ticket.assigned", "ticket", id_of(ticket), now, staff=staff_id)
    return ticket


def put_back(session: Session, number: int, actor: Actor, now: datetime) -> Ticket:
    """Let whoever has the ticket let it go: it waits in its team's queue, or goes to another of the team at once."""
    ticket, _ = _unsolved(session, number, actor)
    had = ticket.assignee_id
    if had is not None:
        assigning.unassign(session, ticket, now, actor)
        audit.record(session, actor.name, "ticket.unassigned", "ticket", id_of(ticket), now, staff=had)
        if ticket.status is TicketStatus.OPEN:
            assigning.find_somebody(session, ticket, now, without=had)
    return ticket


def move_to_team(session: Session, number: int, name: str, actor: Actor, now: datetime) -> Ticket:
    """Move the ticket into another team's queue. Who has it keeps it if they are of that team, too.

    Raises TeamNotFound, WrongStatus for a solved one.
    """
    ticket, _ = _unsolved(session, number, actor)
    team = directory.team_named(session, name)
    if team is None:
        raise TeamNotFound
    if ticket.team == team.name:
        return ticket
    assigning.set_team(session, ticket, team.name, now, actor)
    audit.record(session, actor.name, "ticket.team_changed", "ticket", id_of(ticket), now, team=team.name)
    assigning.let_go_outside(session, ticket, now, actor)
    if ticket.status is TicketStatus.OPEN and ticket.assignee_id is None:
        assigning.find_somebody(session, ticket, now)
    return ticket


def _unsolved(session: Session, number: int, actor: Actor) -> tuple[Ticket, Conversation]:
    ticket, conversation = at_desk(session, number, actor)
    if ticket.status not in UNSOLVED:
        raise WrongStatus(f"Ticket #{number} is {ticket.status.value}: reopen it first.")
    return ticket, conversation
