"""Whatever happens at the desk, in whatever order, some things hold."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count

from deeper import examples
from hypothesis import given, settings
from hypothesis import strategies as st
from minute_by_minute import Minutes, Wall
from sqlmodel import Session, col, select

from handoff import desk
from handoff.actors import Actor
from handoff.conversations import add_incoming, open_conversation
from handoff.customers import find_customer, find_thread
from handoff.errors import HandoffError
from handoff.models import (
    Author,
    Conversation,
    Direction,
    Message,
    Owner,
    Priority,
    Reason,
    Role,
    Source,
    Ticket,
    TicketStatus,
    WaitsFor,
)
from handoff.own_tickets import own_tickets
from handoff.rows import id_of
from handoff.sla.defaults import lay_out
from handoff.sla.engine import UNCOUNTED
from handoff.sla.models import Calendar, Clock
from handoff.sla.policy_edits import policies
from handoff.ticketing import levels, links, marks, merging, opening, pausing, sorting, waiting
from handoff.ticketing.events import events_of
from handoff.ticketing.models import Happened, LinkKind
from handoff.ticketing.opening import Told
from handoff.ticketing.pausing import Words
from handoff.tickets import customer_wrote, open_ticket, state_of, ticket_by_number, ticket_of
from store import Database, transaction
from store.models import Timer, TimerState

WORDS = desk.ClosingWords("Solved?", "Yes", "No")
DEEDS = [
    *("claim", "take_over", "reply", "note", "hand_back", "resolve", "reopen", "confirm", "not_yet", "close"),
    *(
        "escalate",
        "write",
        "wait",
        "snooze",
        "wake",
        "stale",
        "merge",
        "merge_any",
        "split",
        "carry",
        "open",
        "tier",
        "priority",
    ),
    *("priority", "mark", "link", "tag", "reply", "reply", "write", "merge", "split"),
]
step = st.tuples(st.sampled_from(DEEDS), st.integers(0, 3), st.integers(0, 2))
places = count()


@dataclass
class Desk:
    """Four conversations of two customers, and whoever works on them: two agents and an API token."""

    session: Session
    talks: list[Conversation]
    actors: list[Actor]
    customers: list[int]


def do(here: Desk, deed: str, conversation: Conversation, actor: Actor, now: datetime) -> None:
    session = here.session
    ticket = ticket_of(session, id_of(conversation))
    number = ticket.number if ticket else 10_000_000
    match deed:
        case "claim" | "hand_back" | "reopen":
            getattr(desk, deed)(session, number, actor, now)
        case "reply" | "note":
            getattr(desk, deed)(session, number, "Hello", actor, now)
        case "take_over":
            desk.take_over(session, id_of(conversation), actor, now)
        case "resolve":
            desk.resolve(session, number, actor, now, WORDS)
        case "confirm":
            desk.confirm_solved(session, conversation, now)
        case "not_yet":
            desk.not_yet(session, conversation, now)
        case "close":
            desk.close_own(session, conversation, now)
        case "escalate":
            open_ticket(session, conversation, Reason.NO_KNOWLEDGE, "Help", now, priority=Priority.P1)
        case "write":
            writes(session, conversation, now)
        case _:
            do_more(here, deed, number, actor, now)


def do_more(here: Desk, deed: str, number: int, actor: Actor, now: datetime) -> None:
    """What is done to tickets beside talking."""
    session, ticket = here.session, ticket_by_number(here.session, number)
    match deed:
        case "wait":
            pausing.wait_for_customer(session, number, actor, now)
        case "snooze":
            pausing.snooze(session, number, now + timedelta(minutes=3), actor, now)
        case "wake":
            pausing.wake(session, id_of(ticket), now)
        case "stale":
            if (found := pausing.is_expired(session, id_of(ticket), now + timedelta(days=30))) is not None:
                pausing.expire(session, found, Words("Closed."), now)
        case "merge":
            merging.merge(session, number, another(session, ticket), actor, now, "One of two.")
        case "merge_any":
            merging.merge(session, number, number % 4 + 1, actor, now, "One of two.")
        case "split":
            merging.split(session, number, words_of(session, ticket)[1:], "", actor, now, lambda new, about: about)
        case "carry":
            last = words_of(session, ticket)[-1:]
            merging.carry_over(session, number, last, another(session, ticket), actor, now)
        case "open":
            told = Told(Source.PHONE, "By phone")
            opening.open_for(session, ticket.customer_id, None, told, actor, now, str)
        case "tier":
            levels.move_tier(session, number, ticket.tier % 3 + 1, "why", actor, now, diagnosis="That is it")
        case "priority":
            levels.set_priority(session, number, actor, now, priority=Priority.P0)
        case "mark":
            said = words_of(session, ticket, Author.AGENT)[-1]
            marks.mark(session, number, said, marks.Mark.WORKAROUND, actor, now)
        case "link":
            links.link(session, number, another(session, ticket), LinkKind.RELATED, actor, now)
        case "tag":
            sorting.set_tags(session, number, ["one"], actor, now)


def writes(session: Session, conversation: Conversation, now: datetime) -> None:
    """The customer writes words that are theirs alone."""
    add_incoming(session, conversation, f"secret of {conversation.customer_id}", None, now, {})
    if conversation.owner is Owner.HUMAN:
        customer_wrote(session, conversation, now)


def another(session: Session, ticket: Ticket) -> int:
    """Another ticket of the same customer, one that is not solved if there is one."""
    own = Ticket.customer_id == ticket.customer_id, Ticket.id != ticket.id
    found = session.exec(select(Ticket).where(*own).order_by(col(Ticket.number))).all()
    return next((each.number for each in found if not state_of(each).is_solved), found[0].number if found else 10**7)


def words_of(session: Session, ticket: Ticket, author: Author = Author.CUSTOMER) -> list[int]:
    said = Message.conversation_id == ticket.conversation_id, Message.author == author
    found = session.exec(select(Message.id).where(*said).order_by(col(Message.id))).all()
    return [each for each in found if each is not None] or [10**9]


def test_no_history_breaks_a_ticket(database: Database, hire: Callable[..., Actor], now: datetime) -> None:
    many = examples(12 if database.is_sqlite else 4)

    @settings(max_examples=many, deadline=None)
    @given(steps=st.lists(step, min_size=5, max_size=25))
    def lives(steps: list[tuple[str, int, int]]) -> None:
        goes_well(database, [hire("bob"), hire("eve", Role.ADMIN), Actor(None, "token")], now, steps)

    lives()


def goes_well(database: Database, actors: list[Actor], now: datetime, steps: list[tuple[str, int, int]]) -> None:
    """Do this to a few tickets, and look after each step whether all that must hold does."""
    moment = now
    with transaction(database) as session:
        lay_out(session, now)
        here = Desk(session, [], actors, [])
        for _ in range(2):
            place = f"visitor-{next(places)}"
            thread, customer = find_thread(session, "web", place, now), find_customer(session, "web", place, now)
            here.talks += [open_conversation(session, thread, customer, "en", now) for _ in range(2)]
            here.customers.append(id_of(customer))
        for conversation in here.talks:
            # Something was said already, and all but the last matter are at the desk.
            writes(session, conversation, now)
            writes(session, conversation, now)
            if conversation is not here.talks[-1]:
                open_ticket(session, conversation, Reason.NO_KNOWLEDGE, "Help", now)
        for deed, which, who in steps:
            moment += timedelta(minutes=1)
            before = versions(here)
            try:
                with session.begin_nested():
                    do(here, deed, here.talks[which], actors[who], moment)
            except HandoffError:
                session.expire_all()
                assert versions(here) == before, "a refused deed moved a conversation"
            for conversation in conversations(here):
                holds(session, conversation, before.get(id_of(conversation), 0), moment)
            apart(here)
        numbers = sorted(session.exec(select(Ticket.number)).all())
        assert numbers == list(range(1, len(numbers) + 1))
        for ticket in session.exec(select(Ticket).where(col(Ticket.customer_id).in_(here.customers))):
            clocks_agree(session, ticket)


def conversations(here: Desk) -> Sequence[Conversation]:
    query = select(Conversation).where(col(Conversation.customer_id).in_(here.customers))
    return here.session.exec(query.order_by(col(Conversation.id))).all()


def versions(here: Desk) -> dict[int, int]:
    return {id_of(each): each.version for each in conversations(here)}


def holds(session: Session, conversation: Conversation, version_before: int, now: datetime) -> None:
    session.refresh(conversation)
    assert conversation.version >= version_before
    ticket = ticket_of(session, id_of(conversation))
    if ticket is None:
        assert (conversation.owner, conversation.closed_at) == (Owner.BOT, None)
        return
    is_solved = state_of(ticket).is_solved
    is_pending = ticket.status is TicketStatus.PENDING
    rests_with_human = is_pending and ticket.waits_for is not WaitsFor.BOT
    assert (conversation.owner is Owner.HUMAN) is (ticket.status is TicketStatus.OPEN or rests_with_human)
    assert (conversation.closed_at is not None) is is_solved
    assert (ticket.resolved_at is not None) is is_solved
    assert (ticket.closed_at is not None) is (ticket.status is TicketStatus.CLOSED)
    assert (ticket.waits_for is not None) is is_pending
    assert (ticket.snoozed_until is not None) is (ticket.waits_for is WaitsFor.TIME)
    assert ticket.merged_into_id is None or ticket.status is TicketStatus.CLOSED
    # Somebody has it, or it lies in a queue that somebody looks at.
    assert is_solved or ticket.assignee_id is not None or ticket.team is not None
    remembered(session, ticket)
    tells(session, ticket)


def remembered(session: Session, ticket: Ticket) -> None:
    """What rests is looked at again; what is open is in somebody's list already."""
    kinds = (waiting.SNOOZE, waiting.STALE, waiting.STALE_CLOSE)
    query = select(Timer.kind).where(Timer.subject_id == ticket.id, Timer.state == TimerState.WAITING)
    due = {kind for kind in session.exec(query) if kind in kinds}
    rests = ticket.status is TicketStatus.PENDING or ticket.status is TicketStatus.RESOLVED
    assert len(due) == (1 if rests else 0)
    assert (waiting.SNOOZE in due) is (ticket.waits_for is WaitsFor.TIME)


