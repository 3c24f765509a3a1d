"""Words in a conversation, and the compare-and-swap that every turn ends with."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier

import pytest
from sqlmodel import select

from handoff.conversations import (
    ButtonSpec,
    add_activity,
    add_incoming,
    add_note,
    advance,
    history,
    newest_conversation,
    open_conversation,
    rate,
    say,
)
from handoff.customers import find_customer, find_thread
from handoff.errors import AlreadyDone, ConversationNotFound, Stale
from handoff.models import Action, Author, Conversation, Customer, Delivery, DeliveryState, Direction, Message, Owner
from handoff.rows import id_of
from store import Database, fulltext, reading, transaction
from store.changes import changes_after
from store.models import StoredFile


def test_a_customer_and_a_thread_are_made_once(database: Database, now: datetime) -> None:
    with transaction(database) as session:
        first = find_customer(session, "web", "ada", now, name="Ada")
        again = find_customer(session, "web", "ada", now + timedelta(days=1), language="zh")
        elsewhere = find_customer(session, "slack", "ada", now)
        assert find_thread(session, "web", "ada", now).id == find_thread(session, "web", "ada", now).id
    assert first.id == again.id != elsewhere.id
    assert (again.name, again.language, again.created_at) == ("Ada", "zh", now)


def test_first_messages_at_once_make_one_customer(database: Database, now: datetime) -> None:
    together = Barrier(4)

    def arrive(_: int) -> int:
        together.wait(60)
        with transaction(database) as session:
            find_thread(session, "web", "ada", now)
            return id_of(find_customer(session, "web", "ada", now, name="Ada"))

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(arrive, range(4)))) == 1
    with reading(database) as session:
        assert len(session.exec(select(Customer)).all()) == 1


def test_the_newest_conversation_is_the_one_opened_last(
    database: Database, ask: Callable[..., int], now: datetime
) -> None:
    ask()
    second = ask()
    with transaction(database) as session:
        thread = find_thread(session, "web", "ada", now)
        found = newest_conversation(session, id_of(thread))
        assert found is not None
        assert found.id == second
        assert newest_conversation(session, 10_000) is None


def test_advance_swaps_once_for_each_version(database: Database, ask: Callable[..., int], now: datetime) -> None:
    conversation_id = ask()
    with transaction(database) as session:
        conversation = session.get_one(Conversation, conversation_id)
        advance(session, conversation_id, 0, Owner.BOT, now, owner=Owner.HUMAN, language="zh")
        assert (conversation.version, conversation.owner, conversation.language) == (1, Owner.HUMAN, "zh")
    with pytest.raises(Stale), transaction(database) as session:
        advance(session, conversation_id, 0, Owner.BOT, now)


def test_advance_refuses_another_owner_even_at_the_right_version(
    database: Database, ask: Callable[..., int], now: datetime
) -> None:
    conversation_id = ask()
    with pytest.raises(Stale), transaction(database) as session:
        advance(session, conversation_id, 0, Owner.HUMAN, now)


def test_of_turns_recorded_at_once_one_wins(database: Database, ask: Callable[..., int], now: datetime) -> None:
    conversation_id = ask()
    together = Barrier(4)

    def record(turn: int) -> bool:
        together.wait(60)
        try:
            with transaction(database) as session:
                advance(session, conversation_id, 0, Owner.BOT, now)
                say(session, session.get_one(Conversation, conversation_id), f"answer {turn}", Author.BOT, now)
        except Stale:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(record, range(4))) == [False, False, False, True]
    with reading(database) as session:
        assert len(session.exec(select(Delivery)).all()) == 1


def test_what_is_said_has_a_delivery_and_buttons_in_their_order(
    database: Database, ask: Callable[..., int], now: datetime
) -> None:
    conversation_id = ask()
    labels = ["Yes", "No", "Maybe", "Talk to a person"]
    with transaction(database) as session:
        conversation = session.get_one(Conversation, conversation_id)
        buttons = [ButtonSpec(Action.OPTION, label, f"article-{label}") for label in labels]
        say(session, conversation, "Which?", Author.BOT, now, decision="clarify", buttons=buttons)
    with reading(database) as session:
        line = history(session, conversation_id)[-1]
    assert line.delivery is not None
    assert line.delivery.state is DeliveryState.READY
    assert line.message.decision == "clarify"
    assert [button.label for button in line.buttons] == labels
    assert len({button.token for button in line.buttons}) == 4
    # Telegram's callback data has room for 64 bytes.
    assert all(22 <= len(button.token) <= 43 for button in line.buttons)


def test_a_note_and_an_activity_are_private_and_never_delivered(
    database: Database, ask: Callable[..., int], now: datetime
) -> None:
    conversation_id = ask()
    with transaction(database) as session:
        conversation = session.get_one(Conversation, conversation_id)
        add_note(session, conversation, "She called before.", None, now)
        add_activity(session, conversation, "claimed", now, by="bob")
    with reading(database) as session:
        note, activity = history(session, conversation_id)[1:]
        assert session.exec(select(Delivery)).all() == []
    assert (note.message.private, activity.message.private) == (True, True)
    assert (activity.message.direction, activity.message.text) == (Direction.ACTIVITY, "Claimed: bob")
    assert activity.message.detail == {"activity": "claimed", "by": "bob"}


def test_an_unknown_activity_is_a_mistake_of_the_caller(sqlite_database: Database, now: datetime) -> None:
    with transaction(sqlite_database) as session:
        thread, customer = find_thread(session, "web", "a", now), find_customer(session, "web", "a", now)
        conversation = open_conversation(session, thread, customer, "en", now)
        with pytest.raises(KeyError):
            add_activity(session, conversation, "danced", now)


def test_a_message_that_came_twice_is_kept_once(database: Database, ask: Callable[..., int], now: datetime) -> None:
    conversation_id = ask()
    with transaction(database) as session:
        conversation = session.get_one(Conversation, conversation_id)
        add_incoming(session, conversation, "Hello", "m-1", now, {})
        with pytest.raises(AlreadyDone):
            add_incoming(session, conversation, "Hello", "m-1", now, {})
        add_incoming(session, conversation, "Hello", "m-\x00", now, {})


TEXTS_AND_WHAT_IS_KEPT = [
    ("a\x00b\x07c", "a\ufffdbc"),
    ("one\r\ntwo\rthree\tfour", "one\ntwo\nthree\tfour"),
    ("half \ud83d pair", "half \ufffd pair"),
    ("\u200fמה קורה", "\u200fמה קורה"),
    ("😀" * 3, "😀😀😀"),
    ("", ""),
    ("密" * 40_000, "密" * 40_000),
]


def test_any_text_can_be_stored(database: Database, ask: Callable[..., int]) -> None:
    for text, kept in TEXTS_AND_WHAT_IS_KEPT:
        conversation_id = ask(text)
        with reading(database) as session:
            assert history(session, conversation_id)[0].message.text == kept


def test_what_customers_and_agents_say_is_found_again_and_what_the_bot_says_is_not(
    database: Database, ask: Callable[..., int], now: datetime
) -> None:
    conversation_id = ask("忘记密码了登不上去")
    with transaction(database) as session:
        conversation = session.get_one(Conversation, conversation_id)
        say(session, conversation, "Invoices of O'Brien", Author.AGENT, now)
        say(session, conversation, "Baselines explained", Author.BOT, now)
    with reading(database) as session:
        found = {
            query: [session.get_one(Message, id).author for id in fulltext.search(session, "message", query, 5)]
            for query in ("密码", "o'brien", "baselines")
        }
    assert found == {"密码": [Author.CUSTOMER], "o'brien": [Author.AGENT], "baselines": []}


def test_history_shows_files_thumbs_and_who_wrote(
    database: Database, ask: Callable[..., int], bob: object, now: datetime
) -> None:
    conversation_id = ask()
    with transaction(database) as session:
        file = StoredFile(name="log.txt", media_type="text/plain", size=3, sha256="0" * 64, created_at=now)
        session.add(file)
        session.flush()
        conversation = session.get_one(Conversation, conversation_id)
        add_incoming(session, conversation, "", "m-2", now, {}, [id_of(file)])
        answer = say(session, conversation, "Try this", Author.BOT, now, decision="answer")
        rate(session, id_of(answer), True, now)
        rate(session, id_of(answer), False, now)
        say(session, conversation, "Better?", Author.AGENT, now, staff_id=bob.staff_id)  # type: ignore[attr-defined]
    with reading(database) as session:
        lines = history(session, conversation_id)
        assert [line.message.id for line in history(session, conversation_id, lines[1].message.id or 0)] == [
            line.message.id for line in lines[2:]
        ]
    assert [file.name for file in lines[1].attachments] == ["log.txt"]
    assert lines[2].feedback is not None
    assert lines[2].feedback.is_helpful is False
    assert lines[3].staff_name == "bob"


def test_watchers_hear_of_words_in_the_order_of_their_commits(
    database: Database, ask: Callable[..., int], now: datetime
) -> None:
    conversation_id = ask()
    with transaction(database) as session:
        say(session, session.get_one(Conversation, conversation_id), "Hello", Author.BOT, now)
    with reading(database) as session:
        kinds = [change.kind for change in changes_after(session, 0)]
    assert kinds[-3:] == ["conversation", "message", "delivery"]


def test_the_last_message_moves_the_conversation_up(database: Database, ask: Callable[..., int], now: datetime) -> None:
    conversation_id, later = ask(), now + timedelta(minutes=5)
    with transaction(database) as session:
        conversation = session.get_one(Conversation, conversation_id)
        add_incoming(session, conversation, "Still there?", None, later, {})
        assert (conversation.last_message_at, conversation.version) == (later, 0)


def test_locking_what_is_not_there_is_refused(sqlite_database: Database) -> None:
    from handoff.conversations import lock_conversation

    with transaction(sqlite_database) as session, pytest.raises(ConversationNotFound):
        lock_conversation(session, 7)
