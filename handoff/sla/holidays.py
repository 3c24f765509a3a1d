"""Public holidays by country, from the package of that name, which is imported when a calendar asks for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache, lru_cache


@dataclass(frozen=True)
class Holidays:
    """The public holidays of one year by name, and the days of rest that are worked to make up for some of them."""

    free: Mapping[date, str]
    worked: frozenset[date]


@lru_cache(maxsize=256)
def holidays_of(country: str, region: str | None, year: int) -> Holidays:
    """The holidays of a year; none where nobody knows them."""
    # A year at a time and never changed: the package's own objects fill themselves while they are read, and a second
    # thread would take a year for free of holidays that is only half filled.
    import holidays

    try:
        found = holidays.country_holidays(country, subdiv=region, years=year)
    except NotImplementedError:
        return Holidays({}, frozenset())
    free = {day: str(name) for day, name in sorted(found.items()) if day.year == year}
    return Holidays(free, frozenset(day for day in found.weekend_workdays if day.year == year))


def is_free(country: str, region: str | None, day: date) -> bool:
    return day in holidays_of(country, region, day.year).free


def is_worked(country: str, region: str | None, day: date) -> bool:
    return day in holidays_of(country, region, day.year).worked


@cache
def countries() -> Mapping[str, str]:
    """The countries whose holidays are known, by name: {"DE": "Germany"}."""
    from holidays.registry import COUNTRIES

    named = {codes[1]: _name(module) for module, codes in COUNTRIES.items()}
    return dict(sorted(named.items(), key=lambda item: item[1]))


@lru_cache(maxsize=256)
def regions_of(country: str) -> tuple[str, ...]:
    """The parts of a country that have holidays of their own: ("BW", "BY", …)."""
    import holidays

    try:
        return tuple(holidays.country_holidays(country).subdivisions)
    except NotImplementedError:
        return ()


def _name(module: str) -> str:
    """What the package calls its modules, as people write it: "dr_congo" is DR Congo."""
    words = [{"dr": "DR", "and": "and", "of": "of", "the": "the"}.get(word, word.title()) for word in module.split("_")]
    return " ".join(words)
