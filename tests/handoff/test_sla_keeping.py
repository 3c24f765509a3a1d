"""Clocks in the database: they follow what happens, say what is due next, and every step comes up once."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier
from typing import Any

import pytest
from sqlmodel import Session, col, delete, func, select

from handoff import desk
from handoff.accounts import add_account, change_account
from handoff.actors import Actor
from handoff.models import Plan, Priority, Ticket
from handoff.people import set_account
from handoff.rows import id_of
from handoff.sla.again import TIMER, look_at_all
from handoff.sla.defaults import FRONT_LINE, lay_out
from handoff.sla.keeping import Step, refresh, take_steps
from handoff.sla.models import Calendar, Clock, ClockKind, ClockState, EscalationStep, SlaPolicy, Whom
from handoff.sla.rules import forget_rules
from handoff.sla.views import clocks_of, next_promise
from handoff.staffing.models import Team
from handoff.ticketing.events import events_of, note_event
from handoff.ticketing.models import Happened
from handoff.tickets import ticket_by_number
from store import Database, reading, transaction
from store.models import Timer, TimerState
from store.timers import claim_due

HOUR = timedelta(hours=1)
TWO_WORKING_DAYS = timedelta(days=2)
"""48 hours from Monday at 9, all of them on working days."""


@pytest.fixture
def promised(database: Database, now: datetime) -> None:
    """The desk promises what is shipped."""
    with transaction(database) as session:
        lay_out(session, now)


def in_ticket(database: Database, number: int, deed: Callable[[Session, Ticket], Any]) -> Any:
    with transaction(database) as session:
        return deed(session, ticket_by_number(session, number))


def due_of(database: Database, number: int) -> datetime | None:
    with reading(database) as session:
        return ticket_by_number(session, number).due_at


def timer_of(database: Database, number: int) -> datetime | None:
    """When the ticket's clocks are looked at next."""
    with reading(database) as session:
        query = select(Timer).where(
            Timer.kind == TIMER,
            Timer.subject_id == ticket_by_number(session, number).id,
            Timer.state == TimerState.WAITING,
        )
        found = session.exec(query).one_or_none()
        return found.due_at if found else None


def clock_of(database: Database, number: int, kind: ClockKind = ClockKind.FIRST_RESPONSE) -> Clock:
    with reading(database) as session:
        ticket_id = ticket_by_number(session, number).id
        return session.exec(select(Clock).where(Clock.ticket_id == ticket_id, Clock.kind == kind)).one()


def take(database: Database, number: int, now: datetime) -> list[tuple[int, tuple[Whom, ...]]]:
    """What comes due when the timer goes off."""

    def steps(session: Session, ticket: Ticket) -> list[Step]:
        claim_due(session, now, kinds=(TIMER,))
        return take_steps(session, ticket, now)

    return [(step.percent, step.whom) for step in in_ticket(database, number, steps)]


def prioritise(database: Database, number: int, priority: Priority, now: datetime) -> None:
    def change(session: Session, ticket: Ticket) -> None:
        ticket.priority = priority
        note_event(session, ticket, Happened.PRIORITY, now, priority=priority.value)

    in_ticket(database, number, change)


def test_a_new_desk_promises_and_what_an_admin_deletes_does_not_come_back(database: Database, now: datetime) -> None:
    with transaction(database) as session:
        assert lay_out(session, now)
        assert session.exec(select(Calendar.name).where(col(Calendar.is_default))).all() == ["Office hours"]
        assert session.exec(select(Team.name).where(col(Team.is_default))).all() == [FRONT_LINE]
        session.execute(delete(SlaPolicy))
    with transaction(database) as session:
        assert not lay_out(session, now)
        assert session.exec(select(SlaPolicy)).all() == []


def test_servers_that_start_at_once_lay_out_one_desk(postgresql_database: Database, now: datetime) -> None:
    together = Barrier(3)

    def start(_: int) -> bool:
        with transaction(postgresql_database) as session:
            together.wait()
            return lay_out(session, now)

    with ThreadPoolExecutor(3) as pool:
        assert sorted(pool.map(start, range(3))) == [False, False, True]
    with reading(postgresql_database) as session:
        assert session.exec(select(func.count()).select_from(Calendar)).one() == 2


def test_without_policies_nothing_is_promised(database: Database, escalate: Callable[..., int]) -> None:
    number = escalate()
    assert (due_of(database, number), timer_of(database, number)) == (None, None)


