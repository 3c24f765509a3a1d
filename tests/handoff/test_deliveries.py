"""Deliveries leave in the order of their thread, each from one worker, and none is lost without a trace."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime, timedelta
from threading import Barrier, Lock

import pytest
from sqlmodel import col, select

from handoff import deliveries
from handoff.conversations import ButtonSpec, history, say
from handoff.errors import Stale
from handoff.models import Action, Author, Conversation, Delivery, DeliveryState, Message
from handoff.rows import id_of
from store import Database, reading, transaction
from store.models import StoredFile


@pytest.fixture
def tell(database: Database, now: datetime) -> Callable[..., int]:
    """``tell(conversation_id, "Hello")`` says it and returns the delivery's id."""

    def speak(conversation_id: int, text: str) -> int:
        with transaction(database) as session:
            message = say(session, session.get_one(Conversation, conversation_id), text, Author.BOT, now)
            return id_of(session.exec(select(Delivery).where(Delivery.message_id == message.id)).one())

    return speak


def claim(database: Database, now: datetime, worker: str = "one", limit: int = 10, **only: object) -> list[str]:
    with transaction(database) as session:
        claimed = deliveries.claim(session, now, worker, limit, **only)  # type: ignore[arg-type]
    return [each.message.text for each in claimed]


def state_of(database: Database, delivery_id: int) -> DeliveryState:
    with reading(database) as session:
        return session.get_one(Delivery, delivery_id).state


def test_a_claimed_delivery_brings_all_that_is_sent(database: Database, ask: Callable[..., int], now: datetime) -> None:
    conversation_id = ask()
    with transaction(database) as session:
        file = StoredFile(name="a.txt", media_type="text/plain", size=1, sha256="0" * 64, created_at=now)
        session.add(file)
        session.flush()
        conversation = session.get_one(Conversation, conversation_id)
        buttons = [ButtonSpec(Action.SOLVED, "Yes"), ButtonSpec(Action.NOT_YET, "No")]
        say(session, conversation, "Well?", Author.AGENT, now, buttons=buttons, file_ids=[id_of(file)])
    with transaction(database) as session:
        (claimed,) = deliveries.claim(session, now, "one", 10)
    assert (claimed.message.text, claimed.thread.external_id) == ("Well?", "ada")
    assert [button.label for button in claimed.buttons] == ["Yes", "No"]
    assert [file.name for file in claimed.files] == ["a.txt"]
    assert (claimed.delivery.state, claimed.delivery.attempts) == (DeliveryState.SENDING, 1)
    assert claimed.delivery.lease_until == now + timedelta(seconds=60)


def test_a_thread_waits_for_its_oldest_delivery(
    database: Database, ask: Callable[..., int], tell: Callable[..., int], now: datetime
) -> None:
    ada, other, second_matter = ask(), ask(thread="other"), ask()
    first = tell(ada, "1")
    tell(ada, "2")
    tell(second_matter, "3")
    tell(other, "x")
    assert claim(database, now) == ["1", "x"]
    assert claim(database, now, "two") == []
    with transaction(database) as session:
        deliveries.mark_ready(session, first, "one", now + timedelta(minutes=1), "429", now)
    assert claim(database, now) == []
    assert claim(database, now + timedelta(minutes=1)) == ["1"]
    with transaction(database) as session:
        deliveries.mark_sent(session, first, "one", "m-1", now)
    assert claim(database, now) == ["2"]


@pytest.mark.parametrize("mark", [deliveries.mark_failed, deliveries.mark_uncertain])
def test_a_failed_or_uncertain_delivery_lets_its_thread_go_on(
    database: Database, ask: Callable[..., int], tell: Callable[..., int], now: datetime, mark: Callable[..., None]
) -> None:
    conversation_id = ask()
    first = tell(conversation_id, "1")
    tell(conversation_id, "2")
    claim(database, now)
    with transaction(database) as session:
        mark(session, first, "one", "gone " * 100, now)
    assert claim(database, now) == ["2"]
    with reading(database) as session:
        error = session.get_one(Delivery, first).error
    assert error is not None
    assert len(error) == 300


def test_the_desk_reads_that_a_delivery_failed(
    database: Database, ask: Callable[..., int], tell: Callable[..., int], now: datetime
) -> None:
    conversation_id = ask()
    first = tell(conversation_id, "1")
    claim(database, now)
    with transaction(database) as session:
        deliveries.mark_failed(session, first, "one", "chat not found", now)
    with reading(database) as session:
        line = history(session, conversation_id)[-1].message
    assert line.text.startswith("A message could not be delivered: chat not found")


