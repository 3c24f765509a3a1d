"""Whether one sentence's numbers, names, limits and directions are those of another, about the same things."""

from __future__ import annotations

from bot.claims import Beside, Claim

_MATCHED = ("at most", "at least", "more than", "less than", "only", "not", "if", "except", "seldom")
"""Limits that a sentence says exactly as often as what supports it; the others it must not add."""
_OPPOSITE = {"from": "to", "to": "from", "before": "after", "after": "before"}


def agrees(written: Claim, source: Claim) -> bool:
    """Whether ``source`` has the numbers, limits and directions of ``written``, and about the same things."""
    return (
        written.numbers <= source.numbers
        and all(written.limits[name] == source.limits[name] for name in _MATCHED)
        and all(count <= source.limits[name] for name, count in written.limits.items())
        and written.opposites <= source.opposites
        and not _reverses(written, source)
        and all(any(each.has_the_neighbour(other) for other in source.denied) for each in written.denied)
        and written.singled <= source.singled
        and all(_is_counted(each, source) for each in written.counted)
        and written.priced <= source.priced
        and all(
            any(each.has_the_neighbour(other) for other in source.named if other.said == each.said)
            for each in written.named
        )
    )


def _is_counted(number: Beside, source: Claim) -> bool:
    """Whether ``source`` counts the same with this number. Where it has several, the nearest word must be the same."""
    same = [each for each in source.counted if each.said == number.said]
    unit = number.said.partition(" ")[2]
    alike = {each.said for each in source.counted if each.said.partition(" ")[2] == unit}
    return any(number.has_the_neighbour(each) if len(alike) > 1 else number.is_near_the_same(each) for each in same)


def _reverses(written: Claim, source: Claim) -> bool:
    """Whether ``written`` turns a "from … to" or a "before" of ``source`` round, or compares with something else."""
    for direction, word in written.directions - source.directions:
        if direction not in _OPPOSITE or (_OPPOSITE[direction], word) in source.directions:
            return True
        if direction in ("before", "after") and any(known == direction for known, _ in source.directions):
            return True
    return False