@pytest.mark.usefixtures("promised")
def test_a_ticket_is_due_when_its_promise_is_and_looked_at_when_a_warning_is(
    database: Database, escalate: Callable[..., int], now: datetime
) -> None:
    number = escalate()
    clock = clock_of(database, number)
    assert (clock.policy, clock.minutes, clock.state) == ("P2", 2880, ClockState.RUNNING)
    assert due_of(database, number) == clock.due_at == now + TWO_WORKING_DAYS
    # 80 % of 48 hours are 38:24.
    assert timer_of(database, number) == now + timedelta(days=1, hours=14, minutes=24)


@pytest.mark.usefixtures("promised")
def test_an_agents_words_keep_the_promise_and_nothing_is_due_any_more(
    database: Database, escalate: Callable[..., int], bob: Actor, now: datetime
) -> None:
    number = escalate()
    with transaction(database) as session:
        desk.reply(session, number, "I am on it", bob, now + HOUR)
    clock = clock_of(database, number)
    assert (clock.state, clock.met_at, clock.used_minutes) == (ClockState.MET, now + HOUR, 60)
    assert (due_of(database, number), timer_of(database, number)) == (None, None)


@pytest.mark.usefixtures("promised")
def test_each_step_on_the_way_comes_up_once(database: Database, escalate: Callable[..., int], now: datetime) -> None:
    number = escalate()
    warning = timer_of(database, number)
    assert warning is not None
    assert take(database, number, warning - HOUR) == []
    assert take(database, number, warning) == [(80, (Whom.ASSIGNEE, Whom.TEAM))]
    assert take(database, number, warning + HOUR) == []

    breach = timer_of(database, number)
    assert breach == now + TWO_WORKING_DAYS + timedelta(seconds=1)
    assert take(database, number, breach) == [(100, (Whom.ASSIGNEE, Whom.TEAM, Whom.ADMINS))]
    assert take(database, number, breach + HOUR) == []
    assert timer_of(database, number) is None
    clock = clock_of(database, number)
    assert (clock.state, clock.breached_at) == (ClockState.BREACHED, now + TWO_WORKING_DAYS)
    # It is still owed, so it stays at the head of the queue.
    assert due_of(database, number) == now + TWO_WORKING_DAYS


@pytest.mark.usefixtures("promised")
def test_steps_that_nobody_was_there_to_take_come_up_together(
    database: Database, escalate: Callable[..., int], now: datetime
) -> None:
    number = escalate()
    assert [percent for percent, _ in take(database, number, now + timedelta(days=20))] == [80, 100]


@pytest.mark.usefixtures("promised")
def test_what_happens_between_the_moment_and_the_look_loses_no_step(
    database: Database, escalate: Callable[..., int], now: datetime
) -> None:
    number = escalate()
    warning = timer_of(database, number)
    assert warning is not None
    prioritise(database, number, Priority.P2, warning + HOUR)
    assert timer_of(database, number) == warning
    assert [percent for percent, _ in take(database, number, warning + HOUR)] == [80]


@pytest.mark.usefixtures("promised")
def test_a_breach_comes_up_for_the_customers_sake_though_nobody_of_the_staff_is_to_be_told(
    database: Database, escalate: Callable[..., int], now: datetime
) -> None:
    with transaction(database) as session:
        session.execute(delete(EscalationStep))
    assert take(database, escalate(), now + timedelta(days=20)) == [(100, ())]


@pytest.mark.usefixtures("promised")
def test_what_is_urgent_calls_whoever_is_on_call_at_once_also_when_it_becomes_so_later(
    database: Database, escalate: Callable[..., int], now: datetime
) -> None:
    number = escalate()
    assert take(database, number, now) == []
    prioritise(database, number, Priority.P0, now + timedelta(minutes=20))
    assert timer_of(database, number) == now + timedelta(minutes=20)
    assert take(database, number, now + timedelta(minutes=20)) == [(0, (Whom.ON_CALL,))]
    assert due_of(database, number) == now + HOUR


