"""What each promise means: which clocks there are, what starts, stops, meets and breaches them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from handoff.models import Plan, Priority
from handoff.sla.calendars import hours_of
from handoff.sla.engine import ClockReading, clocks
from handoff.sla.hours import Hours
from handoff.sla.models import Calendar, CalendarDay, ClockKind, ClockState, SlaPolicy
from handoff.sla.policies import in_words, target_for
from handoff.ticketing.models import Happened, TicketEvent

FIRST, DIAGNOSIS, WORKAROUND, RESOLUTION = ClockKind
RUNNING, PAUSED, MET, BREACHED = ClockState
OFFICE = [*[[["09:00", "18:00"]]] * 5, [], []]
MONDAY = datetime(2026, 11, 23, tzinfo=UTC)
POLICIES = [
    SlaPolicy(clock=FIRST, priority=Priority.P0, minutes=60, is_always=True),
    SlaPolicy(clock=FIRST, priority=Priority.P1, minutes=240),
    SlaPolicy(clock=FIRST, priority=Priority.P2, minutes=480),
    SlaPolicy(clock=FIRST, plan=Plan.VIP, tier=1, minutes=30),
    SlaPolicy(clock=DIAGNOSIS, tier=2, minutes=120),
    SlaPolicy(clock=WORKAROUND, tier=3, minutes=240),
    SlaPolicy(clock=RESOLUTION, tier=2, minutes=600),
    SlaPolicy(clock=RESOLUTION, tier=3, minutes=1200),
]


def at(time: str, day: int = 0) -> datetime:
    """A moment of the week that begins on MONDAY: at("09:30", 4) is on Friday."""
    hours, minutes = time.split(":")
    return MONDAY + timedelta(days=day, hours=int(hours), minutes=int(minutes))


def happened(kind: Happened, moment: datetime, **detail: Any) -> TicketEvent:
    return TicketEvent(ticket_id=1, kind=kind, at=moment, detail=detail)


def opened(moment: datetime, priority: str = "P2", tier: int = 1, **detail: Any) -> TicketEvent:
    return happened(Happened.OPENED, moment, priority=priority, tier=tier, **detail)


def office(weekly: list[list[list[str]]] = OFFICE, timezone: str = "UTC", **days: list[list[str]]) -> Hours:
    exceptions = [CalendarDay(calendar_id=1, day=day.replace("_", "-")[1:], shifts=it) for day, it in days.items()]
    return hours_of(Calendar(name="office", timezone=timezone, weekly=weekly), exceptions)


def read(
    events: Sequence[TicketEvent], now: datetime, kind: ClockKind = FIRST, tier: int = 1, hours: Hours | None = None
) -> ClockReading:
    """The one clock of a kind and a tier; the test fails where there is none."""
    found = clocks(events, POLICIES, {None: hours or office()}, now)
    return next(one for one in found if (one.kind, one.tier) == (kind, tier))


def shown(events: Sequence[TicketEvent], now: datetime) -> list[tuple[ClockKind, int, ClockState]]:
    return [(one.kind, one.tier, one.state) for one in clocks(events, POLICIES, {None: office()}, now)]


def test_a_promise_counts_working_hours_only() -> None:
    reading = read([opened(at("17:00", 4))], at("12:00", 5))
    assert (reading.state, reading.used_minutes, reading.due_at) == (RUNNING, 60, at("16:00", 7))


def test_what_is_urgent_is_counted_around_the_clock() -> None:
    reading = read([opened(at("23:30", 4), "P0")], at("23:50", 4))
    assert (reading.used_minutes, reading.due_at) == (20, at("00:30", 5))


def test_a_persons_first_words_meet_the_first_response_and_later_ones_change_nothing() -> None:
    events = [
        opened(at("09:00")),
        happened(Happened.ASSIGNED, at("09:10")),
        happened(Happened.ANSWERED, at("09:40")),
        happened(Happened.ANSWERED, at("11:00")),
    ]
    reading = read(events, at("12:00"))
    assert (reading.state, reading.met_at, reading.used_minutes, reading.due_at) == (MET, at("09:40"), 40, None)


def test_a_ticket_that_an_agent_wrote_down_was_answered_when_it_was_opened() -> None:
    assert read([opened(at("09:00"), source="phone")], at("18:00")).state is MET
    assert read([opened(at("09:00"), source="channel")], at("09:01")).state is RUNNING


def test_the_last_minute_is_in_time_and_what_comes_after_it_is_late_for_good() -> None:
    just = [opened(at("09:00"), "P1"), happened(Happened.ANSWERED, at("13:00"))]
    assert read(just, at("14:00")).state is MET
    late = [opened(at("09:00"), "P1"), happened(Happened.ANSWERED, at("13:01"))]
    reading = read(late, at("14:00"))
    assert (reading.state, reading.breached_at, reading.met_at) == (BREACHED, at("13:00"), at("13:01"))


def test_a_promise_until_the_end_of_the_day_is_missed_when_the_day_is_over() -> None:
    """Nobody works then, but the customer was told a moment, and it has passed."""
    events = [opened(at("14:00", 4), "P1")]
    assert read(events, at("18:00", 4)).state is RUNNING
    reading = read(events, at("18:01", 4))
    assert (reading.state, reading.breached_at, reading.due_at) == (BREACHED, at("18:00", 4), at("18:00", 4))


def test_waiting_for_the_customer_pauses_what_was_promised_once_a_person_has_answered() -> None:
    events = [
        opened(at("09:00"), tier=2),
        happened(Happened.ANSWERED, at("09:30")),
        happened(Happened.WAITS, at("10:00"), waits_for="customer"),
    ]
    paused = read(events, at("16:00"), RESOLUTION, 2)
    assert (paused.state, paused.used_minutes, paused.due_at) == (PAUSED, 60, None)
    on = read([*events, happened(Happened.RESUMED, at("16:00"))], at("17:00"), RESOLUTION, 2)
    assert (on.state, on.used_minutes, on.due_at) == (RUNNING, 120, at("16:00", 1))


def test_the_first_response_cannot_be_dodged_by_waiting_for_a_customer_whom_nobody_answered() -> None:
    events = [opened(at("09:00"), "P1"), happened(Happened.WAITS, at("09:05"), waits_for="customer")]
    assert read(events, at("13:01")).state is BREACHED


@pytest.mark.parametrize(("waits_for", "state"), [("bot", PAUSED), ("time", RUNNING), ("customer", PAUSED)])
def test_who_is_waited_for_decides_whether_the_clocks_run(waits_for: str, state: ClockState) -> None:
    events = [
        opened(at("09:00"), tier=2),
        happened(Happened.ANSWERED, at("09:30")),
        happened(Happened.WAITS, at("10:00"), waits_for=waits_for),
    ]
    assert read(events, at("11:00"), RESOLUTION, 2).state is state


def test_a_move_to_a_higher_tier_opens_its_clocks_and_keeps_the_old_ones_running() -> None:
    events = [opened(at("09:00"), tier=2), happened(Happened.ANSWERED, at("09:10"))]
    assert shown(events, at("10:00")) == [(FIRST, 2, MET), (DIAGNOSIS, 2, RUNNING), (RESOLUTION, 2, RUNNING)]
    events += [happened(Happened.DIAGNOSED, at("10:30")), happened(Happened.TIER, at("10:30"), tier=3, before=2)]
    assert shown(events, at("11:00")) == [
        (FIRST, 2, MET),
        (DIAGNOSIS, 2, MET),
        (WORKAROUND, 3, RUNNING),
        (RESOLUTION, 2, RUNNING),
        (RESOLUTION, 3, RUNNING),
    ]
    assert read(events, at("11:00"), WORKAROUND, 3).started_at == at("10:30")
    events.append(happened(Happened.WORKED_AROUND, at("12:00")))
    assert read(events, at("13:00"), WORKAROUND, 3).met_at == at("12:00")


def test_coming_back_to_a_tier_starts_nothing_twice() -> None:
    events = [
        opened(at("09:00"), tier=2),
        happened(Happened.TIER, at("10:00"), tier=3),
        happened(Happened.TIER, at("11:00"), tier=2),
    ]
    assert read(events, at("12:00"), RESOLUTION, 2).started_at == at("09:00")


def test_solving_the_matter_meets_everything_that_still_runs() -> None:
    events = [opened(at("09:00"), tier=3), happened(Happened.RESOLVED, at("10:00"))]
    assert shown(events, at("12:00", 1)) == [(FIRST, 3, MET), (WORKAROUND, 3, MET), (RESOLUTION, 3, MET)]


def test_a_reopened_matter_runs_on_with_the_time_that_it_had_used() -> None:
    events = [
        opened(at("09:00"), tier=2),
        happened(Happened.RESOLVED, at("11:00")),
        happened(Happened.REOPENED, at("09:00", 1)),
    ]
    reading = read(events, at("10:00", 1), RESOLUTION, 2)
    assert (reading.state, reading.used_minutes, reading.due_at) == (RUNNING, 180, at("17:00", 1))
    assert read(events, at("10:00", 1), FIRST, 2).state is MET
    assert read(events, at("10:00", 1), DIAGNOSIS, 2).state is MET
    again = read([*events, happened(Happened.RESOLVED, at("12:00", 1))], at("13:00", 1), RESOLUTION, 2)
    assert (again.state, again.met_at, again.used_minutes) == (MET, at("12:00", 1), 300)


def test_a_promise_that_was_missed_stays_missed_when_the_matter_comes_back() -> None:
    events = [
        opened(at("09:00"), tier=2),
        happened(Happened.RESOLVED, at("12:00", 1)),
        happened(Happened.REOPENED, at("13:00", 1)),
    ]
    reading = read(events, at("14:00", 1), RESOLUTION, 2)
    assert (reading.state, reading.breached_at, reading.met_at) == (BREACHED, at("10:00", 1), None)


def test_a_new_priority_changes_the_target_from_then_on_and_never_the_start() -> None:
    events = [opened(at("09:00"), "P2"), happened(Happened.PRIORITY, at("11:00"), priority="P1")]
    reading = read(events, at("11:30"))
    assert (reading.started_at, reading.used_minutes, reading.due_at) == (at("09:00"), 150, at("13:00"))
    assert in_words(reading.policy) == "P1"


def test_a_priority_that_leaves_no_time_is_late_from_that_moment_and_not_before() -> None:
    events = [opened(at("09:00"), "P2"), happened(Happened.PRIORITY, at("11:00"), priority="P0")]
    assert read(events, at("11:01")).breached_at == at("11:00")


def test_time_that_was_counted_in_office_hours_stays_so_when_the_matter_becomes_urgent() -> None:
    events = [opened(at("17:30", 4), "P2"), happened(Happened.PRIORITY, at("10:00", 5), priority="P0")]
    reading = read(events, at("10:10", 5))
    assert (reading.used_minutes, reading.due_at) == (40, at("10:30", 5))


def test_a_better_plan_counts_at_once() -> None:
    events = [opened(at("09:00")), happened(Happened.PLAN, at("09:05"), plan="vip")]
    reading = read(events, at("09:10"))
    assert (reading.due_at, in_words(reading.policy)) == (at("09:30"), "vip · tier 1")


def test_losing_the_target_stops_the_clock_without_a_verdict_and_getting_one_again_goes_on() -> None:
    events = [opened(at("09:00"), "P1"), happened(Happened.PRIORITY, at("10:00"), priority="P3")]
    assert shown(events, at("16:00")) == []
    events.append(happened(Happened.PRIORITY, at("16:00"), priority="P1"))
    assert read(events, at("16:30")).used_minutes == 90


def test_what_was_late_before_the_target_was_lost_stays_late() -> None:
    events = [opened(at("09:00"), "P1"), happened(Happened.PRIORITY, at("14:00"), priority="P3")]
    assert shown(events, at("15:00")) == [(FIRST, 1, BREACHED)]


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_a_merged_ticket_is_neither_met_nor_late(order: tuple[int, int]) -> None:
    gone = [
        happened(Happened.MERGED, at("10:00"), into=7),
        happened(Happened.CLOSED, at("10:00"), why="merge"),
    ]
    assert shown([opened(at("09:00"), "P1"), *(gone[each] for each in order)], at("18:00")) == []


def test_a_clock_of_another_machine_that_is_slow_takes_no_time_back() -> None:
    events = [opened(at("09:10"), "P1"), happened(Happened.ANSWERED, at("09:05"))]
    reading = read(events, at("09:06"))
    assert (reading.state, reading.used, reading.met_at) == (MET, timedelta(), at("09:10"))


def test_several_shifts_a_day_leave_the_break_out() -> None:
    hours = office([*[[["09:00", "12:30"], ["14:00", "18:30"]]] * 5, [], []])
    assert read([opened(at("11:30"), "P1")], at("13:00"), hours=hours).due_at == at("17:00")


def test_a_night_shift_is_two_shifts() -> None:
    nights = [[["00:00", "06:00"], ["22:00", "24:00"]]] * 7
    assert read([opened(at("23:00"), "P1")], at("23:00"), hours=office(nights)).due_at == at("03:00", 1)


def test_holidays_are_free_and_exceptional_days_win_over_them_and_the_week() -> None:
    weekly: list[list[list[str]]] = OFFICE
    berlin = Calendar(name="b", timezone="Europe/Berlin", weekly=weekly, country="DE", region="BE")
    boxing_day = datetime(2025, 12, 26, 10, 0, tzinfo=UTC)
    assert not hours_of(berlin).is_open(boxing_day)
    open_then = hours_of(berlin, [CalendarDay(calendar_id=1, day="2025-12-26", shifts=[["10:00", "12:00"]])])
    assert open_then.is_open(boxing_day)
    assert open_then.between(boxing_day - timedelta(days=1), boxing_day + timedelta(days=1)) == timedelta(hours=2)
    closed = office(_2026_11_24=[])
    assert read([opened(at("17:00"), "P1")], at("17:00"), hours=closed).due_at == at("12:00", 2)


def test_a_weekend_that_is_worked_for_a_holiday_counts_where_the_country_says_so() -> None:
    shanghai = hours_of(Calendar(name="s", timezone="Asia/Shanghai", weekly=OFFICE, country="CN"))
    saturday, festival = datetime(2026, 2, 14, 2, 0, tzinfo=UTC), datetime(2026, 2, 17, 2, 0, tzinfo=UTC)
    assert shanghai.is_open(saturday)
    assert not shanghai.is_open(saturday + timedelta(days=7))
    assert not shanghai.is_open(festival)


def test_an_hour_that_the_wall_shows_twice_is_worked_twice_and_a_skipped_one_not() -> None:
    nights = office([[["00:00", "06:00"]]] * 7, "Europe/Berlin")
    october, march = datetime(2026, 10, 24, 22, 0, tzinfo=UTC), datetime(2026, 3, 28, 23, 0, tzinfo=UTC)
    assert nights.between(october, october + timedelta(hours=12)) == timedelta(hours=7)
    assert nights.between(march, march + timedelta(hours=12)) == timedelta(hours=5)


def test_hours_that_never_come_promise_no_moment() -> None:
    never = office([[]] * 7)
    reading = read([opened(at("09:00"))], at("10:00"), hours=never)
    assert (reading.state, reading.due_at) == (RUNNING, None)
    assert never.opens(at("09:00")) is None


P, T, N = Plan, Priority, None


@pytest.mark.parametrize(
    ("plan", "priority", "tier", "expected"),
    [
        (P.STANDARD, T.P2, 1, 1),
        (P.STANDARD, T.P1, 1, 2),
        (P.STANDARD, T.P1, 2, 3),
        (P.VIP, T.P2, 2, 4),
        (P.VIP, T.P1, 1, 5),
        (P.VIP, T.P1, 3, 6),
        (P.VIP, T.P2, 1, 5),
        (P.STANDARD, T.P3, 1, None),
        (P.VIP, T.P0, 3, 7),
    ],
)
def test_the_most_specific_policy_counts_and_plan_beats_tier_beats_priority(
    plan: Plan, priority: Priority, tier: int, expected: int | None
) -> None:
    rows: list[tuple[Plan | None, Priority | None, int | None, int | None]] = [
        (N, N, N, 1),
        (N, T.P1, N, 2),
        (N, N, 2, 3),
        (P.VIP, N, N, 4),
        (P.VIP, N, 1, 5),
        (P.VIP, T.P1, N, 6),
        (N, T.P3, N, None),
        (P.VIP, T.P2, N, 4),
        (N, T.P0, 3, 7),
    ]
    policies = [
        SlaPolicy(clock=FIRST, plan=one, priority=two, tier=three, minutes=minutes) for one, two, three, minutes in rows
    ]
    found = target_for(policies, FIRST, plan, priority, tier)
    assert (found.minutes if found else None) == expected


def test_a_policy_is_called_by_what_it_says() -> None:
    assert in_words(SlaPolicy(clock=FIRST)) == "all tickets"
    assert in_words(SlaPolicy(clock=FIRST, plan=P.ENTERPRISE, tier=1, priority=T.P0)) == "enterprise · tier 1 · P0"
