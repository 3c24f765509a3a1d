"""The four clocks of a ticket as a pure function of what happened to it: no database, and no clock but ``now``.

A clock stands for one kind of promise in one tier. At every moment the most specific policy for the plan and the
priority that the ticket has then, and the tier of the clock, gives its target and its working hours; the time that
was used before counts as it was counted then. Late is what is not done when the target is used up and the clock still
runs. What is late stays late.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from handoff.models import Plan, Priority, Source, WaitsFor
from handoff.sla.hours import ALWAYS, Hours
from handoff.sla.models import ClockKind, ClockState, SlaPolicy
from handoff.sla.policies import target_for
from handoff.ticketing.models import Happened, TicketEvent
from handoff.ticketing.states import Event

HOUSE = None
"""The key of the house's own calendar."""
Calendars = Mapping[int | None, Hours]
"""By the calendar's id, and the house's own under HOUSE."""

UNCOUNTED = frozenset({Happened.CUSTOMER_WROTE, Happened.ASSIGNED, Happened.TEAM, Happened.SPLIT})
"""What happens to a ticket without changing any of its clocks."""

_OF_TIERS = (ClockKind.DIAGNOSIS, ClockKind.WORKAROUND, ClockKind.RESOLUTION)
_MEETS = {
    Happened.ANSWERED: ClockKind.FIRST_RESPONSE,
    Happened.DIAGNOSED: ClockKind.DIAGNOSIS,
    Happened.WORKED_AROUND: ClockKind.WORKAROUND,
}


@dataclass(frozen=True)
class ClockReading:
    """What a clock shows."""

    kind: ClockKind
    tier: int
    """The tier that the ticket had when the clock was started."""
    state: ClockState
    policy: SlaPolicy
    """What gave the target, or gave it last."""
    started_at: datetime
    used: timedelta
    """Working time that has passed."""
    due_at: datetime | None
    """When it runs out if nothing happens, or ran out; None while it is paused, and once it was met."""
    met_at: datetime | None
    """When it was done, also late."""
    breached_at: datetime | None
    reached: Mapping[int, datetime]
    """When each of the marks that were asked for, in per cent of the target, was passed."""
    coming: Mapping[int, datetime]
    """When each of the others will be, if nothing happens."""

    @property
    def used_minutes(self) -> int:
        return self.used // timedelta(minutes=1)


def clocks(
    events: Sequence[TicketEvent],
    policies: Sequence[SlaPolicy],
    calendars: Calendars,
    now: datetime,
    marks: Sequence[int] = (),
) -> list[ClockReading]:
    """The clocks of a ticket at ``now`` (UTC), first responses first, then by tier.

    ``events``: all of the ticket, in the order in which they happened. A clock that nobody promised anything for, or
    that lost its target before it was met or late, is not among them. ``marks``: percentages of the target whose
    moments are wanted.
    """
    desk = _Desk(policies, calendars, tuple(marks))
    for event in events:
        desk.advance(event.at)
        desk.take(event)
    desk.advance(now)
    shown = [desk.read(clock) for clock in desk.clocks.values() if clock.is_shown]
    return sorted(shown, key=lambda reading: (_ORDER[reading.kind], reading.tier))


_ORDER = {kind: position for position, kind in enumerate(ClockKind)}


@dataclass(frozen=True)
class _Situation:
    """What of the ticket the clocks depend on."""

    plan: Plan = Plan.STANDARD
    priority: Priority = Priority.P2
    tier: int = 1
    waits_for: WaitsFor | None = None
    is_answered: bool = False
    is_over: bool = False
    """Resolved, closed, or gone on in another ticket."""
    is_merged: bool = False

    @property
    def is_paused(self) -> bool:
        """Waiting for a customer to whom nobody has said a word is no pause."""
        return self.waits_for is WaitsFor.BOT or (self.waits_for is WaitsFor.CUSTOMER and self.is_answered)


@dataclass
class _Clock:
    kind: ClockKind
    tier: int
    target: SlaPolicy | None = None
    """What counts now; None: nothing."""
    policy: SlaPolicy | None = None
    """What counted last."""
    started_at: datetime | None = None
    used: timedelta = timedelta()
    met_at: datetime | None = None
    breached_at: datetime | None = None
    reached: dict[int, datetime] = field(default_factory=dict)

    @property
    def is_shown(self) -> bool:
        return self.policy is not None and (self.target is not None or self.breached_at is not None)

    @property
    def length(self) -> timedelta:
        return timedelta(minutes=self.policy.minutes or 0) if self.policy else timedelta()

    def share(self, percent: int) -> timedelta:
        """How much is still missing until so much of the target is used."""
        return self.length * percent / 100 - self.used


