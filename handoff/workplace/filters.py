"""What the tickets of a list are chosen by: names and values of a whitelist, compiled to conditions.

Nothing that anybody sends becomes a part of a query but as a bound value.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Any

from sqlalchemy import ColumnElement, func, or_, true
from sqlmodel import Session, col, select

from handoff.errors import BadFilter
from handoff.models import (
    Account,
    Conversation,
    Customer,
    Message,
    Plan,
    Priority,
    Reason,
    Source,
    Ticket,
    TicketStatus,
    WaitsFor,
)
from handoff.staffing.queue import WORK_ORDER
from handoff.ticketing.levels import TIERS
from handoff.ticketing.models import TicketTag
from handoff.ticketing.states import UNSOLVED
from handoff.wording import clean
from handoff.workplace.unread import is_unread
from store import fulltext

Values = tuple[str, ...]
Filters = Mapping[str, Values]
"""By name of a filter its values: one of them is enough, but every filter must hold. Without a status: unsolved."""

NONE = "-"
"""The value that means: it has none."""
ME, ANY, YES = "me", "any", "yes"
LONGEST, MOST_VALUES, MOST_FOUND = 200, 20, 1_000
"""Characters of a value, values of a name, messages that a search for words takes the tickets of."""
DUE = {"late": timedelta(0), "hour": timedelta(hours=1), "day": timedelta(days=1)}
"""Until when the next promise falls due, from now."""
SORTS: Mapping[str, tuple[Any, ...]] = {
    "promise": WORK_ORDER,
    "priority": (col(Ticket.priority), col(Ticket.due_at).asc().nulls_last(), col(Ticket.number)),
    "newest": (col(Ticket.number).desc(),),
    "oldest": (col(Ticket.number),),
}


@dataclass(frozen=True)
class Viewer:
    """Whose list it is, and when it is looked at."""

    staff_id: int
    now: datetime


Condition = Callable[[Session, Viewer, Values], ColumnElement[bool]]


@dataclass(frozen=True)
class _Filter:
    is_fit: Callable[[str], bool]
    condition: Condition


def read(pairs: Iterable[tuple[str, str]]) -> dict[str, Values]:
    """The filters among ``pairs`` of names and values; other names and empty values are passed over. Raises BadFilter.

    The order of the names is always the same.
    """
    found: dict[str, dict[str, None]] = {}
    for name, given in pairs:
        value = " ".join(clean(given).split())
        if name not in NAMES or not value:
            continue
        if not _is_fit(name, value):
            raise BadFilter
        found.setdefault(name, {})[value] = None
    if any(len(values) > MOST_VALUES for values in found.values()):
        raise BadFilter
    return {name: tuple(found[name]) for name in NAMES if name in found}


def pairs_of(filters: Filters) -> list[tuple[str, str]]:
    """As they stand in an address: what ``read`` reads."""
    return [(name, value) for name, values in filters.items() for value in values]


def conditions(session: Session, filters: Filters, viewer: Viewer) -> list[ColumnElement[bool]]:
    """What a ticket must be like to be in the list."""
    chosen = [_FILTERS[name].condition(session, viewer, values) for name, values in filters.items() if name in _FILTERS]
    return chosen if "status" in filters else [col(Ticket.status).in_(UNSOLVED), *chosen]


def order(filters: Filters) -> tuple[Any, ...]:
    """The order that is asked for; else that of work where all of it is work, and the newest first where not."""
    asked = filters.get("sort")
    statuses = set(filters.get("status", ()))
    is_work = statuses <= {status.value for status in UNSOLVED}
    return SORTS[asked[-1] if asked else "promise" if is_work else "newest"]


def _is_fit(name: str, value: str) -> bool:
    if len(value) > LONGEST:
        return False
    return value in SORTS if name == "sort" else _FILTERS[name].is_fit(value)


def _among(kind: type[Enum], *more: str) -> Callable[[str], bool]:
    known = {one.value for one in kind} | set(more)
    return lambda value: value in known


def _one_of(column: Any, values: Values, as_kept: Callable[[str], Any] = str) -> ColumnElement[bool]:
    """The column holds one of the values, or nothing where that is among them."""
    found: ColumnElement[bool] = column.in_([as_kept(value) for value in values if value != NONE])
    return or_(found, column.is_(None)) if NONE in values else found


def _column(column: Any, as_kept: Callable[[str], Any] = str) -> Condition:
    return lambda session, viewer, values: _one_of(column, values, as_kept)


def _status(session: Session, viewer: Viewer, values: Values) -> ColumnElement[bool]:
    return true() if ANY in values else col(Ticket.status).in_([TicketStatus(value) for value in values])


def _assignee(session: Session, viewer: Viewer, values: Values) -> ColumnElement[bool]:
    return _one_of(Ticket.assignee_id, values, lambda value: viewer.staff_id if value == ME else int(value))


def _due(session: Session, viewer: Viewer, values: Values) -> ColumnElement[bool]:
    spans = [DUE[value] for value in values if value != NONE]
    found = [col(Ticket.due_at) <= viewer.now + max(spans)] if spans else []
    return or_(*found, col(Ticket.due_at).is_(None)) if NONE in values else found[0]


def _unread(session: Session, viewer: Viewer, values: Values) -> ColumnElement[bool]:
    return is_unread(viewer.staff_id)


# Not "exists": what few tickets have is found by its own index, however many tickets there are.
def _tag(session: Session, viewer: Viewer, values: Values) -> ColumnElement[bool]:
    tags = [value.casefold() for value in values if value != NONE]
    tagged = col(Ticket.id).in_(select(TicketTag.ticket_id).where(col(TicketTag.tag).in_(tags)))
    any_tag = select(TicketTag.ticket_id).where(TicketTag.ticket_id == Ticket.id).correlate(Ticket)
    return or_(tagged, ~any_tag.exists()) if NONE in values else tagged


def _channel(session: Session, viewer: Viewer, values: Values) -> ColumnElement[bool]:
    return col(Ticket.customer_id).in_(select(Customer.id).where(col(Customer.channel).in_(values)))


def _plan(session: Session, viewer: Viewer, values: Values) -> ColumnElement[bool]:
    """The account counts for the whole person, whichever of their customers it was set for."""
    plans = [Plan(value) for value in values if value != NONE]
    person = func.coalesce(col(Customer.joined_to_id), col(Customer.id))
    has_account = select(person).join(Account, col(Account.id) == Customer.account_id)
    named = person.in_(has_account.where(col(Account.plan).in_(plans)))
    meant = or_(named, person.not_in(has_account)) if NONE in values else named
    return col(Ticket.customer_id).in_(select(Customer.id).where(meant))


def _language(session: Session, viewer: Viewer, values: Values) -> ColumnElement[bool]:
    """Most languages have many tickets, so each ticket is looked at."""
    here = select(Conversation.id).where(Conversation.id == Ticket.conversation_id)
    return here.where(col(Conversation.language).in_(values)).correlate(Ticket).exists()


def _text(session: Session, viewer: Viewer, values: Values) -> ColumnElement[bool]:
    """Words that were said in the ticket's conversation, all of them in one message, or its number."""
    asked = " ".join(values)
    ids = fulltext.search(session, "message", asked, MOST_FOUND, is_typing=True)
    said = col(Ticket.conversation_id).in_(select(Message.conversation_id).where(col(Message.id).in_(ids)))
    digits = asked.removeprefix("#").strip()
    is_number = digits.isascii() and digits.isdecimal() and len(digits) < 16
    return or_(said, col(Ticket.number) == int(digits)) if is_number else said


