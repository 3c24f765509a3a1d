"""Promises added up: each is judged once, what still runs is not counted, and what was missed last is named."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from handoff import desk
from handoff.actors import Actor
from handoff.models import Priority
from handoff.sla.again import TIMER
from handoff.sla.defaults import lay_out
from handoff.sla.figures import Kept, Promise, latest_missed, promises_kept
from handoff.sla.keeping import take_steps
from handoff.sla.models import ClockKind
from handoff.tickets import ticket_by_number
from store import Database, reading, transaction
from store.timers import claim_due

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture(autouse=True)
def promised(database: Database, now: datetime) -> None:
    with transaction(database) as session:
        lay_out(session, now)


def reply(database: Database, number: int, agent: Actor, at: datetime) -> None:
    with transaction(database) as session:
        desk.reply(session, number, "I am on it", agent, at)


def look(database: Database, number: int, at: datetime) -> None:
    """The desk's loop comes by."""
    with transaction(database) as session:
        claim_due(session, at, kinds=(TIMER,))
        take_steps(session, ticket_by_number(session, number), at)


def first_answers(database: Database, since: datetime, until: datetime) -> Promise:
    with reading(database) as session:
        found = promises_kept(session, since, until)
    assert [one.kind for one in found] == list(ClockKind)
    return found[0]


def sums(groups: tuple[Kept, ...]) -> dict[str, tuple[int | None, int]]:
    return {one.name: (one.in_time.count, one.in_time.n) for one in groups}


def test_each_promise_is_judged_once_and_what_runs_is_not_counted(
    database: Database, escalate: Callable[..., int], bob: Actor, now: datetime
) -> None:
    kept, late, owed, _running = (escalate(thread=name) for name in ("ada", "ben", "cleo", "dan"))
    reply(database, kept, bob, now + HOUR)
    for number in (late, owed):
        look(database, number, now + 2 * DAY + HOUR)
    reply(database, late, bob, now + 2 * DAY + 3 * HOUR)

    found = first_answers(database, now, now + 3 * DAY)
    assert (found.whole.in_time.count, found.whole.in_time.n, found.whole.late) == (1, 3, 2)
    assert (found.late_minutes, found.owed) == (180, 1)
    assert sums(found.by_policy) == {"P2": (1, 3)}
    assert sums(found.by_priority) == {Priority.P2.value: (1, 3)}
    assert sum(n for _, n in sums(found.by_team).values()) == 3


def test_a_late_answer_belongs_to_the_day_on_which_its_promise_ran_out(
    database: Database, escalate: Callable[..., int], bob: Actor, now: datetime
) -> None:
    number = escalate()
    look(database, number, now + 2 * DAY + HOUR)
    reply(database, number, bob, now + 3 * DAY)
    assert first_answers(database, now, now + 2 * DAY).whole.in_time.n == 0
    assert first_answers(database, now + 2 * DAY, now + 2 * DAY + HOUR).whole.late == 1
    assert first_answers(database, now + 2 * DAY + HOUR, now + 9 * DAY).whole.in_time.n == 0


def test_the_promises_that_were_missed_last_are_named_the_newest_first(
    database: Database, escalate: Callable[..., int], bob: Actor, now: datetime
) -> None:
    first, second = escalate("I cannot get in", "ada"), escalate("My invoice is wrong", "ben")
    reply(database, first, bob, now + 2 * DAY + HOUR)
    look(database, second, now + 2 * DAY + HOUR)
    with reading(database) as session:
        found = latest_missed(session, now, now + 9 * DAY)
        assert latest_missed(session, now, now + 2 * DAY) == []
    assert [(one.ticket, one.subject, one.late_minutes) for one in found] == [
        (second, "My invoice is wrong", None),
        (first, "I cannot get in", 60),
    ]
    assert [(one.at, one.kind, one.assignee) for one in found] == [
        (now + 2 * DAY, ClockKind.FIRST_RESPONSE, None),
        (now + 2 * DAY, ClockKind.FIRST_RESPONSE, bob.name),
    ]
