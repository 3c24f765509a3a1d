"""Whatever happens at the desk, in whatever order, some things hold."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import count

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import Session, select

from handoff import desk
from handoff.actors import Actor
from handoff.conversations import add_incoming, open_conversation
from handoff.customers import find_customer, find_thread
from handoff.errors import HandoffError
from handoff.models import Conversation, Owner, Priority, Reason, Ticket, TicketStatus
from handoff.rows import id_of
from handoff.tickets import open_ticket, ticket_of
from store import Database, transaction

WORDS = desk.ClosingWords("Solved?", "Yes", "No")
DEEDS = [
    "claim",
    "take_over",
    "reply",
    "note",
    "hand_back",
    "resolve",
    "reopen",
    "confirm",
    "not_yet",
    "escalate",
    "write",
]
step = st.tuples(st.sampled_from(DEEDS), st.integers(0, 2), st.booleans())
places = count()


def do(session: Session, deed: str, conversation: Conversation, actor: Actor, now: datetime) -> None:
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
        case "escalate":
            open_ticket(session, conversation, Reason.NO_KNOWLEDGE, "Help", now, priority=Priority.P1)
        case "write":
            add_incoming(session, conversation, "Hello?", None, now, {})


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(step, max_size=25))
def test_no_history_breaks_a_ticket(
    database: Database,
    hire: Callable[..., Actor],
    now: datetime,
    steps: list[tuple[str, int, bool]],
) -> None:
    bob, eve = hire("bob"), hire("eve")
    moment = now
    with transaction(database) as session:
        place = f"visitor-{next(places)}"
        thread, customer = find_thread(session, "web", place, now), find_customer(session, "web", place, now)
        talks = [open_conversation(session, thread, customer, "en", now) for _ in range(3)]
        for deed, which, is_bob in steps:
            moment += timedelta(minutes=1)
            conversation = talks[which]
            before = conversation.version
            try:
                do(session, deed, conversation, bob if is_bob else eve, moment)
            except HandoffError:
                assert conversation.version == before, "a refused deed moved the conversation"
            holds(session, conversation, before)
        numbers = sorted(session.exec(select(Ticket.number)).all())
    assert numbers == list(range(1, len(numbers) + 1))


def holds(session: Session, conversation: Conversation, version_before: int) -> None:
    session.refresh(conversation)
    assert conversation.version >= version_before
    ticket = ticket_of(session, id_of(conversation))
    if ticket is None:
        assert (conversation.owner, conversation.closed_at) == (Owner.BOT, None)
        return
    assert ticket.status in TicketStatus
    is_solved = ticket.status in (TicketStatus.RESOLVED, TicketStatus.CLOSED)
    assert (conversation.owner is Owner.HUMAN) is (ticket.status is TicketStatus.OPEN)
    assert (conversation.closed_at is not None) is is_solved
    assert (ticket.resolved_at is not None) is is_solved
    assert ticket.status is not TicketStatus.CLOSED or conversation.confirmed is True
