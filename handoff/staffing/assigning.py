"""Who gets a ticket: its team by what it is about, its agent by what they know, speak and have to do already.

Whoever calls this holds the ticket's conversation (``handoff.conversations.lock_conversation``).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlmodel import Session, select

from handoff.actors import Actor
from handoff.conversations import add_activity
from handoff.models import Conversation, Priority, Ticket, TicketStatus
from handoff.rows import Lock, hold, id_of
from handoff.staffing import directory
from handoff.staffing.comparing import Asked, asked_of, compare, kept
from handoff.staffing.models import Team, TeamMember
from handoff.staffing.queue import freed, offer_at
from handoff.staffing.routing import Desk, route, tier_topic
from handoff.staffing.scoring import best, folded
from handoff.staffing.shifts import next_arrival
from handoff.ticketing.events import note_event
from handoff.ticketing.models import Happened, NoticeKind
from handoff.ticketing.notices import tell
from store.changes import note_change


def assign(session: Session, ticket: Ticket, now: datetime, *, is_new: bool = False) -> int | None:
    """Put an open ticket into a team's queue, and give it to the best of its people where the team assigns.

    For a ticket that was opened (``is_new``: it has no queue yet) or woke up. Who has it keeps it, unless they are
    away or work here no more. Returns the id of who has it now; None: it waits in the queue of ``ticket.team``.
    """
    teams = directory.all_teams(session)
    if not teams or ticket.status is not TicketStatus.OPEN:
        return ticket.assignee_id
    queue(session, ticket, teams, now, is_new=is_new)
    return _staffed(session, ticket, now)


def reassign(session: Session, ticket: Ticket, now: datetime) -> int | None:
    """As ``assign``, for a ticket that came to another tier: a team that has it among its topics ("tier-2") gets it.

    Then who has it lets it go unless they are of that team; else it stays with its team and its agent.
    """
    teams = directory.all_teams(session)
    if not teams or ticket.status is not TicketStatus.OPEN:
        return ticket.assignee_id
    before = ticket.team
    settle(session, ticket, teams, _tier(ticket), now)
    if ticket.team != before:
        let_go_outside(session, ticket, now)
    return _staffed(session, ticket, now)


def let_go_outside(session: Session, ticket: Ticket, now: datetime, by: Actor | None = None) -> None:
    """Who has a ticket that came to another team lets it go, unless they are of that team, too."""
    if ticket.assignee_id is not None and ticket.assignee_id not in directory.team_members(session, ticket.team):
        unassign(session, ticket, now, by)


def queue(session: Session, ticket: Ticket, teams: Sequence[Team], now: datetime, *, is_new: bool = False) -> None:
    """Put the ticket into the queue that its topics and its tier ask for, unless it is in one (and not new)."""
    if is_new or all(team.name != ticket.team for team in teams):
        topics = (*asked_of(session, ticket).topics, *_tier(ticket))
        settle(session, ticket, teams, topics, now, is_told=not is_new)


def settle(
    session: Session,
    ticket: Ticket,
    teams: Sequence[Team],
    topics: Sequence[str],
    now: datetime,
    *,
    is_told: bool = True,
) -> None:
    """Put the ticket into the queue of the team for ``topics``, else of the one that it names, else the default one."""
    desks = [Desk(team.name, folded(team.topics), team.is_default) for team in teams]
    name = route(topics, ticket.team, desks)
    if name is not None and name != ticket.team:
        set_team(session, ticket, name, now, is_told=is_told)


def set_team(
    session: Session, ticket: Ticket, name: str, now: datetime, by: Actor | None = None, *, is_told: bool = True
) -> None:
    """Move the ticket into this team's queue; ``by`` None: the desk itself. ``is_told``: with a line in the talk."""
    before, ticket.team, ticket.updated_at = ticket.team, name, now
    session.flush()
    by_id = by.staff_id if by else None
    note_event(session, ticket, Happened.TEAM, now, staff_id=by_id, team=name, before=before)
    note_change(session, "ticket", id_of(ticket), now)
    if before is not None and is_told:
        conversation = session.get_one(Conversation, ticket.conversation_id)
        add_activity(session, conversation, "team_changed", now, staff_id=by_id, why=name)


