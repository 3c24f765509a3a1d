"""Filters of the inbox as a page shows them: what there is to choose from, what is chosen, and where that stands."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from sqlalchemy import func
from sqlmodel import Session, col, select

from api.texts import LANGUAGES, Texts
from handoff.models import Plan, Priority, Reason, Source, Staff, Ticket, TicketStatus, WaitsFor
from handoff.staffing.directory import all_teams, colleagues
from handoff.ticketing.levels import TIERS
from handoff.ticketing.models import TicketTag
from handoff.ticketing.states import UNSOLVED
from handoff.workplace.filters import ANY, DUE, ME, NAMES, NONE, SORTS, YES, Filters, Values, pairs_of

CHANNELS = ("web", "slack", "telegram", "email", "desk")
# The group of texts in which the values of a filter have their names; of other filters they are names already.
_GROUPS = {
    "status": "status",
    "tier": "tier",
    "due": "due",
    "waits_for": "waits_for",
    "reason": "reason",
    "channel": "channel",
    "language": "language",
    "plan": "plan",
    "source": "source",
    "priority": "priority",
    "sort": "sort",
}
_OF_ALL = {NONE: "filter.none", ME: "filter.me", ANY: "filter.any", YES: "filter.yes"}
MOST_SUGGESTED = 100


@dataclass(frozen=True)
class Option:
    value: str
    label: str


@dataclass(frozen=True)
class Choice:
    """One filter of the form."""

    name: str
    options: Sequence[Option]
    chosen: Values
    is_typed: bool = False
    """Anything may be typed; the options are suggestions."""
    otherwise: str = ""
    """What it is called when nothing is chosen."""


@dataclass(frozen=True)
class Chip:
    """A filter that is in force, and the address of the list without it."""

    name: str
    label: str
    without: str


def address_of(filters: Filters) -> str:
    """Where the inbox shows this list."""
    return f"/console?{urlencode(pairs_of(filters)) or 'status='}"


def chips(session: Session, t: Texts, filters: Filters) -> list[Chip]:
    """One for each value that is chosen."""
    pairs = pairs_of(filters)
    return [
        Chip(name, label(session, t, name, value), address_of(_without(pairs, place)))
        for place, (name, value) in enumerate(pairs)
    ]


def label(session: Session, t: Texts, name: str, value: str) -> str:
    """What the value is called."""
    if value in _OF_ALL and name not in ("text", "sort"):
        return t(_OF_ALL[value])
    if name == "assignee":
        staff = session.get(Staff, int(value))
        return staff.name if staff else f"#{value}"
    return t.named(_GROUPS[name], value) if name in _GROUPS else value


def choices(session: Session, t: Texts, filters: Filters) -> list[Choice]:
    """The form, with what is chosen now."""
    people = [Option(str(one.id), one.staff.name) for one in colleagues(session)]
    teams = [Option(team.name, team.name) for team in all_teams(session)]
    known: Mapping[str, Iterable[Option]] = {
        "assignee": [_named(t, "assignee", ME), _named(t, "assignee", NONE), *people],
        "team": [*teams, _named(t, "team", NONE)],
        **{name: [_named(t, name, value) for value in values] for name, values in _KNOWN.items()},
    }
    chosen = [_choice(t, name, list(options), filters) for name, options in known.items()]
    return sorted([*chosen, *_typed(session, filters)], key=lambda one: NAMES.index(one.name))


_KNOWN: Mapping[str, Sequence[str]] = {
    "status": [*(status.value for status in TicketStatus), ANY],
    "priority": [one.value for one in Priority],
    "tier": [str(tier) for tier in TIERS],
    "due": [*DUE, NONE],
    "unread": [YES],
    "waits_for": [one.value for one in WaitsFor],
    "reason": [*(one.value for one in Reason), NONE],
    "channel": CHANNELS,
    "language": list(LANGUAGES),
    "plan": [*(one.value for one in Plan), NONE],
    "source": [one.value for one in Source],
    "sort": list(SORTS),
}


def _choice(t: Texts, name: str, options: list[Option], filters: Filters) -> Choice:
    """What was chosen by an address and is not among the usual ones can be chosen as well."""
    chosen = filters.get(name, ())
    more = [Option(value, value) for value in chosen if value not in {one.value for one in options}]
    otherwise = {"status": "filter.unsolved", "sort": "filter.usual"}.get(name, "filter.every")
    return Choice(name, (*options, *more), chosen, otherwise=t(otherwise))


def _typed(session: Session, filters: Filters) -> list[Choice]:
    """Of tags and categories, those of unsolved tickets are suggested: there are not too many to be counted."""
    tags = select(TicketTag.tag).join(Ticket, col(Ticket.id) == TicketTag.ticket_id)
    suggested = {"tag": tags.group_by(TicketTag.tag), "category": select(Ticket.category).group_by(Ticket.category)}
    found = []
    for name, query in suggested.items():
        unsolved = query.where(col(Ticket.status).in_(UNSOLVED)).order_by(func.count().desc()).limit(MOST_SUGGESTED)
        options = [Option(value, value) for value in session.exec(unsolved) if value]
        found.append(Choice(name, options, filters.get(name, ()), is_typed=True))
    return [*found, Choice("text", (), filters.get("text", ()), is_typed=True)]


def _named(t: Texts, name: str, value: str) -> Option:
    return Option(value, t(_OF_ALL[value]) if value in _OF_ALL else t.named(_GROUPS[name], value))


def _without(pairs: Sequence[tuple[str, str]], place: int) -> dict[str, Values]:
    left: dict[str, Values] = {}
    for name, value in (*pairs[:place], *pairs[place + 1 :]):
        left[name] = (*left.get(name, ()), value)
    return left
