"""What agents do about messages that did not arrive, or may not have: who may, once, and with a trace."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlmodel import Session, select

from handoff import deliveries
from handoff.actors import Actor
from handoff.conversations import history, say
from handoff.errors import DeliveryNotFound, NotAllowed, Stale
from handoff.models import Author, Conversation, Delivery, DeliveryState, Role
from handoff.outcomes import Resend
from handoff.rows import id_of
from store import Database, reading, transaction
from store.models import Audit


@pytest.fixture
def lost(database: Database, ask: Callable[..., int], now: datetime) -> Callable[..., int]:
    """``lost(UNCERTAIN)``: a delivery of an agent's words that ended so."""

    def lose(state: DeliveryState, author: Author = Author.AGENT) -> int:
        conversation_id = ask()
        with transaction(database) as session:
            say(session, session.get_one(Conversation, conversation_id), "words", author, now)
            (claimed,) = deliveries.claim(session, now, "one", 1)
            delivery_id = id_of(claimed.delivery)
            if state is DeliveryState.FAILED:
                deliveries.mark_failed(session, delivery_id, "one", "blocked", now)
            elif state is DeliveryState.UNCERTAIN:
                deliveries.mark_in_doubt(session, delivery_id, "one", Resend.ONCE, now, "no answer", now)
        return delivery_id

    return lose


def delivery(database: Database, delivery_id: int) -> Delivery:
    with reading(database) as session:
        return session.get_one(Delivery, delivery_id)


def told(session: Session, delivery_id: int) -> str:
    conversation = session.exec(select(Conversation)).one()
    return history(session, id_of(conversation))[-1].message.text


@pytest.mark.parametrize("state", [DeliveryState.UNCERTAIN, DeliveryState.FAILED])
def test_an_agent_sends_it_again_and_that_is_written_down(
    database: Database, lost: Callable[..., int], bob: Actor, now: datetime, state: DeliveryState
) -> None:
    delivery_id, later = lost(state), now + timedelta(minutes=5)
    with transaction(database) as session:
        deliveries.resend(session, delivery_id, bob, later)
    with reading(database) as session:
        assert told(session, delivery_id) == "Sent again by hand: bob"
        (entry,) = session.exec(select(Audit).where(Audit.action == "delivery.sent_again")).all()
        assert (entry.actor, entry.subject_id, entry.detail["was"]) == ("bob", delivery_id, state.value)
    with transaction(database) as session:
        (claimed,) = deliveries.claim(session, later, "two", 1)
    assert (claimed.message.text, claimed.delivery.attempts) == ("words", 1)
    assert claimed.delivery.doubts == int(state is DeliveryState.UNCERTAIN), "what was in doubt is not forgotten"


def test_an_agent_knows_that_it_did_arrive(
    database: Database, lost: Callable[..., int], bob: Actor, now: datetime
) -> None:
    delivery_id = lost(DeliveryState.UNCERTAIN)
    with transaction(database) as session:
        deliveries.dismiss(session, delivery_id, bob, now)
    assert delivery(database, delivery_id).state is DeliveryState.SENT
    with transaction(database) as session:
        assert told(session, delivery_id) == "Found to have arrived: bob"
        assert session.exec(select(Audit.actor).where(Audit.action == "delivery.arrived")).one() == "bob"
        assert deliveries.claim(session, now, "two", 1) == []


@pytest.mark.parametrize("deed", [deliveries.resend, deliveries.dismiss])
@pytest.mark.parametrize("state", [DeliveryState.SENDING, DeliveryState.SENT])
def test_what_is_settled_meanwhile_stays_so(
    database: Database,
    lost: Callable[..., int],
    bob: Actor,
    now: datetime,
    deed: Callable[..., None],
    state: DeliveryState,
) -> None:
    delivery_id = lost(DeliveryState.SENDING)
    if state is DeliveryState.SENT:
        with transaction(database) as session:
            deliveries.mark_sent(session, delivery_id, "one", "m-1", now)
    with pytest.raises(Stale, match="settled by now"), transaction(database) as session:
        deed(session, delivery_id, bob, now)
    assert delivery(database, delivery_id).state is state


def test_two_agents_at_once_send_it_again_once(
    database: Database, lost: Callable[..., int], bob: Actor, eve: Actor, now: datetime
) -> None:
    delivery_id = lost(DeliveryState.UNCERTAIN)
    with transaction(database) as session:
        deliveries.resend(session, delivery_id, bob, now)
    with pytest.raises(Stale), transaction(database) as session:
        deliveries.resend(session, delivery_id, eve, now)
    with pytest.raises(Stale), transaction(database) as session:
        deliveries.dismiss(session, delivery_id, eve, now)


def test_what_failed_cannot_be_said_to_have_arrived(
    database: Database, lost: Callable[..., int], bob: Actor, now: datetime
) -> None:
    delivery_id = lost(DeliveryState.FAILED)
    with pytest.raises(Stale), transaction(database) as session:
        deliveries.dismiss(session, delivery_id, bob, now)


@pytest.mark.parametrize("deed", [deliveries.resend, deliveries.dismiss])
@pytest.mark.parametrize("role", [Role.VIEWER, Role.EDITOR])
def test_only_who_may_answer_customers_decides(
    database: Database, hire: Callable[..., Actor], now: datetime, deed: Callable[..., None], role: Role
) -> None:
    somebody = hire("mei", role)
    with pytest.raises(NotAllowed), transaction(database) as session:
        deed(session, 1, somebody, now)


def test_a_delivery_that_never_was_is_not_found(database: Database, bob: Actor, now: datetime) -> None:
    with pytest.raises(DeliveryNotFound), transaction(database) as session:
        deliveries.resend(session, 4711, bob, now)


@pytest.mark.parametrize("deed", [deliveries.resend, deliveries.dismiss])
def test_a_worker_that_lives_after_all_is_heard_after_an_agent_decided(
    database: Database, ask: Callable[..., int], bob: Actor, now: datetime, deed: Callable[..., None]
) -> None:
    conversation_id = ask()
    with transaction(database) as session:
        say(session, session.get_one(Conversation, conversation_id), "words", Author.AGENT, now)
        (claimed,) = deliveries.claim(session, now, "one", 1)
        delivery_id = id_of(claimed.delivery)
        deliveries.release_worker(session, "one", now, {})
    with transaction(database) as session:
        deed(session, delivery_id, bob, now)
        deliveries.mark_sent(session, delivery_id, "one", "m-1", now)
    with transaction(database) as session:
        assert deliveries.claim(session, now, "two", 1) == [], "the agent's second copy is not needed any more"
        assert session.get_one(Delivery, delivery_id).state is DeliveryState.SENT


def test_figures_count_what_waits_and_what_needs_a_person(
    database: Database, lost: Callable[..., int], ask: Callable[..., int], now: datetime
) -> None:
    with reading(database) as session:
        assert deliveries.figures(session, now).oldest_seconds == 0.0
    lost(DeliveryState.UNCERTAIN)
    lost(DeliveryState.FAILED)
    conversation_id = ask()
    with transaction(database) as session:
        for at in (now, now + timedelta(minutes=1)):
            say(session, session.get_one(Conversation, conversation_id), "words", Author.BOT, at)
    with transaction(database) as session:
        deliveries.claim(session, now, "one", 1)
    with reading(database) as session:
        found = deliveries.figures(session, now + timedelta(minutes=2))
    assert {state.value: count for state, count in found.depths.items()} == {
        "ready": 1,
        "sending": 1,
        "uncertain": 1,
        "failed": 1,
    }
    assert (found.uncertain, found.failed, found.oldest_seconds) == (1, 1, 120.0)