@pytest.mark.usefixtures("promised")
def test_a_snooze_stops_no_clock_and_waiting_for_the_bot_does(
    database: Database, escalate: Callable[..., int], bob: Actor, now: datetime
) -> None:
    number = escalate()
    with transaction(database) as session:
        desk.hand_back(session, number, bob, now + HOUR)
    clock = clock_of(database, number)
    assert (clock.state, clock.used_minutes, clock.due_at) == (ClockState.PAUSED, 60, None)
    assert (due_of(database, number), timer_of(database, number)) == (None, None)
    with transaction(database) as session:
        desk.reopen(session, number, bob, now + 3 * HOUR)
    assert due_of(database, number) == now + TWO_WORKING_DAYS + 2 * HOUR


@pytest.mark.usefixtures("promised")
def test_a_customer_whose_company_pays_for_more_is_promised_more(
    database: Database, escalate: Callable[..., int], bob: Actor, now: datetime
) -> None:
    number = escalate()
    with transaction(database) as session:
        account_id = id_of(add_account(session, "Acme", now, Plan.STANDARD))
        ticket = ticket_by_number(session, number)
        set_account(session, ticket.customer_id, account_id, bob, now)
    assert take(database, number, now) == []
    with transaction(database) as session:
        change_account(session, account_id, "Acme", Plan.VIP, now + timedelta(minutes=5))
    assert timer_of(database, number) == now + timedelta(minutes=5)
    assert take(database, number, now + timedelta(minutes=6)) == []
    assert (clock_of(database, number).policy, due_of(database, number)) == ("vip · tier 1", now + HOUR / 2)
    with reading(database) as session:
        plans = [event.detail for event in events_of(session, id_of(ticket)) if event.kind is Happened.PLAN]
    assert plans == [{"plan": "vip"}]


@pytest.mark.usefixtures("promised")
def test_other_policies_count_for_what_is_open_and_a_verdict_stands(
    database: Database, escalate: Callable[..., int], bob: Actor, now: datetime
) -> None:
    late, kept, running = escalate(thread="ada"), escalate(thread="carl"), escalate(thread="dora")
    then = now + timedelta(days=14)
    with transaction(database) as session:
        desk.reply(session, kept, "Here", bob, now + HOUR)
    assert [percent for percent, _ in take(database, late, then)] == [80, 100]
    with transaction(database) as session:
        for policy in session.exec(select(SlaPolicy).where(SlaPolicy.priority == Priority.P2)):
            policy.minutes = 30 * 24 * 60
        forget_rules(session)
        look_at_all(session, then)
    assert timer_of(database, kept) == timer_of(database, running) == then
    for number in (late, kept, running):
        take(database, number, then)
    assert clock_of(database, late).state is ClockState.BREACHED
    assert clock_of(database, kept).state is ClockState.MET
    assert (clock_of(database, running).state, clock_of(database, running).minutes) == (ClockState.RUNNING, 43200)
    # The miss was told; it is not told again when the longer target runs out.
    assert [percent for percent, _ in take(database, late, then + timedelta(days=200))] == []


@pytest.mark.usefixtures("promised")
def test_a_policy_that_promises_nothing_takes_the_clock_away(
    database: Database, escalate: Callable[..., int], now: datetime
) -> None:
    number = escalate()
    with transaction(database) as session:
        session.execute(delete(SlaPolicy))
        forget_rules(session)
        refresh(session, ticket_by_number(session, number), now + HOUR)
    with reading(database) as session:
        assert clocks_of(session, id_of(ticket_by_number(session, number))) == []
    assert (due_of(database, number), timer_of(database, number)) == (None, None)


@pytest.mark.usefixtures("promised")
def test_the_clocks_of_a_ticket_are_shown_with_what_is_owed_first(
    database: Database, escalate: Callable[..., int], bob: Actor, now: datetime
) -> None:
    number = escalate()
    with transaction(database) as session:
        desk.reply(session, number, "Looking into it", bob, now)
        ticket = ticket_by_number(session, number)
        ticket.tier = 2
        note_event(session, ticket, Happened.TIER, now + HOUR, tier=2, before=1)
    with reading(database) as session:
        ticket_id = id_of(ticket_by_number(session, number))
        rows = clocks_of(session, ticket_id, now + 4 * HOUR)
        promise = next_promise(session, ticket_id)
    assert [(row.kind.value, row.tier, row.state.value, row.calendar) for row in rows] == [
        ("diagnosis", 2, "breached", "Office hours"),
        ("resolution", 2, "running", "Working days"),
        ("first_response", 1, "met", "Working days"),
    ]
    assert promise is not None
    assert (promise.kind, promise.due_at) == (ClockKind.DIAGNOSIS, now + 3 * HOUR)
