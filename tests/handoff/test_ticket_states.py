"""Which state of a ticket follows which, who talks with the customer in each, and what the history calls the step."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handoff.errors import HandoffError, TicketClosed, WrongStatus
from handoff.models import Owner, TicketStatus
from handoff.ticketing.models import Happened
from handoff.ticketing.states import (
    CLOSED,
    FOR_CUSTOMER,
    OPEN,
    RESOLVED,
    SNOOZED,
    STATES,
    TRANSITIONS,
    WITH_BOT,
    Event,
    State,
    confirmed_after,
    happened,
    next_state,
    owner_in,
)

# In the order of STATES: open, with the bot, waiting for the customer, snoozed, resolved, closed.
TABLE: list[tuple[Event, tuple[State | None, ...]]] = [
    (Event.ESCALATE, (OPEN, OPEN, OPEN, OPEN, OPEN, OPEN)),
    (Event.TAKE_OVER, (OPEN, OPEN, OPEN, OPEN, OPEN, OPEN)),
    (Event.CLAIM, (OPEN, OPEN, OPEN, OPEN, None, None)),
    (Event.REPLY, (OPEN, OPEN, OPEN, OPEN, OPEN, None)),
    (Event.CUSTOMER_WROTE, (OPEN, WITH_BOT, OPEN, OPEN, None, None)),
    (Event.HAND_BACK, (WITH_BOT, None, None, None, None, None)),
    (Event.WAIT, (FOR_CUSTOMER, None, None, FOR_CUSTOMER, None, None)),
    (Event.SNOOZE, (SNOOZED, None, SNOOZED, SNOOZED, None, None)),
    (Event.WAKE, (None, None, None, OPEN, None, None)),
    (Event.RESOLVE, (RESOLVED, RESOLVED, RESOLVED, RESOLVED, None, None)),
    (Event.REOPEN, (None, OPEN, OPEN, OPEN, OPEN, OPEN)),
    (Event.NOT_YET, (OPEN, OPEN, OPEN, OPEN, OPEN, OPEN)),
    (Event.CONFIRM, (OPEN, CLOSED, CLOSED, CLOSED, CLOSED, CLOSED)),
    (Event.CLOSE, (CLOSED, CLOSED, CLOSED, CLOSED, CLOSED, CLOSED)),
    (Event.EXPIRE, (None, CLOSED, CLOSED, None, CLOSED, None)),
    (Event.MERGE, (CLOSED, CLOSED, CLOSED, CLOSED, CLOSED, None)),
]


@pytest.mark.parametrize(("event", "expected"), TABLE, ids=[event.name for event, _ in TABLE])
def test_each_event_leads_where_the_table_says(event: Event, expected: tuple[State | None, ...]) -> None:
    for state, following in zip(STATES, expected, strict=True):
        if following is None:
            with pytest.raises(HandoffError):
                next_state(state, event)
        else:
            assert next_state(state, event) == following


def test_the_table_has_every_event_and_every_state() -> None:
    assert {event for event, _ in TABLE} == set(Event)
    assert set(TRANSITIONS) == set(STATES)


def test_a_human_talks_while_a_ticket_is_open_waits_for_the_customer_or_is_snoozed() -> None:
    human, bot = Owner.HUMAN, Owner.BOT
    assert [owner_in(state) for state in STATES] == [human, bot, human, human, bot, bot]


def test_the_customers_words_never_end_in_a_ticket_that_rests_with_a_human() -> None:
    for state in STATES:
        if Event.CUSTOMER_WROTE in TRANSITIONS[state]:
            assert next_state(state, Event.CUSTOMER_WROTE) in (OPEN, WITH_BOT)


def test_only_the_customer_says_that_it_is_solved_for_them() -> None:
    said = {event: confirmed_after(event, None) for event in Event}
    assert {event for event, answer in said.items() if answer} == {Event.CONFIRM}
    assert {event for event, answer in said.items() if answer is False} == {Event.NOT_YET}
    assert confirmed_after(Event.EXPIRE, False) is None
    assert confirmed_after(Event.REPLY, True) is True
    assert confirmed_after(Event.CLOSE, False) is False, "who closes what did not help has not been helped"


@pytest.mark.parametrize(
    ("before", "event", "called"),
    [
        (OPEN, Event.REPLY, [Happened.ANSWERED]),
        (OPEN, Event.CLAIM, []),
        (OPEN, Event.WAIT, [Happened.WAITS]),
        (OPEN, Event.HAND_BACK, [Happened.WAITS]),
        (FOR_CUSTOMER, Event.CUSTOMER_WROTE, [Happened.RESUMED, Happened.CUSTOMER_WROTE]),
        (FOR_CUSTOMER, Event.REPLY, [Happened.RESUMED, Happened.ANSWERED]),
        # Waiting for the customer stops the clocks, waiting for a time does not: the one ends before the other begins.
        (FOR_CUSTOMER, Event.SNOOZE, [Happened.RESUMED, Happened.WAITS]),
        (SNOOZED, Event.WAIT, [Happened.RESUMED, Happened.WAITS]),
        (SNOOZED, Event.SNOOZE, [Happened.WAITS]),
        (SNOOZED, Event.WAKE, [Happened.RESUMED]),
        (FOR_CUSTOMER, Event.RESOLVE, [Happened.RESOLVED]),
        (RESOLVED, Event.CONFIRM, [Happened.CLOSED]),
        (RESOLVED, Event.EXPIRE, [Happened.CLOSED]),
        (RESOLVED, Event.NOT_YET, [Happened.REOPENED]),
        (CLOSED, Event.REOPEN, [Happened.REOPENED]),
        (CLOSED, Event.CONFIRM, []),
        # What the customer calls solved is solved; what they want no more, or nobody speaks of, is only closed.
        (FOR_CUSTOMER, Event.CONFIRM, [Happened.RESOLVED, Happened.CLOSED]),
        (OPEN, Event.CLOSE, [Happened.CLOSED]),
        (FOR_CUSTOMER, Event.EXPIRE, [Happened.CLOSED]),
        (OPEN, Event.MERGE, [Happened.CLOSED]),
        (RESOLVED, Event.REPLY, [Happened.REOPENED, Happened.ANSWERED]),
    ],
)
def test_the_history_calls_each_step_by_its_name(before: State, event: Event, called: list[Happened]) -> None:
    assert happened(before, next_state(before, event), event) == called


@given(events=st.lists(st.sampled_from(list(Event)), max_size=30))
def test_a_history_tells_in_which_state_it_ends(events: list[Event]) -> None:
    """Whoever reads only the names of what happened knows when a ticket waits and when it is solved."""
    state, is_waiting, is_solved = OPEN, False, False
    for event in events:
        before = state
        try:
            state = next_state(state, event)
        except HandoffError:
            continue
        for name in happened(before, state, event):
            is_waiting = name is Happened.WAITS or (is_waiting and name not in ENDS_A_WAIT)
            is_solved = name in SOLVED or (is_solved and name is not Happened.REOPENED)
        assert is_waiting == (state.status is TicketStatus.PENDING)
        assert is_solved == state.is_solved


SOLVED = (Happened.RESOLVED, Happened.CLOSED)
ENDS_A_WAIT = (Happened.RESUMED, *SOLVED)


def test_refusals_say_what_to_do() -> None:
    with pytest.raises(TicketClosed, match="Reopen it before replying"):
        next_state(CLOSED, Event.REPLY)
    with pytest.raises(WrongStatus, match="This ticket is resolved: claim is not possible now"):
        next_state(RESOLVED, Event.CLAIM)
    with pytest.raises(WrongStatus, match="This ticket is pending, with the bot: snooze is not possible now"):
        next_state(WITH_BOT, Event.SNOOZE)
