"""The shifts of a day as people write them: "09:00-12:30, 14:00-18:00". Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from itertools import pairwise

from handoff.sla.errors import BadHours

_SHIFT = re.compile(r"(\d{1,2})(?::(\d{2}))?\s*[-–—~]\s*(\d{1,2})(?::(\d{2}))?")
_BETWEEN = re.compile(r"[,;、]|\band\b|(?<=\d)\s+(?=\d)")
DAY = 24 * 60


def shifts_from(text: str) -> list[list[str]]:
    """The shifts that ``text`` names, in their order; none for a free day. Raises BadHours.

    Hours alone will do ("9-18"), in full width as well. A shift ends on the day on which it starts, at 24:00 at the
    latest: a night is two shifts.
    """
    plain = unicodedata.normalize("NFKC", text).strip()
    found = sorted(_shift(part.strip()) for part in _BETWEEN.split(plain) if part.strip())
    for (_, end), (start, _) in pairwise(found):
        if start < end:
            raise BadHours("Two shifts of a day overlap. Write them one after another: 09:00-12:30, 14:00-18:00.")
    return [[_time(start), _time(end)] for start, end in found]


def in_words(shifts: Iterable[Sequence[str]]) -> str:
    """The shifts as a person writes them; "" for a free day."""
    return ", ".join(f"{start}-{end}" for start, end in shifts)


def _shift(text: str) -> tuple[int, int]:
    written = _SHIFT.fullmatch(text)
    if written is None:
        raise BadHours
    start, end = _minute(written[1], written[2]), _minute(written[3], written[4])
    if end <= start:
        raise BadHours(
            f"{text}: a shift ends on the day on which it starts. Write a night as two: until 24:00 on the first day, "
            f"from 00:00 on the next."
        )
    return start, end


def _minute(hours: str, minutes: str | None) -> int:
    found = int(hours) * 60 + int(minutes or 0)
    if found > DAY or int(minutes or 0) > 59:
        raise BadHours
    return found


def _time(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"
