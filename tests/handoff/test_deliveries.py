"""Deliveries leave in the order of their thread, each from one worker, and none is lost without a trace."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime, timedelta
from threading import Barrier, Lock

import pytest
from sqlmodel import col, select

from handoff import deliveries, holding
from handoff.actors import OPERATOR
from handoff.conversations import ButtonSpec, history, say
from handoff.errors import Stale
from handoff.models import Action, Author, Conversation, Delivery, DeliveryState, Message, SentPart
from handoff.outcomes import Resend
from handoff.rows import id_of
from store import Database, reading, transaction
from store.models import StoredFile

SAFE = {"web": Resend.SAFE}


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


def said(database: Database, conversation_id: int, author: Author, now: datetime) -> int:
    """The delivery of something that ``author`` said."""
    with transaction(database) as session:
        message = say(session, session.get_one(Conversation, conversation_id), "words", author, now)
        return id_of(session.exec(select(Delivery).where(Delivery.message_id == message.id)).one())


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
        together.wait(60)
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


def test_what_an_outlived_lease_means_depends_on_the_channel(
    database: Database, ask: Callable[..., int], tell: Callable[..., int], now: datetime
) -> None:
    delivery_id, late = tell(ask(), "1"), now + timedelta(seconds=61)
    claim(database, now)
    with transaction(database) as session:
        assert not deliveries.has_outlived(session, now + timedelta(seconds=59))
        assert deliveries.release_worker(session, None, now + timedelta(seconds=59), SAFE) == 0
        assert deliveries.has_outlived(session, late)
        assert deliveries.release_worker(session, None, late, SAFE) == 1
    assert state_of(database, delivery_id) is DeliveryState.READY
    assert claim(database, late, "two") == ["1"]
    with transaction(database) as session:
        assert deliveries.release_worker(session, "one", late, {}) == 0
        assert deliveries.release_worker(session, "two", late, {}) == 1
    assert state_of(database, delivery_id) is DeliveryState.UNCERTAIN, "nobody can look, and it is the second doubt"


def test_a_lease_lasts_as_long_as_it_is_set_to_also_when_it_is_renewed(
    database: Database,
    tell: Callable[..., int],
    ask: Callable[..., int],
    now: datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(holding, "LEASE", timedelta(seconds=5))
    delivery_id, later = tell(ask(), "1"), now + timedelta(seconds=4)
    with transaction(database) as session:
        [claimed] = deliveries.claim(session, now, "one", 1)
        assert claimed.delivery.lease_until == now + timedelta(seconds=5)
        deliveries.renew(session, [delivery_id], "one", later)
        assert not deliveries.has_outlived(session, later + timedelta(seconds=4))
        assert deliveries.has_outlived(session, later + timedelta(seconds=6))


def test_a_lease_that_is_renewed_does_not_run_out(
    database: Database, ask: Callable[..., int], tell: Callable[..., int], now: datetime
) -> None:
    delivery_id, later = tell(ask(), "1"), now + timedelta(seconds=50)
    claim(database, now)
    with transaction(database) as session:
        deliveries.renew(session, [delivery_id], "one", later)
        deliveries.renew(session, [delivery_id], "another", later + timedelta(hours=1))
        assert not deliveries.has_outlived(session, later + timedelta(seconds=59))
        assert deliveries.has_outlived(session, later + timedelta(seconds=61))


@pytest.mark.parametrize("author", [Author.BOT, Author.AGENT])
@pytest.mark.parametrize("resend", Resend)
def test_a_worker_that_lives_after_all_may_still_say_that_it_was_sent(
    database: Database, ask: Callable[..., int], now: datetime, author: Author, resend: Resend
) -> None:
    delivery_id = said(database, ask(), author, now)
    claim(database, now)
    late = now + timedelta(hours=1)
    with transaction(database) as session:
        deliveries.release_worker(session, None, late, {"web": resend})
        deliveries.mark_sent(session, delivery_id, "one", "m-1", now)
    assert state_of(database, delivery_id) is DeliveryState.SENT
    assert claim(database, late, "two") == []


def test_a_worker_that_lives_after_all_may_still_say_that_it_was_not_sent(
    database: Database, ask: Callable[..., int], now: datetime
) -> None:
    delivery_id, late = said(database, ask(), Author.AGENT, now), now + timedelta(hours=1)
    claim(database, now)
    with transaction(database) as session:
        deliveries.release_worker(session, None, late, {})
    assert state_of(database, delivery_id) is DeliveryState.UNCERTAIN
    with transaction(database) as session:
        deliveries.mark_ready(session, delivery_id, "one", late, "refused", late)
    with reading(database) as session:
        delivery = session.get_one(Delivery, delivery_id)
        assert (delivery.state, delivery.doubts) == (DeliveryState.READY, 0)


def test_a_late_doubt_is_counted_once(database: Database, ask: Callable[..., int], now: datetime) -> None:
    delivery_id, late = said(database, ask(), Author.BOT, now), now + timedelta(hours=1)
    claim(database, now)
    with transaction(database) as session:
        deliveries.release_worker(session, None, late, {})
        deliveries.mark_in_doubt(session, delivery_id, "one", Resend.ONCE, late, "no answer", late)
    with reading(database) as session:
        delivery = session.get_one(Delivery, delivery_id)
        assert (delivery.state, delivery.doubts) == (DeliveryState.READY, 1)


def test_a_worker_whose_delivery_went_to_another_is_told_so_unless_it_arrived(
    database: Database, ask: Callable[..., int], tell: Callable[..., int], now: datetime
) -> None:
    delivery_id, late = tell(ask(), "1"), now + timedelta(hours=1)
    claim(database, now)
    with transaction(database) as session:
        deliveries.release_worker(session, None, late, SAFE)
    with pytest.raises(Stale), transaction(database) as session:
        # Nobody has it yet, and somebody may at any moment: the next part is not this worker's to send.
        deliveries.keep_part(session, delivery_id, "one", 0, "m-1")
    claim(database, late, "two")
    for mark in (
        lambda session: deliveries.keep_part(session, delivery_id, "one", 0, "m-1"),
        lambda session: deliveries.mark_failed(session, delivery_id, "one", "no", late),
        lambda session: deliveries.mark_ready(session, delivery_id, "one", late, "no", late),
        lambda session: deliveries.mark_in_doubt(session, delivery_id, "one", Resend.SAFE, late, "no", late),
    ):
        with pytest.raises(Stale), transaction(database) as session:
            mark(session)
    assert state_of(database, delivery_id) is DeliveryState.SENDING
    with transaction(database) as session:
        deliveries.mark_sent(session, delivery_id, "one", "m-1", late)
    with pytest.raises(Stale), transaction(database) as session:
        deliveries.mark_failed(session, delivery_id, "two", "no", late)
    assert state_of(database, delivery_id) is DeliveryState.SENT, "that it arrived outweighs what another attempt met"


def test_both_copies_of_a_message_are_known_by_the_channels_ids(
    database: Database, ask: Callable[..., int], tell: Callable[..., int], now: datetime
) -> None:
    delivery_id, late = tell(ask(), "1"), now + timedelta(hours=1)
    claim(database, now)
    with transaction(database) as session:
        deliveries.release_worker(session, None, late, SAFE)
    claim(database, late, "two")
    with transaction(database) as session:
        deliveries.mark_sent(session, delivery_id, "two", "m-2", late, ["m-3"])
        deliveries.mark_sent(session, delivery_id, "one", "m-1", late, ["m-4"])
    with reading(database) as session:
        message = session.get_one(Message, session.get_one(Delivery, delivery_id).message_id)
        assert message.external_id == "m-2"
        assert set(session.exec(select(SentPart.external_id)).all()) == {"m-3", "m-1", "m-4"}


def test_a_part_that_was_kept_is_not_given_out_again(
    database: Database, ask: Callable[..., int], tell: Callable[..., int], now: datetime
) -> None:
    delivery_id = tell(ask(), "a long one")
    claim(database, now)
    with transaction(database) as session:
        deliveries.keep_part(session, delivery_id, "one", 0, "m-1")
        deliveries.keep_part(session, delivery_id, "one", 1, "m-2")
        deliveries.release_worker(session, "one", now, {})
    with transaction(database) as session:
        (claimed,) = deliveries.claim(session, now, "two", 1)
    assert claimed.sent == ("m-1", "m-2")
    assert claimed.delivery.doubts == 1


def test_an_arrival_that_is_told_twice_has_each_part_once(
    database: Database, ask: Callable[..., int], tell: Callable[..., int], now: datetime
) -> None:
    delivery_id = tell(ask(), "1")
    claim(database, now)
    for _ in range(2):
        with transaction(database) as session:
            deliveries.mark_sent(session, delivery_id, "one", "m-1", now, ("m-2", "m-3"))
    with reading(database) as session:
        assert session.exec(select(SentPart.external_id).order_by(col(SentPart.number))).all() == ["m-2", "m-3"]


def test_nothing_of_a_thread_is_claimed_while_a_later_one_is_under_way(
    database: Database, ask: Callable[..., int], tell: Callable[..., int], now: datetime
) -> None:
    conversation_id = ask()
    first = tell(conversation_id, "1")
    claim(database, now)
    with transaction(database) as session:
        deliveries.mark_failed(session, first, "one", "no", now)
    second = tell(conversation_id, "2")
    assert claim(database, now) == ["2"]
    with transaction(database) as session:
        deliveries.resend(session, first, OPERATOR, now)
    assert claim(database, now, "two") == [], "what is sent again waits until what is under way is there"
    with transaction(database) as session:
        deliveries.mark_sent(session, second, "one", "m-2", now)
    assert claim(database, now, "two") == ["1"]


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
