"""How urgent a matter is: impact × urgency → priority. Pure.

The bot proposes, from what the knowledge base says of the intent and from signs that need no reading of the words; an
agent confirms.
"""

from __future__ import annotations

from dataclasses import dataclass

from handoff.models import Impact, Priority, Reason, Urgency

_P0, _P1, _P2, _P3 = Priority
MATRIX: dict[Impact, dict[Urgency, Priority]] = {
    Impact.ONE: {Urgency.LOW: _P3, Urgency.NORMAL: _P2, Urgency.HIGH: _P2},
    Impact.SOME: {Urgency.LOW: _P3, Urgency.NORMAL: _P2, Urgency.HIGH: _P1},
    Impact.ALL: {Urgency.LOW: _P2, Urgency.NORMAL: _P1, Urgency.HIGH: _P0},
}
SOME_ALIKE, MANY_ALIKE = 2, 8
"""So many other customers with the same matter at the same time say that it stops some, or all."""


@dataclass(frozen=True)
class Proposal:
    """What the bot takes a matter for."""

    impact: Impact
    urgency: Urgency
    priority: Priority


_LIKELY = {
    _P0: (Impact.ALL, Urgency.HIGH),
    _P1: (Impact.SOME, Urgency.HIGH),
    _P2: (Impact.ONE, Urgency.NORMAL),
    _P3: (Impact.ONE, Urgency.LOW),
}
_URGENT = {Reason.URGENT: Urgency.HIGH, Reason.SENSITIVE: Urgency.NORMAL, Reason.NEGATIVE_FEEDBACK: Urgency.NORMAL}
_IMPACTS, _URGENCIES = tuple(Impact), tuple(Urgency)


def priority_of(impact: Impact, urgency: Urgency) -> Priority:
    """What the matrix says."""
    return MATRIX[impact][urgency]


def propose(at_least: Priority, reason: Reason | None, alike: int) -> Proposal:
    """What a matter is taken for whose intent has the priority ``at_least``.

    ``alike``: how many other customers came with the same lately. No sign lowers what the intent says.
    """
    impact, urgency = _LIKELY[at_least]
    if alike >= SOME_ALIKE:
        impact = max(impact, Impact.ALL if alike >= MANY_ALIKE else Impact.SOME, key=_IMPACTS.index)
    urgency = max(urgency, _URGENT.get(reason, Urgency.LOW) if reason else Urgency.LOW, key=_URGENCIES.index)
    found = priority_of(impact, urgency)
    return Proposal(impact, urgency, min(found, at_least, key=lambda level: level.value))