def tells(session: Session, ticket: Ticket) -> None:
    """The history alone says in which state the ticket is."""
    is_waiting = is_solved = False
    for event in events_of(session, id_of(ticket)):
        ends = event.kind in (Happened.RESOLVED, Happened.CLOSED)
        is_solved = ends or (is_solved and event.kind is not Happened.REOPENED)
        is_waiting = event.kind is Happened.WAITS or (is_waiting and not ends and event.kind is not Happened.RESUMED)
    assert is_solved is state_of(ticket).is_solved
    assert is_waiting is (ticket.status is TicketStatus.PENDING)


def clocks_agree(session: Session, ticket: Ticket) -> None:
    """What is kept of the ticket's clocks is what counting its minutes one by one gives."""
    calendars = session.exec(select(Calendar)).all()
    walls = {None if one.is_default else one.id: Wall(one.timezone, one.weekly) for one in calendars}
    events = events_of(session, id_of(ticket))
    counted = Minutes(events, policies(session), walls)
    counted.run_until(max(event.at for event in events if event.kind not in UNCOUNTED))
    kept = session.exec(select(Clock).where(Clock.ticket_id == ticket.id)).all()
    assert {(clock.kind, clock.tier): (clock.state, clock.used_minutes, clock.met_at) for clock in kept} == {
        key: (counted.state(clock), clock.used, clock.met_at) for key, clock in counted.shown().items()
    }
    assert ticket.due_at == min((clock.due_at for clock in kept if clock.due_at is not None), default=None)


def apart(here: Desk) -> None:
    """No customer sees what is another's."""
    for customer_id in here.customers:
        for ticket in own_tickets(here.session, customer_id):
            assert ticket.customer_id == customer_id
            read = select(Message.text).where(
                Message.conversation_id == ticket.conversation_id, Message.direction == Direction.INCOMING
            )
            assert set(here.session.exec(read)) <= {f"secret of {customer_id}"}