def hand_to(
    session: Session, ticket: Ticket, staff_id: int, now: datetime, by: Actor | None = None, **why: Any
) -> None:
    """Make the ticket this person's, and let them know unless it was themselves (``by``; None: the desk).

    ``why`` is kept with it: terms, compared.
    """
    before = _set_assignee(session, ticket, staff_id, now, by, **why)
    _leave_line(session, ticket, "assigned", now, staff_id, by)
    if by is None or by.staff_id != staff_id:
        tell(session, [staff_id], NoticeKind.ASSIGNED, ticket, now, by=by and by.name)
    freed(session, [before], now)


def unassign(session: Session, ticket: Ticket, now: datetime, by: Actor | None = None) -> None:
    """Let whoever has the ticket let it go: it is in its team's queue again."""
    before = _set_assignee(session, ticket, None, now, by)
    _leave_line(session, ticket, "unassigned", now, before, by)
    queue(session, ticket, directory.all_teams(session), now)
    freed(session, [before], now)


def give_to_best(
    session: Session,
    ticket: Ticket,
    team: Team,
    now: datetime,
    asked: Asked | None = None,
    *,
    without: int | None = None,
) -> int | None:
    """Give the ticket to the best of the team's people; None where all are away, off shift or have enough.

    Whoever calls this holds ``Lock.ASSIGNMENT``, so that two tickets do not both see the last free place. ``without``:
    somebody who has just let it go.
    """
    compared = compare(session, ticket, team, now, asked or asked_of(session, ticket))
    scores = [one for one in compared if one.staff_id != without]
    chosen = best(scores, team.last_staff_id)
    if chosen is None:
        return None
    team.last_staff_id = chosen.staff_id
    hand_to(session, ticket, chosen.staff_id, now, terms=dict(chosen.terms), compared=kept(scores, chosen))
    return chosen.staff_id


def find_somebody(session: Session, ticket: Ticket, now: datetime, *, without: int | None = None) -> int | None:
    """Give a ticket that nobody has to the best of its team where that assigns, else let it wait for its people."""
    team = directory.team_named(session, ticket.team)
    if team is None or not team.assigns or not _is_anybody_there(session, team, ticket):
        return None
    hold(session, Lock.ASSIGNMENT)
    session.refresh(team)
    found = give_to_best(session, ticket, team, now, without=without)
    if found is None:
        wait(session, team, now)
    return found


def _staffed(session: Session, ticket: Ticket, now: datetime) -> int | None:
    """Find somebody for the ticket if nobody has it, or whoever has it is gone."""
    if ticket.assignee_id is not None:
        if not directory.is_gone(session, ticket.assignee_id, now):
            return ticket.assignee_id
        unassign(session, ticket, now)
    return find_somebody(session, ticket, now)


def wait(session: Session, team: Team, now: datetime) -> None:
    """Have the team's queue offered again when the next of its people comes to work."""
    arrives = next_arrival(session, directory.colleagues(session, id_of(team)), team, now)
    if arrives is not None:
        offer_at(session, id_of(team), arrives)


def _is_anybody_there(session: Session, team: Team, ticket: Ticket) -> bool:
    """Whether it is worth while to compare people: a new desk has none."""
    if ticket.priority is Priority.P0:
        return True
    return session.exec(select(TeamMember).where(TeamMember.team_id == team.id).limit(1)).first() is not None


def _tier(ticket: Ticket) -> tuple[str, ...]:
    return (tier_topic(ticket.tier),) if ticket.tier > 1 else ()


def _set_assignee(
    session: Session, ticket: Ticket, staff_id: int | None, now: datetime, by: Actor | None, **why: Any
) -> int | None:
    """Returns who had it until now."""
    before, ticket.assignee_id, ticket.updated_at = ticket.assignee_id, staff_id, now
    session.flush()
    told = {"by": by.name if by else None, "before": before, **why}
    note_event(session, ticket, Happened.ASSIGNED, now, staff_id=staff_id, **told)
    note_change(session, "ticket", id_of(ticket), now)
    return before


def _leave_line(
    session: Session, ticket: Ticket, activity: str, now: datetime, staff_id: int | None, by: Actor | None
) -> None:
    conversation = session.get_one(Conversation, ticket.conversation_id)
    add_activity(session, conversation, activity, now, staff_id=staff_id, by=by.name if by else None)
