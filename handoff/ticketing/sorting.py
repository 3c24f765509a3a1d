"""What a ticket is sorted by: its tags, its category, and where else the matter is dealt with."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from urllib.parse import urlsplit

from sqlalchemy import delete, func
from sqlmodel import Session, col, select

from handoff.actors import Actor
from handoff.errors import BadAddress, BadTag
from handoff.models import Ticket
from handoff.rows import id_of
from handoff.ticketing.deeds import at_desk, changed, leave_trace
from handoff.ticketing.models import TicketTag
from handoff.wording import clean
from store import audit

MOST_TAGS, LONGEST_TAG, LONGEST_CATEGORY, LONGEST_ADDRESS = 20, 50, 100, 500
RECENT = 2_000
"""What is offered to choose from comes from so many of the newest tickets and tags: every page of a ticket asks."""


def set_tags(session: Session, number: int, tags: Collection[str], actor: Actor, now: datetime) -> list[str]:
    """Let the ticket have exactly these tags; returns them as kept, in small letters, sorted. Raises BadTag."""
    chosen = normal_tags(tags)
    ticket, conversation = at_desk(session, number, actor)
    before = tags_of(session, id_of(ticket))
    if chosen == before:
        return chosen
    keep_tags(session, ticket, chosen)
    changed(session, ticket, conversation, now)
    audit.record(session, actor.name, "ticket.tags_set", "ticket", id_of(ticket), now, tags=chosen, before=before)
    return chosen


def normal_tags(tags: Collection[str]) -> list[str]:
    """The tags as they are kept: in small letters, sorted, each once. Raises BadTag."""
    chosen = sorted({_tag(each) for each in tags if each.strip()})
    if len(chosen) > MOST_TAGS:
        raise BadTag
    return chosen


def keep_tags(session: Session, ticket: Ticket, tags: Collection[str]) -> None:
    """Write the tags of a ticket that is kept from others already."""
    session.execute(delete(TicketTag).where(col(TicketTag.ticket_id) == id_of(ticket)))
    session.add_all(TicketTag(ticket_id=id_of(ticket), tag=each) for each in tags)
    session.flush()


def tags_of(session: Session, ticket_id: int) -> list[str]:
    """The ticket's tags, sorted."""
    return sorted(session.exec(select(TicketTag.tag).where(TicketTag.ticket_id == ticket_id)).all())


def known_tags(session: Session, limit: int = 100) -> Sequence[str]:
    """The tags that were used most of late, the most frequent first."""
    recent = select(TicketTag.tag).order_by(col(TicketTag.ticket_id).desc()).limit(RECENT).subquery()
    query = select(recent.c.tag).group_by(recent.c.tag).order_by(func.count().desc(), recent.c.tag)
    return session.exec(query.limit(limit)).all()


def set_category(session: Session, number: int, category: str, actor: Actor, now: datetime) -> Ticket:
    """Say what the matter is about; "" takes the category away."""
    ticket, conversation = at_desk(session, number, actor)
    chosen = " ".join(clean(category).split())[:LONGEST_CATEGORY] or None
    if chosen != ticket.category:
        told = {"category": chosen, "before": ticket.category}
        ticket.category = chosen
        changed(session, ticket, conversation, now)
        audit.record(session, actor.name, "ticket.category_set", "ticket", id_of(ticket), now, **told)
    return ticket


def known_categories(session: Session, limit: int = 200) -> Sequence[str]:
    """The categories that the newest tickets have, the most frequent first."""
    recent = select(Ticket.category).order_by(col(Ticket.number).desc()).limit(RECENT).subquery()
    query = select(recent.c.category).where(recent.c.category.is_not(None)).group_by(recent.c.category)
    return session.exec(query.order_by(func.count().desc(), recent.c.category).limit(limit)).all()


def set_external(session: Session, number: int, address: str, actor: Actor, now: datetime) -> Ticket:
    """Say where else the matter is dealt with, such as an issue tracker; "" takes it away. Raises BadAddress."""
    chosen = page_of_the_web(address)
    ticket, conversation = at_desk(session, number, actor)
    if chosen != ticket.external_url:
        ticket.external_url = chosen
        changed(session, ticket, conversation, now)
        leave_trace(session, ticket, conversation, actor, "external_set", now, address=chosen or "–")
    return ticket


def _tag(text: str) -> str:
    tag = " ".join(clean(text).split()).casefold()
    if not 0 < len(tag) <= LONGEST_TAG or "," in tag:
        raise BadTag
    return tag


def page_of_the_web(text: str) -> str | None:
    """The address as it is kept; None for "". Agents follow it with a click. Raises BadAddress."""
    address = clean(text).strip()
    if not address:
        return None
    try:
        parts = urlsplit(address)
        is_page = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        is_page = False
    if not is_page or len(address) > LONGEST_ADDRESS or any(mark.isspace() for mark in address):
        raise BadAddress
    return address
