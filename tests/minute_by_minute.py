"""The four clocks by brute force: every minute is looked at, the wall is asked what time it is, and one is added.

Knows nothing of intervals, offsets or the engine's way of thinking; it is what the engine must agree with.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from handoff.sla.models import ClockKind, ClockState, SlaPolicy
from handoff.ticketing.models import Happened, TicketEvent

MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class Wall:
    """A calendar as people write it down."""

    timezone: str
    weekly: list[list[list[str]]]
    days: dict[str, list[list[str]]] = field(default_factory=dict)
    holidays: frozenset[date] = frozenset()
    made_up: frozenset[date] = frozenset()

    def is_worked(self, moment: datetime) -> bool:
        there = moment.astimezone(ZoneInfo(self.timezone))
        day, time = there.date(), f"{there:%H:%M}"
        if day.isoformat() in self.days:
            shifts = self.days[day.isoformat()]
        elif self.weekly[day.weekday()]:
            shifts = [] if day in self.holidays else self.weekly[day.weekday()]
        else:
            shifts = next((each for each in self.weekly if each), []) if day in self.made_up else []
        return any(start <= time < end for start, end in shifts)


@dataclass
class Counted:
    """One clock."""

    kind: ClockKind
    tier: int
    started_at: datetime | None = None
    used: int = 0
    target: SlaPolicy | None = None
    met_at: datetime | None = None
    breached_at: datetime | None = None
    reached: dict[int, datetime] = field(default_factory=dict)


class Minutes:
    """The clocks of one ticket, pushed on a minute at a time."""

    def __init__(
        self,
        events: Sequence[TicketEvent],
        policies: Sequence[SlaPolicy],
        walls: Mapping[int | None, Wall],
        marks: Sequence[int] = (),
    ) -> None:
        self.events, self.policies, self.walls, self.marks = list(events), policies, walls, marks
        self.now = self.events[0].at
        self.plan, self.priority, self.tier = "standard", "P2", 1
        self.waits_for = ""
        self.is_answered = self.is_over = self.is_merged = False
        self.counted: list[Counted] = []
        self._happen()

    def run_until(self, moment: datetime) -> None:
        while self.now < moment:
            self.tick()

    def tick(self) -> None:
        """One minute passes, and then happens what is written for the next moment."""
        for clock in self.counted:
            if self.runs(clock):
                self._count(clock)
        self.now += MINUTE
        self._happen()

    def runs(self, clock: Counted) -> bool:
        is_waiting = self.waits_for == "bot" or (self.waits_for == "customer" and self.is_answered)
        return clock.target is not None and clock.met_at is None and not is_waiting and not self.is_over

    def state(self, clock: Counted) -> ClockState:
        if clock.breached_at:
            return ClockState.BREACHED
        if clock.met_at:
            return ClockState.MET
        return ClockState.RUNNING if self.runs(clock) else ClockState.PAUSED

    def shown(self) -> dict[tuple[ClockKind, int], Counted]:
        return {(one.kind, one.tier): one for one in self.counted if one.breached_at or (one.started_at and one.target)}

    def _count(self, clock: Counted) -> None:
        target = self._minutes(clock)
        self._mark(clock, self.now)
        if clock.used >= target and clock.breached_at is None:
            clock.breached_at = self.now
        if self._is_worked(clock):
            clock.used += 1
        self._mark(clock, self.now + MINUTE)

    def _mark(self, clock: Counted, moment: datetime) -> None:
        for mark in self.marks:
            if clock.used * 100 >= mark * self._minutes(clock):
                clock.reached.setdefault(mark, moment)

    def _minutes(self, clock: Counted) -> int:
        assert clock.target is not None
        return clock.target.minutes or 0

    def _is_worked(self, clock: Counted) -> bool:
        assert clock.target is not None
        return clock.target.is_always or self.walls[clock.target.calendar_id].is_worked(self.now)

    def _happen(self) -> None:
        while self.events and self.events[0].at <= self.now:
            event = self.events.pop(0)
            self._note(event)
            for clock in self.counted:
                if clock.met_at is None:
                    clock.target = None if self.is_merged else self._best(clock)
                    if clock.target is not None and clock.started_at is None:
                        clock.started_at = self.now
            if event.kind is Happened.OPENED and self.is_answered:
                self._meet(ClockKind.FIRST_RESPONSE)

    def _note(self, event: TicketEvent) -> None:
        kind, detail = event.kind, event.detail
        self.plan = detail.get("plan", self.plan)
        self.priority = detail.get("priority", self.priority)
        self.tier = detail.get("tier", self.tier)
        if kind is Happened.OPENED:
            self.is_answered = detail.get("source", "channel") != "channel"
            self._begin(ClockKind.FIRST_RESPONSE)
        if kind in (Happened.OPENED, Happened.TIER):
            self._begin(ClockKind.DIAGNOSIS, ClockKind.WORKAROUND, ClockKind.RESOLUTION)
        if kind is Happened.ANSWERED:
            self.is_answered = True
            self._meet(ClockKind.FIRST_RESPONSE)
        if kind is Happened.DIAGNOSED:
            self._meet(ClockKind.DIAGNOSIS)
        if kind is Happened.WORKED_AROUND:
            self._meet(ClockKind.WORKAROUND)
        if kind is Happened.WAITS:
            self.waits_for = detail["waits_for"]
        if kind in (Happened.RESUMED, Happened.RESOLVED, Happened.CLOSED, Happened.REOPENED):
            self.waits_for = ""
        if kind is Happened.MERGED or detail.get("why") == "merge":
            self.is_over = self.is_merged = True
        if kind in (Happened.RESOLVED, Happened.CLOSED):
            self.is_over = True
            if not self.is_merged:
                self._meet(*ClockKind)
        if kind is Happened.REOPENED:
            self.is_over = self.is_merged = False
            for clock in self.counted:
                if clock.kind is ClockKind.RESOLUTION:
                    clock.met_at = None

    def _begin(self, *kinds: ClockKind) -> None:
        for kind in kinds:
            if (kind, self.tier) not in [(one.kind, one.tier) for one in self.counted]:
                self.counted.append(Counted(kind, self.tier))

    def _meet(self, *kinds: ClockKind) -> None:
        for clock in self.counted:
            if clock.kind in kinds and clock.met_at is None:
                clock.met_at = self.now

    def _best(self, clock: Counted) -> SlaPolicy | None:
        """Eight kinds of policies, the most specific first; the first one that there is counts."""
        plan, tier, priority = self.plan, clock.tier, self.priority
        for wanted in (
            (plan, tier, priority),
            (plan, tier, None),
            (plan, None, priority),
            (None, tier, priority),
            (plan, None, None),
            (None, tier, None),
            (None, None, priority),
            (None, None, None),
        ):
            for policy in self.policies:
                asked = (policy.plan and policy.plan.value, policy.tier, policy.priority and policy.priority.value)
                if policy.clock is clock.kind and asked == wanted:
                    return policy if policy.minutes is not None else None
        return None
