"""Random histories: the engine never disagrees with counting minute by minute, whatever the clock on the wall does."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from minute_by_minute import MINUTE, Minutes, Wall

from handoff.models import Plan, Priority, Source, WaitsFor
from handoff.sla.calendars import hours_of
from handoff.sla.engine import Calendars, clocks
from handoff.sla.hours import Hours
from handoff.sla.models import Calendar, CalendarDay, ClockKind, ClockState, SlaPolicy
from handoff.ticketing.models import Happened, TicketEvent

MARKS = (0, 20, 80, 100, 120)
AHEAD = timedelta(days=3)
"""How far the next due time is looked for minute by minute."""

# The clock is put forward or back in these places within a day or two of these moments.
CHANGES = [
    ("UTC", datetime(2026, 12, 30, 12, 0, tzinfo=UTC)),
    ("Europe/Berlin", datetime(2026, 10, 24, 8, 0, tzinfo=UTC)),
    ("Europe/Berlin", datetime(2026, 3, 28, 8, 0, tzinfo=UTC)),
    ("America/New_York", datetime(2026, 10, 31, 10, 0, tzinfo=UTC)),
    ("Australia/Lord_Howe", datetime(2026, 4, 4, 0, 0, tzinfo=UTC)),
    ("Asia/Kathmandu", datetime(2026, 6, 5, 0, 0, tzinfo=UTC)),
    ("Asia/Beirut", datetime(2026, 3, 28, 4, 0, tzinfo=UTC)),
    ("America/Santiago", datetime(2026, 4, 4, 6, 0, tzinfo=UTC)),
    ("Pacific/Apia", datetime(2011, 12, 29, 0, 0, tzinfo=UTC)),
]


def written(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


@st.composite
def shifts(draw: st.DrawFn) -> list[list[str]]:
    ends = draw(st.lists(st.integers(0, 1440), max_size=6, unique=True).map(sorted))
    return [[written(start), written(end)] for start, end in zip(ends[::2], ends[1::2], strict=False)]


@st.composite
def walls(draw: st.DrawFn, timezone: str, start: datetime) -> Wall:
    days = [start.date() + timedelta(days=number) for number in range(-1, 5)]
    some = st.sets(st.sampled_from(days), max_size=2)
    return Wall(
        timezone=timezone,
        weekly=draw(st.lists(shifts(), min_size=7, max_size=7)),
        days={day.isoformat(): draw(shifts()) for day in draw(some)},
        holidays=frozenset(draw(some)),
        made_up=frozenset(draw(some)),
    )


POLICIES = st.lists(
    st.builds(
        SlaPolicy,
        plan=st.sampled_from([None, None, None, *Plan]),
        priority=st.sampled_from([None, None, None, *Priority]),
        tier=st.sampled_from([None, None, None, 1, 2, 3]),
        clock=st.sampled_from(ClockKind),
        minutes=st.one_of(st.just(60), st.none(), st.integers(1, 60).map(lambda number: number * 5)),
        is_always=st.booleans(),
        calendar_id=st.sampled_from([None, 1]),
    ),
    min_size=1,
    max_size=12,
    unique_by=lambda policy: (policy.plan, policy.priority, policy.tier, policy.clock),
)
DETAILS: dict[Happened, st.SearchStrategy[dict[str, Any]]] = {
    Happened.PRIORITY: st.sampled_from(Priority).map(lambda one: {"priority": one.value}),
    Happened.TIER: st.integers(1, 3).map(lambda tier: {"tier": tier}),
    Happened.PLAN: st.sampled_from(Plan).map(lambda one: {"plan": one.value}),
    Happened.WAITS: st.sampled_from(WaitsFor).map(lambda one: {"waits_for": one.value}),
    Happened.MERGED: st.just({"into": 7}),
    Happened.CLOSED: st.sampled_from([{}, {"why": "confirm"}, {"why": "merge"}]),
}
OPENED = st.fixed_dictionaries(
    {"priority": st.sampled_from([one.value for one in Priority]), "tier": st.integers(1, 3)},
    optional={
        "plan": st.sampled_from([one.value for one in Plan]),
        "source": st.sampled_from([one.value for one in Source]),
    },
)
OTHERS = [kind for kind in Happened if kind is not Happened.OPENED]
OFTEN = [
    (Happened.RESOLVED, Happened.REOPENED),
    (Happened.WAITS, Happened.RESUMED),
    (Happened.ANSWERED, Happened.WAITS, Happened.RESUMED),
    (Happened.MERGED, Happened.CLOSED, Happened.REOPENED),
]
THINGS = st.lists(st.one_of(st.sampled_from(OTHERS).map(lambda kind: (kind,)), st.sampled_from(OFTEN)), max_size=7)
GAPS = st.one_of(st.just(0), st.just(60), st.integers(0, 24).map(lambda number: number * 5), st.integers(0, 400))


@st.composite
def histories(draw: st.DrawFn, start: datetime) -> list[TicketEvent]:
    """An opened ticket to which anything happens, sensible or not, several things at one moment too."""
    at = start
    found = [TicketEvent(ticket_id=1, kind=Happened.OPENED, at=at, detail=draw(OPENED))]
    for kind in itertools.chain.from_iterable(draw(THINGS)):
        at += draw(GAPS) * MINUTE
        found.append(TicketEvent(ticket_id=1, kind=kind, at=at, detail=draw(DETAILS.get(kind, st.just({})))))
    return found


def hours_from(wall: Wall) -> Hours:
    calendar = Calendar(name="a", timezone=wall.timezone, weekly=wall.weekly)
    days = [CalendarDay(calendar_id=1, day=day, shifts=written) for day, written in wall.days.items()]
    return replace(hours_of(calendar, days), is_free=wall.holidays.__contains__, is_worked=wall.made_up.__contains__)


@settings(max_examples=100, deadline=None)
@given(data=st.data(), place=st.sampled_from(CHANGES), offset=st.integers(0, 1440), later=st.integers(0, 600))
def test_no_clock_ever_disagrees_with_counting_minute_by_minute(
    data: st.DataObject, place: tuple[str, datetime], offset: int, later: int
) -> None:
    timezone, moment = place
    start = moment + offset * MINUTE
    known: Mapping[int | None, Wall] = {None: data.draw(walls(timezone, start)), 1: data.draw(walls("UTC", start))}
    events, policies = data.draw(histories(start)), data.draw(POLICIES)
    calendars: Calendars = {key: hours_from(wall) for key, wall in known.items()}
    now = events[-1].at + later * MINUTE

    readings = clocks(events, policies, calendars, now, MARKS)
    counted = Minutes(events, policies, known, MARKS)
    counted.run_until(now)

    assert {(one.kind, one.tier) for one in readings} == set(counted.shown())
    for reading in readings:
        clock = counted.shown()[reading.kind, reading.tier]
        assert reading.state is counted.state(clock)
        assert reading.used == clock.used * MINUTE
        assert (reading.started_at, reading.met_at) == (clock.started_at, clock.met_at)
        assert reading.breached_at == clock.breached_at
        assert {mark: at for mark, at in reading.reached.items() if at < now} == {
            mark: at for mark, at in clock.reached.items() if at < now
        }

    ahead = {(one.kind, one.tier): one for one in readings if one.state is ClockState.RUNNING}
    counted.run_until(now + AHEAD)
    for key, reading in ahead.items():
        clock = next(one for one in counted.counted if (one.kind, one.tier) == key)
        if reading.due_at is None or reading.due_at >= now + AHEAD:
            assert clock.breached_at is None
        else:
            assert clock.breached_at == reading.due_at
        for mark, at in reading.coming.items():
            if at < now + AHEAD:
                assert clock.reached[mark] == at


@given(
    data=st.data(),
    place=st.sampled_from(CHANGES),
    moments=st.lists(st.timedeltas(timedelta(), timedelta(days=6)), min_size=3, max_size=3).map(sorted),
    amount=st.timedeltas(timedelta(), timedelta(days=2)),
)
@settings(max_examples=100, deadline=None)
def test_work_adds_up_to_the_microsecond_and_is_done_at_the_first_moment(
    data: st.DataObject, place: tuple[str, datetime], moments: list[timedelta], amount: timedelta
) -> None:
    timezone, start = place
    hours = hours_from(data.draw(walls(timezone, start)))
    one, two, three = (start + moment for moment in moments)
    assert hours.between(one, two) + hours.between(two, three) == hours.between(one, three)
    assert hours.between(two, one) == timedelta()

    done = hours.after(one, amount)
    if done is None:
        assert hours.between(one, one + timedelta(days=60)) < amount
    else:
        assert hours.between(one, done) == amount
        assert done == one or hours.between(one, done - timedelta.resolution) < amount

    opens = hours.opens(one)
    assert opens is None or (hours.is_open(opens) and hours.between(one, opens) == timedelta())


def test_a_place_that_skipped_a_day_did_not_work_on_it() -> None:
    always = Wall("Pacific/Apia", [[["00:00", "24:00"]]] * 7)
    hours = hours_from(always)
    assert hours.spans_on(date(2011, 12, 30)) == []
    start = datetime(2011, 12, 29, 0, 0, tzinfo=UTC)
    assert hours.between(start, start + timedelta(days=4)) == timedelta(days=4)