def test_a_sent_message_is_known_by_the_channels_id(
    database: Database, ask: Callable[..., int], tell: Callable[..., int], now: datetime
) -> None:
    first = tell(ask(), "1")
    claim(database, now)
    with transaction(database) as session:
        deliveries.mark_sent(session, first, "one", "m-1", now)
    with reading(database) as session:
        delivery = session.get_one(Delivery, first)
        assert (delivery.state, delivery.sent_at, delivery.lease_until) == (DeliveryState.SENT, now, None)
        assert session.get_one(Message, delivery.message_id).external_id == "m-1"


def test_workers_at_once_send_everything_once_and_in_order(
    database: Database, ask: Callable[..., int], tell: Callable[..., int], now: datetime
) -> None:
    conversations = [ask(thread=f"visitor-{place}") for place in range(5)]
    for number in range(6):
        for conversation_id in conversations:
            tell(conversation_id, f"{number}")
    sent: list[tuple[int, str]] = []
    guard, together = Lock(), Barrier(4)

    def work(worker: str) -> None:
        together.wait(10)
        while True:
            with guard:
                if len(sent) >= 30:
                    return
            with transaction(database) as session:
                claimed = deliveries.claim(session, now, worker, 2)
            for each in claimed:
                with guard:
                    sent.append((each.delivery.thread_id, each.message.text))
                with transaction(database) as session:
                    deliveries.mark_sent(session, id_of(each.delivery), worker, None, now)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, ["one", "two", "three", "four"]))
    assert len(sent) == 30
    for thread_id in {thread_id for thread_id, _ in sent}:
        assert [text for thread, text in sent if thread == thread_id] == list("012345")


def test_an_outlived_lease_becomes_uncertain_unless_the_channel_is_safe(
    database: Database, ask: Callable[..., int], tell: Callable[..., int], now: datetime
) -> None:
    delivery_id, late = tell(ask(), "1"), now + timedelta(seconds=61)
    claim(database, now)
    with transaction(database) as session:
        assert not deliveries.has_outlived(session, now + timedelta(seconds=59))
        assert deliveries.release_worker(session, None, now + timedelta(seconds=59)) == 0
        assert deliveries.has_outlived(session, late)
        assert deliveries.release_worker(session, None, late, safe_channels=["web"]) == 1
    assert state_of(database, delivery_id) is DeliveryState.READY
    assert claim(database, late, "two") == ["1"]
    with transaction(database) as session:
        assert deliveries.release_worker(session, "one", late) == 0
        assert deliveries.release_worker(session, "two", late) == 1
    assert state_of(database, delivery_id) is DeliveryState.UNCERTAIN


def test_a_worker_that_lives_after_all_may_still_say_that_it_was_sent(
    database: Database, ask: Callable[..., int], tell: Callable[..., int], now: datetime
) -> None:
    delivery_id = tell(ask(), "1")
    claim(database, now)
    with transaction(database) as session:
        deliveries.release_worker(session, None, now + timedelta(hours=1))
        deliveries.mark_sent(session, delivery_id, "one", "m-1", now)
    assert state_of(database, delivery_id) is DeliveryState.SENT


def test_a_worker_whose_delivery_went_to_another_is_told_so(
    database: Database, ask: Callable[..., int], tell: Callable[..., int], now: datetime
) -> None:
    delivery_id, late = tell(ask(), "1"), now + timedelta(hours=1)
    claim(database, now)
    with transaction(database) as session:
        deliveries.release_worker(session, None, late, safe_channels=["web"])
    claim(database, late, "two")
    for mark in (
        lambda session: deliveries.mark_sent(session, delivery_id, "one", "m-1", late),
        lambda session: deliveries.mark_failed(session, delivery_id, "one", "no", late),
        lambda session: deliveries.mark_ready(session, delivery_id, "one", late, "no", late),
    ):
        with pytest.raises(Stale), transaction(database) as session:
            mark(session)
    assert state_of(database, delivery_id) is DeliveryState.SENDING


def test_a_claim_can_be_for_some_channels_or_one_thread(
    database: Database, ask: Callable[..., int], tell: Callable[..., int], now: datetime
) -> None:
    tell(ask(), "1")
    tell(ask(thread="other"), "x")
    with reading(database) as session:
        thread_id = session.exec(select(Delivery.thread_id).order_by(col(Delivery.id).desc())).first()
        assert thread_id is not None
        assert deliveries.has_unsent(session, thread_id)
    assert claim(database, now, channels=["slack"]) == []
    assert claim(database, now, thread_id=thread_id) == ["x"]
    assert claim(database, now, channels=["web"]) == ["1"]


def test_what_is_rolled_back_was_never_to_be_sent(database: Database, ask: Callable[..., int], now: datetime) -> None:
    conversation_id = ask()
    with suppress(ZeroDivisionError), transaction(database) as session:
        say(session, session.get_one(Conversation, conversation_id), "No", Author.BOT, now)
        raise ZeroDivisionError
    assert claim(database, now) == []