class _Desk:
    """The situation and the clocks, carried from one event to the next."""

    def __init__(self, policies: Sequence[SlaPolicy], calendars: Calendars, marks: tuple[int, ...]) -> None:
        self.policies, self.calendars, self.marks = policies, calendars, marks
        self.situation = _Situation()
        self.clocks: dict[tuple[ClockKind, int], _Clock] = {}
        self.at: datetime | None = None

    def advance(self, to: datetime) -> None:
        """Let time pass. Events that several machines wrote may be a little out of order: time never goes back."""
        since, self.at = self.at, max(self.at or to, to)
        if since is None or since == self.at:
            return
        for clock in self.clocks.values():
            if self._runs(clock):
                self._pass(clock, since, self.at)

    def take(self, event: TicketEvent) -> None:
        """Let one thing happen, now."""
        before = self.situation
        self.situation = _after(before, event.kind, event.detail)
        match event.kind:
            case Happened.OPENED:
                self._begin((ClockKind.FIRST_RESPONSE, *_OF_TIERS))
                if self.situation.is_answered:
                    self._retarget()
                    self._meet((ClockKind.FIRST_RESPONSE,))
            case Happened.TIER:
                self._begin(_OF_TIERS)
            case Happened.ANSWERED | Happened.DIAGNOSED | Happened.WORKED_AROUND:
                self._meet((_MEETS[event.kind],))
            case Happened.RESOLVED | Happened.CLOSED if not self.situation.is_merged:
                self._meet(tuple(ClockKind))
            case Happened.REOPENED:
                self._run_on()
        self._retarget()

    def read(self, clock: _Clock) -> ClockReading:
        """What the clock shows at the moment up to which time has passed."""
        if clock.policy is None or clock.started_at is None or self.at is None:
            raise ValueError("a clock that was never promised shows nothing")
        runs = self._runs(clock)
        coming = {mark: self._ahead(clock, mark) for mark in self.marks if runs and mark not in clock.reached}
        return ClockReading(
            kind=clock.kind,
            tier=clock.tier,
            state=self._state(clock, runs),
            policy=clock.policy,
            started_at=clock.started_at,
            used=clock.used,
            due_at=(clock.breached_at or self._ahead(clock, 100)) if runs else None,
            met_at=clock.met_at,
            breached_at=clock.breached_at,
            reached=dict(clock.reached),
            coming={mark: moment for mark, moment in coming.items() if moment is not None},
        )

    def _state(self, clock: _Clock, runs: bool) -> ClockState:
        if clock.breached_at is not None:
            return ClockState.BREACHED
        if clock.met_at is not None:
            return ClockState.MET
        return ClockState.RUNNING if runs else ClockState.PAUSED

    def _runs(self, clock: _Clock) -> bool:
        is_open = clock.met_at is None and clock.target is not None
        return is_open and not self.situation.is_paused and not self.situation.is_over

    def _pass(self, clock: _Clock, start: datetime, end: datetime) -> None:
        for mark in self.marks:
            moment = None if mark in clock.reached else self._when(clock, mark, start)
            if moment is not None and moment <= end:
                clock.reached[mark] = moment
        late = self._when(clock, 100, start) if clock.breached_at is None else None
        if late is not None and late < end:
            clock.breached_at = late
        clock.used += self._hours(clock).between(start, end)

    def _ahead(self, clock: _Clock, percent: int) -> datetime | None:
        return self._when(clock, percent, self.at) if self.at else None

    def _when(self, clock: _Clock, percent: int, start: datetime) -> datetime | None:
        return self._hours(clock).after(start, clock.share(percent))

    def _hours(self, clock: _Clock) -> Hours:
        policy = clock.policy
        if policy is None or policy.is_always:
            return ALWAYS
        return self.calendars.get(policy.calendar_id) or self.calendars.get(HOUSE) or ALWAYS

    def _begin(self, kinds: Sequence[ClockKind]) -> None:
        """The clocks of the tier that the ticket has come to; those that it has there already go on as they are."""
        for kind in kinds:
            self.clocks.setdefault((kind, self.situation.tier), _Clock(kind, self.situation.tier))

    def _meet(self, kinds: Sequence[ClockKind]) -> None:
        for clock in self.clocks.values():
            if clock.kind in kinds and clock.met_at is None:
                clock.met_at = self.at

    def _run_on(self) -> None:
        """A matter that is not solved after all has no end yet."""
        for clock in self.clocks.values():
            if clock.kind is ClockKind.RESOLUTION:
                clock.met_at = None

    def _retarget(self) -> None:
        """Let the clocks that are not done follow the ticket's plan and priority."""
        at = self.situation
        for clock in self.clocks.values():
            if clock.met_at is not None:
                continue
            clock.target = None
            if not at.is_merged:
                clock.target = target_for(self.policies, clock.kind, at.plan, at.priority, clock.tier)
            if clock.target is not None:
                clock.policy = clock.target
                clock.started_at = clock.started_at or self.at


def _after(at: _Situation, kind: Happened, detail: Mapping[str, Any]) -> _Situation:
    """The situation after something happened."""
    match kind:
        case Happened.OPENED:
            is_answered = detail.get("source", Source.CHANNEL.value) != Source.CHANNEL.value
            return replace(_told(at, detail), is_answered=is_answered)
        case Happened.PRIORITY | Happened.TIER | Happened.PLAN:
            return _told(at, detail)
        case Happened.ANSWERED:
            return replace(at, is_answered=True)
        case Happened.WAITS:
            return replace(at, waits_for=WaitsFor(detail["waits_for"]) if detail.get("waits_for") else None)
        case Happened.RESUMED:
            return replace(at, waits_for=None)
        case Happened.REOPENED:
            return replace(at, waits_for=None, is_over=False, is_merged=False)
        case Happened.RESOLVED | Happened.CLOSED:
            # What goes on in another ticket was not done in this one.
            is_merged = at.is_merged or detail.get("why") == Event.MERGE.value
            return replace(at, waits_for=None, is_over=True, is_merged=is_merged)
        case Happened.MERGED if detail.get("into"):
            return replace(at, is_over=True, is_merged=True)
    return at


def _told(at: _Situation, detail: Mapping[str, Any]) -> _Situation:
    """What an event says of plan, priority and tier; what it does not say stays."""
    return replace(
        at,
        plan=Plan(detail["plan"]) if detail.get("plan") else at.plan,
        priority=Priority(detail["priority"]) if detail.get("priority") else at.priority,
        tier=int(detail["tier"]) if detail.get("tier") else at.tier,
    )
