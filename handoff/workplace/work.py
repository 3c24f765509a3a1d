"""Work that waits for one person: how many tickets want them, and what has come up since they were last told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, or_, union
from sqlmodel import Session, col, select

from handoff.models import Message, Ticket, TicketStatus
from handoff.rows import id_of
from handoff.staffing.models import Team, TeamMember
from handoff.ticketing.models import Happened, Notice, NoticeKind, TicketEvent
from handoff.ticketing.states import UNSOLVED
from handoff.workplace.unread import is_unread
from store.changes import changes_after, latest_change
from store.models import Change

MOST = 500
"""Changes that are looked through. Whoever was away for longer is told how many wait, not what came when."""
COUNTED = 1_000
"""New tickets: beyond, the exact number is worth nobody's waiting for it."""
_NEW = frozenset({Happened.OPENED, Happened.REOPENED, Happened.RESUMED, Happened.TEAM})
"""What makes a ticket without an agent new to those who could take it."""


@dataclass(frozen=True)
class Call:
    """One reason to look up."""

    ticket: Ticket
    is_new: bool = False
    """Nobody has it. Else the customer of an own ticket wrote, or ``notice`` says what it is."""
    notice: Notice | None = None


def wanted(session: Session, staff_id: int) -> int:
    """How many tickets want this person: new ones that they could take, own ones with something to read, and those of
    which they have a notice that they have not seen. Of new ones at most ``COUNTED``."""
    new = select(col(Ticket.id)).where(*_takeable(session, staff_id)).limit(COUNTED).subquery()
    tickets = union(
        select(new.c.id),
        select(col(Ticket.id)).where(Ticket.assignee_id == staff_id, is_unread(staff_id)),
        select(col(Notice.ticket_id)).where(
            Notice.staff_id == staff_id, col(Notice.seen_at).is_(None), col(Notice.ticket_id).is_not(None)
        ),
    )
    return session.exec(select(func.count()).select_from(tickets.subquery())).one()


def calls(session: Session, staff_id: int, after: int) -> tuple[Sequence[Call], int]:
    """What has come up for this person after change ``after``, one for each ticket; and the newest change.

    None where they were away for more than ``MOST`` changes, or where ``after`` is 0: from now on.
    """
    newest = latest_change(session)
    changes = changes_after(session, after, MOST + 1) if after and 0 < newest - after <= MOST else []
    found = {call.ticket.number: call for call in _from_tickets(session, staff_id, changes)}
    found.update((call.ticket.number, call) for call in _from_notices(session, staff_id, changes))
    return list(found.values()), newest


def _from_tickets(session: Session, staff_id: int, changes: Sequence[Change]) -> list[Call]:
    kinds: dict[int, set[Happened]] = {}
    for event in _happened(session, staff_id, changes):
        kinds.setdefault(event.ticket_id, set()).add(event.kind)
    among = select(Ticket).where(col(Ticket.id).in_(kinds))
    new = session.exec(among.where(*_takeable(session, staff_id))) if kinds else ()
    own = session.exec(among.where(Ticket.assignee_id == staff_id, col(Ticket.status).in_(UNSOLVED))) if kinds else ()
    return [
        *(Call(ticket, is_new=True) for ticket in new if kinds[id_of(ticket)] & _NEW),
        *(Call(ticket) for ticket in own if Happened.CUSTOMER_WROTE in kinds[id_of(ticket)]),
    ]


def _happened(session: Session, staff_id: int, changes: Sequence[Change]) -> Sequence[TicketEvent]:
    """What happened to tickets in the transactions of these changes, by others than this person."""
    ids = {change.subject_id for change in changes if change.kind == "ticket"}
    messages = [change.subject_id for change in changes if change.kind == "message"]
    if messages:
        talks = select(Message.conversation_id).where(col(Message.id).in_(messages))
        ids.update(one for one in session.exec(select(Ticket.id).where(col(Ticket.conversation_id).in_(talks))) if one)
    moments = {change.at for change in changes}
    query = select(TicketEvent).where(
        col(TicketEvent.ticket_id).in_(ids),
        col(TicketEvent.at).in_(moments),
        or_(col(TicketEvent.staff_id).is_(None), col(TicketEvent.staff_id) != staff_id),
    )
    return session.exec(query).all() if ids else []


def _from_notices(session: Session, staff_id: int, changes: Sequence[Change]) -> list[Call]:
    ids = [change.subject_id for change in changes if change.kind == "notice"]
    query = (
        select(Notice, Ticket)
        .join(Ticket, col(Ticket.id) == Notice.ticket_id)
        .where(col(Notice.id).in_(ids), Notice.staff_id == staff_id, col(Notice.seen_at).is_(None))
        .order_by(col(Notice.id))
    )
    found = session.exec(query).all() if ids else []
    told = [(notice if notice.kind is not NoticeKind.CUSTOMER_WROTE else None, ticket) for notice, ticket in found]
    return [Call(ticket, notice=notice) for notice, ticket in told]


def _takeable(session: Session, staff_id: int) -> tuple[ColumnElement[bool], ...]:
    """New tickets of the person's teams and of no team; of any, for whoever is in none."""
    mine = select(Team.name).join(TeamMember, col(TeamMember.team_id) == Team.id).where(TeamMember.staff_id == staff_id)
    teams = session.exec(mine).all()
    new = (col(Ticket.status) == TicketStatus.OPEN, col(Ticket.assignee_id).is_(None))
    return (*new, or_(col(Ticket.team).is_(None), col(Ticket.team).in_(teams))) if teams else new
