"""A thread may become unreachable, and its channel may call it otherwise one day."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlmodel import select

from handoff import deliveries, threads
from handoff.conversations import add_incoming, history, newest_conversation, open_conversation, say
from handoff.customers import find_customer, find_thread
from handoff.models import Author, Conversation, Delivery, DeliveryState, Message, Thread
from handoff.revisions import revise, take_back
from handoff.rows import id_of
from store import Database, fulltext, reading, transaction


@pytest.fixture
def write(database: Database, now: datetime) -> Callable[..., int]:
    """``write("-100", "hello", "m1")`` is a message of ada in that Telegram thread; returns its conversation's id."""

    def said(thread: str, text: str, external_id: str | None = None) -> int:
        with transaction(database) as session:
            place = find_thread(session, "telegram", thread, now)
            newest = newest_conversation(session, id_of(place))
            customer = find_customer(session, "telegram", "ada", now)
            conversation = newest or open_conversation(session, place, customer, "en", now)
            add_incoming(session, conversation, text, external_id, now, {})
            return id_of(conversation)

    return said


def transcript(database: Database, conversation_id: int) -> list[str]:
    with reading(database) as session:
        return [line.message.text for line in history(session, conversation_id)]


def test_the_desk_reads_once_why_a_customer_cannot_be_reached_and_when_they_can_again(
    database: Database, write: Callable[..., int], now: datetime
) -> None:
    conversation_id = write("1", "hello")
    for _ in range(2):
        with transaction(database) as session:
            thread = find_thread(session, "telegram", "1", now)
            threads.mark_unreachable(session, thread, "The customer blocked the bot.", now)
    with transaction(database) as session:
        threads.mark_reachable(session, find_thread(session, "telegram", "1", now), now)
    assert transcript(database, conversation_id) == [
        "hello",
        "Cannot be reached: The customer blocked the bot.",
        "Can be reached again",
    ]


def test_a_group_that_moved_keeps_its_topics_and_its_conversations(
    database: Database, write: Callable[..., int], now: datetime
) -> None:
    for place in ("-5", "-5:7", "-55"):
        write(place, f"in {place}")
    with transaction(database) as session:
        threads.rename(session, "telegram", "-5", "-100")
    with reading(database) as session:
        assert set(session.exec(select(Thread.external_id)).all()) == {"-100", "-100:7", "-55"}
        moved = threads.thread_called(session, "telegram", "-100:7")
        assert moved is not None
        conversation = newest_conversation(session, id_of(moved))
        assert conversation is not None
    assert transcript(database, id_of(conversation)) == ["in -5:7"]


def test_what_was_said_before_the_move_and_after_it_is_found_in_one_place(
    database: Database, write: Callable[..., int], now: datetime
) -> None:
    """The first message from the new place came before the news of the move."""
    before, after = write("-5", "before", "m1"), write("-100", "after", "m1")
    with transaction(database) as session:
        say(session, session.get_one(Conversation, before), "on its way", Author.BOT, now)
        threads.rename(session, "telegram", "-5", "-100")
    with transaction(database) as session:
        new = find_thread(session, "telegram", "-100", now)
        assert {session.get_one(Conversation, each).thread_id for each in (before, after)} == {new.id}
        (claimed,) = deliveries.claim(session, now, "one", 10)
        assert claimed.thread.external_id == "-100"


def test_an_edit_replaces_the_words_and_keeps_the_former_ones(
    database: Database, write: Callable[..., int], now: datetime
) -> None:
    conversation_id = write("1", "I forgot my pasword", "m1")
    with transaction(database) as session:
        thread = find_thread(session, "telegram", "1", now)
        assert revise(session, thread, "m1", "I forgot my password", now + timedelta(minutes=1))
        assert revise(session, thread, "m1", "I forgot my password", now) is None, "nothing changed"
        assert revise(session, thread, "m9", "never seen", now) is None
    with reading(database) as session:
        (line,) = history(session, conversation_id)
        assert fulltext.search(session, "message", "pasword") == []
        assert list(fulltext.search(session, "message", "password")) == [line.message.id]
    assert line.message.text == "I forgot my password"
    assert line.message.edited_at == now + timedelta(minutes=1)
    assert [revision.text for revision in line.revisions] == ["I forgot my pasword"]


def test_a_deleted_message_is_marked_and_still_read_by_agents(
    database: Database, write: Callable[..., int], now: datetime
) -> None:
    conversation_id = write("1", "my password is hunter2", "m1")
    with transaction(database) as session:
        thread = find_thread(session, "telegram", "1", now)
        assert take_back(session, thread, "m1", now)
        assert take_back(session, thread, "m1", now) is None
    with reading(database) as session:
        (line,) = history(session, conversation_id)
    assert line.message.deleted_at == now


@pytest.fixture
def answer(database: Database, write: Callable[..., int], now: datetime) -> int:
    """A claimed delivery of an answer in thread 1."""
    conversation_id = write("1", "hello", "m1")
    with transaction(database) as session:
        say(session, session.get_one(Conversation, conversation_id), "a long answer", Author.BOT, now)
        (claimed,) = deliveries.claim(session, now, "one", 1)
        assert claimed.sent == ()
        return id_of(claimed.delivery)


def test_parts_that_arrived_are_not_sent_again(database: Database, answer: int, now: datetime) -> None:
    with transaction(database) as session:
        deliveries.mark_ready(session, answer, "one", now, "not now", now, sent=["a1", "a2"], is_for_free=True)
    with transaction(database) as session:
        (claimed,) = deliveries.claim(session, now, "two", 1)
        assert claimed.sent == ("a1", "a2")
        assert claimed.delivery.attempts == 1, "waiting for its turn was no attempt"
        deliveries.mark_sent(session, answer, "two", "a1", now, ["a2", "a3"])
    with reading(database) as session:
        assert session.get_one(Delivery, answer).state is DeliveryState.SENT
        assert session.get_one(Message, claimed.message.id).external_id == "a1"


def test_a_delivery_goes_where_the_customers_last_words_before_it_were_said(
    database: Database, write: Callable[..., int], now: datetime
) -> None:
    conversation_id = write("1", "first")
    with transaction(database) as session:
        conversation = session.get_one(Conversation, conversation_id)
        add_incoming(session, conversation, "second", None, now, {"spot": "here"})
        say(session, conversation, "answer", Author.BOT, now)
        add_incoming(session, conversation, "third", None, now, {"spot": "there"})
        (claimed,) = deliveries.claim(session, now, "one", 1)
    assert claimed.spot == "here"


def test_a_delivery_that_is_put_off_says_when_it_is_due(database: Database, answer: int, now: datetime) -> None:
    later = now + timedelta(seconds=30)
    with transaction(database) as session:
        deliveries.mark_ready(session, answer, "one", later, "429", now)
    with reading(database) as session:
        assert deliveries.outlook(session, now, 9).channels == set()
        assert deliveries.outlook(session, now, 9)[1:] == (later, 1)
        assert deliveries.outlook(session, later, 9).channels == {"telegram"}
