"""Who should get a ticket: pure. Everybody is scored, the terms are kept, and equals take turns."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum

SPEAKS, KNOWS, LAST_HAD, HAD, FREE = 40, 25, 20, 10, 15
"""The most that each term can give: a language matters more than any other one alone, having time least of all."""


class Contact(Enum):
    """What somebody had to do with the customer before."""

    NONE = "none"
    EARLIER = "earlier"
    """One of the customer's tickets was theirs."""
    LAST = "last"
    """The newest of them was."""


class Bar(Enum):
    """Why somebody gets nothing now, whatever they know."""

    AWAY = "away"
    OFF_SHIFT = "off_shift"
    FULL = "full"


@dataclass(frozen=True)
class Need:
    """What a ticket asks of whoever gets it."""

    language: str = "en"
    """BCP 47; only its first part counts: zh-Hant is zh."""
    topics: frozenset[str] = frozenset()
    """Its intents and category, without regard to case."""


@dataclass(frozen=True)
class Candidate:
    """Somebody of a team, as they are at one moment."""

    staff_id: int
    languages: Collection[str] = ("en",)
    skills: Collection[str] = ()
    load: int = 0
    """Their open tickets."""
    load_cap: int = 20
    contact: Contact = Contact.NONE
    is_at_work: bool = True
    is_away: bool = False


@dataclass(frozen=True)
class Score:
    """What speaks for somebody, term by term, and what speaks against them altogether."""

    staff_id: int
    terms: Mapping[str, int] = field(default_factory=dict)
    """language, skill, contact and load, each with its points; 0 is told, too."""
    bar: Bar | None = None

    @property
    def total(self) -> int:
        return sum(self.terms.values())


def score(candidate: Candidate, need: Need) -> Score:
    """The terms of ``candidate`` for a ticket that needs this: from 0 to 100 in all."""
    terms = {
        "language": SPEAKS if _first(need.language) in map(_first, candidate.languages) else 0,
        "skill": KNOWS if folded(candidate.skills) & folded(need.topics) else 0,
        "contact": {Contact.LAST: LAST_HAD, Contact.EARLIER: HAD, Contact.NONE: 0}[candidate.contact],
        "load": _time_left(candidate),
    }
    return Score(candidate.staff_id, terms, bar_of(candidate))


def bar_of(candidate: Candidate) -> Bar | None:
    """What keeps everything from ``candidate`` now; None: nothing does."""
    if candidate.is_away:
        return Bar.AWAY
    if not candidate.is_at_work:
        return Bar.OFF_SHIFT
    return Bar.FULL if candidate.load >= candidate.load_cap else None


def best(scores: Sequence[Score], last_staff_id: int | None = None) -> Score | None:
    """The highest of those whom nothing keeps from it; None where there is nobody.

    Of equals the one whose turn it is: the first after ``last_staff_id`` by id, and round again.
    """
    able = [one for one in scores if one.bar is None]
    return min(able, key=lambda one: (-one.total, *_turn(one.staff_id, last_staff_id or 0)), default=None)


def folded(names: Collection[str]) -> frozenset[str]:
    """The names as they are compared."""
    return frozenset(name.strip().casefold() for name in names)


def _turn(staff_id: int, last: int) -> tuple[bool, int]:
    return staff_id <= last, staff_id


def _time_left(candidate: Candidate) -> int:
    free = max(candidate.load_cap - candidate.load, 0)
    return round(FREE * free / candidate.load_cap) if candidate.load_cap > 0 else 0


def _first(language: str) -> str:
    return language.replace("_", "-").split("-")[0].casefold()
