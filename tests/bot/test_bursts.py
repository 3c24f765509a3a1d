"""Which messages belong together, and how long the first of them waits."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot import inbox
from bot.bursts import Burst, grown, is_fragment
from bot.channels.base import Inbound
from bot.channels.mailbox import WEB, Mailbox
from bot.decisions import Answer, Clarify, Decision, Decline, Escalate, SmallTalk, Why
from bot.models import InboxRow
from handoff.models import Reason
from store import Database, reading, transaction

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
CHANNEL = Mailbox(WEB)


def accept(database: Database, key: str, seconds: float = 0, thread: str = "ada", **payload: Any) -> None:
    payload = {"visitor": thread, "client_id": key, **payload}
    with transaction(database) as session:
        inbox.accept(session, WEB, key, thread, payload, NOW + timedelta(seconds=seconds))


def claim(database: Database, seconds: float = 0, worker: str = "one") -> InboxRow | None:
    with transaction(database) as session:
        return inbox.claim(session, worker, NOW + timedelta(seconds=seconds), channels=(WEB,))


def hold(database: Database, burst: Burst, worker: str = "one") -> None:
    with transaction(database) as session:
        assert inbox.hold(session, burst.row, worker, burst.until, burst.heard_to)


def first_of(database: Database, seconds: float = 0) -> Burst:
    row = claim(database, seconds)
    assert row is not None
    burst = Burst.of(row, _parsed(row))
    with reading(database) as session:
        return grown(session, CHANNEL, burst)


def _parsed(row: InboxRow) -> Inbound:
    import json

    return CHANNEL.parse(json.loads(row.payload))


def test_messages_of_one_customer_become_one_text_in_order(database: Database) -> None:
    for key, text in (("a", "hi"), ("b", "I have a problem"), ("c", "so the export")):
        accept(database, key, text=text)
    burst = first_of(database)
    assert burst.text == "hi\nI have a problem\nso the export"
    assert len(burst.with_rows) == 2


@pytest.mark.parametrize("payload", [{"press": "token"}, {"text": "x", "reply_to": 7}, {"no": "text", "visitor": ""}])
def test_anything_else_ends_the_burst(database: Database, payload: dict[str, Any]) -> None:
    accept(database, "a", text="hi")
    accept(database, "b", **payload)
    accept(database, "c", text="so the export")
    burst = first_of(database)
    assert burst.text == "hi"
    assert not burst.may_wait


def test_the_same_message_under_two_events_is_said_once(database: Database) -> None:
    accept(database, "a", text="hi")
    accept(database, "a2", text="hi", client_id="a")
    burst = first_of(database)
    assert burst.text == "hi"
    assert len(burst.with_rows) == 1, "its row is dealt with all the same"


def test_a_held_message_waits_a_second_and_a_half(database: Database) -> None:
    accept(database, "a", text="hi")
    hold(database, first_of(database))
    assert claim(database, 1.4) is None
    again = claim(database, 1.5)
    assert again is not None
    assert again.attempts == 1, "to wait is no attempt"


def test_more_words_make_a_held_message_due_at_once_and_it_waits_anew(database: Database) -> None:
    accept(database, "a", text="hi")
    hold(database, first_of(database))
    accept(database, "b", seconds=1, text="I have a problem")
    burst = first_of(database, 1)
    assert burst.text == "hi\nI have a problem"
    hold(database, burst)
    assert claim(database, 2.4) is None, "what was heard already does not make it due again"
    assert claim(database, 2.5) is not None


def test_nobody_waits_longer_than_eight_seconds(database: Database) -> None:
    accept(database, "a", text="hi")
    for second in range(1, 9):
        accept(database, f"b{second}", seconds=second, text="well")
    assert first_of(database, 8).until == NOW + timedelta(seconds=8)


def test_a_held_message_holds_up_no_other_thread(database: Database) -> None:
    accept(database, "a", text="hi")
    hold(database, first_of(database))
    accept(database, "b", thread="bea", text="hello")
    other = claim(database)
    assert other is not None
    assert other.thread_key == "bea"


def test_a_held_message_survives_a_restart_with_what_came_after_it(database: Database) -> None:
    accept(database, "a", text="hi")
    hold(database, first_of(database))
    accept(database, "b", seconds=1, text="so the export")
    lost = claim(database, 1, "dead")
    assert lost is not None
    with transaction(database) as session:
        inbox.release(session, "dead")
    burst = first_of(database, 1)
    assert burst.text == "hi\nso the export"
    with transaction(database) as session:
        assert not inbox.finish(session, burst.row.id or 0, "dead", burst.with_rows)
    with transaction(database) as session:
        assert inbox.finish(session, burst.row.id or 0, "one", burst.with_rows)
    assert claim(database, 3600) is None, "all rows of the burst are done"


def test_a_failed_attempt_waits_its_time_even_when_more_came(database: Database) -> None:
    accept(database, "a", text="hi")
    hold(database, first_of(database))
    accept(database, "b", seconds=1, text="so the export")
    row = claim(database, 1)
    assert row is not None
    with transaction(database) as session:
        inbox.put_back(session, row, "one", "trouble", NOW + timedelta(seconds=1))
    assert claim(database, 1.5) is None
    assert claim(database, 3) is not None


def test_the_next_time_that_something_becomes_due_is_known(database: Database) -> None:
    with reading(database) as session:
        assert inbox.next_due(session, NOW, (WEB,)) is None
    accept(database, "a", text="hi")
    hold(database, first_of(database))
    with reading(database) as session:
        assert inbox.next_due(session, NOW, (WEB,)) == NOW + timedelta(seconds=1.5)
        assert inbox.next_due(session, NOW, ("telegram",)) is None


UNSURE = Escalate(Reason.NO_KNOWLEDGE)


@pytest.mark.parametrize(
    ("decision", "text", "is_opening", "waits"),
    [
        (SmallTalk("greeting"), "hi", True, True),
        (SmallTalk("thanks"), "thanks", False, False),
        (UNSURE, "I have a problem", True, True),
        (UNSURE, "my printer does not print the project plan", True, False),
        (UNSURE, "do you have discounts for charities?", True, False),
        (Clarify(()), "so the export", False, True),
        (Clarify(()), "how do I export?", False, False),
        (Decline(Why.FOREIGN), "the thing is", True, True),
        (Decline(Why.VAGUE), "我想问一下", True, True),
        (Decline(Why.EMPTY), " ", True, False),
        (Decline(Why.TOO_FAST), "hi", True, False),
        (Answer("export"), "how do I export?", True, False),
        (Answer("export"), "export report as pdf", True, False),
        (Answer("export"), "export", True, True),
        (Answer("lost"), "lost", False, True),
        (Answer("lost"), "丢了", False, True),
        (Escalate(Reason.ASKED_FOR_HUMAN, "asks-for-human"), "person", True, False),
        (Escalate(Reason.URGENT, "outage"), "it is down", True, False),
        (Escalate(Reason.BOT_STUCK), "hi", True, False),
    ],
)
def test_only_what_is_not_understood_yet_or_is_a_mere_word_waits(
    decision: Decision, text: str, is_opening: bool, waits: bool
) -> None:
    row = InboxRow(channel=WEB, event_key="a", thread_key="ada", payload="{}", received_at=NOW, not_before=NOW, id=1)
    burst = Burst.of(row, Inbound(WEB, "ada", "ada", text))
    assert is_fragment(decision, burst, is_opening=is_opening) is waits


def test_files_presses_and_commands_never_wait(database: Database) -> None:
    accept(database, "a", text="so look", files=[1])
    assert not first_of(database).may_wait