def _is_staff(value: str) -> bool:
    return value in (ME, NONE) or (value.isascii() and value.isdecimal() and len(value) < 16)


def _is_word(value: str) -> bool:
    return True


_TIERS: Collection[str] = {str(tier) for tier in TIERS}
_FILTERS: Mapping[str, _Filter] = {
    "status": _Filter(_among(TicketStatus, ANY), _status),
    "assignee": _Filter(_is_staff, _assignee),
    "team": _Filter(_is_word, _column(Ticket.team)),
    "priority": _Filter(_among(Priority), _column(Ticket.priority, Priority)),
    "tier": _Filter(lambda value: value in _TIERS, _column(Ticket.tier, int)),
    "due": _Filter(lambda value: value in (*DUE, NONE), _due),
    "unread": _Filter(lambda value: value == YES, _unread),
    "waits_for": _Filter(_among(WaitsFor, NONE), _column(Ticket.waits_for, WaitsFor)),
    "tag": _Filter(_is_word, _tag),
    "category": _Filter(_is_word, _column(Ticket.category)),
    "reason": _Filter(_among(Reason, NONE), _column(Ticket.reason, Reason)),
    "channel": _Filter(_is_word, _channel),
    "language": _Filter(_is_word, _language),
    "plan": _Filter(_among(Plan, NONE), _plan),
    "source": _Filter(_among(Source), _column(Ticket.source, Source)),
    "text": _Filter(_is_word, _text),
}
NAMES: tuple[str, ...] = (*_FILTERS, "sort")
"""All that can be filtered by, and the order of the list."""
