"""Working hours as pure values: whether a moment is worked, how much work is between two, and when so much is done.

A moment is worked when the clock on the wall at the place shows a time within a shift of that day. Everything here
follows from this sentence, the days on which the clock is put forward or back included: an hour that the wall shows
twice is worked twice, one that it skips not at all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

Shift = tuple[int, int]
"""Minutes of the day on the wall, from and (exclusive) until: (540, 1080) is 09:00-18:00."""
Span = tuple[datetime, datetime]
"""From and (exclusive) until, UTC."""

DAY_MINUTES = 24 * 60
HORIZON = timedelta(days=3660)
"""Nobody is promised anything beyond this."""
_DAY = timedelta(days=1)
# No place is further from Greenwich, so within this much more on both sides a day is over everywhere.
_FURTHEST = timedelta(hours=15)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def never(day: date) -> bool:
    """The public holidays of nowhere."""
    return False


@dataclass(frozen=True)
class Hours:
    """The working hours of a place. ``days`` wins over the public holidays, which win over ``weekly`` (Monday first).

    ``is_worked``: days of rest that make up for a holiday elsewhere in the year; they have the shifts of the first day
    of the week that has any.
    """

    zone: ZoneInfo
    weekly: tuple[tuple[Shift, ...], ...]
    days: Mapping[date, tuple[Shift, ...]] = field(default_factory=dict)
    is_free: Callable[[date], bool] = never
    is_worked: Callable[[date], bool] = never

    def shifts_on(self, day: date) -> tuple[Shift, ...]:
        """The shifts of a day, in their order."""
        if day in self.days:
            return self.days[day]
        shifts = self.weekly[day.weekday()]
        if shifts:
            return () if self.is_free(day) else shifts
        return next(filter(None, self.weekly), ()) if self.is_worked(day) else ()

    def is_open(self, moment: datetime) -> bool:
        """Whether somebody works at this moment."""
        there = moment.astimezone(self.zone)
        minute = there.hour * 60 + there.minute
        return any(start <= minute < end for start, end in self.shifts_on(there.date()))

    def between(self, start: datetime, end: datetime) -> timedelta:
        """How much work there is from ``start`` until ``end``; nothing if that is not after it."""
        worked = timedelta()
        for since, until in self._spans_from(start, end):
            worked += max(timedelta(), min(until, end) - max(since, start))
        return worked

    def after(self, start: datetime, amount: timedelta) -> datetime | None:
        """The first moment until which ``amount`` of work is done; ``start`` for none, None when that never comes."""
        if amount <= timedelta():
            return start
        if not self._is_ever_open(start):
            return None
        left = amount
        for since, until in self._spans_from(start, start + HORIZON):
            length = until - max(since, start)
            if length >= left:
                return max(since, start) + left
            left -= max(timedelta(), length)
        return None

    def opens(self, start: datetime) -> datetime | None:
        """``start`` if somebody works then, else the next moment at which somebody does; None when that never comes."""
        if not self._is_ever_open(start):
            return None
        spans = self._spans_from(start, start + HORIZON)
        return next((max(since, start) for since, until in spans if until > start), None)

    def spans_on(self, day: date) -> list[Span]:
        """When the shifts of a day on the wall's calendar are, in their order."""
        shifts = self.shifts_on(day)
        if not shifts:
            return []
        found = []
        for since, until, offset in _offsets(self.zone, day):
            midnight = datetime.combine(day, datetime.min.time(), UTC) - offset
            for start, end in shifts:
                begins = max(since, midnight + timedelta(minutes=start))
                ends = min(until, midnight + timedelta(minutes=end))
                if begins < ends:
                    found.append((begins, ends))
        return sorted(found)

    def _spans_from(self, start: datetime, end: datetime) -> Iterator[Span]:
        """The shifts, in their order, of every day from that of ``start`` to that of ``end``."""
        # A day more on both sides: a clock that is put back over midnight shows yesterday's date again.
        day, last = start.astimezone(self.zone).date() - _DAY, end.astimezone(self.zone).date() + _DAY
        while day <= last:
            yield from self.spans_on(day)
            day += _DAY

    def _is_ever_open(self, start: datetime) -> bool:
        yesterday = start.astimezone(self.zone).date() - _DAY
        return any(self.weekly) or any(shifts for day, shifts in self.days.items() if day >= yesterday)


ALWAYS = Hours(ZoneInfo("UTC"), (((0, DAY_MINUTES),),) * 7)
"""Around the clock, 24×7."""


def _offsets(zone: ZoneInfo, day: date) -> list[tuple[datetime, datetime, timedelta]]:
    """From when until when, around a day, the wall is how far from UTC: one part, or two if the clock is put then."""
    midnight = datetime.combine(day, datetime.min.time(), UTC)
    start, end = midnight - _FURTHEST, midnight + _DAY + _FURTHEST
    before, after = _offset(zone, start), _offset(zone, end)
    if before == after:
        return [(start, end, before)]
    change = _change(zone, start, end)
    return [(start, change, before), (change, end, after)]


def _change(zone: ZoneInfo, start: datetime, end: datetime) -> datetime:
    """The first moment after ``start`` at which the offset is no longer what it was there."""
    before = _offset(zone, start)
    low, high = round((start - _EPOCH).total_seconds()), round((end - _EPOCH).total_seconds())
    while high - low > 1:
        middle = (low + high) // 2
        if _offset(zone, _EPOCH + timedelta(seconds=middle)) == before:
            low = middle
        else:
            high = middle
    return _EPOCH + timedelta(seconds=high)


def _offset(zone: ZoneInfo, moment: datetime) -> timedelta:
    return moment.astimezone(zone).utcoffset() or timedelta()
