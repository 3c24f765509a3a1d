"""What becomes of a delivery, as a table: how the attempt ended, what the channel allows, whose words they are."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest
from sqlmodel import Session, select

from handoff import deliveries
from handoff.conversations import say
from handoff.models import Author, Conversation, Delivery, DeliveryState
from handoff.outcomes import Resend, after_doubt, after_giving_up
from handoff.rows import id_of
from store import Database, reading, transaction

READY, UNCERTAIN, FAILED = DeliveryState.READY, DeliveryState.UNCERTAIN, DeliveryState.FAILED
SAFE, LOOK_UP, ONCE = Resend.SAFE, Resend.LOOK_UP, Resend.ONCE
BOT, SYSTEM, AGENT = Author.BOT, Author.SYSTEM, Author.AGENT

# (channel, author): what the first, the second and the third doubt lead to.
AFTER_DOUBT = {
    (SAFE, BOT): (READY, READY, READY),
    (SAFE, SYSTEM): (READY, READY, READY),
    (SAFE, AGENT): (READY, READY, READY),
    (LOOK_UP, BOT): (READY, READY, READY),
    (LOOK_UP, SYSTEM): (READY, READY, READY),
    (LOOK_UP, AGENT): (READY, READY, READY),
    (ONCE, BOT): (READY, UNCERTAIN, UNCERTAIN),
    (ONCE, SYSTEM): (READY, UNCERTAIN, UNCERTAIN),
    (ONCE, AGENT): (UNCERTAIN, UNCERTAIN, UNCERTAIN),
}
# channel: what giving up leads to after no, one and two doubts.
GIVEN_UP = {
    SAFE: (FAILED, FAILED, FAILED),
    LOOK_UP: (FAILED, FAILED, FAILED),
    ONCE: (FAILED, UNCERTAIN, UNCERTAIN),
}


@pytest.mark.parametrize(("case", "states"), AFTER_DOUBT.items())
def test_a_doubt_is_settled_by_the_channel_or_by_whose_words_they_are(
    case: tuple[Resend, Author], states: tuple[DeliveryState, ...]
) -> None:
    assert tuple(after_doubt(*case, doubts) for doubts in (1, 2, 3)) == states


@pytest.mark.parametrize(("resend", "states"), GIVEN_UP.items())
def test_what_may_have_arrived_is_never_called_failed(resend: Resend, states: tuple[DeliveryState, ...]) -> None:
    assert tuple(after_giving_up(resend, doubts) for doubts in (0, 1, 2)) == states


def in_doubt(session: Session, delivery_id: int, resend: Resend, now: datetime) -> None:
    deliveries.mark_in_doubt(session, delivery_id, "one", resend, now, "no answer", now)


def dead(session: Session, delivery_id: int, resend: Resend, now: datetime) -> None:
    deliveries.release_worker(session, "one", now, {"web": resend})


@pytest.mark.parametrize("end", [in_doubt, dead], ids=["no answer", "dead worker"])
def test_a_lost_answer_and_a_dead_worker_come_to_the_same(
    database: Database, ask: Callable[..., int], now: datetime, end: Callable[..., None]
) -> None:
    for resend, author in AFTER_DOUBT:
        conversation_id = ask(thread=f"{resend.value}-{author.value}")
        with transaction(database) as session:
            message = say(session, session.get_one(Conversation, conversation_id), "words", author, now)
            delivery_id = id_of(session.exec(select(Delivery).where(Delivery.message_id == message.id)).one())
        assert met(database, delivery_id, resend, end, now) == until_uncertain(AFTER_DOUBT[resend, author])
        with transaction(database) as session:
            deliveries.mark_sent(session, delivery_id, "one", None, now)


def met(
    database: Database, delivery_id: int, resend: Resend, end: Callable[..., None], now: datetime
) -> tuple[DeliveryState, ...]:
    """The states after each of three attempts that ``end`` in doubt, or of those that there were."""
    states = []
    for doubts in (1, 2, 3):
        with transaction(database) as session:
            if not deliveries.claim(session, now, "one", 1):
                break
            end(session, delivery_id, resend, now)
        with reading(database) as session:
            delivery = session.get_one(Delivery, delivery_id)
            assert (delivery.doubts, delivery.lease_until) == (doubts, None)
            states.append(delivery.state)
    return tuple(states)


def until_uncertain(states: tuple[DeliveryState, ...]) -> tuple[DeliveryState, ...]:
    """What is uncertain is claimed by nobody, so nothing comes after it."""
    return states[: states.index(UNCERTAIN) + 1] if UNCERTAIN in states else states


def test_a_last_attempt_that_ends_in_doubt_is_shown_to_a_person(
    database: Database, ask: Callable[..., int], now: datetime
) -> None:
    conversation_id = ask()
    with transaction(database) as session:
        say(session, session.get_one(Conversation, conversation_id), "words", BOT, now)
        (claimed,) = deliveries.claim(session, now, "one", 1)
        of = (session, id_of(claimed.delivery), "one", LOOK_UP, now, "no answer", now)
        assert deliveries.mark_in_doubt(*of, is_last=True) is UNCERTAIN
