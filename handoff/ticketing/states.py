"""Which state of a ticket follows which. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from handoff.errors import TicketClosed, WrongStatus
from handoff.models import Owner, TicketStatus, WaitsFor
from handoff.ticketing.models import Happened


class Event(Enum):
    """What can happen to a ticket."""

    ESCALATE = "escalate"
    TAKE_OVER = "take over"
    CLAIM = "claim"
    REPLY = "reply"
    CUSTOMER_WROTE = "customer wrote"
    HAND_BACK = "hand back"
    WAIT = "wait for the customer"
    SNOOZE = "snooze"
    WAKE = "wake"
    RESOLVE = "resolve"
    REOPEN = "reopen"
    NOT_YET = "not yet"
    CONFIRM = "confirm"
    CLOSE = "close"
    """The customer needs no more of it, solved or not."""
    EXPIRE = "expire"
    """Nobody said anything for long enough."""
    MERGE = "merge"


@dataclass(frozen=True)
class State:
    """A status, and of a pending ticket what it waits for."""

    status: TicketStatus
    waits_for: WaitsFor | None = None

    @property
    def is_solved(self) -> bool:
        return self.status in (TicketStatus.RESOLVED, TicketStatus.CLOSED)


OPEN = State(TicketStatus.OPEN)
WITH_BOT = State(TicketStatus.PENDING, WaitsFor.BOT)
FOR_CUSTOMER = State(TicketStatus.PENDING, WaitsFor.CUSTOMER)
SNOOZED = State(TicketStatus.PENDING, WaitsFor.TIME)
RESOLVED = State(TicketStatus.RESOLVED)
CLOSED = State(TicketStatus.CLOSED)
STATES = (OPEN, WITH_BOT, FOR_CUSTOMER, SNOOZED, RESOLVED, CLOSED)

_COMES_BACK = dict.fromkeys((Event.ESCALATE, Event.TAKE_OVER, Event.REOPEN, Event.NOT_YET), OPEN)
_WORKED_ON = {Event.CLAIM: OPEN, Event.REPLY: OPEN, Event.RESOLVE: RESOLVED}
_ENDS = {Event.CLOSE: CLOSED, Event.MERGE: CLOSED}
_WAITS = {
    **_COMES_BACK,
    **_WORKED_ON,
    **_ENDS,
    Event.CUSTOMER_WROTE: OPEN,
    Event.SNOOZE: SNOOZED,
    Event.CONFIRM: CLOSED,
}

# What is not listed is refused.
TRANSITIONS: dict[State, dict[Event, State]] = {
    OPEN: {
        Event.ESCALATE: OPEN,
        Event.TAKE_OVER: OPEN,
        **_WORKED_ON,
        **_ENDS,
        Event.CUSTOMER_WROTE: OPEN,
        Event.HAND_BACK: WITH_BOT,
        Event.WAIT: FOR_CUSTOMER,
        Event.SNOOZE: SNOOZED,
        Event.NOT_YET: OPEN,
        # An old button, pressed after the ticket was reopened: the agent reads it and resolves again.
        Event.CONFIRM: OPEN,
    },
    WITH_BOT: {
        **_COMES_BACK,
        **_WORKED_ON,
        **_ENDS,
        Event.CUSTOMER_WROTE: WITH_BOT,
        Event.CONFIRM: CLOSED,
        Event.EXPIRE: CLOSED,
    },
    FOR_CUSTOMER: {**_WAITS, Event.EXPIRE: CLOSED},
    SNOOZED: {**_WAITS, Event.WAIT: FOR_CUSTOMER, Event.WAKE: OPEN},
    RESOLVED: {**_COMES_BACK, **_ENDS, Event.REPLY: OPEN, Event.CONFIRM: CLOSED, Event.EXPIRE: CLOSED},
    CLOSED: {**_COMES_BACK, Event.CONFIRM: CLOSED, Event.CLOSE: CLOSED},
}
UNSOLVED = (TicketStatus.OPEN, TicketStatus.PENDING)


def next_state(state: State, event: Event) -> State:
    """The state after ``event``. Raises WrongStatus, or TicketClosed for a reply to a closed ticket."""
    following = TRANSITIONS[state].get(event)
    if following is not None:
        return following
    if state == CLOSED and event is Event.REPLY:
        raise TicketClosed
    raise WrongStatus(f"This ticket is {in_words(state)}: {event.value} is not possible now.")


def in_words(state: State) -> str:
    """The state as a sentence says it: "resolved", "pending, waiting for the customer"."""
    return f"{state.status.value}{_WAITING[state.waits_for]}"


_WAITING = {
    None: "",
    WaitsFor.BOT: ", with the bot",
    WaitsFor.CUSTOMER: ", waiting for the customer",
    WaitsFor.TIME: ", snoozed",
}


def owner_in(state: State) -> Owner:
    """Who talks with the customer: a human while the ticket is open, and while it waits for the customer or a time."""
    is_human = state.status is TicketStatus.OPEN or state.waits_for in (WaitsFor.CUSTOMER, WaitsFor.TIME)
    return Owner.HUMAN if is_human else Owner.BOT


def confirmed_after(event: Event, before: bool | None) -> bool | None:
    """What the customer has said about whether it is solved, after ``event``."""
    match event:
        case Event.CONFIRM:
            return True
        case Event.NOT_YET:
            return False
        case Event.RESOLVE | Event.REOPEN | Event.EXPIRE | Event.MERGE:
            return None
    return before


def happened(before: State, after: State, event: Event) -> list[Happened]:
    """What a step from one state to the next is called in the ticket's history."""
    found = _left(before, after) + _became(before, after, event)
    if event is Event.REPLY:
        found.append(Happened.ANSWERED)
    if event is Event.CUSTOMER_WROTE:
        found.append(Happened.CUSTOMER_WROTE)
    return found


def _left(before: State, after: State) -> list[Happened]:
    """It is worked on again, if only for the moment between two reasons to wait."""
    if before == after or after.is_solved:
        return []
    if before.status is TicketStatus.PENDING:
        return [Happened.RESUMED]
    return [Happened.REOPENED] if before.is_solved else []


def _became(before: State, after: State, event: Event) -> list[Happened]:
    if after.status is TicketStatus.PENDING:
        # A new time to wait until is a new wait.
        return [Happened.WAITS] if before != after or event is Event.SNOOZE else []
    if before.status is after.status or not after.is_solved:
        return []
    if after.status is TicketStatus.RESOLVED:
        return [Happened.RESOLVED]
    is_solved_now = event is Event.CONFIRM and not before.is_solved
    return [Happened.RESOLVED, Happened.CLOSED] if is_solved_now else [Happened.CLOSED]
