"""What a macro does beside its words: how it is kept, and how it is done to a ticket."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session

from handoff import desk
from handoff.actors import Actor
from handoff.errors import BadDeed, BadTier, HandoffError, MacroRefused, NoTickets, TeamNotFound
from handoff.models import Conversation, Priority, Ticket, TicketStatus, WaitsFor
from handoff.rows import id_of
from handoff.staffing import deeds as staffing
from handoff.staffing.directory import colleagues, team_named
from handoff.ticketing import levels, pausing, sorting
from handoff.tickets import ticket_by_number
from handoff.workplace import bulk

STATUSES = ("", "waiting", "resolved")
ME = "me"
ClosingWords = Callable[[str, int], desk.ClosingWords]
"""What the customer reads when it is resolved, by the conversation's language and the ticket's number."""


@dataclass(frozen=True)
class Deeds:
    """What is set; "" and () leave it as it is. ``assignee``: "me", or the id of a colleague."""

    tags: tuple[str, ...] = ()
    status: str = ""
    priority: str = ""
    tier: int = 0
    team: str = ""
    assignee: str = ""
    article: str = ""
    """Whose link goes to the customer with the words."""

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> Deeds:
        """As they are read from the row; what an older or newer Firstline kept beside is left out."""
        tags, tier = kept.get("tags"), kept.get("tier")
        words = {key: str(kept.get(key) or "") for key in ("status", "priority", "team", "assignee", "article")}
        return cls(
            tags=tuple(str(tag) for tag in tags) if isinstance(tags, list) else (),
            tier=tier if isinstance(tier, int) else 0,
            **words,
        )

    def kept(self) -> dict[str, Any]:
        """As they are written into the row: only what is set."""
        found = {**vars(self), "tags": list(self.tags)}
        return {key: value for key, value in found.items() if value}

    @property
    def changes_ticket(self) -> bool:
        """There is more to do than to send a link."""
        return bool(self.kept().keys() - {"article"})

    def checked(self, session: Session) -> Deeds:
        """The same in the desk's own spelling. Raises BadDeed, BadTag, BadTier, TeamNotFound, NoTickets."""
        if self.status not in ("", "waiting", "resolved") or self.priority not in (
            "",
            *(one.value for one in Priority),
        ):
            raise BadDeed
        if self.tier not in (0, *levels.TIERS):
            raise BadTier
        team = team_named(session, self.team) if self.team else None
        if self.team and team is None:
            raise TeamNotFound
        if self.assignee not in ("", ME) and not _colleague(session, self.assignee):
            raise NoTickets
        tags = tuple(sorting.normal_tags(self.tags))
        return Deeds(
            tags, self.status, self.priority, self.tier, team.name if team else "", self.assignee, self.article
        )


def do(
    session: Session, number: int, deeds: Deeds, title: str, actor: Actor, now: datetime, closing: ClosingWords
) -> None:
    """Do it all to the ticket, in one transaction; what is so already is left alone. ``title`` is the reason of a tier.

    Raises MacroRefused with what was not possible and why.
    """
    for name, value, deed in _steps(deeds, title, closing):
        try:
            deed(session, number, actor, now)
        except HandoffError as error:
            raise MacroRefused(f"{name} {value}: {error}", name=name, value=value) from error


def _steps(deeds: Deeds, title: str, closing: ClosingWords) -> list[tuple[str, str, bulk.Deed]]:
    """(what, to what, how) in the order in which they are done: what rests or ends a ticket comes last."""
    steps: list[tuple[str, str, bulk.Deed]] = []
    if deeds.tags:
        steps.append(("tags", ", ".join(deeds.tags), bulk.add_tags(deeds.tags)))
    if deeds.priority:
        steps.append(("priority", deeds.priority, _unless_so(bulk.set_priority(Priority(deeds.priority)), deeds)))
    if deeds.tier:
        steps.append(("tier", str(deeds.tier), _move_tier(deeds.tier, title)))
    if deeds.team:
        steps.append(("team", deeds.team, _move_to(deeds.team)))
    if deeds.assignee:
        steps.append(("assignee", deeds.assignee, _assign(deeds.assignee)))
    if deeds.status == "waiting":
        steps.append(("status", "waiting", _wait))
    if deeds.status == "resolved":
        steps.append(("status", "resolved", _resolve(closing)))
    return steps


def _unless_so(deed: bulk.Deed, deeds: Deeds) -> bulk.Deed:
    """A priority that a person confirmed already is not confirmed again."""

    def do_it(session: Session, number: int, actor: Actor, now: datetime) -> object:
        ticket = ticket_by_number(session, number)
        is_so = ticket.priority.value == deeds.priority and ticket.priority_by_id is not None
        return ticket if is_so else deed(session, number, actor, now)

    return do_it


def _move_tier(tier: int, reason: str) -> bulk.Deed:
    def do_it(session: Session, number: int, actor: Actor, now: datetime) -> object:
        ticket = ticket_by_number(session, number)
        return ticket if ticket.tier == tier else levels.move_tier(session, number, tier, reason, actor, now)

    return do_it


def _move_to(team: str) -> bulk.Deed:
    def do_it(session: Session, number: int, actor: Actor, now: datetime) -> object:
        ticket = ticket_by_number(session, number)
        return ticket if ticket.team == team else bulk.move_to(team)(session, number, actor, now)

    return do_it


def _assign(assignee: str) -> bulk.Deed:
    def do_it(session: Session, number: int, actor: Actor, now: datetime) -> object:
        staff_id = actor.staff_id if assignee == ME else int(assignee)
        ticket = ticket_by_number(session, number)
        if staff_id is None or ticket.assignee_id == staff_id:
            return ticket
        return staffing.give(session, number, staff_id, actor, now)

    return do_it


def _wait(session: Session, number: int, actor: Actor, now: datetime) -> Ticket:
    ticket = ticket_by_number(session, number)
    is_so = ticket.waits_for is WaitsFor.CUSTOMER
    return ticket if is_so else pausing.wait_for_customer(session, number, actor, now)


def _resolve(closing: ClosingWords) -> bulk.Deed:
    def do_it(session: Session, number: int, actor: Actor, now: datetime) -> object:
        ticket = ticket_by_number(session, number)
        if ticket.status in (TicketStatus.RESOLVED, TicketStatus.CLOSED):
            return ticket
        conversation = session.get_one(Conversation, ticket.conversation_id)
        return desk.resolve(session, number, actor, now, closing(conversation.language, number))

    return do_it


def _colleague(session: Session, assignee: str) -> bool:
    is_id = assignee.isascii() and assignee.isdecimal() and len(assignee) < 16
    return is_id and any(id_of(one.staff) == int(assignee) for one in colleagues(session, ids=(int(assignee),)))
