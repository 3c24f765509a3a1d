"""Which team's queue a ticket belongs in: pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Desk:
    """A team as routing sees it."""

    name: str
    topics: frozenset[str] = frozenset()
    is_default: bool = False


def route(topics: Iterable[str], named: str | None, teams: Sequence[Desk]) -> str | None:
    """The name of the team for a ticket about ``topics`` (the likeliest first), for which a team may be ``named``.

    A team that has one of the topics comes first, then the one that is named, then the default one. None only where
    there are no teams at all. Names and topics are compared without regard to case.
    """
    for topic in topics:
        for team in teams:
            if topic.casefold() in {each.casefold() for each in team.topics}:
                return team.name
    by_name = {team.name.casefold(): team.name for team in teams}
    if named is not None and named.casefold() in by_name:
        return by_name[named.casefold()]
    return next((team.name for team in teams if team.is_default), teams[0].name if teams else None)


def tier_topic(tier: int) -> str:
    """What a team has among its topics to get what comes to this tier: "tier-2"."""
    return f"tier-{tier}"
