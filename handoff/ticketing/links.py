"""Tickets that have to do with each other."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select
from sqlalchemy import select as rows_of
from sqlmodel import Session, col

from handoff.actors import Actor
from handoff.errors import SameTicket, TicketNotFound
from handoff.models import Ticket
from handoff.rows import id_of
from handoff.ticketing.deeds import at_desk, changed, leave_trace
from handoff.ticketing.models import LinkKind, TicketLink
from handoff.tickets import ticket_by_number


@dataclass(frozen=True)
class Linked:
    """Another ticket, and what it is to this one."""

    ticket: Ticket
    kind: LinkKind
    is_first: bool
    """This ticket was the one that the other was linked with: of a duplicate, the other is its duplicate."""


def link(session: Session, number: int, other: int, kind: LinkKind, actor: Actor, now: datetime) -> None:
    """Say that the two have to do with each other; of ``DUPLICATE``: that this one is the same as the other.

    Two tickets have one link at most: the last one counts. Raises SameTicket, TicketNotFound.
    """
    ticket, conversation = at_desk(session, number, actor)
    target = _other(session, ticket, other)
    if _between(session, ticket, target, kind):
        return
    join(session, ticket, target, kind)
    changed(session, ticket, conversation, now)
    leave_trace(session, ticket, conversation, actor, "linked", now, other=f"#{other}", link=kind.value)


def unlink(session: Session, number: int, other: int, actor: Actor, now: datetime) -> None:
    """Take the link between the two off. Raises TicketNotFound where there is none."""
    ticket, conversation = at_desk(session, number, actor)
    target = _other(session, ticket, other)
    if not _cut(session, ticket, target):
        raise TicketNotFound(f"This ticket has no link with #{other}.")
    changed(session, ticket, conversation, now)
    leave_trace(session, ticket, conversation, actor, "unlinked", now, other=f"#{other}")


def join(session: Session, ticket: Ticket, target: Ticket, kind: LinkKind) -> None:
    """Write the link, in place of one that the two may have."""
    _cut(session, ticket, target)
    session.add(TicketLink(ticket_id=id_of(ticket), other_id=id_of(target), kind=kind))
    session.flush()


def links_of(session: Session, ticket_id: int) -> list[Linked]:
    """All tickets that this one is linked with, newest first."""
    mine, others = col(TicketLink.ticket_id) == ticket_id, col(TicketLink.other_id) == ticket_id
    forth = rows_of(Ticket, col(TicketLink.kind)).join(TicketLink, col(TicketLink.other_id) == Ticket.id)
    back = rows_of(Ticket, col(TicketLink.kind)).join(TicketLink, col(TicketLink.ticket_id) == Ticket.id)
    found = [
        *(Linked(other, kind, False) for other, kind in _rows(session, forth.where(mine))),
        *(Linked(other, kind, True) for other, kind in _rows(session, back.where(others))),
    ]
    return sorted(found, key=lambda each: -each.ticket.number)


def _rows(session: Session, query: Select[Ticket, LinkKind]) -> list[tuple[Ticket, LinkKind]]:
    return [(ticket, kind) for ticket, kind in session.execute(query)]


def _other(session: Session, ticket: Ticket, number: int) -> Ticket:
    if number == ticket.number:
        raise SameTicket
    return ticket_by_number(session, number)


def _between(session: Session, ticket: Ticket, target: Ticket, kind: LinkKind) -> bool:
    row = session.get(TicketLink, (id_of(ticket), id_of(target)))
    return row is not None and row.kind is kind


def _cut(session: Session, ticket: Ticket, target: Ticket) -> bool:
    pairs = ((id_of(ticket), id_of(target)), (id_of(target), id_of(ticket)))
    rows = [row for pair in pairs if (row := session.get(TicketLink, pair)) is not None]
    for row in rows:
        session.delete(row)
    session.flush()
    return bool(rows)
